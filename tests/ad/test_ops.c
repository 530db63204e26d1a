/* The rows of ops.def: against references in 20 and more digits, at the edges, and against what the sweeps make of
 * them, operand by operand and with any of the operands constant. */
#include <criterion/criterion.h>
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "kinks.h"
#include "ops_table.h"

#define INF ((double)INFINITY)

typedef struct reference {
  const char *name;
  double in[3], out[MOST_PARTIALS];
} reference;

#define AT1(name, x, ...) {#name, {x}, {__VA_ARGS__}},
#define AT2(name, x, y, ...) {#name, {x, y}, {__VA_ARGS__}},
#define AT3(name, x, y, z, ...) {#name, {x, y, z}, {__VA_ARGS__}},
#define REFERENCE1 AT1
#define REFERENCE2 AT2
#define REFERENCE3 AT3
#define EDGE1 AT1
#define EDGE2 AT2
#define EDGE3 AT3

static const reference references[] = {
#include "ops_reference.inc"
};
/* Not constant: some expected values are calls of libm. */
static size_t edges_of(const reference **to)
{
  static reference edges[400];
  const reference rows[] = {
#include "ops_edges.inc"
  };
  memcpy(edges, rows, sizeof rows);
  *to = edges;
  return sizeof rows / sizeof *rows;
}

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* |got - want| in units of the last place of want, or of `unit` if that is larger. */
static double ulps(double got, double want, double unit)
{
  if (same(got, want)) return 0.0;
  if (!isfinite(got) || !isfinite(want)) return INF;
  int e;
  (void)frexp(fmax(fabs(want), unit), &e);
  return fabs(got - want) / ldexp(1.0, e - 53 > -1074 ? e - 53 : -1074);
}

/* The exceptions to 4, 8 and 16 ulp: where |want| is less than `unit`, the error is counted in ulp of `unit`. Beyond the
 * points tested the same holds for lgamma' and polygamma functions at their zeros on the negative axis, and for the
 * partials of sinc at their zeros beyond |x| = 24. */
static const struct {
  const char *name;
  size_t order;
  double unit;
  const char *reason;
} exceptions[] = {
    {"digamma", 0, 1.0, "irrational zeros at negative x; the reflection's two terms cancel there"},
    {"j0", 0, 0.25, "irrational zeros; what libm keeps of them"},
    {"j0", 1, 0.25, "j0' = -j1, libm's likewise"},
    {"j0", 2, 0.25, "irrational zeros of j0'', where j0 and j1 / x cancel"},
    {"j1", 0, 0.25, "irrational zeros; what libm keeps of them"},
    {"j1", 1, 0.25, "irrational zeros of j1', where j0 and j1 / x cancel"},
    {"j1", 2, 0.25, "irrational zeros of j1'', where the terms of Bessel's equation cancel"},
    {"y0", 0, 0.25, "as j0"},
    {"y0", 1, 0.25, "as j0"},
    {"y0", 2, 0.25, "as j0"},
    {"y1", 0, 0.25, "as j1"},
    {"y1", 1, 0.25, "as j1"},
    {"y1", 2, 0.25, "as j1"},
};

static double unit_of(const char *name, size_t order)
{
  for (size_t k = 0; k < COUNT(exceptions); k++)
    if (exceptions[k].order == order && strcmp(exceptions[k].name, name) == 0) return exceptions[k].unit;
  return 0.0;
}

static size_t order_of(size_t arity, size_t column) { return column == 0 ? 0 : column <= arity ? 1 : 2; }

Test(ops, rows_agree_with_the_references_to_4_8_and_16_ulp)
{
  static const double limit[3] = {4.0, 8.0, 16.0};
  for (size_t k = 0; k < ops_count; k++) {
    const ops_row *const row = &ops_rows[k];
    double worst[3] = {0.0};
    size_t points = 0;
    for (size_t r = 0; r < COUNT(references); r++) {
      if (strcmp(references[r].name, row->name) != 0) continue;
      double out[MOST_PARTIALS];
      row->columns(references[r].in, out);
      points++;
      for (size_t c = 0; c < ops_columns(row->arity); c++) {
        const size_t order = order_of(row->arity, c);
        const double u = ulps(out[c], references[r].out[c], unit_of(row->name, order));
        worst[order] = fmax(worst[order], u);
        cr_expect(u <= limit[order], "%s column %zu at %.17g %.17g %.17g: %.17g, not %.17g (%.3g ulp)",
                  row->name, c, references[r].in[0], references[r].in[1], references[r].in[2], out[c],
                  references[r].out[c], u);
      }
    }
    cr_expect(points >= 8, "%s has %zu references", row->name, points);
    cr_log_info("%-12s %zu points, worst ulp of value, first, second: %.1f %.1f %.1f", row->name, points,
                worst[0], worst[1], worst[2]);
  }
}

/* Points of a row: some where it is smooth, some far about, some of a size of their own. */
static void spread_point(const ops_row *row, size_t i, double *x)
{
  for (size_t j = 0; j < row->arity; j++) {
    double t = (double)i * 0.6180339887498949 * (double)(j + 1) + (double)j * 0.3;
    t -= floor(t);
    x[j] = i % 3 == 0   ? row->low[j] + (row->high[j] - row->low[j]) * t
           : i % 3 == 1 ? 40.0 * t - 20.0
                        : exp(12.0 * t - 6.0);
  }
}

Test(ops, rounding_in_a_direction_costs_last_digits_only)
{
  static const int mode[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (size_t k = 0; k < ops_count; k++) {
    const ops_row *const row = &ops_rows[k];
    if (strcmp(row->name, "rint") == 0) continue; /* it is what the mode says */
    for (size_t i = 0; i < 3000; i++) {
      double x[3] = {0}, nearest[MOST_PARTIALS] = {0}, out[MOST_PARTIALS] = {0};
      spread_point(row, i, x);
      row->columns(x, nearest);
      fesetround(mode[i % COUNT(mode)]);
      row->columns(x, out);
      fesetround(FE_TONEAREST);
      for (size_t c = 0; c < ops_columns(row->arity); c++)
        cr_expect(same(out[c], nearest[c]) || isinf(nearest[c]) ||
                      fabs(out[c] - nearest[c]) <= 1e-12 * (1.0 + fabs(nearest[c])),
                  "%s column %zu at %.17g %.17g %.17g: %.17g, not %.17g", row->name, c, x[0], x[1], x[2],
                  out[c], nearest[c]);
    }
  }
}

Test(ops, rows_keep_the_conventions_at_edges)
{
  const reference *edges;
  const size_t count = edges_of(&edges);
  for (size_t r = 0; r < count; r++) {
    const ops_row *const row = ops_find(edges[r].name);
    double out[MOST_PARTIALS];
    row->columns(edges[r].in, out);
    for (size_t c = 0; c < ops_columns(row->arity); c++)
      cr_expect(ulps(out[c], edges[r].out[c], 0.0) <= 2.0, "%s column %zu at %g %g %g: %.17g, not %.17g",
                row->name, c, edges[r].in[0], edges[r].in[1], edges[r].in[2], out[c], edges[r].out[c]);
  }
}

/* ---- The sweeps ---- */

/* A row applied to n vars and 3 - n constants, in the order of the operands. */
typedef struct application {
  const ops_row *row;
  double in[3];
  bool constant[3];
} application;

static tg_var apply(const tg_var *x, size_t n, void *user)
{
  const application *const a = user;
  tg_var operand[3];
  size_t next = 0;
  for (size_t i = 0; i < a->row->arity; i++) operand[i] = a->constant[i] ? tg_constant(a->in[i]) : x[next++];
  cr_assert(next == n);
  return a->row->on_tape(operand);
}

static void expect_same(const application *a, const char *what, double got, double want)
{
  cr_expect(same(got, want), "%s of %s at %.17g %.17g %.17g: %.17g, not %.17g", what, a->row->name, a->in[0],
            a->in[1], a->in[2], got, want);
}

static unsigned opcode_of(const char *name)
{
  unsigned op = TG_OP_first;
  while (strcmp(tg_ops_[op].name, name) != 0) op++;
  return op;
}

/* The second partial to operands i and j, at a kink that along the unit direction of i. */
static double second_of(const application *a, const double *columns, size_t i, size_t j)
{
  const unsigned op = opcode_of(a->row->name);
  double x[3] = {0.0}, along[3] = {0.0};
  for (size_t k = 0; k < a->row->arity; k++) x[k] = a->in[k];
  if (!tg_at_kink_(op, x[0], x[1], x[2])) return columns[ops_second(a->row->arity, i, j)];
  tg_sided_ p;
  along[i] = 1.0;
  tg_one_sided_(op, x, along, &p);
  return p.second[j][i];
}

/* All drivers against the columns of the row. */
static void check_application(application *a, tg_function *f, const double *columns)
{
  size_t place[3], n = 0;
  double x[3];
  for (size_t i = 0; i < a->row->arity; i++)
    if (!a->constant[i]) {
      x[n] = a->in[i];
      place[n++] = i;
    }
  double value = 0.0, gradient[3], hessian[9], seed = 1.0, row_vector[3];
  cr_assert(tg_hessian(f, x, &value, gradient, hessian) == TG_OK);
  expect_same(a, "value with Hessian", value, columns[0]);
  cr_assert(tg_value(f, x, &value) == TG_OK);
  expect_same(a, "value", value, columns[0]);
  cr_assert(tg_vjp(f, x, &seed, NULL, row_vector) == TG_OK);
  for (size_t i = 0; i < n; i++) {
    const double want = columns[1 + place[i]];
    expect_same(a, "gradient with Hessian", gradient[i], want);
    expect_same(a, "vjp", row_vector[i], want);
    double direction[3] = {0.0}, tangent, hv[3], g[3];
    direction[i] = 1.0;
    cr_assert(tg_jvp(f, x, direction, NULL, &tangent) == TG_OK);
    expect_same(a, "jvp", tangent, want);
    cr_assert(tg_hvp(f, x, direction, g, hv) == TG_OK);
    for (size_t j = 0; j < n; j++) {
      const double second = second_of(a, columns, place[i], place[j]);
      expect_same(a, "gradient with hvp", g[j], columns[1 + place[j]]);
      expect_same(a, "hvp", hv[j], second);
      expect_same(a, "Hessian", hessian[i * n + j], second);
    }
  }
  cr_assert(tg_gradient(f, x, &value, gradient) == TG_OK);
  for (size_t i = 0; i < n; i++) expect_same(a, "gradient", gradient[i], columns[1 + place[i]]);
}

/* Each operand a var or a constant, at least one var. */
static void check_point(const reference *r)
{
  const ops_row *const row = ops_find(r->name);
  double columns[MOST_PARTIALS];
  row->columns(r->in, columns);
  for (unsigned constants = 0; constants + 1 < 1u << row->arity; constants++) {
    application a = {.row = row};
    size_t n = 0;
    double x[3];
    for (size_t i = 0; i < row->arity; i++) {
      a.in[i] = r->in[i];
      a.constant[i] = constants >> i & 1u;
      if (!a.constant[i]) x[n++] = r->in[i];
    }
    tg_function *f;
    cr_assert(tg_record(&f, apply, n, x, &a) == TG_OK);
    check_application(&a, f, columns);
    tg_function_free(f);
  }
  cr_expect(same(row->plain(r->in), columns[0]), "%s of plain numbers", row->name);
}

Test(ops, all_sweeps_and_forms_agree_with_the_rows_at_the_references)
{
  for (size_t r = 0; r < COUNT(references); r++) check_point(&references[r]);
}

Test(ops, all_sweeps_and_forms_agree_with_the_rows_at_edges)
{
  const reference *edges;
  const size_t count = edges_of(&edges);
  for (size_t r = 0; r < count; r++) check_point(&edges[r]);
}

Test(ops, constants_only_fold)
{
  for (size_t r = 0; r < COUNT(references); r++) {
    const ops_row *const row = ops_find(references[r].name);
    tg_var operand[3];
    for (size_t i = 0; i < 3; i++) operand[i] = tg_constant(references[r].in[i]);
    const tg_var v = row->on_tape(operand);
    cr_expect(same(tg_peek(v), row->plain(references[r].in)), "%s", row->name);
    cr_expect(tg_index(v) == SIZE_MAX, "%s", row->name);
  }
}

Test(ops, guards_answer_like_the_operators_of_c)
{
  static const double points[][2] = {{1.0, 2.0}, {2.0, 1.0}, {1.0, 1.0}, {0.0, -0.0},
                                     {NAN, 1.0}, {1.0, NAN}, {INF, INF}};
  for (size_t k = 0; k < COUNT(points); k++) {
    const double x = points[k][0], y = points[k][1];
    const tg_var a = tg_constant(x), b = tg_constant(y);
    cr_expect((tg_lt)(a, b) == (x < y) && tg_lt_d(x, y) == (x < y));
    cr_expect((tg_le)(a, b) == (x <= y) && tg_le_d(x, y) == (x <= y));
    cr_expect((tg_gt)(a, b) == (x > y) && tg_gt_d(x, y) == (x > y));
    cr_expect((tg_ge)(a, b) == (x >= y) && tg_ge_d(x, y) == (x >= y));
    cr_expect((tg_eq)(a, b) == (x == y) && tg_eq_d(x, y) == (x == y));
    cr_expect((tg_ne)(a, b) == (x != y) && tg_ne_d(x, y) == (x != y));
  }
}

/* Second differences of the value would lose half the digits: the partials of a row are differences of each other. */
Test(ops, partials_are_differences_of_each_other_on_the_smooth_interval)
{
  for (size_t k = 0; k < ops_count; k++) {
    const ops_row *const row = &ops_rows[k];
    for (int sample = 1; sample < 8; sample++) {
      double in[3] = {0.0}, centre[MOST_PARTIALS];
      for (size_t i = 0; i < row->arity; i++)
        in[i] = row->low[i] +
                (row->high[i] - row->low[i]) * fmod(sample * (0.618033988749895 + 0.2 * (double)i), 1.0);
      row->columns(in, centre);
      for (size_t i = 0; i < row->arity; i++) {
        const double h = 1e-5, at = in[i];
        double up[MOST_PARTIALS], down[MOST_PARTIALS];
        in[i] = at + h;
        row->columns(in, up);
        in[i] = at - h;
        row->columns(in, down);
        in[i] = at;
        const double slope = (up[0] - down[0]) / (2.0 * h), first = centre[1 + i];
        cr_expect(fabs(slope - first) <= 1e-7 * (1.0 + fabs(first)), "%s partial %zu at %g %g %g: %g, not %g",
                  row->name, i, in[0], in[1], in[2], first, slope);
        for (size_t j = 0; j < row->arity; j++) {
          const double curve = (up[1 + j] - down[1 + j]) / (2.0 * h),
                       second = centre[ops_second(row->arity, i, j)];
          cr_expect(fabs(curve - second) <= 1e-6 * (1.0 + fabs(second)),
                    "%s second %zu %zu at %g %g %g: %g, not %g", row->name, i, j, in[0], in[1], in[2], second,
                    curve);
        }
      }
    }
  }
}

/* ---- Properties ---- */

static bool has(const ops_row *row, unsigned property)
{
  return (tg_properties_(opcode_of(row->name)) & property) != 0;
}

/* What was seen somewhere, by operand; mixed by the pairs xy, xz, yz. */
typedef struct seen {
  bool curved[3], mixed[3], sloped[3], swapped;
} seen;

/* Do the partials of the row at x and at x + t e_i tell that it is no straight line, or that it has a slope? */
static void look_at(const ops_row *row, const double *x, seen *s)
{
  static const double t[] = {0.625, -3.0, 1e-3};
  double here[MOST_PARTIALS], there[MOST_PARTIALS];
  row->columns(x, here);
  if (!isfinite(here[0])) return; /* outside the domain */
  for (size_t i = 0; i < row->arity; i++)
    for (size_t k = 0; k < COUNT(t); k++) {
      double moved[3] = {x[0], x[1], x[2]};
      moved[i] += t[k];
      row->columns(moved, there);
      const double change = there[0] - here[0], line = here[1 + i] * t[k];
      if (!isfinite(change) || !isfinite(line)) {
        s->curved[i] = true; /* a line has no end */
        continue;
      }
      s->curved[i] |= fabs(change - line) > 1e-9 * (fabs(here[0]) + fabs(line) + 1.0);
      s->sloped[i] |= here[1 + i] != 0.0;
      for (size_t j = 0; j < row->arity; j++)
        if (j != i && here[ops_second(row->arity, i, j)] != 0.0) s->mixed[i + j - 1] = true;
    }
  double swapped[3] = {x[1], x[0], x[2]};
  row->columns(swapped, there);
  s->swapped |= row->arity == 2 && memcmp(&here[0], &there[0], sizeof(double)) != 0;
}

static seen look_about(const ops_row *row)
{
  seen s = {0};
  for (size_t i = 0; i < 600; i++) {
    double x[3] = {0};
    spread_point(row, i, x);
    for (size_t j = 0; j < row->arity; j++)
      if (i % 5 == j) x[j] = -x[j];
    if (i % 7 == 0) x[1] = x[0];
    if (i % 35 == 8) x[0] = 0.0, x[1] = fabs(x[1]);
    look_at(row, x, &s);
  }
  return s;
}

Test(ops, properties_say_what_the_rows_do)
{
  static const unsigned mixed[3] = {TG_MIXED_XY, TG_MIXED_XZ, TG_MIXED_YZ};
  for (size_t k = 0; k < ops_count; k++) {
    const ops_row *const row = &ops_rows[k];
    const seen s = look_about(row);
    bool linear[3] = {false};
    for (size_t i = 0; i < row->arity; i++) {
      linear[i] = !s.curved[i] && s.sloped[i];
      cr_expect(has(row, TG_LINEAR_X << i) == linear[i], "%s: linear in operand %zu", row->name, i);
      cr_expect(has(row, TG_STEP_X << i) == !s.sloped[i], "%s: a step in operand %zu", row->name, i);
    }
    for (size_t p = 0; p < 3; p++) /* xy, xz, yz */
      cr_expect(has(row, mixed[p]) == (s.mixed[p] && (linear[p / 2] || linear[(p + 3) / 2])),
                "%s: mixed in pair %zu", row->name, p);
    cr_expect(!has(row, TG_COMMUTES) || !s.swapped, "%s commutes", row->name);
  }
}

Test(ops, sums_and_products_are_what_they_are_called)
{
  const struct {
    const char *name;
    unsigned property;
  } known[] = {{"add", TG_SUM}, {"sub", TG_SUM}, {"mul", TG_PRODUCT}, {"square", TG_PRODUCT}};
  size_t sums = 0;
  for (size_t k = 0; k < ops_count; k++) sums += has(&ops_rows[k], TG_SUM | TG_PRODUCT);
  cr_expect(sums == COUNT(known), "who walks along sums and products knows these four only");
  for (size_t k = 0; k < COUNT(known); k++) cr_expect(has(ops_find(known[k].name), known[k].property));
}

Test(ops, linear_in_several_operands_means_together)
{
  cr_expect(tg_linear_in_(TG_OP_add, 3) && tg_linear_in_(TG_OP_sub_vc, 1) && tg_linear_in_(TG_OP_neg, 1));
  cr_expect(tg_linear_in_(TG_OP_mul, 1) && tg_linear_in_(TG_OP_mul, 2) && !tg_linear_in_(TG_OP_mul, 3));
  cr_expect(tg_linear_in_(TG_OP_divide, 1) && !tg_linear_in_(TG_OP_divide, 2));
  cr_expect(tg_linear_in_(TG_OP_fma, 5) && tg_linear_in_(TG_OP_fma, 6) && !tg_linear_in_(TG_OP_fma, 3));
  cr_expect(tg_linear_in_(TG_OP_where, 6) && !tg_linear_in_(TG_OP_where, 1));
  cr_expect(tg_linear_in_(TG_OP_lerp, 3) && tg_linear_in_(TG_OP_lerp, 4) && !tg_linear_in_(TG_OP_lerp, 7));
  cr_expect(!tg_linear_in_(TG_OP_fabs, 1) && !tg_linear_in_(TG_OP_floor, 1));
}

/* ---- Kinks ---- */

/* A step along the tangents: the partials there are what a kink promises, unless the line stays on it. */
static size_t check_side(const ops_row *row, unsigned op, const double *x, const double *along)
{
  const double t = 1e-7;
  double at[3], columns[MOST_PARTIALS];
  tg_sided_ p;
  for (size_t i = 0; i < 3; i++) at[i] = x[i] + t * along[i];
  if (!tg_at_kink_(op, x[0], x[1], x[2]) || tg_at_kink_(op, at[0], at[1], at[2])) return 0;
  tg_one_sided_(op, x, along, &p);
  row->columns(at, columns);
  for (size_t i = 0; i < row->arity; i++) {
    cr_expect(fabs(p.first[i] - columns[1 + i]) <= 1e-5,
              "%s at %g %g %g along %g %g %g: first %zu is %g, not %g", row->name, x[0], x[1], x[2], along[0],
              along[1], along[2], i, p.first[i], columns[1 + i]);
    for (size_t j = 0; j < row->arity; j++) {
      const double second = columns[ops_second(row->arity, i, j)];
      const bool cone = fabs(second) > 1e4; /* hypot, norm3: the line itself has none */
      cr_expect(cone || fabs(p.second[i][j] - second) <= 1e-5,
                "%s at %g %g %g along %g %g %g: second %zu %zu is %g, not %g", row->name, x[0], x[1], x[2],
                along[0], along[1], along[2], i, j, p.second[i][j], second);
    }
  }
  return 1;
}

Test(ops, one_sided_partials_at_kinks_are_those_beside_them)
{
  static const double grid[] = {-1.0, -0.5, 0.0, 0.5, 1.0}, ways[] = {-1.0, 0.25, 1.5};
  for (size_t k = 0; k < ops_count; k++) {
    const ops_row *const row = &ops_rows[k];
    const unsigned op = opcode_of(row->name);
    size_t sides = 0;
    for (size_t i = 0; i < 125; i++)
      for (size_t j = 0; j < 27; j++) {
        const double x[3] = {grid[i % 5], row->arity > 1 ? grid[i / 5 % 5] : 0.0,
                             row->arity > 2 ? grid[i / 25] : 0.0};
        const double along[3] = {ways[j % 3], row->arity > 1 ? ways[j / 3 % 3] : 0.0,
                                 row->arity > 2 ? ways[j / 9] : 0.0};
        /* where the row speaks of this kink alone: copysign is a step in y besides */
        const bool domain = (op != TG_OP_copysign || x[1] != 0.0) && (op != TG_OP_huber || x[1] > 0.0) &&
                            (op != TG_OP_clamp || x[1] < x[2]);
        if (domain) sides += check_side(row, op, x, along);
      }
    cr_expect((sides > 0) == tg_ops_[op].kinked, "%s: %zu sides of its kink", row->name, sides);
  }
}
