/* Looking at a tape: names, operands, the graph. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/custom.h"
#include "tapegrad/tape.h"

static tg_tape *t;
static tg_var x, y;

static void make(void)
{
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  x = tg_input(t, 1.5);
  y = tg_input(t, -2.0);
}

static void release(void) { tg_tape_free(t); }

TestSuite(inspect, .init = make, .fini = release);

/* The name, the value, and the operands: an index each, or -1 and a value. */
typedef struct expected {
  const char *name;
  double value;
  size_t count;
  int index[3];
  double constant[3];
} expected;

static void is(tg_var v, expected e)
{
  tg_var operand[3];
  cr_expect(strcmp(tg_op_name(t, v), e.name) == 0, "%s is not %s", tg_op_name(t, v), e.name);
  cr_expect(tg_peek(v) == e.value, "%s: %g", e.name, tg_peek(v));
  cr_expect(tg_operands(t, v, operand, 3) == e.count, "%s has %zu", e.name, tg_operands(t, v, NULL, 0));
  for (size_t k = 0; k < e.count && k < 3; k++) {
    if (e.index[k] >= 0)
      cr_expect(tg_index(operand[k]) == (size_t)e.index[k] &&
                tg_peek(operand[k]) == tg_peek(tg_tape_at(t, (size_t)e.index[k])));
    else
      cr_expect(tg_index(operand[k]) == SIZE_MAX && tg_peek(operand[k]) == e.constant[k]);
  }
}

Test(inspect, names_and_operands_of_every_form)
{
  double live = 4.0;
  is(x, (expected){.name = "input", .value = 1.5});
  is(tg_live(&live), (expected){.name = "live", .value = 4.0});
  is(tg_exp(x), (expected){.name = "exp", .value = exp(1.5), .count = 1, .index = {0}});
  is(tg_sub(x, y), (expected){.name = "sub", .value = 3.5, .count = 2, .index = {0, 1}});
  is(tg_sub(x, 3.0),
     (expected){.name = "sub", .value = -1.5, .count = 2, .index = {0, -1}, .constant = {0, 3.0}});
  is(tg_sub(3.0, y),
     (expected){.name = "sub", .value = 5.0, .count = 2, .index = {-1, 1}, .constant = {3.0}});
  is(tg_pow(2.0, y),
     (expected){.name = "pow", .value = 0.25, .count = 2, .index = {-1, 1}, .constant = {2.0}});
  is(tg_fma(x, 2.0, y),
     (expected){.name = "fma", .value = 1.0, .count = 3, .index = {0, -1, 1}, .constant = {0, 2.0}});
  cr_expect(tg_lt(y, 0.0));
  is(tg_tape_at(t, tg_tape_size(t) - 1),
     (expected){.name = "lt", .value = 1.0, .count = 2, .index = {1, -1}, .constant = {0, 0.0}});
  const tg_var z[2] = {x, tg_constant(7.0)};
  tg_var out[2];
  tg_custom(&custom_waves, z, 2, out, 2, NULL);
  is(out[0],
     (expected){
         .name = "waves", .value = tg_peek(out[0]), .count = 2, .index = {0, -1}, .constant = {0, 7.0}});
  is(out[1],
     (expected){.name = "output", .value = tg_peek(out[1]), .count = 1, .index = {(int)tg_index(out[0])}});
  is(tg_constant(9.0), (expected){.name = "constant", .value = 9.0});
  is(tg_sum(z, 2),
     (expected){.name = "sum", .value = 8.5, .count = 2, .index = {0, -1}, .constant = {0, 7.0}});
  cr_expect(tg_tape_end(t) == TG_OK);
}

Test(inspect, operands_fill_the_room_there_is)
{
  const tg_var v = tg_sub(x, y);
  tg_var room[2] = {tg_constant(8.0), tg_constant(8.0)};
  cr_expect(tg_operands(t, v, NULL, 0) == 2);
  cr_expect(tg_operands(t, v, NULL, 5) == 2);
  cr_expect(tg_operands(t, v, room, 1) == 2);
  cr_expect(tg_index(room[0]) == 0 && tg_peek(room[1]) == 8.0);
  tg_tape_end(t);
}

static char *graph(const char *const *names)
{
  static char text[4096];
  FILE *out = tmpfile();
  cr_assert(out != NULL);
  cr_expect(tg_tape_graphviz(t, names, out) == TG_OK);
  rewind(out);
  text[fread(text, 1, sizeof text - 1, out)] = '\0';
  fclose(out);
  return text;
}

Test(inspect, the_graph_in_graphviz_form)
{
  const tg_var v = tg_mul(tg_sin(tg_mul(x, y)), 2.0);
  cr_expect(tg_tape_end(t) == TG_OK);
  const char *text = graph(NULL);
  const char *const lines[] = {"digraph tape {\n",
                               "  n0 [shape=box, label=\"input\\n1.5\"];\n",
                               "  n2 [shape=ellipse, label=\"mul\\n-3\"];\n",
                               "  n0 -> n2;\n",
                               "  n1 -> n2;\n",
                               "  n2 -> n3;\n",
                               "  n3 -> n4;\n",
                               "label=\"2\"];\n",
                               "_1 -> n4;\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    cr_expect(strstr(text, lines[i]), "no \"%s\"", lines[i]);
  cr_expect(!strstr(text, "adjoint") && strcmp(text + strlen(text) - 2, "}\n") == 0);
  cr_expect(tg_adjoint_sweep(t, &v, NULL, 1) == TG_OK && tg_tangent_sweep(t, &x, NULL, 1) == TG_OK);
  text = graph(NULL);
  cr_expect(strstr(text, "input\\n1.5\\ntangent 1\\nadjoint 3.95997\""), "%s", text);
}

Test(inspect, the_graph_carries_the_names_it_is_given)
{
  tg_exp(x);
  cr_expect(tg_tape_end(t) == TG_OK);
  const char *const names[] = {"x", NULL, "a \"b\""};
  const char *text = graph(names);
  cr_expect(strstr(text, "n0 [shape=box, label=\"x = input\\n1.5\"];"), "%s", text);
  cr_expect(strstr(text, "n1 [shape=box, label=\"input"), "%s", text);
  cr_expect(strstr(text, "label=\"a \\\"b\\\" = exp\\n"), "%s", text);
}

static int one(const double *in, size_t n, double *out, size_t m, void *user)
{
  (void)in, (void)n, (void)m, (void)user;
  out[0] = 1.0;
  return 0;
}

Test(inspect, names_in_the_graph_are_quoted)
{
  const tg_custom_op quoted = {.name = "a \"b\" \\c", .value = one};
  tg_var v;
  tg_custom(&quoted, &x, 1, &v, 1, NULL);
  tg_tape_end(t);
  cr_expect(strstr(graph(NULL), "label=\"a \\\"b\\\" \\\\c\\n1\""), "%s", graph(NULL));
}
