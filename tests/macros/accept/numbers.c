/* Every real type, however it is qualified, is an operand; the result is a double. */
#include <tapegrad/tapegrad.h>

#include <stdatomic.h>

#define IS_DOUBLE(e) _Generic((e), double : 1, default : 0)
#define IS_BOOL(e) _Generic((e), bool : 1, default : 0)
#define IS_VAR(e) _Generic((e), tg_var : 1, default : 0)

enum colour { RED, GREEN };

struct bits {
  unsigned three : 3;
  signed five : 5;
  _Bool one : 1;
  enum colour colour : 2;
};

double types(char c, signed char sc, unsigned char uc, short s, unsigned short us, int i, unsigned u);
double types(char c, signed char sc, unsigned char uc, short s, unsigned short us, int i, unsigned u)
{
  return tg_add(c, sc, uc, s, us, i, u) + tg_exp(c) + tg_pow(s, u) + tg_fma(uc, us, i) + tg_neg('a') +
         tg_mul(RED, u);
}

double wide_types(float f, double d, bool b, enum colour e);
double wide_types(float f, double d, bool b, enum colour e)
{
  return tg_add(f, d, b, e, 1, 1u, 1.0f, 1.0) + tg_sqrt(f) + tg_hypot(b, f) + tg_where(b, f, e);
}

double qualified(const double *c, volatile double *v, const volatile int *cv, _Atomic double *a,
                 double *restrict r);
double qualified(const double *c, volatile double *v, const volatile int *cv, _Atomic double *a,
                 double *restrict r)
{
  register const float f = 1.0f;
  return tg_add(*c, *v, *cv, *a, *r, f, c[1]) + tg_exp(*v) + tg_pow(*cv, *a) + tg_lerp(f, *c, *v);
}

tg_var qualified_vars(const tg_var *c, volatile tg_var *v, const volatile tg_var *cv);
tg_var qualified_vars(const tg_var *c, volatile tg_var *v, const volatile tg_var *cv)
{
  const tg_var e = tg_exp(*v);
  return tg_add(c[0], *v, *cv, e, tg_mul(*cv, *c), tg_fma(*v, e, *cv));
}

/* Conversions that lose something are made explicitly, so -Wconversion stays silent. In the ISO form numbers
 * are converted implicitly, except by add and mul of three or more operands, and gcc sees bit-fields as
 * their own types. */
#ifndef TG_ISO_MACROS
double lossy_types(size_t n, long l, long long ll, unsigned long long ull, long double ld);
double lossy_types(size_t n, long l, long long ll, unsigned long long ull, long double ld)
{
  return tg_divide(n, ll) + tg_sub(l, ull) + tg_exp(ld) + tg_where(n, l, ld) + tg_divide(1, sizeof n);
}

double bit_fields(const struct bits *p);
double bit_fields(const struct bits *p)
{
  return tg_add(p->three, p->five, p->one, p->colour) + tg_exp(p->three) + tg_pow(p->five, p->one);
}
#endif

double many_lossy_types(size_t n, long l, long long ll, unsigned long long ull, long double ld);
double many_lossy_types(size_t n, long l, long long ll, unsigned long long ull, long double ld)
{
  return tg_add(n, l, ll, ull, ld) + tg_mul(n, l, ld);
}

/* Anything of the right type is an operand, whatever its syntax. */
double expressions(const double *p, int i, double (*f)(double));
double expressions(const double *p, int i, double (*f)(double))
{
  double t = tg_add(i ? p[0] : p[1], (double)i, f(p[i]), i == 3, !i, -i, sizeof(int) == 4, i << 1, i | 1);
  t = tg_mul(t = tg_add(t, *p++), 2);
  return t += tg_sub((f(t), 1), t > 1.0 ? t : 1.0);
}

int result_types(tg_var x, double d, int i);
int result_types(tg_var x, double d, int i)
{
  return IS_DOUBLE(tg_add(i, i)) && IS_DOUBLE(tg_divide(1, 2)) && IS_DOUBLE(tg_neg(i)) &&
         IS_DOUBLE(tg_add('a')) && IS_DOUBLE(tg_where(1, 2, 3)) && IS_DOUBLE(tg_primal(x)) &&
         IS_DOUBLE(tg_peek(i)) && IS_DOUBLE(tg_less(d, i)) && IS_BOOL(tg_lt(i, d)) && IS_BOOL(tg_lt(x, i)) &&
         IS_BOOL(tg_ne(x, x)) && IS_VAR(tg_add(x)) && IS_VAR(tg_add(i, x)) && IS_VAR(tg_where(i, d, x)) &&
         IS_VAR(tg_add(d, i, d, x)) && IS_VAR(tg_less(x, i));
}
