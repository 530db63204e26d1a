/* From a direction that separates within rounding to a proof that one separates exactly.
 *
 * Along the computed direction, `way`, most margins are positive beyond all rounding. Some touch zero. It is
 * proven that there is a true direction near it along which the touching margins are exactly zero and all others
 * positive:
 *
 *   1. The exact forms of the touching margins are brought together, each once (distinct.c).
 *   2. By Gram-Schmidt t of them are "tight", independent by more than rounding; the way is made orthogonal to
 *      these.
 *   3. The exact rank of all touching forms is at most t (exact_rank.c). So each of them is a combination of the
 *      tight ones, and a direction orthogonal to these gives all of them a margin of zero.
 *   4. There is a direction exactly orthogonal to the tight forms, and no entry of it is farther from that of
 *      the computed way than its slack (bound_slack).
 *   5. With so much slack every other margin stays positive.
 *
 * It is tried first with the entries of the way that are not zero but for rounding alone, its support, and the
 * others set to zero: then there may be few distinct forms and a simple proof. Else with all. */
#include "proof.h"

#include "distinct.h"
#include "exact_rank.h"
#include "memory.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DISTINCT = 20000 }; /* touching forms */

static const double negligible = 1e-8; /* entries of a way, relative to its largest */

const double separation_touching = 1e-10;

/* All that a proof is made of. */
typedef struct proof {
  const problem *p;
  cone *c;
  unscaled_rows unscaled;
  contrast *touching; /* whose margins along the way are zero within rounding, row after row */
  size_t count, room;
  bool some_positive, some_negative, no_memory;
  double *way;   /* n: the way that is tried, changed to be orthogonal to the tight forms */
  bool *support; /* n: entries of it that may be other than zero */
  double *x;     /* room for the features of a row */
  double *slack; /* n: how far entries of the true way may be from those of the computed one */
} proof;

/* -- the margins along the way --------------------------------------------------------------------------- */

static bool sort_margin(contrast c, const double *x, const margin *m, void *user)
{
  proof *b = user;
  (void)x;
  const double rounding = separation_touching * m->size + m->error;
  if (m->value > rounding) return b->some_positive = true;
  if (m->value < -rounding) return b->some_negative = true, false;
  contrast *larger = grow(b->touching, &b->room, b->count + 1, sizeof *larger);
  if (larger == NULL) return b->no_memory = true, false;
  b->touching = larger;
  b->touching[b->count++] = c;
  return true;
}

typedef struct others {
  const proof *b;
  size_t next; /* of the touching ones: all before belong to earlier rows */
} others;

static bool touches(others *o, contrast c)
{
  const contrast *t = o->b->touching;
  while (o->next < o->b->count && t[o->next].row < c.row) o->next++;
  for (size_t i = o->next; i < o->b->count && t[i].row == c.row; i++) {
    if (t[i].rival == c.rival) return true;
  }
  return false;
}

/* Wherever within the slack the true way lies. */
static bool stays_positive(contrast c, const double *x, const margin *m, void *user)
{
  others *o = user;
  const model_shape *s = &o->b->p->shape;
  const double *slack = o->b->slack;
  if (touches(o, c)) return true;
  const size_t p = s->features, rows = model_rows(s);
  const bool two = s->kind == MODEL_LOGISTIC;
  const double *own = slack + (two ? 0 : c.own * p), *rival = slack + c.rival * p;
  double off = two ? slack[p] : slack[rows * p + c.own] + slack[rows * p + c.rival];
  for (size_t j = 0; j < p; j++) off += fabs(x[j]) * (two ? own[j] : own[j] + rival[j]);
  return m->value > m->error + off * (1 + 1e-10);
}

/* -- the forms that touch -------------------------------------------------------------------------------- */

/* The entries of the form that are in the support, side by side. */
static void supported_form(const cone *c, const double *x, contrast of, double *form)
{
  size_t width = 0;
  margin_form(c->shape, x, of, form);
  for (size_t j = 0; j < c->n; j++) {
    if (c->support[j]) form[width++] = form[j];
  }
}

/* The distinct ones among the exact forms of touching margins, and which margin each comes from. */
typedef struct touching_forms {
  distinct set;
  size_t *of; /* MOST_DISTINCT + 1 */
  double *form;
} touching_forms;

/* False: no memory. */
static bool add_forms(touching_forms *t, const proof *b, const dataset *rows, size_t first)
{
  for (size_t i = 0; i < rows->rows && t->set.count <= MOST_DISTINCT; i++) {
    bool is_new;
    supported_form(b->c, features_of(rows, i, b->x), b->touching[first + i], t->form);
    if (!distinct_add(&t->set, t->form, &is_new)) return false;
    if (is_new) t->of[t->set.count - 1] = first + i;
  }
  return true;
}

/* Forms are made from the rows before scaling, which is a change of variables and leaves dependence as it is:
 * the intercepts are always in the support. One too many when there are too many. */
static bool collect_forms(touching_forms *t, const proof *b, failure *f)
{
  enum { AT_A_TIME = 4096 };
  size_t row[AT_A_TIME];
  for (size_t first = 0; first < b->count && t->set.count <= MOST_DISTINCT; first += AT_A_TIME) {
    const size_t count = b->count - first < AT_A_TIME ? b->count - first : AT_A_TIME;
    dataset rows;
    for (size_t i = 0; i < count; i++) row[i] = b->touching[first + i].row;
    if (!b->unscaled.read(&rows, row, count, b->unscaled.user, f)) return false;
    const bool good = add_forms(t, b, &rows, first);
    dataset_free(&rows);
    if (!good) return fail_memory(f);
  }
  return true;
}

/* Makes the distinct forms tight and the way orthogonal to them. */
static void tighten(const proof *b, const touching_forms *t)
{
  cone *c = b->c;
  double *way = b->way;
  c->tight = 0;
  for (size_t i = 0; i < t->set.count; i++) cone_tighten(c, b->touching[t->of[i]], way);
  for (size_t i = 0; i < c->tight; i++) {
    const double *q = c->q + i * c->n;
    double along = 0; /* once more, now that all are there */
    for (size_t j = 0; j < c->n; j++) along += q[j] * way[j];
    for (size_t j = 0; j < c->n; j++) way[j] -= along * q[j];
  }
}

/* -- a true way near the computed one -------------------------------------------------------------------- */

/* V, the exact tight forms (t x n), is nearly R'Q with the computed basis Q of cone.c. */
typedef struct tight_system {
  size_t t;
  double *m;     /* M = V Q', t x t: lower triangular but for rounding */
  double *y;     /* the computed inverse of its lower triangle */
  double *error; /* t: bounds of the sum of the errors of a row of M */
  double *rho;   /* t: bounds of |V way|: how far the way is from orthogonal */
} tight_system;

static void fill_system(tight_system *s, cone *c, const double *way)
{
  const size_t n = c->n, t = s->t;
  for (size_t i = 0; i < t; i++) {
    const double *x = features_alone(c->data, c->tight_of[i].row, c->x);
    const margin off = margin_of(c->shape, way, x, c->tight_of[i]);
    s->rho[i] = fabs(off.value) + off.error;
    s->error[i] = 0;
    cone_form(c, c->tight_of[i], c->v);
    for (size_t k = 0; k < t; k++) {
      double sum = 0, terms = 0;
      for (size_t j = 0; j < n; j++) {
        const double term = c->v[j] * c->q[k * n + j];
        sum += term;
        terms += fabs(term);
      }
      s->m[i * t + k] = sum;
      s->error[i] += ((double)n + 6) * DBL_EPSILON * terms;
    }
  }
}

static void invert_lower(const tight_system *s)
{
  const size_t t = s->t;
  for (size_t k = 0; k < t; k++) {
    for (size_t i = 0; i < t; i++) {
      double sum = i == k ? 1 : 0;
      for (size_t j = k; j < i; j++) sum -= s->m[i * t + j] * s->y[j * t + k];
      s->y[i * t + k] = i < k ? 0 : sum / s->m[i * t + i];
    }
  }
}

/* The sum of |I - Y M| over row i, rounding and the errors of M included. */
static double residual_of_row(const tight_system *s, size_t i)
{
  const size_t t = s->t;
  double row = 0;
  for (size_t k = 0; k < t; k++) {
    double sum = i == k ? 1 : 0, terms = 1;
    for (size_t j = 0; j <= i; j++) {
      sum -= s->y[i * t + j] * s->m[j * t + k];
      terms += fabs(s->y[i * t + j] * s->m[j * t + k]);
    }
    row += fabs(sum) + ((double)t + 4) * DBL_EPSILON * terms;
  }
  for (size_t j = 0; j <= i; j++) row += fabs(s->y[i * t + j]) * s->error[j];
  return row;
}

/* A bound of the largest |c_k| for which way + Q'c is orthogonal to the tight forms: M c = -V way.
 *
 * With alpha >= |I - Y M| < 1, in the largest sum of a row, M is regular and |c| <= |Y V way| / (1 - alpha),
 * by the Neumann series of (I - (I - Y M))^-1 (Rump 2010, "Verification methods", section 10). INFINITY: this
 * proves nothing. */
static double bound_coefficients(const tight_system *s)
{
  double alpha = 0, most = 0;
  for (size_t i = 0; i < s->t; i++) {
    double off = 0;
    for (size_t j = 0; j <= i; j++) off += fabs(s->y[i * s->t + j]) * s->rho[j];
    alpha = fmax(alpha, residual_of_row(s, i));
    most = fmax(most, off);
  }
  return alpha < 0.5 ? most / (1 - alpha) * (1 + 1e-9) : INFINITY;
}

/* The slack of every entry: that of Q'c. False: there is no bound. `room` has space for 2 t (t + 1) numbers. */
static bool bound_slack(const proof *b, double *room)
{
  cone *c = b->c;
  const size_t n = c->n, t = c->tight;
  tight_system s = {t, room, room + t * t, room + 2 * t * t, room + 2 * t * t + t};
  memset(b->slack, 0, n * sizeof *b->slack);
  if (t == 0) return true;
  fill_system(&s, c, b->way);
  invert_lower(&s);
  const double most = bound_coefficients(&s);
  for (size_t k = 0; k < t; k++) {
    for (size_t j = 0; j < n; j++) b->slack[j] += most * fabs(c->q[k * n + j]);
  }
  return isfinite(most);
}

/* -- all together ---------------------------------------------------------------------------------------- */

/* Steps 2 to 5 for these forms; *proven tells whether they succeed. False: no memory. */
static bool prove_forms(proof *b, const touching_forms *t, bool *proven)
{
  cone *c = b->c;
  others rest = {b, 0};
  tighten(b, t);
  b->slack = resize(NULL, c->n + 2 * c->tight * (c->tight + 1), sizeof *b->slack);
  if (b->slack == NULL) return false;
  *proven = bound_slack(b, b->slack + c->n) &&
            rank_at_most(t->set.vector, t->set.count, t->set.width, c->tight) == RANK_AT_MOST &&
            margins_walk(b->p, b->way, b->x, stays_positive, &rest);
  free(b->slack);
  b->slack = NULL;
  return true;
}

/* With the entries of the way in the support alone. */
static bool prove_in_support(proof *b, bool *proven, failure *f)
{
  touching_forms t = {0};
  t.form = resize(NULL, b->p->n, sizeof *t.form);
  t.of = resize(NULL, MOST_DISTINCT + 1, sizeof *t.of);
  for (size_t j = 0; j < b->p->n; j++) {
    t.set.width += b->support[j];
    if (!b->support[j]) b->way[j] = 0;
  }
  b->c->support = b->support;
  bool good = (t.form != NULL && t.of != NULL) || fail_memory(f);
  good = good && collect_forms(&t, b, f);
  if (good && t.set.count <= MOST_DISTINCT) good = prove_forms(b, &t, proven) || fail_memory(f);
  b->c->support = NULL;
  distinct_free(&t.set);
  free(t.of);
  free(t.form);
  return good;
}

static bool prove_somehow(proof *b, double *way, bool *proven, failure *f)
{
  const size_t n = b->p->n, weights = model_rows(&b->p->shape) * b->p->shape.features;
  double most = 0;
  for (size_t j = 0; j < n; j++) most = fmax(most, fabs(way[j]));
  for (int all = 0; all < 2 && !*proven; all++) {
    memcpy(b->way, way, n * sizeof *way);
    for (size_t j = 0; j < n; j++) b->support[j] = all || j >= weights || fabs(way[j]) > negligible * most;
    if (!prove_in_support(b, proven, f)) return false;
  }
  if (*proven) memcpy(way, b->way, n * sizeof *way);
  return true;
}

/* Margins are sorted; what comes of it, unless it is nothing, is suspected until it is proven. */
static bool sort_and_prove(separation *found, proof *b, double *way, failure *f)
{
  bool proven = false;
  margins_walk(b->p, way, b->x, sort_margin, b);
  if (b->no_memory) return fail_memory(f);
  if (b->some_negative || !b->some_positive) return true;
  *found = SEPARATION_SUSPECTED;
  if (!prove_somehow(b, way, &proven, f)) return false;
  if (proven) *found = b->count == 0 ? SEPARATION_COMPLETE : SEPARATION_QUASI;
  return true;
}

bool separation_prove(separation *found, const problem *p, cone *c, double *way, unscaled_rows unscaled,
                      failure *f)
{
  assert(*found == SEPARATION_NONE && c->n == p->n && c->support == NULL);
  proof b = {.p = p, .c = c, .unscaled = unscaled};
  b.way = resize(NULL, p->n, sizeof *b.way);
  b.support = resize(NULL, p->n, sizeof *b.support);
  b.x = resize(NULL, p->shape.features, sizeof *b.x);
  const bool room = b.way != NULL && b.support != NULL && b.x != NULL;
  const bool good = room ? sort_and_prove(found, &b, way, f) : fail_memory(f);
  free(b.touching);
  free(b.way);
  free(b.support);
  free(b.x);
  return good;
}
