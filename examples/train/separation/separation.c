/* The search for a direction that separates, cheapest first:
 *
 *   1. Where the fit has stopped all margins are positive beyond rounding: theta is the proof.
 *   2. A single sparse column separates by its signs (signs.c).
 *   3. No row is nearly certain, or an optimum is provably near: there is no separation.
 *   4. Of separated classes the coefficients have run off along such a direction, mostly. theta is projected on
 *      the cone of directions without a negative margin (cone.c); what is found there is a point of the cone
 *      within rounding.
 *   5. The proof that the exact cone has a point nearby, along which some margins are positive (proof.c).
 *
 * The question could be asked as a linear program too (Konis 2007, "Linear programming algorithms for detecting
 * separated data in binary logistic regression models"): maximise sum_i v_i'd over bounded d with all
 * v_i'd >= 0. With the fit's direction at hand the projection takes few steps, and it gives the forms that are
 * tight, which the proof needs. */
#include "separation.h"

#include "cone.h"
#include "linear_algebra.h"
#include "memory.h"
#include "optimality.h"
#include "proof.h"
#include "signs.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARAMETERS = 1500 }; /* beyond, only complete separation is looked for */

static const double certain = 5; /* a margin; rows beyond it are predicted with more than 99 per cent */

static bool concerned(const problem *p)
{
  return p->shape.kind == MODEL_LOGISTIC || p->shape.kind == MODEL_MULTINOMIAL;
}

static bool is_positive(contrast c, const double *x, const margin *m, void *user)
{
  (void)c, (void)x, (void)user;
  return m->value > m->error;
}

static bool separates(const problem *p, const double *theta, double *room)
{
  return margins_walk(p, theta, room, is_positive, NULL);
}

bool separation_proven(const problem *p, const double *theta)
{
  if (!concerned(p)) return false;
  double *room = resize(NULL, p->shape.features, sizeof *room);
  const bool proven = room != NULL && separates(p, theta, room);
  free(room);
  return proven;
}

static bool is_uncertain(contrast c, const double *x, const margin *m, void *user)
{
  (void)c, (void)x, (void)user;
  return !(m->value >= certain);
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

/* -- a direction ------------------------------------------------------------------------------------------ */

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

/* The direction in which theta lies, of length 1. */
static void direction_of(const problem *p, const double *theta, double *z)
{
  double square = 0;
  memcpy(z, theta, p->n * sizeof *z);
  centre(&p->shape, z);
  for (size_t j = 0; j < p->n; j++) square += z[j] * z[j];
  const double length = sqrt(square);
  for (size_t j = 0; j < p->n && length > 0; j++) z[j] /= length;
}

static bool look_along(separation *found, const problem *p, const double *theta, double *way,
                       unscaled_rows unscaled, failure *f)
{
  cone c;
  if (!cone_new(&c, &p->shape, p->data)) return fail_memory(f);
  double *z = resize(NULL, p->n, sizeof *z);
  bool good = z != NULL || fail_memory(f);
  if (good) direction_of(p, theta, z);
  if (good && cone_project(&c, z, way)) good = separation_prove(found, p, &c, way, unscaled, f);
  free(z);
  cone_free(&c);
  return good;
}

/* The first three steps; *open: the question is still. */
static bool look_first(separation *found, problem *p, const double *theta, double *way, bool *open)
{
  bool no_memory = false;
  double *room = resize(NULL, p->shape.features, sizeof *room);
  *open = false;
  if (room == NULL) return false;
  if (separates(p, theta, room))
    *found = SEPARATION_COMPLETE;
  else if (separated_by_signs(p, way, &no_memory))
    *found = SEPARATION_QUASI;
  else
    *open = !no_memory && p->n <= MOST_PARAMETERS && !margins_walk(p, theta, room, is_uncertain, NULL) &&
            !optimum_is_near(p, theta, room);
  free(room);
  return !no_memory;
}

bool separation_find(separation *found, problem *p, const double *theta, double *way, unscaled_rows unscaled,
                     failure *f)
{
  bool open;
  assert(theta != way && unscaled.read != NULL);
  *found = SEPARATION_NONE;
  if (!concerned(p)) return true;
  memcpy(way, theta, p->n * sizeof *way);
  if (!look_first(found, p, theta, way, &open)) return fail_memory(f);
  return !open || look_along(found, p, theta, way, unscaled, f);
}
