/* One source for double and for var; and the type's name is the user's with TG_NO_VAR. */
#define TG_NO_VAR
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

typedef struct var {
  double mean, variance;
} var;

#define ROSENBROCK(T, name)                                                                                  \
  T name(const T *x, size_t n);                                                                              \
  T name(const T *x, size_t n)                                                                               \
  {                                                                                                          \
    T s = mul(x[0], 0);                                                                                      \
    for (size_t i = 0; i + 1 < n; i++)                                                                       \
      s = add(s, mul(100, square(sub(x[i + 1], square(x[i])))), square(sub(1, x[i])));                       \
    if (gt(s, 10)) s = log(s);                                                                               \
    return add(s, dot(x, x, n), pick(x, n, argmax(x, n)));                                                   \
  }
ROSENBROCK(double, rosenbrock)
ROSENBROCK(tg_var, rosenbrock_var)
