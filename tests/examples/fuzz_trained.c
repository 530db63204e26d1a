/* Model files: with a wrong checksum, and with the checksum set right, so that what lies behind it is
 * reached. */
#include "fuzz.h"

#include "trained.h"
#include "trained_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_seed[] = {
    "tapegrad-model 2\nkind logistic\nloss squared\ndelta 0\nsmoothing 0\nhidden 0\nl2 0.01\nl1 "
    "0\npenalty_on original\n"
    "target \"y\"\noffset none\nweight \"w\"\nlabels 2\n\"p,1\"\n\"q\\\"\\u000a\"\nsparse 0\nbase 0\nmissing "
    "mean\nunseen reference\n"
    "columns 2\nnumber 0 2.5 \"a\"\ncategory 3 1 \"c\"\n\"x\"\n\"y\"\n\"z\"\nfeatures 3\n1 2\n3 4\n5 "
    "6\nparameters 4\n0.5\n-1e-300\n3\n4\n",
    "tapegrad-model 2\nkind net\nloss squared\ndelta 0\nsmoothing 0\nhidden 1\nl2 0\nl1 0\npenalty_on "
    "standardized\n"
    "target none\noffset none\nweight none\nlabels 2\n\"0\"\n\"1\"\nsparse 1\nbase 1\nmissing refuse\nunseen "
    "refuse\n"
    "columns 0\nfeatures 1\n41 1 2\nparameters 6\n1\n2\n3\n4\n5\n6\n",
    "tapegrad-model 2\nkind net\nloss huber\ndelta 2\nsmoothing 0\nhidden 1\nl2 0\nl1 0\npenalty_on "
    "original\n"
    "target \"y\"\noffset \"o\"\nweight none\nlabels 0\nsparse 0\nbase 0\nmissing refuse\nunseen refuse\n"
    "columns 1\nnumber 0 0 \"a\"\nfeatures 1\n1 2\nparameters 4\n1\n2\n3\n4\n",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  failure f;
  trained m;
  if (trained_read_memory(&m, (const char *)data, size, &f)) trained_free(&m);
  char *whole = malloc(size + 32);
  if (whole == NULL) abort();
  memcpy(whole, data, size);
  const int n = snprintf(whole + size, 32, "end %016llx\n", model_checksum(whole, size));
  if (trained_read_memory(&m, whole, size + (size_t)n, &f)) trained_free(&m);
  free(whole);
  return 0;
}
