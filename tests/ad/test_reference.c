/* The table of operations in README.md against the rows of ops.def: the same operations with as many operands, those
 * marked that have no vector form. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "kernels.h"

typedef struct entry {
  const char *name;
  unsigned operands;
  bool scalar, seen;
} entry;

static entry entries[] = {
#define UNARY(name, ...) {#name, 1, false, false},
#define BINARY(name, ...) {#name, 2, false, false},
#define TERNARY(name, ...) {#name, 3, false, false},
#define GUARD(name, ...) {#name, 2, false, false},
#include "ops.def"
    {"sum", 2, false, false},       {"dot", 3, false, false},    {"norm2", 2, true, false},
    {"logsumexp", 2, false, false}, {"softmax", 3, true, false}, {"pick", 3, false, false},
    {"argmax", 2, true, false},     {"affine", 6, false, false}, {"cross_entropy", 3, false, false},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

static entry *find(const char *name, size_t length)
{
  for (size_t i = 0; i < ENTRIES; i++)
    if (strlen(entries[i].name) == length && memcmp(entries[i].name, name, length) == 0) return &entries[i];
  return NULL;
}

/* One line of the table: | `name(x, y)` | ... | ... | scalar | */
static void read_line(const char *line)
{
  const char *name = line + 3, *open = strchr(name, '('), *end = strchr(name, '`');
  cr_assert(open && end && open < end, "%s", line);
  entry *e = find(name, (size_t)(open - name));
  cr_assert(e, "no such operation: %s", line);
  unsigned operands = 1;
  for (const char *c = open; c < end; c++) operands += *c == ',';
  cr_expect(operands == e->operands, "operands: %s", line);
  cr_expect((strstr(end, "| scalar |") != NULL) == e->scalar, "the mark of %s", line);
  cr_expect(!e->seen, "twice: %s", line);
  e->seen = true;
}

Test(reference, readme_lists_every_operation)
{
#define ROW(name) find(#name, strlen(#name))->scalar = true;
  TG_SCALAR_ROWS(ROW)
#undef ROW
  char line[400];
  bool inside = false;
  FILE *in = fopen(README, "r");
  cr_assert(in, "%s", README);
  while (fgets(line, sizeof line, in)) {
    if (strncmp(line, "## ", 3) == 0) inside = strcmp(line, "## Operations\n") == 0;
    if (inside && strncmp(line, "| `", 3) == 0) read_line(line);
  }
  fclose(in);
  for (size_t i = 0; i < ENTRIES; i++) cr_expect(entries[i].seen, "%s is missing", entries[i].name);
}
