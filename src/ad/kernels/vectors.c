/* Products and sums of lane vectors. */
#include "kernels_level.h"
#include "simd.h"

LANE_INLINE void products_strip(const tg_named_ *x, const uint32_t *y, size_t count, bool negated,
                                const double *start, double *out, size_t lane, int vectors)
{
  vec sum[8];
  UNROLL for (int v = 0; v < vectors; v++)
  {
    sum[v] = all(-0.0);
    if (start != NULL) sum[v] = load(start + lane + v * WIDTH);
  }
  for (size_t j = 0; j < count; j++) {
    const double *a = tg_at_(x->base, x->name[j]) + lane, *b = tg_at_(x->base, y[j]) + lane;
    UNROLL for (int v = 0; v < vectors; v++)
    {
      const vec factor = load(a + v * WIDTH);
      sum[v] = fused(negated ? -factor : factor, load(b + v * WIDTH), sum[v]);
    }
  }
  UNROLL for (int v = 0; v < vectors; v++) store(out + lane + v * WIDTH, sum[v]);
}

void TG_KERNEL(products)(const tg_named_ *x, const uint32_t *y, size_t count, bool negated,
                         const double *start, double *out, size_t lanes)
{
  size_t lane = 0;
  for (; lane + 4 * WIDTH <= lanes; lane += 4 * WIDTH)
    products_strip(x, y, count, negated, start, out, lane, 4);
  for (; lane < lanes; lane += WIDTH) products_strip(x, y, count, negated, start, out, lane, 1);
}

LANE_INLINE void axpy_strip(const double *w, const double *u, double *bar, const uint32_t *offset,
                            size_t count, size_t lane, int vectors)
{
  vec us[8];
  UNROLL for (int v = 0; v < vectors; v++) us[v] = load(u + lane + v * WIDTH);
  for (size_t j = 0; j < count; j++) {
    const vec c = all(w[j]);
    double *to = bar + offset[j] + lane;
    UNROLL for (int v = 0; v < vectors; v++) store(to + v * WIDTH, fused(c, us[v], load(to + v * WIDTH)));
  }
}

void TG_KERNEL(axpy)(const double *w, const double *u, double *bar, const uint32_t *offset, size_t count,
                     size_t lanes)
{
  size_t lane = 0;
  for (; lane + 8 * WIDTH <= lanes; lane += 8 * WIDTH) axpy_strip(w, u, bar, offset, count, lane, 8);
  for (; lane < lanes; lane += WIDTH) axpy_strip(w, u, bar, offset, count, lane, 1);
}

/* t may be a or b: an element is read before it is written. */
void TG_KERNEL(add_product)(double *t, const double *a, const double *b, size_t n)
{
  assert(n % TG_LANE_UNIT == 0 && tg_is_aligned_(t) && tg_is_aligned_(a));
  for (size_t i = 0; i < n; i += WIDTH) store(t + i, fused(load(a + i), load(b + i), load(t + i)));
}

void TG_KERNEL(add_product_masked)(double *t, const double *a, const double *b, size_t n)
{
  assert(n % TG_LANE_UNIT == 0 && tg_is_aligned_(t) && tg_is_aligned_(a));
  for (size_t i = 0; i < n; i += WIDTH)
    store(t + i, fused_masked(load(a + i), load(b + i), load(t + i), true));
}

void TG_KERNEL(add)(double *t, const double *a, size_t n)
{
  assert(n % TG_LANE_UNIT == 0 && tg_is_aligned_(t) && tg_is_aligned_(a));
  for (size_t i = 0; i < n; i += WIDTH) store(t + i, load(t + i) + load(a + i));
}

void TG_KERNEL(subtract)(double *t, const double *a, size_t n)
{
  assert(n % TG_LANE_UNIT == 0 && tg_is_aligned_(t) && tg_is_aligned_(a));
  for (size_t i = 0; i < n; i += WIDTH) store(t + i, load(t + i) - load(a + i));
}
