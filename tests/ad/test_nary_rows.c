/* Every row of nary.def at random points, in sizes from one operand up: its four functions against each other and
 * against differences, recorded with operands that repeat or are numbers, and in finite sums. A row needs nothing here
 * but its layout. */
#include <criterion/criterion.h>
#include <math.h>

#include "../support/random_program.h"
#include "nary.h"
#include "tapegrad/tapegrad.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { WIDEST = 24, SAMPLES = 19 };

typedef enum layout { ARRAY, ARRAYS, INDEXED, MAP, MATRIX } layout;
/* Which operands are vars; VD and DV: one of the two groups is an array of plain numbers. */
typedef enum operand_mix { ALL_VARS, REPEATED, SOME_CONSTANT, VD, DV, MIXES } operand_mix;

/* An operation with its operands: operand k is variable from[k], or the number x[k]. */
typedef struct trial {
  const char *name;
  tg_nary_kind_ kind;
  layout layout;
  operand_mix mix;
  tg_nary_shape_ shape;
  size_t n, m, variables;
  size_t from[WIDEST];
  double x[WIDEST], u[WIDEST];
} trial;

enum { NUMBER = WIDEST };

/* ---- making one ---- */

static void lay_out(trial *t, size_t size)
{
  static const size_t rows[] = {1, 2, 3, 1}, columns[] = {1, 3, 2, 4};
  t->n = t->layout == ARRAYS ? 2 * size : t->layout == INDEXED ? size + 1 : size;
  t->m = t->layout == MAP ? size : 1;
  if (t->layout != MATRIX) return;
  t->m = rows[size % 4];
  t->shape = (tg_nary_shape_){.columns = columns[size % 4], .bias = size % 2 == 1};
  t->n = t->m * t->shape.columns + t->shape.columns + (t->shape.bias ? t->m : 0);
}

/* How many operands are in the first group, of which VD and DV speak. */
static size_t first_group(const trial *t)
{
  return t->layout == ARRAYS    ? t->n / 2
         : t->layout == INDEXED ? t->n - 1
         : t->layout == MATRIX  ? t->n - t->shape.columns
                                : t->n;
}

static bool is_index(const trial *t, size_t k) { return t->layout == INDEXED && k == t->n - 1; }

/* Variables of their own, two in turn, every third a number, or one of the two groups numbers. */
static size_t origin(const trial *t, size_t k)
{
  const bool first = k < first_group(t);
  if (t->mix == SOME_CONSTANT && k % 3 == 2) return NUMBER;
  if ((t->mix == VD && !first) || (t->mix == DV && first)) return NUMBER;
  return t->mix == REPEATED && !is_index(t, k) ? k % 2 : k;
}

static void choose_point(trial *t, random_state *r)
{
  random_vector(r, t->x, t->n, -2.0, 2.0);
  random_vector(r, t->u, t->m, 0.5, 2.0);
  if (t->layout == INDEXED) t->x[t->n - 1] = (double)random_below(r, t->n - 1);
  for (size_t k = 0; k < t->n; k++)
    if (t->from[k] != NUMBER) t->x[k] = t->x[t->from[k]];
}

static trial make(tg_nary_kind_ kind, layout layout, operand_mix mix, size_t size, random_state *r)
{
  trial t = {.name = tg_nary_rows_[kind].op->name, .kind = kind, .layout = layout, .mix = mix};
  lay_out(&t, size);
  cr_assert(t.n <= WIDEST);
  t.variables = t.n;
  for (size_t k = 0; k < t.n; k++) t.from[k] = origin(&t, k);
  choose_point(&t, r);
  return t;
}

/* `visit` for every row, way to mix vars and numbers, and size. */
static void for_all(void (*visit)(trial *t, random_state *r))
{
  static const struct {
    tg_nary_kind_ kind;
    layout layout;
  } rows[] = {
#define NARY(name, operands, ...) {TG_NARY_##name, operands},
#include "nary.def"
#undef NARY
  };
  random_state r = {7};
  for (size_t i = 0; i < COUNT(rows); i++)
    for (operand_mix mix = ALL_VARS; mix < MIXES; mix++)
      for (size_t size = 1; size <= 8; size++) {
        trial t = make(rows[i].kind, rows[i].layout, mix, size, &r);
        visit(&t, &r);
      }
}

static void expect_near(const trial *t, const char *what, double got, double want, double tolerance)
{
  cr_expect(fabs(got - want) <= tolerance || (isnan(got) && isnan(want)),
            "%s of %s, %zu operands, mix %d: %.17g, not %.17g", what, t->name, t->n, (int)t->mix, got, want);
}

static double inner(const double *a, const double *b, size_t n) { return tg_dot_d(a, b, n); }

static double size_of(const double *a, const double *b, size_t n)
{
  double s = 1.0;
  for (size_t i = 0; i < n; i++) s += fabs(a[i] * b[i]);
  return s;
}

/* ---- the four functions ---- */

static void shifted(const trial *t, const double *v, double h, double *to)
{
  for (size_t k = 0; k < t->n; k++) to[k] = t->x[k] + h * v[k];
}

/* (f(x + h v) - f(x - h v)) / 2 h for value, or for vjp with u. */
static void difference(const trial *t, tg_nary_shape_ *shape, const double *v, bool of_vjp, double *to)
{
  const double h = 1e-5;
  const tg_custom_op *const op = tg_nary_rows_[t->kind].op;
  double at[2][WIDEST], out[2][WIDEST];
  for (int side = 0; side < 2; side++) {
    shifted(t, v, side == 0 ? h : -h, at[side]);
    if (of_vjp)
      op->vjp(at[side], t->n, t->u, t->m, out[side], shape);
    else
      op->value(at[side], t->n, out[side], t->m, shape);
  }
  for (size_t k = 0; k < (of_vjp ? t->n : t->m); k++) to[k] = (out[0][k] - out[1][k]) / (2.0 * h);
}

static void check_functions(trial *t, random_state *r)
{
  if (t->mix != ALL_VARS) return;
  const tg_custom_op *const op = tg_nary_rows_[t->kind].op;
  for (int masked = 0; masked < 2; masked++) {
    tg_nary_shape_ shape = t->shape;
    shape.masked = masked == 1;
    double v[WIDEST], w[WIDEST], jv[WIDEST], uj[WIDEST], hv[WIDEST], hw[WIDEST], slope[WIDEST];
    random_vector(r, v, t->n, -1.0, 1.0);
    random_vector(r, w, t->n, -1.0, 1.0);
    op->jvp(t->x, t->n, v, jv, t->m, &shape);
    op->vjp(t->x, t->n, t->u, t->m, uj, &shape);
    op->hvp(t->x, t->n, t->u, t->m, v, hv, &shape);
    op->hvp(t->x, t->n, t->u, t->m, w, hw, &shape);
    difference(t, &shape, v, false, slope);
    for (size_t j = 0; j < t->m; j++)
      expect_near(t, "jvp by differences", jv[j], slope[j], 1e-7 * (1.0 + fabs(jv[j])));
    difference(t, &shape, v, true, slope);
    for (size_t k = 0; k < t->n; k++)
      expect_near(t, "hvp by differences", hv[k], slope[k], 1e-7 * (1.0 + fabs(hv[k])));
    expect_near(t, "u'Jv", inner(t->u, jv, t->m), inner(uj, v, t->n), 1e-13 * size_of(uj, v, t->n));
    expect_near(t, "w'Hv", inner(w, hv, t->n), inner(v, hw, t->n), 1e-13 * size_of(w, hv, t->n));
  }
}

Test(nary_rows, functions_agree_with_each_other_and_with_differences) { for_all(check_functions); }

/* ---- recorded ---- */

/* The operation through its recorder, or the one for a group of plain numbers. */
static void record(const trial *t, const tg_var *x, const double *c, tg_var *y)
{
  const size_t n = t->n, k = n / 2, columns = t->shape.columns, b = t->m * columns;
  const size_t last = n - columns;
  const bool bias = t->shape.bias, vd = t->mix == VD, dv = t->mix == DV;
  switch (t->kind) {
#define RECORD_ARRAY(f) *y = (f)(x, n)
#define RECORD_MAP(f) (f)(x, n, y)
#define RECORD_ARRAYS(f) *y = vd ? f##_vd_(x, c + k, k) : dv ? f##_dv_(c, x + k, k) : (f)(x, x + k, k)
#define RECORD_INDEXED(f)                                                                                    \
  *y = vd ? f##_vd_(x, n - 1, c[n - 1]) : dv ? f##_dv_(c, n - 1, x[n - 1]) : (f)(x, n - 1, x[n - 1])
#define RECORD_MATRIX(f)                                                                                     \
  if (vd)                                                                                                    \
    f##_vd_(x, bias ? x + b : NULL, c + last, t->m, columns, y);                                             \
  else if (dv)                                                                                               \
    f##_dv_(c, bias ? c + b : NULL, x + last, t->m, columns, y);                                             \
  else                                                                                                       \
    (f)(x, bias ? x + b : NULL, x + last, t->m, columns, y)
#define NARY(name, operands, ...)                                                                            \
  case TG_NARY_##name: RECORD_##operands(tg_##name); break;
    /* clang-format off */
#include "nary.def"
#undef NARY
  default: cr_assert(false, "no such row");
  }
  /* clang-format on */
}

/* sum_j u_j y_j + y_j^2 / 2, so that adjoints have tangents. */
static tg_var scalar_of(const trial *t, const tg_var *operand, const double *numbers)
{
  tg_var y[WIDEST], s = tg_constant(0.0);
  record(t, operand, numbers, y);
  for (size_t j = 0; j < t->m; j++) s = tg_add(s, tg_mul(t->u[j], y[j]), tg_mul(0.5, tg_square(y[j])));
  return s;
}

static tg_var of_variables(const tg_var *x, size_t n, void *user)
{
  const trial *const t = user;
  tg_var operand[WIDEST];
  (void)n;
  for (size_t k = 0; k < t->n; k++) operand[k] = t->from[k] == NUMBER ? tg_constant(t->x[k]) : x[t->from[k]];
  return scalar_of(t, operand, t->x);
}

static double value_of(tg_function *f, const double *x, const double *v, double h, size_t n, double *gradient)
{
  double at[WIDEST], value = 0.0;
  for (size_t i = 0; i < n; i++) at[i] = x[i] + h * v[i];
  cr_assert(tg_gradient(f, at, &value, gradient) == TG_OK);
  return value;
}

static void check_recorded(trial *t, random_state *r)
{
  const double h = 1e-5;
  const size_t n = t->variables;
  tg_function *f;
  double g[WIDEST], up[WIDEST], down[WIDEST], v[WIDEST], w[WIDEST], hv[WIDEST], hw[WIDEST], tangent;
  cr_assert(tg_record(&f, of_variables, n, t->x, t) == TG_OK);
  random_vector(r, v, n, -1.0, 1.0);
  random_vector(r, w, n, -1.0, 1.0);
  const double slope = (value_of(f, t->x, v, h, n, up) - value_of(f, t->x, v, -h, n, down)) / (2.0 * h);
  cr_assert(tg_hvp(f, t->x, w, g, hw) == TG_OK);
  cr_assert(tg_hvp(f, t->x, v, g, hv) == TG_OK);
  cr_assert(tg_jvp(f, t->x, v, NULL, &tangent) == TG_OK);
  const double size = size_of(g, v, n);
  expect_near(t, "recorded slope", inner(g, v, n), slope, 1e-6 * size);
  expect_near(t, "recorded jvp", tangent, inner(g, v, n), 1e-13 * size);
  for (size_t i = 0; i < n; i++)
    expect_near(t, "recorded hvp", hv[i], (up[i] - down[i]) / (2.0 * h), 1e-6 * (1.0 + fabs(hv[i])));
  expect_near(t, "recorded w'Hv", inner(w, hv, n), inner(v, hw, n), 1e-13 * size_of(w, hv, n));
  tg_function_free(f);
}

Test(nary_rows, recorded_sweeps_agree_with_each_other_and_with_differences) { for_all(check_recorded); }

/* ---- in finite sums ---- */

/* Operand k is a parameter plus a column, or the column alone; the sample has a column for each operand. */
static tg_var of_sample(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user)
{
  const trial *const t = user;
  tg_var operand[WIDEST];
  (void)d, (void)columns;
  for (size_t k = 0; k < t->n; k++)
    operand[k] = t->from[k] == NUMBER || is_index(t, k) ? sample[k] : tg_add(theta[t->from[k]], sample[k]);
  return scalar_of(t, operand, t->x);
}

typedef struct one_sample {
  const trial *t;
  const double *row;
} one_sample;

static tg_var of_one_sample(const tg_var *theta, size_t d, void *user)
{
  const one_sample *const s = user;
  tg_var sample[WIDEST];
  for (size_t k = 0; k < s->t->n; k++) sample[k] = tg_constant(s->row[k]);
  return of_sample(theta, d, sample, s->t->n, (void *)s->t);
}

typedef struct results {
  double value, gradient[WIDEST], hv[WIDEST], hessian[WIDEST * WIDEST];
} results;

/* The mean by recording every sample by itself. */
static void mean_of_samples(const trial *t, const double *theta, const double *rows, const double *v,
                            results *to)
{
  const size_t d = t->variables;
  *to = (results){0};
  for (size_t i = 0; i < SAMPLES; i++) {
    one_sample s = {t, rows + i * t->n};
    results one;
    tg_function *f;
    cr_assert(tg_record(&f, of_one_sample, d, theta, &s) == TG_OK);
    cr_assert(tg_hvp(f, theta, v, one.gradient, one.hv) == TG_OK);
    cr_assert(tg_hessian(f, theta, &one.value, one.gradient, one.hessian) == TG_OK);
    to->value += one.value / SAMPLES;
    for (size_t k = 0; k < d; k++)
      to->gradient[k] += one.gradient[k] / SAMPLES, to->hv[k] += one.hv[k] / SAMPLES;
    for (size_t k = 0; k < d * d; k++) to->hessian[k] += one.hessian[k] / SAMPLES;
    tg_function_free(f);
  }
}

static void expect_all_near(const trial *t, const char *what, const double *got, const double *want, size_t n)
{
  double size = 1.0;
  for (size_t k = 0; k < n; k++) size = fmax(size, fabs(want[k]));
  for (size_t k = 0; k < n; k++) expect_near(t, what, got[k], want[k], 1e-12 * size);
}

static void check_in_sums(trial *t, random_state *r)
{
  if (t->mix == VD || t->mix == DV) return; /* numbers of the sample are SOME_CONSTANT */
  const size_t d = t->variables;
  double rows[SAMPLES * WIDEST], v[WIDEST];
  static results want, got;
  random_vector(r, rows, SAMPLES * t->n, -1.0, 1.0);
  random_vector(r, v, d, -1.0, 1.0);
  for (size_t i = 0; t->layout == INDEXED && i < SAMPLES; i++)
    rows[(i + 1) * t->n - 1] = (double)random_below(r, t->n - 1);
  mean_of_samples(t, t->x, rows, v, &want);
  tg_finite_sum *s;
  tg_finite_sum_stats stats;
  cr_assert(tg_finite_sum_new(&s, of_sample, d, tg_dense(rows, SAMPLES, t->n), t) == TG_OK);
  cr_assert(tg_finite_sum_gradient(s, t->x, NULL, 0, &got.value, got.gradient) == TG_OK);
  cr_assert(tg_finite_sum_hvp(s, t->x, NULL, 0, v, got.hv) == TG_OK);
  cr_assert(tg_finite_sum_hessian(s, t->x, NULL, 0, got.hessian) == TG_OK);
  expect_all_near(t, "mean", &got.value, &want.value, 1);
  expect_all_near(t, "gradient of the mean", got.gradient, want.gradient, d);
  expect_all_near(t, "hvp of the mean", got.hv, want.hv, d);
  expect_all_near(t, "Hessian of the mean", got.hessian, want.hessian, d * d);
  cr_assert(tg_finite_sum_statistics(s, &stats) == TG_OK && stats.fallbacks == 0, "%s fell back", t->name);
  tg_finite_sum_free(s);
}

Test(nary_rows, finite_sums_agree_with_recorded_samples) { for_all(check_in_sums); }

/* ---- properties ---- */

static void check_properties(trial *t, random_state *r)
{
  if (t->mix != ALL_VARS) return;
  const unsigned properties = tg_nary_rows_[t->kind].properties;
  const tg_custom_op *const op = tg_nary_rows_[t->kind].op;
  double v[WIDEST], hv[WIDEST], uj[WIDEST], largest = 0.0, steepest = 0.0;
  random_vector(r, v, t->n, -1.0, 1.0);
  op->hvp(t->x, t->n, t->u, t->m, v, hv, &t->shape);
  op->vjp(t->x, t->n, t->u, t->m, uj, &t->shape);
  for (size_t k = 0; k < t->n; k++)
    largest = fmax(largest, fabs(hv[k])), steepest = fmax(steepest, fabs(uj[k]));
  const bool linear = largest == 0.0 && steepest > 0.0;
  if (t->n <= 2) return; /* the softmax of one is a step, its logsumexp linear */
  cr_expect(((properties & TG_NARY_STEP) != 0) == (steepest == 0.0), "%s is a step", t->name);
  if (t->layout != INDEXED) /* linear as pick is, an index jumps */
    cr_expect(((properties & TG_NARY_LINEAR) != 0) == linear, "%s is linear", t->name);
}

Test(nary_rows, properties_say_what_the_rows_do) { for_all(check_properties); }
