#include "support.h"

#include "output.h"
#include "score.h"
#include "text.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char content[] = "a,\"c,\"\"\n1\",w,y\n1,red,1,\"p,1\"\n2,blue,1,q\n4.5,red,2,\"p,1\"\n?,green,"
                              "1,q\n3,blue,1,\"p,1\"\n2.5,red,3,q\n";

static char *slurp(const char *file, size_t *length)
{
  FILE *in = fopen(file, "rb");
  cr_assert_not_null(in);
  char *bytes = calloc(1, 1 << 20);
  *length = fread(bytes, 1, 1 << 20, in);
  fclose(in);
  return bytes;
}

static void make(session *s, char name[64])
{
  const char *file = data_file(content);
  session_open(s, file, "--categorical 2 --weights w --missing mean --unseen reference -l 0.01");
  session_run(s);
  strcpy(name, file);
}

Test(trained, a_model_read_back_is_the_same_to_the_last_bit)
{
  session s;
  failure f;
  char name[64];
  trained back;
  make(&s, name);
  cr_assert(trained_write(&s.t.model, name, &f), "%s", f.text);
  cr_assert(trained_read(&back, name, &f), "%s", f.text);
  const trained *m = &s.t.model;
  cr_expect_eq(memcmp(back.theta, m->theta, s.t.problem.n * sizeof(double)), 0);
  cr_expect_eq(memcmp(back.mean, m->mean, m->design.features * sizeof(double)), 0);
  cr_expect_str_eq(back.design.column[1].name, "c,\"\n1");
  cr_expect_str_eq(back.labels.text[0], "p,1");
  cr_expect_eq(back.design.missing, MISSING_MEAN);
  cr_expect(back.design.unseen_allowed);
  cr_expect_eq(back.design.features, 3);
  cr_expect_str_eq(back.weight, "w");
  dataset d;
  double one[12], two[12];
  cr_assert(loaded_rows(&d, &s.l, &m->design, (row_list){s.row, 6}, false, &f));
  cr_assert(score(m, &d, one) && score(&back, &d, two));
  cr_expect_eq(memcmp(one, two, sizeof one), 0);
  dataset_free(&d);
  trained_free(&back);
  session_close(&s);
  remove(name);
}

Test(trained, truncated_foreign_newer_and_damaged_files_are_refused)
{
  session s;
  failure f;
  char name[64];
  trained back;
  make(&s, name);
  cr_assert(trained_write(&s.t.model, name, &f), "%s", f.text);
  size_t length;
  char *bytes = slurp(name, &length);
  for (size_t cut = 0; cut < length; cut++)
    cr_assert_not(trained_read_memory(&back, bytes, cut, &f), "%zu", cut);
  cr_assert(trained_read_memory(&back, bytes, length, &f));
  trained_free(&back);
  for (size_t at = 0; at < length; at++) {
    const char kept = bytes[at];
    bytes[at] = (char)(kept ^ 1);
    cr_assert_not(trained_read_memory(&back, bytes, length, &f), "%zu", at);
    bytes[at] = kept;
  }
  bytes[strlen("tapegrad-model ")] = '7';
  cr_assert_not(trained_read_memory(&back, bytes, length, &f));
  cr_expect_str_eq(f.text, "memory: the model is in format 7, made by a newer program; this one reads 2");
  cr_assert_not(trained_read(&back, DATA "/iris.csv", &f));
  cr_expect(strstr(f.text, "this is no model file") != NULL);
  free(bytes);
  session_close(&s);
  remove(name);
}

Test(trained, a_file_is_replaced_as_a_whole_or_not_at_all)
{
  failure f;
  struct stat before, after;
  const char *file = data_file("old");
  char beside[128];
  chmod(file, 0640);
  stat(file, &before);
  cr_assert(write_file(file, "new", 3, &f));
  stat(file, &after);
  cr_expect_eq(after.st_size, 3);
  cr_expect_eq(after.st_mode, before.st_mode);
  snprintf(beside, sizeof beside, "%s.%ld.part", file, (long)getpid());
  cr_expect_neq(access(beside, F_OK), 0, "nothing is left beside it");
  remove(file);
  cr_expect_not(write_file("/nowhere/at/all", "x", 1, &f));
  cr_expect_not(write_file("/tmp", "x", 1, &f));
  cr_expect(strstr(f.text, "cannot write") != NULL, "%s", f.text);
  if (access("/dev/full", W_OK) == 0) {
    cr_expect_not(write_file("/dev/full", "x", 1, &f));
    cr_expect_str_eq(f.text, "/dev/full: cannot write: No space left on device");
  }
}
