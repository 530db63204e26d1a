/* The worked example of automatic differentiation in Liquet, Moka & Nazarathy, Mathematical Engineering of
 * Deep Learning (2024), section 4.4:
 *
 *   C(theta) = sin(theta_1 theta_2) + exp(theta_2 + theta_3) - 2 theta_3  at  (pi/6, 2, 5)
 *
 *   worked          prints Tables 4.1 (values), 4.2 (forward mode) and 4.3 (backward mode) from the tape
 *   worked --dot    writes the computational graph, Figure 4.7, for Graphviz: worked --dot | dot -Tsvg */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

enum { INPUTS = 3 };

/* In the order of recording. */
static const char *const names[] = {"theta_1", "theta_2", "theta_3", "a_1", "a_2",
                                    "a_3",     "a_4",     "a_5",     "a_6"};

/* Answers the characters printed. */
static int print_name(tg_var v)
{
  const size_t i = tg_index(v);
  if (i == SIZE_MAX) return printf("%g", tg_peek(v));
  return printf("%s", names[i]);
}

/* "a_4 = sin(a_1)", read off the tape, in a column. */
static void print_node(const tg_tape *t, tg_var v)
{
  tg_var operands[3];
  const size_t count = tg_operands(t, v, operands, 3);
  int width = print_name(v);
  if (count > 0) width += printf(" = %s(", tg_op_name(t, v));
  for (size_t k = 0; k < count; k++)
    width += print_name(operands[k]) + printf("%s", k + 1 < count ? ", " : ")");
  printf("%*s", 32 - width, "");
}

/* The tape: three inputs, then a_1 ... a_6 as the figure numbers them. Answers C. */
static tg_status record(tg_tape *t, tg_var *theta, tg_var *c)
{
  tg_tape_begin(t);
  theta[0] = tg_input(t, acos(-1.0) / 6);
  theta[1] = tg_input(t, 2);
  theta[2] = tg_input(t, 5);
  const var a1 = mul(theta[0], theta[1]);
  const var a2 = add(theta[1], theta[2]);
  const var a3 = mul(-2, theta[2]);
  const var terms[] = {sin(a1), exp(a2), a3};
  *c = sum(terms, 3);
  return tg_tape_end(t);
}

static void print_values(const tg_tape *t)
{
  printf("Table 4.1: values\n");
  for (size_t i = 0; i < tg_tape_size(t); i++) {
    const var v = tg_tape_at(t, i);
    print_node(t, v);
    printf("%12.4f\n", tg_peek(v));
  }
}

/* One sweep for each input: the tangent of every node, which ends in dC/dtheta_j. */
static tg_status print_tangents(tg_tape *t, const tg_var *theta)
{
  double tangent[INPUTS][16];
  const size_t size = tg_tape_size(t);
  for (size_t j = 0; j < INPUTS; j++) {
    const tg_status s = tg_tangent_sweep(t, &theta[j], NULL, 1);
    if (s != TG_OK) return s;
    for (size_t i = 0; i < size && i < 16; i++) tangent[j][i] = tg_tangent(t, tg_tape_at(t, i));
  }
  printf("\nTable 4.2: forward mode, tangents     d/dtheta_1  d/dtheta_2  d/dtheta_3\n");
  for (size_t i = 0; i < size && i < 16; i++) {
    print_node(t, tg_tape_at(t, i));
    for (size_t j = 0; j < INPUTS; j++) printf("%12.4f", tangent[j][i] + 0.0); /* -0 reads oddly */
    putchar('\n');
  }
  return TG_OK;
}

/* One sweep back from C for all of them: the adjoint of every node, dC/da_i. */
static tg_status print_adjoints(tg_tape *t, tg_var c)
{
  const tg_status s = tg_adjoint_sweep(t, &c, NULL, 1);
  if (s != TG_OK) return s;
  printf("\nTable 4.3: backward mode, adjoints\n");
  for (size_t i = tg_tape_size(t); i-- > 0;) {
    print_node(t, tg_tape_at(t, i));
    printf("%12.4f\n", tg_adjoint(t, tg_tape_at(t, i)));
  }
  return TG_OK;
}

int main(int argc, char **argv)
{
  tg_var theta[INPUTS], c;
  tg_tape *t;
  tg_status s = tg_tape_new(&t);
  if (s == TG_OK) s = record(t, theta, &c);
  if (s == TG_OK && argc > 1 && strcmp(argv[1], "--dot") == 0) {
    s = tg_tape_graphviz(t, names, stdout);
  } else if (s == TG_OK) {
    print_values(t);
    s = print_tangents(t, theta);
    if (s == TG_OK) s = print_adjoints(t, c);
  }
  if (s != TG_OK) fprintf(stderr, "%s\n", t ? tg_tape_message(t) : tg_status_string(s));
  tg_tape_free(t);
  return s != TG_OK;
}
