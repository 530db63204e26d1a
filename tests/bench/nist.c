/* NIST's 27 sets from both starts by the methods named (default: levenberg_marquardt) with default settings:
 * the digits that the worst parameter shares with the certified one, evaluations of the residuals or the sum,
 * and why the run stopped. -r NUMBER sets the first radius. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/nist.h"
#include "tapegrad/tapegrad.h"

typedef struct tally {
  size_t right, claimed, false_claims, values;
} tally;

static void solve(const nist_problem *p, int start, tg_method m, tally *t)
{
  const bool squares = strcmp(tg_method_name(&m), "levenberg_marquardt") == 0;
  tg_function *f;
  double b[NIST_MOST];
  tg_report r;
  memcpy(b, p->start[start], sizeof b);
  if ((squares ? nist_residuals(&f, p) : nist_sum(&f, p)) != TG_OK) return;
  tg_minimize(squares ? tg_least_squares_objective(f) : tg_function_objective(f), m, b, NULL, &r);
  tg_function_free(f);
  const double digits = nist_digits(p, b);
  printf("%-10s %d  %4.1f digits  %6zu values %5zu iterations  C %.6e  gradient %.1e  %s\n", p->name,
         start + 1, digits, r.values, r.iterations, r.value, r.gradient_norm, r.message);
  t->right += digits >= 4.0;
  t->claimed += tg_converged(r.stop);
  t->false_claims += tg_converged(r.stop) && digits < 4.0;
  t->values += r.values;
}

static void table(const char *name, double radius)
{
  tg_method m;
  tally t = {0};
  if (tg_method_named(&m, name) != TG_OK) return;
  if (radius > 0.0) m.radius = radius;
  for (int k = 0; k < NIST_COUNT; k++)
    for (int start = 0; start < 2; start++) solve(&nist_table[k], start, m, &t);
  printf("%s: %zu of 54 right to 4 digits, %zu called converged, %zu of these wrongly, %zu values\n", name,
         t.right, t.claimed, t.false_claims, t.values);
}

int main(int count, char **argument)
{
  double radius = 0.0;
  int first = 1;
  if (count > 2 && strcmp(argument[1], "-r") == 0) radius = atof(argument[2]), first = 3;
  if (first == count) table("levenberg_marquardt", radius);
  for (int k = first; k < count; k++) table(argument[k], radius);
  return 0;
}
