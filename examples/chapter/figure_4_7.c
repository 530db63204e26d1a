/* Figure 4.7: the computational graph of C = sin(theta_1 theta_2) + exp(theta_2 + theta_3) - 2 theta_3,
 * at (pi/6, 2, 5), written as the tape knows it, with values, tangents for theta_1, and adjoints. */
#include "chapter.h"

#include <math.h>

#include <tapegrad/overload.h>

void figure_4_7(size_t steps)
{
  (void)steps;
  tg_tape *tape;
  must(tg_tape_new(&tape), "tape");
  tg_tape_begin(tape);
  var theta[3] = {tg_input(tape, (acos)(-1.0) / 6.0), tg_input(tape, 2.0), tg_input(tape, 5.0)};
  const var a1 = mul(theta[0], theta[1]);
  const var a2 = add(theta[1], theta[2]);
  const var a3 = mul(-2, theta[2]);
  const var terms[3] = {sin(a1), exp(a2), a3}; /* a_4, a_5 and a_3; their sum is a_6 */
  const var c = sum(terms, 3);
  must(tg_tape_end(tape), "recording");
  must(tg_tangent_sweep(tape, &theta[0], NULL, 1), "forward mode");
  must(tg_adjoint_sweep(tape, &c, NULL, 1), "reverse mode");
  /* In the order of recording: the inputs, then the operations, of which the sum is the last. */
  static const char *const names[] = {"theta_1", "theta_2", "theta_3", "a_1", "a_2",
                                      "a_3",     "a_4",     "a_5",     "a_6"};
  FILE *const out = fopen("figure-4.7.dot", "w");
  must(out ? tg_tape_graphviz(tape, names, out) : TG_E_CALLBACK, "figure-4.7.dot");
  close_data(out);
  printf("  C = %.6g, gradient (%.6g, %.6g, %.6g)\n", tg_peek(c), tg_adjoint(tape, theta[0]),
         tg_adjoint(tape, theta[1]), tg_adjoint(tape, theta[2]));
  tg_tape_free(tape);
}
