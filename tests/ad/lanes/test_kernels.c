/* The vector forms of elementary functions against libm, at every instruction set this processor has. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernels.h"

enum { N = 4096 };
_Alignas(64) static double x[N], y[N], z[N], w[N];

static uint64_t state = 0x9e3779b97f4a7c15;
static double uniform(double low, double high)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return low + (high - low) * ((double)(state >> 11) * 0x1p-53);
}

static long double sigmoid(long double t) { return t < 0 ? expl(t) / (1 + expl(t)) : 1 / (1 + expl(-t)); }
static long double softplus(long double t) { return (t > 0 ? t : 0) + log1pl(expl(-fabsl(t))); }
static long double log_sigmoid(long double t) { return -softplus(-t); }
static long double sigmoid_limit(long double t) { return isinf((double)t) ? (t > 0 ? 1 : 0) : sigmoid(t); }

static long double power_of_ten(long double t) { return powl(10, t); }
static long double norm_cdf(long double t) { return erfcl(-t * 0.707106781186547524400844362104849L) / 2; }
/* The value of a row in extended precision and the interval on which it is sampled; outside, only special values
 * are tried. */
static const struct {
  const char *name;
  unsigned op;
  long double (*truth)(long double);
  double low, high;
} functions[] = {
    {"exp", TG_OP_exp, expl, -750, 712},
    {"exp2", TG_OP_exp2, exp2l, -1080, 1026},
    {"expm1", TG_OP_expm1, expm1l, -60, 712},
    {"log", TG_OP_log, logl, 0, 1e3},
    {"log1p", TG_OP_log1p, log1pl, -1, 1e3},
    {"tanh", TG_OP_tanh, tanhl, -25, 25},
    {"sigmoid", TG_OP_sigmoid, sigmoid_limit, -750, 50},
    {"softplus", TG_OP_softplus, softplus, -750, 50},
    {"log_sigmoid", TG_OP_log_sigmoid, log_sigmoid, -50, 750},
    {"sin", TG_OP_sin, sinl, -2e6, 2e6},
    {"cos", TG_OP_cos, cosl, -2e6, 2e6},
    {"sqrt", TG_OP_sqrt, sqrtl, 0, 1e9},
    {"log2", TG_OP_log2, log2l, 0, 1e3},
    {"log10", TG_OP_log10, log10l, 0, 1e3},
    {"exp10", TG_OP_exp10, power_of_ten, -325, 309},
    {"tan", TG_OP_tan, tanl, -2e6, 2e6},
    {"sinh", TG_OP_sinh, sinhl, -712, 712},
    {"cosh", TG_OP_cosh, coshl, -712, 712},
    {"atan", TG_OP_atan, atanl, -30, 30},
    {"erf", TG_OP_erf, erfl, -7, 7},
    {"erfc", TG_OP_erfc, erfcl, -7, 28},
    {"norm_cdf", TG_OP_norm_cdf, norm_cdf, -39, 9},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static const double special[] = {0.0,
                                 -0.0,
                                 INFINITY,
                                 -INFINITY,
                                 NAN,
                                 1.0,
                                 -1.0,
                                 0x1p-1074,
                                 -0x1p-1074,
                                 0x1p-1030,
                                 -0x1p-1030,
                                 0x1p-1022,
                                 0x1.fffffffffffffp1023,
                                 -0x1.fffffffffffffp1023,
                                 0x1p-60,
                                 -0x1p-60,
                                 709.78,
                                 709.79,
                                 -745.1,
                                 -745.2,
                                 -708.5,
                                 1023.999,
                                 1024.0,
                                 -1074.9,
                                 -1075.1,
                                 1e300,
                                 0.5,
                                 2.0,
                                 1e5,
                                 1e22,
                                 0.7071067811865476,
                                 1.4142135623730951,
                                 -0.9999999999999999};
enum { SPECIAL = sizeof special / sizeof special[0] };

/* Distance in units of the last place of the truth. */
static double ulps(double got, long double truth)
{
  const double rounded = (double)truth;
  if (isnan(rounded) || isnan(got)) return isnan(rounded) && isnan(got) ? 0 : INFINITY;
  if (got == rounded) return signbit(got) == signbit(rounded) || got != 0 ? 0 : INFINITY;
  if (isinf(rounded) || isinf(got)) return INFINITY;
  int e;
  frexp(rounded, &e);
  if (e < -1021) e = -1021;
  return (double)(fabsl((long double)got - truth) / ldexpl(1, e - 53));
}

/* Numbers spread over the interval evenly, near zero, and over all magnitudes; then the special ones. */
static void fill(double low, double high, double *to)
{
  for (size_t i = 0; i < N; i++) {
    const double magnitude = exp2(uniform(-1070, 1020));
    const double sign = uniform(0, 1) < 0.5 ? -1 : 1;
    to[i] = i % 4 == 0   ? uniform(low, high)
            : i % 4 == 1 ? uniform(fmax(low, -1), fmin(high, 1))
            : i % 4 == 2 ? uniform(fmax(low, -30), fmin(high, 30))
                         : sign * magnitude;
  }
  memcpy(to, special, sizeof special);
}

Test(lane_math, functions_are_within_two_ulp_and_agree_at_special_values)
{
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++) {
    const tg_kernels_ *k = tg_kernels_at_(level);
    for (size_t f = 0; f < FUNCTIONS; f++) {
      double worst = 0, where = 0;
      for (int pass = 0; pass < 25; pass++) {
        fill(functions[f].low, functions[f].high, x);
        k->rows[functions[f].op].value(x, NULL, NULL, y, N);
        for (size_t i = 0; i < N; i++) {
          const double u = ulps(y[i], functions[f].truth(x[i]));
          if (u > worst) worst = u, where = x[i];
        }
      }
      if (getenv("TG_TEST_VERBOSE") != NULL)
        fprintf(stderr, "# %s %s: %.3f ulp at %a", k->name, functions[f].name, worst, where),
            fputc('\n', stderr);
      /* Far out norm_cdf is that of special_normal.c, whose bound is 4. */
      cr_expect(worst <= (functions[f].op == TG_OP_norm_cdf ? 4 : 2), "%s %s: %g ulp at %a", k->name,
                functions[f].name, worst, where);
    }
  }
}

Test(lane_math, pow_is_within_two_ulp_and_agrees_at_special_values)
{
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++) {
    const tg_kernels_ *k = tg_kernels_at_(level);
    double worst = 0, at = 0, to = 0;
    for (int pass = 0; pass < 50; pass++) {
      fill(0, 10, x);
      fill(-20, 20, y);
      for (size_t i = 0; i < N; i++) {
        if (i < SPECIAL)
          y[i] = special[(i + (size_t)pass) % SPECIAL];
        else if (i % 8 != 3)
          x[i] = fabs(x[i]);
        if (i >= SPECIAL && i % 2 == 1) y[i] = uniform(-700, 700) / log(x[i]);
      }
      k->rows[TG_OP_pow].value(x, y, NULL, z, N);
      for (size_t i = 0; i < N; i++) {
        const double u = ulps(z[i], powl(x[i], y[i]));
        if (u > worst) worst = u, at = x[i], to = y[i];
      }
    }
    if (getenv("TG_TEST_VERBOSE") != NULL)
      fprintf(stderr, "# %s pow: %.3f ulp at %a, %a", k->name, worst, at, to), fputc('\n', stderr);
    cr_expect(worst <= 2, "%s pow: %g ulp at %a, %a", k->name, worst, at, to);
  }
}

Test(lane_math, bits_do_not_depend_on_the_position_in_the_block)
{
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++) {
    const tg_kernels_ *k = tg_kernels_at_(level);
    for (size_t f = 0; f < FUNCTIONS; f++) {
      fill(functions[f].low, functions[f].high, x);
      k->rows[functions[f].op].value(x, NULL, NULL, y, N);
      for (size_t i = 0; i < N; i++) w[i] = x[(i * 37 + 5) % N];
      k->rows[functions[f].op].value(w, NULL, NULL, z, N);
      for (size_t i = 0; i < N; i++)
        cr_assert(memcmp(&z[i], &y[(i * 37 + 5) % N], sizeof z[i]) == 0 || isnan(z[i]), "%s %s", k->name,
                  functions[f].name);
      for (size_t i = 0; i < 64; i++) { /* alone, as the scalar remainder of a loop */
        k->rows[functions[f].op].value(x + i, NULL, NULL, z, 1);
        cr_assert(memcmp(z, &y[i], sizeof z[0]) == 0 || isnan(z[0]), "%s %s alone", k->name,
                  functions[f].name);
      }
    }
  }
}

Test(lane_math, hypot_and_atan2_are_within_two_ulp)
{
  static const struct {
    unsigned op;
    long double (*truth)(long double, long double);
  } binary[] = {{TG_OP_hypot, hypotl}, {TG_OP_atan2, atan2l}};
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++)
    for (size_t f = 0; f < 2; f++) {
      double worst = 0, at = 0, to = 0;
      for (int pass = 0; pass < 20; pass++) {
        fill(-10, 10, x), fill(-10, 10, y);
        for (size_t i = 0; i < SPECIAL; i++) y[i] = special[(i + (size_t)pass) % SPECIAL];
        tg_kernels_at_(level)->rows[binary[f].op].value(x, y, NULL, z, N);
        for (size_t i = 0; i < N; i++) {
          const double u = ulps(z[i], binary[f].truth(x[i], y[i]));
          if (u > worst) worst = u, at = x[i], to = y[i];
        }
      }
      cr_expect(worst <= 2, "%s %zu: %g ulp at %a, %a", tg_kernels_at_(level)->name, f, worst, at, to);
    }
}

/* ---- every row of the table against its plain form ---- */

typedef struct table_row {
  const char *name;
  unsigned op, arity;
  double low[3], high[3];
} table_row;

static const table_row table[] = {
#define UNARY(name, value, first, second, xlow, xhigh) {#name, TG_OP_##name, 1, {xlow}, {xhigh}},
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, xlow, xhigh, ylow, yhigh)                                 \
  {#name, TG_OP_##name, 2, {xlow, ylow}, {xhigh, yhigh}},
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, xlow, xhigh, ylow, yhigh, zlow,       \
                zhigh)                                                                                       \
  {#name, TG_OP_##name, 3, {xlow, ylow, zlow}, {xhigh, yhigh, zhigh}},
#include "ops.def"
};

/* A third of the operands within the interval of the row, a third around it, the others of all magnitudes and
 * special. */
static void fill_operand(const table_row *r, unsigned k, double *to)
{
  const double middle = 0.5 * (r->low[k] + r->high[k]), reach = 10 * (r->high[k] - r->low[k]);
  for (size_t i = 0; i < N; i++) {
    const double magnitude = exp2(uniform(-1070, 1020)), sign = uniform(0, 1) < 0.5 ? -1 : 1;
    const size_t kind = i / 16 % 3;
    to[i] = kind == 0    ? uniform(r->low[k], r->high[k])
            : kind == 1  ? uniform(middle - reach, middle + reach)
            : i % 2 == 0 ? special[(size_t)uniform(0, SPECIAL)]
                         : sign * magnitude;
  }
}

/* Equal special values, and elsewhere close for the size of the terms of a partial, which `size` bounds. */
static bool partials_agree(double got, double plain, double size)
{
  if (isnan(plain) || isnan(got)) return isnan(plain) == isnan(got);
  if (isinf(plain) || isinf(got)) return got == plain || fabs(got) > 1e300 || fabs(plain) > 1e300;
  return fabs(got - plain) <= 1e-13 * (fabs(plain) + size) + 1e-300;
}

typedef struct row_results {
  double v[N], d[3][N], h[TG_SECONDS][N];
} row_results;

/* kernels NULL: the plain form. */
static void run_row(const tg_kernels_ *kernels, unsigned op, row_results *r)
{
  const tg_row_kernels_ *k = kernels != NULL ? &kernels->rows[op] : &tg_plain_rows_[op];
  double *d[3], *h[TG_SECONDS];
  memset(r, 0, sizeof *r);
  for (int i = 0; i < 3; i++) d[i] = r->d[i];
  for (int i = 0; i < TG_SECONDS; i++) h[i] = r->h[i];
  k->value(x, y, z, r->v, N);
  if (k->first != NULL)
    k->first(x, y, z, r->v, d, N);
  else
    kernels->pair(op, x, r->v, d[0], N);
  k->second(x, y, z, r->v, h, N);
}

/* The first place where they differ (each may have an error of its own, and fmax may answer either zero), or
 * N; *what tells in what: 0 the value, 1 to 3 first partials, then second. */
static size_t first_difference(const row_results *a, const row_results *b, unsigned *what)
{
  for (size_t i = 0; i < N; i++) {
    *what = 0;
    if (ulps(a->v[i], b->v[i]) > 6 && !(fabs(a->v[i] - b->v[i]) <= 1e-300)) return i;
    for (unsigned k = 0; k < 3; k++)
      if (*what = 1 + k, !partials_agree(a->d[k][i], b->d[k][i], 1)) return i;
    for (unsigned k = 0; k < TG_SECONDS; k++)
      if (*what = 4 + k, !partials_agree(a->h[k][i], b->h[k][i], 1)) return i;
  }
  return N;
}

static double result_of(const row_results *r, unsigned what, size_t i)
{
  return what == 0 ? r->v[i] : what < 4 ? r->d[what - 1][i] : r->h[what - 4][i];
}

Test(lane_rows, every_row_agrees_with_its_plain_form)
{
  static row_results fast, plain;
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++)
    for (size_t r = 0; r < sizeof table / sizeof *table; r++)
      for (int pass = 0; pass < 4; pass++) {
        const tg_kernels_ *k = tg_kernels_at_(level);
        unsigned what;
        for (unsigned j = 0; j < 3; j++) fill_operand(&table[r], j, j == 0 ? x : j == 1 ? y : z);
        run_row(k, table[r].op, &fast);
        run_row(NULL, table[r].op, &plain);
        const size_t i = first_difference(&fast, &plain, &what);
        if (i == N) continue;
        cr_expect(false, "%s %s(%a, %a, %a): result %u is %a, plainly %a", k->name, table[r].name, x[i], y[i],
                  z[i], what, result_of(&fast, what, i), result_of(&plain, what, i));
        break;
      }
}

/* Far out, where values and partials are large, small or subnormal, their digits count and not their size: the table
 * above allows for terms that cancel near 0. Measured against the plain form, whose own bounds are 4, 8 and 16 ulp. */
static bool keeps_digits(double got, double plain, double most)
{
  return (isnan(got) && isnan(plain)) || ulps(got, plain) <= most || (got == 0.0 && plain == 0.0);
}

static void fill_far(double *to)
{
  for (size_t i = 0; i < N; i++) {
    const double sign = i % 2 == 0 ? 1 : -1;
    to[i] = sign * (i / 2 % 3 == 0   ? exp2(uniform(5, 1020))
                    : i / 2 % 3 == 1 ? uniform(18, 50)
                                     : uniform(50, 760));
  }
}

Test(lane_rows, unary_rows_keep_their_digits_far_out)
{
  static row_results fast, plain;
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++)
    for (size_t r = 0; r < sizeof table / sizeof *table; r++) {
      if (table[r].arity != 1) continue;
      const tg_kernels_ *k = tg_kernels_at_(level);
      fill_far(x);
      run_row(k, table[r].op, &fast);
      run_row(NULL, table[r].op, &plain);
      for (size_t i = 0; i < N; i++) {
        const bool fine = keeps_digits(fast.v[i], plain.v[i], 8) &&
                          keeps_digits(fast.d[0][i], plain.d[0][i], 16) &&
                          keeps_digits(fast.h[TG_XX][i], plain.h[TG_XX][i], 32);
        if (fine) continue;
        cr_expect(false, "%s %s(%.17g): %a %a %a, plainly %a %a %a", k->name, table[r].name, x[i], fast.v[i],
                  fast.d[0][i], fast.h[TG_XX][i], plain.v[i], plain.d[0][i], plain.h[TG_XX][i]);
        break;
      }
    }
}

/* Factors that are as large as can be, with terms that cancel. */
Test(lane_rows, lerp_far_outside_between_equal_ends)
{
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++) {
    const tg_kernels_ *k = tg_kernels_at_(level);
    for (size_t i = 0; i < N; i++)
      x[i] = y[i] = i % 2 ? -1.0 : 3.0, z[i] = i % 3 ? 0x1.fffffffffffffp+1023 : -0x1p1000;
    double v[N];
    k->rows[TG_OP_lerp].value(x, y, z, v, N);
    for (size_t i = 0; i < N; i++)
      cr_expect(v[i] == x[i] || (isinf(x[i] * z[i]) && !isfinite(v[i])), "%s: lerp(%a, %a, %a) is %a",
                k->name, x[i], y[i], z[i], v[i]);
  }
}

/* affine and outer against plain loops, at sizes that leave every kind of remainder. */
Test(lane_kernels, affine_and_outer_equal_plain_loops)
{
  enum { MAX = 23, L = 88 };
  _Alignas(64) static double data[MAX * L], out[MAX * L], weight[MAX * MAX], start[MAX], end[MAX],
      sum[MAX * MAX];
  uint32_t offset[MAX];
  for (size_t i = 0; i < MAX; i++) offset[i] = (uint32_t)(i * L);
  for (size_t i = 0; i < MAX * L; i++) data[i] = uniform(-1, 1);
  for (size_t i = 0; i < MAX * MAX; i++) weight[i] = uniform(-1, 1);
  for (size_t i = 0; i < MAX; i++) start[i] = uniform(-1, 1), end[i] = uniform(-1, 1);
  for (size_t level = 0; tg_kernels_at_(level) != NULL; level++)
    for (size_t rows = 1; rows <= 11; rows++)
      for (size_t columns = 1; columns <= MAX; columns += 1 + columns / 5)
        for (size_t lanes = 8; lanes <= L; lanes += 8) {
          const tg_kernels_ *k = tg_kernels_at_(level);
          k->affine(&(tg_affine_){.rows = rows,
                                  .columns = columns,
                                  .lanes = lanes,
                                  .w = weight,
                                  .row_step = columns,
                                  .column_step = 1,
                                  .x = data,
                                  .x_offset = offset,
                                  .start = start,
                                  .end = end,
                                  .y = out,
                                  .y_offset = offset});
          for (size_t r = 0; r < rows; r++)
            for (size_t l = 0; l < lanes; l++) {
              double v = start[r];
              for (size_t c = 0; c < columns; c++) v += weight[r * columns + c] * data[c * L + l];
              cr_assert(fabs(v + end[r] - out[r * L + l]) < 1e-14, "%s %zu x %zu, %zu", k->name, rows,
                        columns, lanes);
            }
          memset(sum, 0, sizeof sum);
          k->outer(&(tg_outer_){.rows = rows,
                                .columns = columns,
                                .lanes = lanes,
                                .u = out,
                                .u_offset = offset,
                                .x = data,
                                .x_offset = offset,
                                .sum = sum,
                                .row_step = columns});
          for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) {
              double v = 0;
              for (size_t l = 0; l < lanes; l++) v += out[r * L + l] * data[c * L + l];
              cr_assert(fabs(v - sum[r * columns + c]) < 1e-12, "%s %zu x %zu, %zu", k->name, rows, columns,
                        lanes);
            }
        }
}
