/* NIST's sets for nonlinear least squares: what is called converged is right. tests/bench/nist.c prints the
 * table. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/nist.h"
#include "tapegrad/tapegrad.h"

static tg_report solve(const nist_problem *p, int start, const char *name, const tg_minimize_options *o,
                       double *b)
{
  tg_function *f;
  tg_method m;
  tg_report r;
  memcpy(b, p->start[start], NIST_MOST * sizeof *b);
  cr_assert(tg_method_named(&m, name) == TG_OK);
  const bool squares = tg_method_properties(&m) & TG_NEEDS_RESIDUALS;
  cr_assert((squares ? nist_residuals(&f, p) : nist_sum(&f, p)) == TG_OK);
  cr_expect(tg_minimize(squares ? tg_least_squares_objective(f) : tg_function_objective(f), m, b, o, &r) ==
            TG_OK);
  tg_function_free(f);
  return r;
}

Test(nist, the_certified_parameters_are_what_the_models_say)
{
  for (int k = 0; k < NIST_COUNT; k++) {
    const nist_problem *p = &nist_table[k];
    tg_function *f;
    double value;
    cr_assert(nist_sum(&f, p) == TG_OK && tg_value(f, p->certified, &value) == TG_OK);
    cr_expect(fabs(2.0 * value - p->squares) <= 1e-9 * p->squares + 1e-20, "%s: %.11g", p->name, 2.0 * value);
    tg_function_free(f);
  }
}

/* MINPACK's first radius, 100, and the former 15 do not come there from all starts. */
Test(nist, levenberg_marquardt_is_right_from_every_start_and_knows_it)
{
  size_t values = 0;
  for (int k = 0; k < NIST_COUNT; k++)
    for (int start = 0; start < 2; start++) {
      double b[NIST_MOST];
      const nist_problem *p = &nist_table[k];
      const tg_report r = solve(p, start, "levenberg_marquardt", NULL, b);
      const double digits = nist_digits(p, b);
      cr_expect(tg_converged(r.stop) && digits >= 6.0, "%s %d: %.1f digits, %s", p->name, start + 1, digits,
                r.message);
      values += r.values;
    }
  cr_expect(values <= 2800, "%zu evaluations", values);
}

/* Their gradients' entries differ by ten orders of magnitude: none small enough says anything by itself. */
Test(nist, methods_by_products_claim_nothing_that_is_wrong)
{
  static const char *const names[] = {"newton_cg", "trust_region_cg"};
  tg_minimize_options o = tg_minimize_defaults();
  o.max_iterations = 400;
  for (int k = 0; k < NIST_COUNT; k++)
    for (int m = 0; m < 2; m++) {
      double b[NIST_MOST];
      const nist_problem *p = &nist_table[k];
      if (strcmp(p->name, "Hahn1") == 0) continue; /* has other valleys */
      const tg_report r = solve(p, 1, names[m], &o, b);
      cr_expect(!tg_converged(r.stop) || nist_digits(p, b) >= 4.0, "%s by %s: %.1f digits, %s", p->name,
                names[m], nist_digits(p, b), r.message);
    }
}

Test(nist, cosines_have_no_units)
{
  const tg_minimize_options o = {.gradient_tol = 1e-8, .norm = TG_NORM_COSINE};
  for (int start = 0; start < 2; start++) {
    double b[NIST_MOST];
    const nist_problem *p = &nist_table[1]; /* Chwirut2, entries of g of 1 to 1e4 */
    const tg_report r = solve(p, start, "levenberg_marquardt", &o, b);
    cr_expect(r.stop == TG_STOP_GRADIENT && r.gradient_norm <= 1e-8 && r.gradient_norm > 0.0, "%s",
              r.message);
    cr_expect(nist_digits(p, b) >= 6.0, "%g digits", nist_digits(p, b));
  }
}
