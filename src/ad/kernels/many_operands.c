/* Operations with many operands that have a vector form: logsumexp and cross_entropy, pick. Lane by lane they do what
 * nary/logsumexp.c, nary/cross_entropy.c and nary/pick.c do; the lanes are the inner loops.
 *
 * The first derivative of each is a weight for every operand, found with the value and kept for the backward pass. */
#include <stdbool.h>

#include "lane_math.h"
#include "kernels_level.h"

/* exp(z - most), also where both are infinite; what rounding takes from the difference is made good. */
LANE_INLINE double weight_of(double z, double most)
{
  const double d = z - most, t = d - z, lost = (z - (d - t)) - (most + t);
  const double e = lane_exp_sum(d, lane_fabs(d) < 800.0 ? lost : 0.0);
  return z == most ? 1.0 : e;
}

/* In pieces, so that the vectors between fit on the stack. */
enum { PIECE = 128 };

/* Weights relative to the largest term, their sum without it, and how many terms are as large. NaN among the
 * terms is not the largest but enters the sum. */
static void relative_weights(const tg_named_ *z, size_t count, double *restrict most, double *restrict rest,
                             double *restrict ties, double *restrict weight, size_t L, size_t lanes)
{
  for (size_t l = 0; l < lanes; l++) most[l] = -INFINITY, rest[l] = ties[l] = 0.0;
  for (size_t j = 0; j < count; j++) {
    const double *restrict zj = tg_at_(z->base, z->name[j]);
    for (size_t l = 0; l < lanes; l++) most[l] = zj[l] > most[l] ? zj[l] : most[l];
  }
  for (size_t j = 0; j < count; j++) {
    const double *restrict zj = tg_at_(z->base, z->name[j]);
    double *restrict w = weight + j * L;
    for (size_t l = 0; l < lanes; l++) {
      const double e = weight_of(zj[l], most[l]);
      w[l] = e;
      rest[l] += zj[l] == most[l] ? 0.0 : e;
      ties[l] += zj[l] == most[l] ? 1.0 : 0.0;
    }
  }
}

/* Which weight is the label's, lane by lane; `count` for a label that chooses none. */
static size_t chosen_by(double label, size_t count)
{
  const double index = rint(label);
  return index >= 0.0 && index < (double)count ? (size_t)index : count;
}

/* Lane by lane what nary/logsumexp.c and nary/cross_entropy.c do: the largest term is 1 and stands apart, so
 * that a loss near zero keeps its digits, as does the weight of the label, minus the sum of the others. */
static void logsumexp_piece(const tg_named_ *z, size_t count, const double *label, double *restrict v,
                            double *restrict weight, size_t L, size_t lanes)
{
  assert(count > 0 && lanes <= PIECE && lanes <= L);
  _Alignas(64) double most[PIECE], rest[PIECE], ties[PIECE], base[PIECE], own[PIECE], others[PIECE],
      scale[PIECE];
  relative_weights(z, count, most, rest, ties, weight, L, lanes);
  for (size_t l = 0; l < lanes; l++) base[l] = own[l] = 0.0;
  for (size_t l = 0; label != NULL && l < lanes; l++) {
    const size_t j = chosen_by(label[l], count);
    base[l] = j < count ? tg_at_(z->base, z->name[j])[l] : NAN;
    own[l] = j < count ? weight[j * L + l] : NAN;
  }
  for (size_t l = 0; l < lanes; l++) {
    const int none = (most[l] == -INFINITY) & (rest[l] == rest[l]); /* all terms are minus infinity */
    const double more = rest[l] + (ties[l] - 1.0), share = 1.0 / (1.0 + more);
    const double finite = (most[l] == base[l] ? 0.0 : most[l] - base[l]) + lane_log1p(more);
    v[l] = none ? most[l] - base[l] : finite;
    scale[l] = base[l] != base[l] ? NAN : none ? 0.0 : share;
    others[l] = none ? -1.0 : -(own[l] == 1.0 ? more : 1.0 + (more - own[l])) * scale[l];
    own[l] *= scale[l];
  }
  for (size_t j = 0; j < count; j++) {
    double *restrict w = weight + j * L;
    for (size_t l = 0; l < lanes; l++) w[l] *= scale[l];
  }
  for (size_t l = 0; label != NULL && l < lanes; l++) {
    const size_t j = chosen_by(label[l], count);
    if (j < count) weight[j * L + l] = others[l];
    weight[count * L + l] = own[l];
  }
}

/* The vectors from lane `lane` on. */
static tg_named_ later(const tg_named_ *z, size_t lane)
{
  tg_named_ there = *z; /* a base that is not used is NULL, to which nothing may be added */
  for (size_t i = 0; i < 2; i++)
    if (there.base[i] != NULL) there.base[i] += lane;
  return there;
}

void TG_KERNEL(logsumexp)(const tg_named_ *z, size_t count, const double *label, double *v, double *weight,
                          size_t L, size_t lanes)
{
  for (size_t lane = 0; lane < lanes; lane += PIECE) {
    const tg_named_ here = later(z, lane);
    logsumexp_piece(&here, count, label != NULL ? label + lane : NULL, v + lane, weight + lane, L,
                    lanes - lane < PIECE ? lanes - lane : PIECE);
  }
}

/* p_j of the softmax; at the label it is in weight `count`. */
LANE_INLINE double probability(const double *weight, const double *label, size_t count, size_t j, size_t L,
                               size_t l)
{
  return label != NULL && rint(label[l]) == (double)j ? weight[count * L + l] : weight[j * L + l];
}

/* As tg_weights_hvp_ does: x_j - mean = (x_j - x_top) - sum_k p_k (x_k - x_top), without cancellation where
 * one weight is nearly 1. */
static void logsumexp_second_piece(const tg_named_ *tangent, size_t count, const double *label,
                                   const double *weight, const double *u, double *second, size_t L,
                                   size_t lanes)
{
  _Alignas(64) double mean[PIECE], most[PIECE], base[PIECE], none[PIECE];
  for (size_t l = 0; l < lanes; l++) mean[l] = base[l] = none[l] = 0.0, most[l] = -1.0;
  for (size_t pass = 0; pass < 3; pass++)
    for (size_t j = 0; j < count; j++) {
      const double *x = tangent->name[j] == TG_NOWHERE ? none : tg_at_(tangent->base, tangent->name[j]);
      if (pass == 0)
        for (size_t l = 0; l < lanes; l++) {
          const double p = probability(weight, label, count, j, L, l);
          base[l] = p > most[l] ? x[l] : base[l];
          most[l] = p > most[l] ? p : most[l];
        }
      else if (pass == 1)
        for (size_t l = 0; l < lanes; l++)
          mean[l] += probability(weight, label, count, j, L, l) * (x[l] - base[l]);
      else if (tangent->name[j] != TG_NOWHERE) {
        double *to = second + tangent->name[j];
        for (size_t l = 0; l < lanes; l++)
          to[l] += u[l] * (probability(weight, label, count, j, L, l) * ((x[l] - base[l]) - mean[l]));
      }
    }
}

void TG_KERNEL(logsumexp_second)(const tg_named_ *tangent, size_t count, const double *label,
                                 const double *weight, const double *u, double *second, size_t L,
                                 size_t lanes)
{
  for (size_t lane = 0; lane < lanes; lane += PIECE) {
    const tg_named_ here = later(tangent, lane);
    logsumexp_second_piece(&here, count, label != NULL ? label + lane : NULL, weight + lane, u + lane,
                           second + lane, L, lanes - lane < PIECE ? lanes - lane : PIECE);
  }
}

static void pick_piece(const tg_named_ *z, size_t count, const double *restrict index, double *restrict v,
                       double *restrict weight, size_t L, size_t lanes)
{
  _Alignas(64) double other[PIECE]; /* what the operands not chosen weigh: NaN where none is */
  for (size_t l = 0; l < lanes; l++) {
    const double at = rint(index[l]);
    v[l] = other[l] = at >= 0.0 && at < (double)count ? 0.0 : NAN;
  }
  for (size_t j = 0; j < count; j++) {
    const double *restrict zj = tg_at_(z->base, z->name[j]);
    double *restrict w = weight + j * L;
    for (size_t l = 0; l < lanes; l++) {
      const bool this = rint(index[l]) == (double)j;
      v[l] = this ? zj[l] : v[l];
      w[l] = this ? 1.0 : other[l];
    }
  }
}

void TG_KERNEL(pick)(const tg_named_ *z, size_t count, const double *index, double *v, double *weight,
                     size_t L, size_t lanes)
{
  for (size_t lane = 0; lane < lanes; lane += PIECE) {
    const tg_named_ here = later(z, lane);
    pick_piece(&here, count, index + lane, v + lane, weight + lane, L,
               lanes - lane < PIECE ? lanes - lane : PIECE);
  }
}
