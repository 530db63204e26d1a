/* The table of operations in the manual against the rows of ops.def and nary.def: the same operations with as many
 * operands, those marked that have no vector form. The script that writes the table is held to it elsewhere; this needs
 * no Python. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "kernels.h"
#include "nary_tape.h"

typedef struct entry {
  const char *name;
  unsigned operands; /* 0: any number */
  bool scalar, seen;
} entry;

static entry entries[] = {
#define UNARY(name, ...) {#name, 1, false, false},
#define BINARY(name, ...) {#name, 2, false, false},
#define TERNARY(name, ...) {#name, 3, false, false},
#define GUARD(name, ...) {#name, 2, false, false},
#include "ops.def"
#define NARY(name, layout, properties) {#name, 0, ((properties)&TG_NARY_SCALAR) != 0, false},
#include "nary.def"
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

static entry *find(const char *name, size_t length)
{
  for (size_t i = 0; i < ENTRIES; i++)
    if (strlen(entries[i].name) == length && memcmp(entries[i].name, name, length) == 0) return &entries[i];
  return NULL;
}

/* One line of the table: | `name(x, y)` | ... | ... | ... | sample by sample | */
static void read_line(const char *line)
{
  const char *name = line + 3, *open = strchr(name, '('), *end = strchr(name, '`');
  cr_assert(open && end && open < end, "%s", line);
  entry *e = find(name, (size_t)(open - name));
  cr_assert(e, "no such operation: %s", line);
  unsigned operands = 1;
  for (const char *c = open; c < end; c++) operands += *c == ',';
  cr_expect(e->operands == 0 || operands == e->operands, "operands: %s", line);
  cr_expect((strstr(end, "| sample by sample |") != NULL) == e->scalar, "the mark of %s", line);
  cr_expect(!e->seen, "twice: %s", line);
  e->seen = true;
}

Test(reference, the_manual_lists_every_operation)
{
#define ROW(name) find(#name, strlen(#name))->scalar = true;
  TG_SCALAR_ROWS(ROW)
#undef ROW
  char line[400];
  FILE *in = fopen(TABLE, "r");
  cr_assert(in, "%s", TABLE);
  while (fgets(line, sizeof line, in)) {
    if (strncmp(line, "| `", 3) == 0) read_line(line);
  }
  fclose(in);
  for (size_t i = 0; i < ENTRIES; i++) cr_expect(entries[i].seen, "%s is missing", entries[i].name);
}
