/* Deep nesting compiles fast and shadows nothing; macros of the user's may contain the generic ones and be
 * nested. */
#include <tapegrad/tapegrad.h>

#define CUBE(x) tg_mul(x, x, x)
#define NORM(x, y) tg_sqrt(tg_add(tg_square(x), tg_square(y)))
#define FOUR(x) tg_add(tg_sin(tg_mul(2, tg_exp(x))), 1)
#define APPLY(f, x) f(x)

tg_var twelve(tg_var x);
tg_var twelve(tg_var x) { return FOUR(FOUR(FOUR(x))); }

double twelve_of_numbers(int i);
double twelve_of_numbers(int i) { return FOUR(FOUR(FOUR(i))); }

tg_var users_macros(tg_var x, double d);
tg_var users_macros(tg_var x, double d)
{
  tg_var tg_x_0 = CUBE(CUBE(x));
  return tg_add(tg_x_0, NORM(NORM(x, d), NORM(d, 2)), APPLY(tg_exp, x), APPLY(CUBE, x), APPLY(tg_add, x));
}

#ifndef TG_ISO_MACROS
#define FORTY(x) FOUR(FOUR(FOUR(FOUR(FOUR(FOUR(FOUR(FOUR(FOUR(FOUR(x))))))))))

tg_var forty(tg_var x);
tg_var forty(tg_var x) { return FORTY(x); }

tg_var sixteen_rows(tg_var x);
tg_var sixteen_rows(tg_var x)
{
#define ROW tg_mul(x, 1, x)
  return tg_add(ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW);
}
#endif

/* In every place where an expression may stand inside a function. */
double statements(tg_var x, double d, double *p);
double statements(tg_var x, double d, double *p)
{
  const double a[] = {tg_exp(d), tg_add(d, 1)};
  if (tg_lt(x, d) && !tg_gt(tg_exp(x), 3)) return tg_add(d, 1);
  while (tg_le(d, 3)) d = tg_add(d, 1);
  for (double t = tg_neg(1); tg_lt(t, 1); t = tg_add(t, 0.5)) p[(size_t)tg_fabs(t)] += tg_square(t);
  switch ((int)tg_floor(d)) {
  case 3: return tg_exp(d);
  default: break;
  }
  return a[0] + (tg_ge(d, 1) ? tg_sin(d) : tg_cos(d));
}
