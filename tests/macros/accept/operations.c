/* Every operation takes vars, numbers and any mix of them. */
#include <tapegrad/tapegrad.h>

void unary(tg_var x, tg_var *r, double *d);
void unary(tg_var x, tg_var *r, double *d)
{
#define CALL(name)                                                                                           \
  *r = tg_##name(x);                                                                                         \
  *d = tg_##name(2) + (tg_##name##_d)(2.0);                                                                  \
  *r = (tg_##name)(x);
  TG_UNARY_LIST_(CALL)
#undef CALL
}

void binary(tg_var x, tg_var *r, double *d);
void binary(tg_var x, tg_var *r, double *d)
{
#define CALL(name)                                                                                           \
  *r = tg_##name(x, x);                                                                                      \
  *r = tg_##name(x, 2);                                                                                      \
  *r = tg_##name(2.0f, x);                                                                                   \
  *d = tg_##name(2, 3.0) + (tg_##name##_d)(2.0, 3.0);                                                        \
  *r = (tg_##name)(x, x);
  TG_FREQUENT_LIST_(CALL)
  TG_BINARY_LIST_(CALL)
#undef CALL
}

void ternary(tg_var x, tg_var *r, double *d);
void ternary(tg_var x, tg_var *r, double *d)
{
#define CALL(name)                                                                                           \
  *r = tg_##name(x, x, x);                                                                                   \
  *r = tg_##name(x, x, 1);                                                                                   \
  *r = tg_##name(x, 1, x);                                                                                   \
  *r = tg_##name(1, x, x);                                                                                   \
  *r = tg_##name(x, 1, 2);                                                                                   \
  *r = tg_##name(1, x, 2);                                                                                   \
  *r = tg_##name(1, 2, x);                                                                                   \
  *d = tg_##name(1, 2, 3) + (tg_##name##_d)(2.0, 3.0, 4.0);                                                  \
  *r = (tg_##name)(x, x, x);
  TG_TERNARY_LIST_(CALL)
#undef CALL
}

bool guards(tg_var x, double d);
bool guards(tg_var x, double d)
{
  bool b = false;
#define CALL(name)                                                                                           \
  b = b || tg_##name(x, x) || tg_##name(x, d) || tg_##name(1, x) || tg_##name(d, 2);                         \
  b = b || (tg_##name)(x, x) || tg_##name##_d(d, 1.0);
  TG_GUARD_LIST_(CALL)
#undef CALL
  return b;
}

/* Arrays: const or not, or written in place. */
tg_var arrays(const tg_var *x, tg_var *y, const double *c, double *d, size_t n);
tg_var arrays(const tg_var *x, tg_var *y, const double *c, double *d, size_t n)
{
  tg_var three[3] = {x[0], x[1], x[2]};
  const double numbers[] = {1.0, 2.0};
  d[0] = tg_sum(c, n) + tg_norm2(d, n) + tg_logsumexp(numbers, 2) + tg_argmax(c, n) + tg_dot(c, d, n) +
         tg_pick(c, n, 1) + tg_cross_entropy(d, n, 1.0) + tg_dot(((double[]){1.0, 2.0}), numbers, 2);
  tg_softmax(c, n, d);
  tg_softmax(x, n, y);
  tg_affine(c, c, c, 1, n, d);
  tg_affine(x, x, x, 1, n, y);
  tg_affine(x, x, c, 1, n, y);
  tg_affine(c, c, x, 1, n, y);
  tg_affine(y, NULL, d, 1, n, y + 1);
  return tg_add(tg_sum(three, 3), tg_norm2(x, n), tg_logsumexp(y, n), tg_argmax(x, n), tg_dot(x, y, n),
                tg_dot(x, c, n), tg_dot(d, y, n), tg_pick(x, n, 1), tg_pick(x, n, y[0]), tg_pick(c, n, y[0]),
                tg_cross_entropy(x, n, 1), tg_cross_entropy(y, n, x[0]), tg_cross_entropy(c, n, x[0]),
                tg_sum(((tg_var[]){x[0], x[1]}), 2));
}
