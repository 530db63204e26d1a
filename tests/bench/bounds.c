/* Problems with simple bounds: evaluations until f - f* <= 1e-8 (1 + |f*|) by L-BFGS with default settings,
 * beside those of L-BFGS-B 3.0 with the same memory. */
#include <stdio.h>

#include "../support/bounded.h"

int main(void)
{
  size_t sum = 0, reference = 0;
  printf("%-18s %3s %8s %10s\n", "", "n", "lbfgs", "L-BFGS-B");
  for (int i = 0; i < BOUNDED_COUNT; i++) {
    double x[BOUNDED_MOST];
    bounded_probe p;
    const tg_objective c = bounded_objective(&p, &bounded_table[i], x);
    tg_method m = tg_lbfgs();
    m.lower = p.lower;
    m.upper = p.upper;
    tg_minimize_options o = tg_minimize_defaults();
    o.accuracy = 0.0;
    o.gradient_tol = 1e-9; /* HS 25 begins where the gradient is 1e-7 */
    tg_report r;
    if (tg_minimize(c, m, x, &o, &r) != TG_OK) return 1;
    printf("%-18s %3zu %8zu %10zu   (%zu in all: %s)\n", bounded_table[i].name, bounded_table[i].n,
           p.solved_at, bounded_table[i].reference, p.calls, tg_stop_string(r.stop));
    if (bounded_table[i].reference == 0) continue;
    sum += p.solved_at;
    reference += bounded_table[i].reference;
  }
  printf("%-18s %3s %8zu %10zu\n", "sum where both", "", sum, reference);
  return 0;
}
