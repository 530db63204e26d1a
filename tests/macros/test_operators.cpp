// What the operators and overloads of C++ compute.
#include <cmath>
#include <cstdio>

#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

static int failures;

static void expect(bool truth, const char *what, int line)
{
  if (truth) return;
  failures++;
  std::printf("line %d: %s\n", line, what);
}
#define EXPECT(e) expect(e, #e, __LINE__)

template <class T> T body(const T &x, const T &y)
{
  T s = 2 * x - y / 4 + 1;
  s += x * y;
  s *= 3;
  if (s > y) s -= sqrt(x);
  s /= -y;
  return s + tg_add(x, 1, y) + pow(x, 2) + pow(2, y) + fma(x, 3, y) + where(less(x, y), x, 1) + sigmoid(-x);
}

static void same_on_numbers_and_vars(tg_tape *tape)
{
  tg_tape_begin(tape);
  const var x = tg_input(tape, 0.5), y = tg_input(tape, 1.25), z = body(x, y);
  EXPECT(tg_tape_end(tape) == TG_OK);
  EXPECT(peek(z) == body(0.5, 1.25));
  EXPECT(tg_adjoint_sweep(tape, &z, nullptr, 1) == TG_OK);
  const double h = 1e-6, slope = (body(0.5 + h, 1.25) - body(0.5 - h, 1.25)) / (2 * h);
  EXPECT(std::fabs(tg_adjoint(tape, x) - slope) < 1e-7);
}

static void comparisons(tg_tape *tape)
{
  tg_tape_begin(tape);
  const var x = tg_input(tape, 1.0), nan = tg_input(tape, NAN);
  EXPECT(x < 2 && !(x < 1) && x <= 1 && x > 0.5 && x >= x && x == 1 && x != 2 && 0 < x && 1 == x);
  EXPECT(!(nan < 1) && !(nan == nan) && nan != nan);
  EXPECT(tg_tape_end(tape) == TG_OK);
}

static void folding_from_the_left(tg_tape *tape)
{
  tg_tape_begin(tape);
  const var big = tg_input(tape, 1e100);
  EXPECT(add(1e100, 1, -1e100) == 0.0);
  EXPECT(peek(add(big, 1, -big)) == 0.0);
  EXPECT(peek(add(big, -big, 1)) == 1.0);
  EXPECT(peek(mul(big, 2)) == 2e100);
  EXPECT(divide(1, 2) == 0.5);
  EXPECT(tg_tape_end(tape) == TG_OK);
}

static void arrays(tg_tape *tape)
{
  tg_tape_begin(tape);
  const double a[] = {1.0, 2.0};
  const var x[] = {tg_input(tape, 3.0), tg_input(tape, 4.0)};
  EXPECT(dot(a, a, 2) == 5.0 && peek(dot(a, x, 2)) == 11.0 && peek(dot(x, a, 2)) == 11.0);
  EXPECT(sum(a, 2) == 3.0 && peek(sum(x, 2)) == 7.0);
  EXPECT(pick(a, 2, 1) == 2.0 && peek(pick(x, 2, 1)) == 4.0 && peek(pick(a, 2, x[1] - x[0])) == 2.0);
  EXPECT(tg_tape_end(tape) == TG_OK);
}

int main()
{
  tg_tape *tape = nullptr;
  if (tg_tape_new(&tape) != TG_OK) return 2;
  same_on_numbers_and_vars(tape);
  comparisons(tape);
  folding_from_the_left(tape);
  arrays(tape);
  tg_tape_free(tape);
  return failures ? 1 : 0;
}
