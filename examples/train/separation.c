#include "separation.h"

#include "cone.h"
#include "exact_rank.h"
#include "linear_algebra.h"
#include "memory.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARAMETERS = 1500, MOST_TOUCHING = 20000 }; /* beyond, only complete separation is looked for */

static const double touching = 1e-10; /* relative to the sizes of form and direction: taken for a margin of zero */

/* What is called for every margin; false ends the walk. */
typedef bool (*margin_visit)(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user);

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

/* -- an optimum ----------------------------------------------------------------------------------------------------- */

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

/* Where the gradient is small for the least curvature, an optimum is near, and classes with an optimum are not separable:
 * it is enough that |g| in the metric of H^-1 is below sqrt(least eigenvalue) / (2 R), R bounding how fast the Hessian can
 * change (Bach 2010, "Self-concordant analysis for logistic regression", proposition 2). Half of that is left to rounding.
 * The trace of H^-1 bounds the least eigenvalue. */
static bool optimum_is_near(problem *p, const double *theta, double *room)
{
  const size_t n = p->n;
  double *h = resize(NULL, 2 * n + 1, n * sizeof *h);
  if (h == NULL) return false;
  double *inverse = h + n * n, *g = inverse + n * n, trace = 0, square = 0;
  bool near = problem_gauged_hessian(p, theta, h) == TG_OK && problem_evaluate(p, theta, NULL, g) == TG_OK &&
              cholesky(h, n, NULL);
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

/* -- the border ---------------------------------------------------------------------------------------------------- */

/* The margins of zero, and what is known of the others. */
typedef struct border {
  const problem *p;
  const double *way;
  double length;            /* of the way */
  size_t *row, *other;      /* of every margin that touches */
  size_t count, room;
  bool some_positive, negative, failed;
  const double *slack;      /* n: how far entries of the true way may be from those of `way` */
} border;

static bool sort_margin(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user)
{
  border *b = user;
  (void)truth, (void)x;
  if (m->value > touching * m->size * b->length + m->error) return b->some_positive = true;
  if (m->value < -touching * m->size * b->length - m->error) return b->negative = true, false;
  if (b->count == b->room) {
    const size_t room = 2 * b->room + 64;
    size_t *larger_row = resize(b->row, room, sizeof *larger_row);
    if (larger_row != NULL) b->row = larger_row;
    size_t *larger_other = resize(b->other, room, sizeof *larger_other);
    if (larger_other != NULL) b->other = larger_other;
    if (larger_row == NULL || larger_other == NULL) return b->failed = true, false;
    b->room = room;
  }
  b->row[b->count] = row;
  b->other[b->count++] = other;
  return true;
}

/* Away from the border every margin has to stay positive, wherever within the slack the true way lies. */
static bool stays_positive(size_t row, size_t truth, size_t other, const double *x, const margin *m, void *user)
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

/* Do the exact forms of all touching margins depend on `rank` of them? Asked of the rows before scaling, which is a
 * change of variables and leaves dependence as it is. */
static rank_answer exact_dependence(const border *b, size_t rank, unscaled_rows unscaled, void *user, failure *f)
{
  const model_shape *s = &b->p->shape;
  const size_t n = b->p->n;
  if (rank >= b->count || rank >= n) return RANK_AT_MOST;
  if (b->count > MOST_TOUCHING) return RANK_UNKNOWN;
  dataset d;
  if (!unscaled(&d, b->row, b->count, user, f)) return RANK_UNKNOWN;
  double *form = resize(NULL, b->count, n * sizeof *form), *room = resize(NULL, s->features, sizeof *room);
  rank_answer answer = RANK_UNKNOWN;
  if (form != NULL && room != NULL) {
    for (size_t i = 0; i < b->count; i++) {
      margin_form(s, features_of(&d, i, room), (size_t)dataset_target(&d, i), b->other[i], form + i * n);
    }
    answer = rank_at_most(form, b->count, n, rank);
  }
  free(form);
  free(room);
  dataset_free(&d);
  return answer;
}

/* The exact forms v_i of the tight rows are near R'Q. There is a true way, way + Q'c, orthogonal to all of them, when
 * M = VQ' is regular; with Y the inverse of its computed triangle, alpha >= |I - Y M| < 1 proves that, and
 * |c| <= |Y V way| / (1 - alpha) in the norm of the largest entry. `slack` becomes |Q|' |c|. */
static bool bound_slack(const cone *c, const double *way, double *slack, double *room)
{
  const size_t n = c->n, t = c->tight;
  double *y = room, *m = room + t * t, *rho = m + t * t, *error = rho + t;
  memset(slack, 0, n * sizeof *slack);
  if (t == 0) return true;
  for (size_t i = 0; i < t; i++) {
    const double *x = features_of(c->data, c->row[i], c->x);
    const size_t truth = (size_t)dataset_target(c->data, c->row[i]);
    const margin off = margin_of(c->shape, way, x, truth, c->other[i]);
    rho[i] = fabs(off.value) + off.error;
    margin_form(c->shape, x, truth, c->other[i], c->v);
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

/* Are the tight forms among the touching ones? Only then do both span the same when their ranks agree. */
static bool tight_forms_touch(const border *b, const cone *c)
{
  for (size_t i = 0; i < c->tight; i++) {
    bool found = false;
    for (size_t k = 0; k < b->count && !found; k++) found = b->row[k] == c->row[i] && b->other[k] == c->other[i];
    if (!found) return false;
  }
  return true;
}

/* Suspected becomes proven when the border is exactly one: every touching form depends on the tight ones, to which a true
 * way is orthogonal that is so near to the computed one that all other margins stay positive. */
static bool prove(separation *found, border *b, cone *c, double *way, unscaled_rows unscaled, void *user, failure *f)
{
  const size_t n = c->n;
  for (size_t i = 0; i < b->count; i++) cone_tighten(c, b->row[i], b->other[i], way);
  for (size_t i = 0; i < c->tight && i < n; i++) {
    double along = 0; /* once more, now that all are there */
    for (size_t j = 0; j < n; j++) along += c->q[i * n + j] * way[j];
    for (size_t j = 0; j < n; j++) way[j] -= along * c->q[i * n + j];
  }
  double *slack = resize(NULL, n + 2 * c->tight + 2 * c->tight * c->tight, sizeof *slack);
  double *room = resize(NULL, c->shape->features, sizeof *room);
  bool good = (slack != NULL && room != NULL) || fail_memory(f);
  if (good && tight_forms_touch(b, c) && bound_slack(c, way, slack, slack + n)) {
    const rank_answer answer = exact_dependence(b, c->tight, unscaled, user, f);
    border rest = *b;
    rest.slack = slack;
    rest.room = b->count;
    rest.count = 0;
    if (answer == RANK_AT_MOST && walk_margins(b->p, way, room, stays_positive, &rest)) {
      *found = b->count == 0 ? SEPARATION_COMPLETE : SEPARATION_QUASI;
    }
  }
  free(slack);
  free(room);
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
        good = prove(found, &b, c, way, unscaled, user, f);
      }
    }
  }
  free(z);
  free(room);
  free(b.row);
  free(b.other);
  return good;
}

bool separation_find(separation *found, problem *p, const double *theta, double *way, unscaled_rows unscaled,
                     void *user, failure *f)
{
  *found = SEPARATION_NONE;
  if (!concerned(p)) return true;
  memcpy(way, theta, p->n * sizeof *way);
  if (separation_proven(p, theta)) {
    *found = SEPARATION_COMPLETE;
    return true;
  }
  double most = -INFINITY, *room = resize(NULL, p->shape.features, sizeof *room);
  if (room == NULL) return fail_memory(f);
  walk_margins(p, theta, room, find_most, &most);
  /* No row is nearly certain, or too many coefficients, or the fit has found what there cannot be. */
  const bool enough = most < 5 || p->n > MOST_PARAMETERS || optimum_is_near(p, theta, room);
  free(room);
  if (enough) return true;
  cone c;
  if (!cone_new(&c, &p->shape, p->data)) return fail_memory(f);
  const bool good = look_along(found, p, theta, way, &c, unscaled, user, f);
  cone_free(&c);
  return good;
}

/* -- in words ------------------------------------------------------------------------------------------------------ */

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

void separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room)
{
  const size_t k = p->shape.classes;
  size_t used = 0;
  pairs s = {k, zeroed(k * k, sizeof(bool)), length_of(way, p->n)};
  double *scratch = resize(NULL, p->shape.features, sizeof *scratch);
  out[0] = '\0';
  if (s.separated != NULL && scratch != NULL) walk_margins(p, way, scratch, note_pair, &s);
  size_t count = 0;
  for (size_t i = 0; s.separated != NULL && i < k * k; i++) count += s.separated[i];
  if (k > 3 && count == k * (k - 1)) {
    snprintf(out, room, "all %zu classes from one another", k);
    count = 0;
  }
  for (size_t a = 0; count > 0 && a < k; a++) {
    for (size_t b = a + 1; b < k && used + 1 < room; b++) {
      if (!s.separated[a * k + b]) continue;
      const int n = snprintf(out + used, room - used, "%s%.60s from %.60s", used > 0 ? ", " : "", labels->text[a],
                             labels->text[b]);
      used += n > 0 ? (size_t)n : 0;
    }
  }
  free(scratch);
  free(s.separated);
}
