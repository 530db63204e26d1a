#include "separation.h"

#include "cone.h"
#include "distinct.h"
#include "exact_rank.h"
#include "linear_algebra.h"
#include "memory.h"
#include "optimality.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARAMETERS = 1500 }; /* beyond, only complete separation is looked for */
enum { MOST_DISTINCT = 20000 };  /* forms of margins of zero, for a proof */

static const double negligible = 1e-8; /* entries of a way, relative to its largest */
static const double touching = 1e-10;  /* relative to form and direction: taken for a margin of zero */

/* What is called for every margin; false ends the walk. */
typedef bool (*margin_visit)(size_t row, size_t truth, size_t other, const double *x, const margin *m,
                             void *user);

static bool walk_margins(const problem *p, const double *theta, double *room, margin_visit visit, void *user)
{
  const dataset *d = p->data;
  for (size_t i = 0; i < d->rows; i++) {
    if (dataset_weight(d, i) == 0) continue;
    const double *x = features_of(d, i, room);
    const size_t truth = (size_t)dataset_target(d, i);
    for (size_t k = 0; k < margins_per_row(&p->shape); k++) {
      const size_t other = other_class(&p->shape, truth, k);
      const margin m = margin_of(&p->shape, theta, x, truth, other);
      if (!visit(i, truth, other, x, &m, user)) return false;
    }
  }
  return true;
}

static bool concerned(const problem *p)
{
  return p->shape.kind == MODEL_LOGISTIC || p->shape.kind == MODEL_MULTINOMIAL;
}

static bool is_positive(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user)
{
  (void)row, (void)truth, (void)other, (void)x, (void)user;
  return m->value > m->error;
}

bool separation_proven(const problem *p, const double *theta)
{
  if (!concerned(p)) return false;
  double *room = resize(NULL, p->shape.features, sizeof *room);
  const bool proven = room != NULL && walk_margins(p, theta, room, is_positive, NULL);
  free(room);
  return proven;
}

static bool find_most(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user)
{
  (void)row, (void)truth, (void)other, (void)x;
  double *most = user;
  if (m->value > *most) *most = m->value;
  return true;
}

/* -- an optimum ------------------------------------------------------------------------------------------ */

static double longest_row(const problem *p, double *room)
{
  double most = 0;
  for (size_t i = 0; i < p->data->rows; i++) {
    const double *x = features_of(p->data, i, room);
    double square = 1;
    for (size_t j = 0; j < p->shape.features; j++) square += x[j] * x[j];
    most = fmax(most, square);
  }
  return sqrt(most);
}

/* Where the gradient is small for the least curvature, an optimum is near, and classes with an optimum are
 * not separable: it is enough that |g| in the metric of H^-1 is below sqrt(least eigenvalue) / (2 R), R
 * bounding how fast the Hessian can change (Bach 2010, "Self-concordant analysis for logistic regression",
 * proposition 2). Half of that is left to rounding. The trace of H^-1 bounds the least eigenvalue. */
static bool optimum_is_near(problem *p, const double *theta, double *room)
{
  const size_t n = p->n;
  double *h = resize(NULL, 2 * n + 1, n * sizeof *h);
  if (h == NULL) return false;
  double *inverse = h + n * n, *g = inverse + n * n, trace = 0, square = 0;
  bool near = problem_gauged_hessian(p, theta, NULL, h) == TG_OK &&
              problem_evaluate(p, theta, NULL, g) == TG_OK && cholesky(h, n, NULL);
  if (near) {
    cholesky_inverse(h, n, inverse);
    for (size_t i = 0; i < n; i++) {
      trace += inverse[i * n + i];
      for (size_t j = 0; j < n; j++) square += g[i] * inverse[i * n + j] * g[j];
    }
    const double change = 2 * longest_row(p, room);
    near = square * trace * change * change * 4 < 0.25;
  }
  free(h);
  return near;
}

/* -- the border ------------------------------------------------------------------------------------------ */

/* The margins of zero, and what is known of the others. */
typedef struct border {
  const problem *p;
  const double *way;
  double length;               /* of the way */
  size_t *row, *truth, *other; /* of every margin that touches */
  size_t count, room;
  bool some_positive, negative, failed;
  const double *slack; /* n: how far entries of the true way may be from those of `way` */
} border;

static bool sort_margin(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user)
{
  border *b = user;
  (void)x;
  if (m->value > touching * m->size * b->length + m->error) return b->some_positive = true;
  if (m->value < -touching * m->size * b->length - m->error) return b->negative = true, false;
  if (b->count == b->room) {
    const size_t room = 2 * b->room + 64;
    size_t *larger_row = resize(b->row, room, sizeof *larger_row);
    if (larger_row != NULL) b->row = larger_row;
    size_t *larger_truth = resize(b->truth, room, sizeof *larger_truth);
    if (larger_truth != NULL) b->truth = larger_truth;
    size_t *larger_other = resize(b->other, room, sizeof *larger_other);
    if (larger_other != NULL) b->other = larger_other;
    if (larger_row == NULL || larger_truth == NULL || larger_other == NULL) return b->failed = true, false;
    b->room = room;
  }
  b->row[b->count] = row;
  b->truth[b->count] = truth;
  b->other[b->count++] = other;
  return true;
}

/* Away from the border every margin has to stay positive, wherever within the slack the true way lies. */
static bool stays_positive(size_t row, size_t truth, size_t other, const double *x, const margin *m,
                           void *user)
{
  border *b = user;
  const model_shape *s = &b->p->shape;
  while (b->count < b->room && b->row[b->count] < row) b->count++;
  for (size_t i = b->count; i < b->room && b->row[i] == row; i++) {
    if (b->other[i] == other) return true;
  }
  const size_t p = s->features, rows = model_rows(s);
  const bool two = s->kind == MODEL_LOGISTIC;
  const double *a = b->slack + (two ? 0 : truth * p), *c = b->slack + other * p;
  double off = two ? b->slack[p] : b->slack[rows * p + truth] + b->slack[rows * p + other];
  for (size_t j = 0; j < p; j++) off += fabs(x[j]) * (two ? a[j] : a[j] + c[j]);
  return m->value > m->error + off * (1 + 1e-10);
}

/* The distinct ones among the exact forms of all touching margins, in the kept entries; `of` (MOST_DISTINCT
 * numbers) tells which margin each comes from. Made from the rows before scaling, which is a change of
 * variables and leaves dependence as it is: the intercepts are always kept. False: there are too many, or no
 * memory. */
static bool distinct_forms(distinct *d, size_t *of, const border *b, const bool *keep, unscaled_rows unscaled,
                           void *user, failure *f)
{
  enum { AT_A_TIME = 4096 };
  const model_shape *s = &b->p->shape;
  const size_t n = b->p->n;
  double *form = resize(NULL, n + s->features, sizeof *form);
  bool good = form != NULL;
  for (size_t first = 0; good && first < b->count; first += AT_A_TIME) {
    const size_t count = b->count - first < AT_A_TIME ? b->count - first : AT_A_TIME;
    dataset rows;
    if (!unscaled(&rows, b->row + first, count, user, f)) break;
    for (size_t i = 0; good && i < count; i++) {
      const double *x = features_of(&rows, i, form + n);
      size_t width = 0;
      bool is_new;
      margin_form(s, x, (size_t)dataset_target(&rows, i), b->other[first + i], form);
      for (size_t j = 0; j < n; j++) {
        if (keep[j]) form[width++] = form[j];
      }
      good = distinct_add(d, form, &is_new) && d->count <= MOST_DISTINCT;
      if (good && is_new) of[d->count - 1] = first + i;
    }
    dataset_free(&rows);
  }
  free(form);
  return good;
}

/* The exact forms v_i of the tight rows are near R'Q. There is a true way, way + Q'c, orthogonal to all of
 * them, when M = VQ' is regular; with Y the inverse of its computed triangle, alpha >= |I - Y M| < 1 proves
 * that, and |c| <= |Y V way| / (1 - alpha) in the norm of the largest entry. `slack` becomes |Q|' |c|. */
static bool bound_slack(cone *c, const double *way, double *slack, double *room)
{
  const size_t n = c->n, t = c->tight;
  double *y = room, *m = room + t * t, *rho = m + t * t, *error = rho + t;
  memset(slack, 0, n * sizeof *slack);
  if (t == 0) return true;
  for (size_t i = 0; i < t; i++) {
    const double *x = features_alone(c->data, c->row[i], c->x);
    const margin off = margin_of(c->shape, way, x, c->truth[i], c->other[i]);
    rho[i] = fabs(off.value) + off.error;
    cone_form(c, c->row[i], c->truth[i], c->other[i], c->v);
    error[i] = 0;
    for (size_t k = 0; k < t; k++) {
      double sum = 0, terms = 0;
      for (size_t j = 0; j < n; j++) {
        const double term = c->v[j] * c->q[k * n + j];
        sum += term;
        terms += fabs(term);
      }
      m[i * t + k] = sum;
      error[i] += ((double)n + 6) * DBL_EPSILON * terms;
    }
  }
  for (size_t k = 0; k < t; k++) { /* column k of the inverse of the lower triangle */
    for (size_t i = 0; i < t; i++) {
      double sum = i == k ? 1 : 0;
      for (size_t j = k; j < i; j++) sum -= m[i * t + j] * y[j * t + k];
      y[i * t + k] = i < k ? 0 : sum / m[i * t + i];
    }
  }
  double alpha = 0, most = 0;
  for (size_t i = 0; i < t; i++) {
    double row = 0, off = 0;
    for (size_t k = 0; k < t; k++) {
      double sum = i == k ? 1 : 0, terms = 1;
      for (size_t j = 0; j <= i; j++) {
        sum -= y[i * t + j] * m[j * t + k];
        terms += fabs(y[i * t + j] * m[j * t + k]);
      }
      row += fabs(sum) + ((double)t + 4) * DBL_EPSILON * terms;
    }
    for (size_t j = 0; j <= i; j++) {
      row += fabs(y[i * t + j]) * error[j];
      off += fabs(y[i * t + j]) * rho[j];
    }
    alpha = fmax(alpha, row);
    most = fmax(most, off);
  }
  if (!(alpha < 0.5)) return false;
  most = most / (1 - alpha) * (1 + 1e-9);
  for (size_t k = 0; k < t; k++) {
    for (size_t j = 0; j < n; j++) slack[j] += most * fabs(c->q[k * n + j]);
  }
  return true;
}

/* Makes the distinct forms tight and the way orthogonal to them. */
static void tighten(cone *c, const border *b, const size_t *of, size_t count, double *way)
{
  c->tight = 0;
  for (size_t i = 0; i < count; i++) cone_tighten(c, b->row[of[i]], b->truth[of[i]], b->other[of[i]], way);
  for (size_t i = 0; i < c->tight; i++) {
    const double *q = c->q + i * c->n;
    double along = 0; /* once more, now that all are there */
    for (size_t j = 0; j < c->n; j++) along += q[j] * way[j];
    for (size_t j = 0; j < c->n; j++) way[j] -= along * q[j];
  }
}

/* Suspected becomes proven when the border is exactly one: every touching form depends on the tight ones, to
 * which a true way is orthogonal that is so near to the computed one that all other margins stay positive.
 * Entries of the way that are not kept are zero. */
static bool prove(separation *found, const border *b, cone *c, const bool *keep, double *way,
                  unscaled_rows unscaled, void *user, failure *f)
{
  const size_t n = c->n;
  distinct forms = {0};
  double *slack = NULL, *room = resize(NULL, c->shape->features, sizeof *room);
  size_t *of = resize(NULL, MOST_DISTINCT + 1, sizeof *of);
  bool good = (of != NULL && room != NULL) || fail_memory(f);
  for (size_t j = 0; j < n; j++) {
    forms.width += keep[j];
    if (!keep[j]) way[j] = 0;
  }
  c->keep = keep;
  if (good && distinct_forms(&forms, of, b, keep, unscaled, user, f)) {
    tighten(c, b, of, forms.count, way);
    slack = resize(NULL, n + 2 * c->tight + 2 * c->tight * c->tight, sizeof *slack);
    good = slack != NULL || fail_memory(f);
    border rest = *b;
    rest.slack = slack;
    rest.room = b->count;
    rest.count = 0;
    const bool proven = good && bound_slack(c, way, slack, slack + n) &&
                        rank_at_most(forms.vector, forms.count, forms.width, c->tight) == RANK_AT_MOST &&
                        walk_margins(b->p, way, room, stays_positive, &rest);
    if (proven) *found = b->count == 0 ? SEPARATION_COMPLETE : SEPARATION_QUASI;
  }
  c->keep = NULL;
  distinct_free(&forms);
  free(of);
  free(slack);
  free(room);
  return good;
}

/* With the entries of the way alone that are not zero but for rounding there may be few distinct forms and a
 * simple proof; else with all. */
static bool prove_somehow(separation *found, const border *b, cone *c, double *way, unscaled_rows unscaled,
                          void *user, failure *f)
{
  const size_t n = c->n, weights = model_rows(c->shape) * c->shape->features;
  bool *keep = resize(NULL, n, sizeof *keep);
  double *copy = resize(NULL, n, sizeof *copy), most = 0;
  bool good = (keep != NULL && copy != NULL) || fail_memory(f);
  for (size_t j = 0; j < n; j++) most = fmax(most, fabs(way[j]));
  for (int all = 0; good && all < 2 && *found == SEPARATION_SUSPECTED; all++) {
    memcpy(copy, way, n * sizeof *copy);
    for (size_t j = 0; j < n; j++) keep[j] = all || j >= weights || fabs(way[j]) > negligible * most;
    good = prove(found, b, c, keep, copy, unscaled, user, f);
  }
  if (good && *found != SEPARATION_SUSPECTED) memcpy(way, copy, n * sizeof *copy);
  free(keep);
  free(copy);
  return good;
}

/* What all classes of a softmax have in common separates nothing. */
static void centre(const model_shape *m, double *theta)
{
  if (m->kind != MODEL_MULTINOMIAL) return;
  const size_t p = m->features, k = m->classes;
  for (size_t j = 0; j <= p; j++) {
    double *first = theta + (j < p ? j : k * p), mean = 0;
    const size_t stride = j < p ? p : 1;
    for (size_t a = 0; a < k; a++) mean += first[a * stride] / (double)k;
    for (size_t a = 0; a < k; a++) first[a * stride] -= mean;
  }
}

static double length_of(const double *x, size_t n)
{
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += x[j] * x[j];
  return sqrt(sum);
}

static bool look_along(separation *found, const problem *p, const double *theta, double *way, cone *c,
                       unscaled_rows unscaled, void *user, failure *f)
{
  double *z = resize(NULL, p->n, sizeof *z), *room = resize(NULL, p->shape.features, sizeof *room);
  border b = {.p = p, .way = way};
  bool good = (z != NULL && room != NULL) || fail_memory(f);
  if (good) {
    memcpy(z, theta, p->n * sizeof *z);
    centre(&p->shape, z);
    const double length = length_of(z, p->n);
    for (size_t j = 0; j < p->n && length > 0; j++) z[j] /= length;
    if (cone_project(c, z, way)) {
      b.length = 1; /* of z: what is left of it may be rounding */
      walk_margins(p, way, room, sort_margin, &b);
      good = !b.failed || fail_memory(f);
      if (good && b.some_positive && !b.negative) {
        *found = SEPARATION_SUSPECTED;
        good = prove_somehow(found, &b, c, way, unscaled, user, f);
      }
    }
  }
  free(z);
  free(room);
  free(b.row);
  free(b.truth);
  free(b.other);
  return good;
}

/* -- one column alone ----------------------------------------------------------------------------------- */

enum { POSITIVE = 1, NEGATIVE = 2 };

/* The signs that occur in each column of sparse rows, by class; a zero may be what scaling left of a number.
 */
static unsigned char *signs_of(const problem *p)
{
  const sparse_rows *s = &p->data->sparse;
  const size_t classes = p->shape.classes;
  unsigned char *sign = zeroed(p->shape.features, classes);
  for (size_t i = 0; sign != NULL && i < s->rows; i++) {
    if (dataset_weight(p->data, i) == 0) continue;
    for (size_t e = s->row_start[i]; e < s->row_start[i + 1]; e++) {
      unsigned char *seen = &sign[s->column[e] * classes + (size_t)s->target[i]];
      *seen |= s->value[e] > 0 ? POSITIVE : s->value[e] < 0 ? NEGATIVE : POSITIVE | NEGATIVE;
    }
  }
  return sign;
}

/* Is there a column of sparse rows that has one sign in a class, or none, and the other sign or none in all
 * others? Along its coefficient for that class no margin is negative: words that occur in one class only are
 * of this kind. Signs are the same before and after scaling, so this is exact. Quick enough for any number of
 * columns. */
static bool separated_by_signs(const problem *p, double *way, bool *no_memory)
{
  const size_t features = p->shape.features, classes = p->shape.classes;
  unsigned char *sign = p->data->is_sparse ? signs_of(p) : NULL;
  bool found = false;
  *no_memory = p->data->is_sparse && sign == NULL;
  for (size_t k = 0; sign != NULL && !found && k < features * classes; k++) {
    const size_t j = k / classes, a = k % classes;
    const bool two = p->shape.kind == MODEL_LOGISTIC;
    unsigned char others = 0;
    for (size_t b = 0; b < classes; b++) others |= b != a ? sign[j * classes + b] : 0;
    const unsigned char mine = sign[k];
    const bool up = !(mine & NEGATIVE) && !(others & POSITIVE),
               down = !(mine & POSITIVE) && !(others & NEGATIVE);
    found = (mine | others) != 0 && (up || down);
    if (!found) continue;
    memset(way, 0, p->n * sizeof *way);
    const double step = up ? 1 : -1;
    way[two ? j : a * features + j] = two && a == 0 ? -step : step;
  }
  free(sign);
  return found;
}

bool separation_find(separation *found, problem *p, const double *theta, double *way, unscaled_rows unscaled,
                     void *user, failure *f)
{
  *found = SEPARATION_NONE;
  if (!concerned(p)) return true;
  memcpy(way, theta, p->n * sizeof *way);
  bool no_memory = false;
  double most = -INFINITY, *room = resize(NULL, p->shape.features, sizeof *room);
  if (room == NULL) return fail_memory(f);
  if (walk_margins(p, theta, room, is_positive, NULL))
    *found = SEPARATION_COMPLETE;
  else if (separated_by_signs(p, way, &no_memory))
    *found = SEPARATION_QUASI;
  else if (!no_memory)
    walk_margins(p, theta, room, find_most, &most);
  /* No row is nearly certain, or too many coefficients, or the fit has found what there cannot be. */
  const bool enough = *found != SEPARATION_NONE || no_memory || most < 5 || p->n > MOST_PARAMETERS ||
                      optimum_is_near(p, theta, room);
  free(room);
  if (*found == SEPARATION_NONE && no_memory) return fail_memory(f);
  if (enough) return true;
  cone c;
  if (!cone_new(&c, &p->shape, p->data)) return fail_memory(f);
  const bool good = look_along(found, p, theta, way, &c, unscaled, user, f);
  cone_free(&c);
  return good;
}

/* -- in words -------------------------------------------------------------------------------------------- */

typedef struct pairs {
  size_t classes;
  bool *separated; /* classes x classes */
  double length;
} pairs;

static bool note_pair(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user)
{
  pairs *s = user;
  (void)row, (void)x;
  if (m->value <= touching * m->size * s->length + m->error) return true;
  s->separated[truth * s->classes + other] = s->separated[other * s->classes + truth] = true;
  return true;
}

bool separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room)
{
  const size_t k = p->shape.classes;
  size_t used = 0;
  pairs s = {k, zeroed(k * k, sizeof(bool)), length_of(way, p->n)};
  double *scratch = resize(NULL, p->shape.features, sizeof *scratch);
  out[0] = '\0';
  const bool good = s.separated != NULL && scratch != NULL;
  if (good) walk_margins(p, way, scratch, note_pair, &s);
  size_t count = 0;
  for (size_t i = 0; good && i < k * k; i++) count += s.separated[i];
  if (k > 3 && count == k * (k - 1)) {
    snprintf(out, room, "all %zu classes from one another", k);
    count = 0;
  }
  for (size_t a = 0; count > 0 && a < k; a++) {
    for (size_t b = a + 1; b < k && used + 1 < room; b++) {
      if (!s.separated[a * k + b]) continue;
      char one[EXCERPT_ROOM], other[EXCERPT_ROOM];
      const int n = snprintf(out + used, room - used, "%s%s from %s", used > 0 ? ", " : "",
                             excerpt(one, labels->text[a], labels->length[a]),
                             excerpt(other, labels->text[b], labels->length[b]));
      used += n > 0 ? (size_t)n : 0;
    }
  }
  free(scratch);
  free(s.separated);
  return good;
}
