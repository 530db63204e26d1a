/* The short names, beside variables, members, labels and functions that are called so. */
#include <tapegrad/tapegrad.h>

static double square(double x) { return x * x; }
#define relu(x) ((x) > 0 ? (x) : 0)

#include <tapegrad/overload.h>

struct logger {
  void (*log)(const char *text);
  double sum, exp, where;
};

var loss(const var *x, size_t n, void *user);
var loss(const var *x, size_t n, void *user)
{
  const double *c = user;
  var s = constant(0);
  for (size_t i = 0; i < n; i++) s = add(s, exp(mul(x[i], c[i])), pow(x[0], 3), relu(x[i]), live(c));
  if (lt(s, 2)) s = neg(s);
  return where(less(s, 3), fma(s, s, 1), sub(divide(sum(x, n), sum(c, n)), peek(s)));
}

double members(const struct logger *l);
double members(const struct logger *l)
{
  double sum = 1.0, dot = 2.0, y0 = sin(0.5), exp = primal(1);
  (l->log)("text");
  goto add;
add:
  return sum + dot + y0 + exp + l->sum + l->exp + l->where + square(2) + (square)(3.0);
}

static void ignore(const char *text) { (void)text; }
const struct logger quiet = {.log = ignore, .sum = 1.0, .exp = 2.0};
double (*const pointers[])(double) = {sin, (exp), square, tg_exp_d};
tg_var (*const functions[])(tg_var) = {tg_sin, (tg_exp)};

#undef square
#undef clamp
static double clamp(double x) { return x < 0.0 ? 0.0 : x; }

double afterwards(double x);
double afterwards(double x) { return square(x) + clamp(x) + tg_peek(tg_clamp(x, 0, 1)); }
