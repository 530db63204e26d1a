/* Checkpoints made to do harm: every byte and every word of a saved run of every method changed, the hash set
 * right, and the run gone on with. It is refused, or goes on to some end: under the sanitizers nothing is
 * read or written outside, and no run goes on for ever. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 4, STEPS = 12, CALLS = 4000, HEAD = 64, HASH_AT = 56 };

static const double start[N] = {1, -1, 1, -1};
static double theta[N];
static unsigned char bytes[1 << 15], saved[1 << 15];
static size_t tried, taken;

/* FNV-1a, as in checkpoint.c: who can change the bytes can change this too. */
static void set_hash(size_t size)
{
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (size_t i = HEAD; i < size; i++) h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
  memcpy(bytes + HASH_AT, &h, sizeof h);
}

/* One kind of run, and how it is driven. */
typedef struct driver {
  tg_objective c;
  tg_method m;
  probe p, validation;
  tg_objective v;
  bool fit, by_caller;
  int shuffle;
  size_t steps; /* before it is saved */
} driver;

static tg_run *run_of(driver *d)
{
  tg_run *run;
  tg_fit_options f = tg_fit_defaults();
  const tg_minimize_options o = {.gradient_tol = 1e-9, .value_tol = 1e-300, .max_iterations = 1000};
  f.batch = 10;
  f.shuffle = d->shuffle;
  f.validation = &d->v;
  memcpy(theta, start, sizeof start);
  cr_assert(d->fit ? tg_run_new_fit(&run, d->c, d->m, theta, &f) == TG_OK
                   : tg_run_new(&run, d->c, d->m, theta, &o) == TG_OK,
            "%s", tg_method_name(&d->m));
  return run;
}

static void go(const driver *d, tg_run *run, size_t steps)
{
  const double gradient[N] = {1, -2, 0, 3};
  for (size_t i = 0; i < steps; i++)
    if (d->by_caller ? tg_run_update(run, 1.0, gradient) != TG_OK : !tg_run_step(run)) return;
}

static void restore(driver *d, tg_run *run, size_t size)
{
  double before[N];
  set_hash(size);
  memcpy(before, theta, sizeof before);
  d->p.calls = d->validation.calls = 0;
  d->p.answer_at = CALLS;
  d->p.answer = 1;
  tried++;
  const tg_status s = tg_run_restore(run, bytes, size);
  cr_assert(s == TG_OK || s == TG_E_DATA);
  if (s) {
    cr_expect(memcmp(before, theta, sizeof before) == 0, "a checkpoint refused changes nothing");
    return;
  }
  taken++;
  go(d, run, STEPS);
  cr_assert(d->p.calls < CALLS, "%s goes on for ever", tg_method_name(&d->m));
}

static void change(driver *d, tg_run *run, size_t size, size_t at, const void *with, size_t n)
{
  memcpy(bytes, saved, size);
  memcpy(bytes + at, with, n);
  restore(d, run, size);
}

static void change_number(driver *d, tg_run *run, size_t size, size_t at)
{
  static const double number[] = {NAN, INFINITY, -1.0, 1e300, 5e-324};
  for (size_t k = 0; k < sizeof number / sizeof *number; k++) change(d, run, size, at, &number[k], 8);
}

static void change_word(driver *d, tg_run *run, size_t size, size_t at)
{
  static const uint64_t word[] = {0, 1, 2, 3, N, 64, 1 << 20, UINT64_MAX / 8, UINT64_MAX - 1, UINT64_MAX};
  for (size_t k = 0; k < sizeof word / sizeof *word; k++) change(d, run, size, at, &word[k], 8);
}

static void change_byte(driver *d, tg_run *run, size_t size, size_t at)
{
  const unsigned char with[] = {(unsigned char)(saved[at] ^ 1), (unsigned char)(saved[at] ^ 0x80), 2, 0xff};
  for (size_t k = 0; k < sizeof with; k++) change(d, run, size, at, &with[k], 1);
}

static void craft(driver *d)
{
  tg_run *run = run_of(d);
  const size_t size = tg_run_size(run);
  cr_assert(size <= sizeof bytes);
  go(d, run, d->steps);
  tg_run_save(run, saved);
  memcpy(bytes, saved, size);
  cr_expect(tg_run_restore(run, bytes, size) == TG_OK, "%s", tg_method_name(&d->m));
  uint64_t about[4]; /* mark; bytes of the state and of the method's own; numbers */
  memcpy(about, saved, sizeof about);
  const size_t numbers = HEAD + about[1] + about[2], order = numbers + 8 * about[3];
  for (size_t at = HEAD; at + 8 <= size; at += 8) {
    change_number(d, run, size, at);
    if (at < numbers || at >= order) change_word(d, run, size, at);
  }
  for (size_t at = HEAD; at < size; at++)
    if (at < numbers || at >= order) change_byte(d, run, size, at);
  tg_run_free(run);
}

static void minimized(tg_method m, size_t steps)
{
  driver d = {.m = m, .p = {.n = N}, .steps = steps};
  d.c = problem_squares(&d.p);
  craft(&d);
}

static void fitted(tg_method m, int shuffle, size_t steps)
{
  driver d = {.m = m, .p = {.n = N}, .validation = {.n = N}, .fit = true, .shuffle = shuffle, .steps = steps};
  d.c = problem_regression(&d.p);
  d.v = problem_regression(&d.validation);
  craft(&d);
}

/* With as little to keep as it may. */
static tg_method small(tg_method m)
{
  if (m.memory > 0) m.memory = 3;
  return m;
}

Test(crafted, a_run_of_any_method_does_no_harm)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, TG_FOR_ONE_PARAMETER, &m);) minimized(small(m), 3);
  cr_log_info("%zu tried, %zu taken", tried, taken);
  cr_expect(taken > tried / 4 && taken < tried, "%zu of %zu taken", taken, tried);
}

Test(crafted, the_secant_method_does_no_harm)
{
  driver d = {.m = tg_secant(0.1), .p = {.n = 1}, .steps = 3};
  d.c = problem_squares(&d.p);
  craft(&d);
}

Test(crafted, a_run_with_a_line_search_does_no_harm)
{
  for (int line = TG_LINE_FIXED; line <= TG_LINE_EXACT; line++) {
    tg_method m = tg_gd(1e-3), q = tg_lbfgs(), c = tg_nonlinear_cg(TG_CG_HAGER_ZHANG);
    m.line_search = q.line_search = c.line_search = line;
    q.memory = 3;
    q.alpha = c.alpha = 1e-3;
    minimized(m, 2);
    minimized(q, 5);
    minimized(c, 2);
  }
}

Test(crafted, a_run_within_bounds_does_no_harm)
{
  const double lower[N] = {0.5, -2, 0, -1};
  tg_method m = tg_lbfgs();
  m.memory = 3;
  m.lower = lower;
  m.l1 = 0.1;
  minimized(m, 5);
}

Test(crafted, a_run_before_its_first_step_does_no_harm)
{
  minimized(tg_trust_region(), 0);
  minimized(tg_levenberg_marquardt(), 0);
  minimized(tg_bfgs(), 0);
  fitted(tg_gd(0.1), TG_SHUFFLE_ONCE, 0);
}

Test(crafted, a_fit_does_no_harm)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_TAKES_BATCHES, 0, &m);) fitted(m, (int)(row % 4), 9 + row);
  fitted(tg_gd(0.1), TG_SHUFFLE_EPOCH, 1000); /* which has ended */
}

Test(crafted, a_run_driven_by_its_caller_does_no_harm)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_TAKES_UPDATES, 0, &m);) {
    driver d = {.c = {.n = N}, .m = m, .by_caller = true, .steps = 3};
    craft(&d);
  }
}
