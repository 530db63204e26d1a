#include "files.h"

#include "load.h"
#include "output.h"
#include "system.h"

#include <stdlib.h>
#include <string.h>

/* A file there is by its numbers; one to be made by those of its folder and its name in there. */
typedef struct used_file {
  const char *role, *file; /* the role in words: an option, or the data */
  bool written, exists;
  system_identity numbers;
  const char *base; /* of a file to be made */
} used_file;

/* False: nothing that could be overwritten, or no memory. */
static bool identify(used_file *u)
{
  if (strcmp(u->file, "-") == 0)
    return !u->written && system_identify(NULL, &u->numbers) && (u->exists = true);
  u->exists = system_identify(u->file, &u->numbers);
  if (u->exists) return true;
  const char *slash = system_last_divider(u->file);
  u->base = slash != NULL ? slash + 1 : u->file;
  char *folder = folder_of(u->file);
  const bool good = folder != NULL && system_identify(folder, &u->numbers);
  free(folder);
  return good;
}

static bool same(const used_file *a, const used_file *b)
{
  if (a->exists != b->exists || a->numbers.device != b->numbers.device ||
      a->numbers.number != b->numbers.number)
    return false;
  return a->exists ? a->numbers.regular : strcmp(a->base, b->base) == 0;
}

static bool collide(const used_file *a, const used_file *b)
{
  if (!a->written && !b->written) return false;
  const bool standard = strcmp(a->file, "-") == 0 && strcmp(b->file, "-") == 0;
  if (standard) return a->written && b->written;
  used_file x = *a, y = *b;
  return identify(&x) && identify(&y) && same(&x, &y);
}

bool files_distinct(const options *o, failure *f)
{
  const bool fits = o->verb == VERB_FIT, beside = is_libsvm(o);
  const used_file all[] = {
      {.role = "the data", .file = o->data},
      {.role = "--weights", .file = beside ? o->weights : NULL},
      {.role = "--offset", .file = beside ? o->offset : NULL},
      {.role = "--start", .file = o->start},
      {.role = "--model", .file = o->model, .written = fits},
      {.role = "--output", .file = o->output, .written = true},
      {.role = "--trace", .file = o->trace, .written = true},
      {.role = "--plot", .file = o->plot, .written = true},
      {.role = "--checkpoint", .file = o->checkpoint, .written = true},
  };
  enum { FILES = sizeof all / sizeof *all };
  for (size_t j = 1; j < FILES; j++) {
    for (size_t i = 0; i < j; i++) {
      if (all[i].file == NULL || all[j].file == NULL || !collide(&all[i], &all[j])) continue;
      return fail_usage(f, "%s and %s are the same file, '%.200s': it would be overwritten", all[i].role,
                        all[j].role, all[j].file);
    }
  }
  return true;
}
