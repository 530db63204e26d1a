#include "commands.h"

#include <assert.h>

int command_run(const options *o, failure *f)
{
  switch (o->verb) {
    /* clang-format off */
#define VERB_ROW(bit, name, line) case bit: return command_##name(o, f);
    VERB_LIST(VERB_ROW)
#undef VERB_ROW
    /* clang-format on */
  }
  assert(false); /* every verb has a row */
  return EXIT_USAGE;
}
