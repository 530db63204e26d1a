#include "loop.h"

#include "engine.h"

#include <assert.h>
#include <math.h>

struct tg_loop_ {
  tg_loop_ *next;
  tg_runner_ *runner;
  uint32_t operands;
  double value;
  bool gradient; /* known at the tape's primals */
  size_t width;  /* second order is known for so many lanes, and `moves` tells which are not zero */
  bool moves[TG_BLOCK];
  bool with_gradient; /* the last value was followed by an adjoint */
  size_t *zero_rule;  /* the caller's count */
};

tg_status tg_loop_new_(tg_loop_ **made, const tg_loop_body_ *body)
{
  tg_loop_ *const l = tg_memory_resize_(NULL, 1, sizeof *l);
  *made = NULL;
  if (!l) return TG_E_NOMEM;
  *l = (tg_loop_){.operands = (uint32_t)(body->uniforms + body->pool)};
  const tg_status s = tg_runner_new_(&l->runner, body);
  if (s == TG_OK && l->runner)
    *made = l;
  else
    tg_loop_free_(l);
  return s;
}

void tg_loop_free_(tg_loop_ *l)
{
  if (!l) return;
  tg_runner_free_(l->runner);
  tg_memory_free_(l);
}

tg_loop_ **tg_loop_next_(tg_loop_ *l) { return &l->next; }

void tg_loops_free_(tg_loop_ *l)
{
  while (l) {
    tg_loop_ *const next = l->next;
    tg_loop_free_(l);
    l = next;
  }
}

/* ---- its share of the sweeps ---- */

static tg_status run(tg_loop_ *l, const tg_tape *t, const tg_run_ *what, double *tangent)
{
  tg_loop_sum_ sum;
  const tg_status s = tg_runner_run_(l->runner, t, what, &sum);
  if (s != TG_OK) return s;
  l->value = sum.value;
  if (l->zero_rule) *l->zero_rule += sum.zero_rule;
  l->gradient = what->mode != TG_RUN_VALUE;
  if (tangent) *tangent = sum.tangent;
  return TG_OK;
}

static tg_status value(void *self, tg_tape *t, uint32_t node)
{
  tg_loop_ *const l = self;
  const tg_run_ what = {.mode = l->with_gradient ? TG_RUN_GRADIENT : TG_RUN_VALUE};
  l->gradient = l->with_gradient = false;
  l->width = 0;
  const tg_status s = run(l, t, &what, NULL);
  if (s == TG_OK) t->r.nodes_[node].primal_ = l->value;
  return s;
}

static tg_status need_gradient(tg_loop_ *l, const tg_tape *t)
{
  const tg_run_ what = {.mode = TG_RUN_GRADIENT};
  l->with_gradient = true;
  return l->gradient ? TG_OK : run(l, t, &what, NULL);
}

/* The second order along all lanes of the tangents, and these times the gradient on the way. */
static tg_status run_second(tg_loop_ *l, const tg_tape *t, const double *tangent, size_t width,
                            double *product)
{
  l->width = width;
  for (size_t lane = 0; lane < width; lane++) {
    const tg_run_ what = {TG_RUN_SECOND, tangent, width, lane};
    product[lane] = 0.0;
    l->moves[lane] = tg_runner_moves_(l->runner, tangent, width, lane);
    const tg_status s = l->moves[lane] ? run(l, t, &what, &product[lane]) : TG_OK;
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* Infinite parts of a gradient are the sum's, not those of an iteration, in which a tangent of zero may have met them:
 * where the product is not finite, tangents go through the iterations themselves. */
static tg_status tangent_of_lane(tg_loop_ *l, const tg_tape *t, const tg_run_ *what, bool masked,
                                 double *product)
{
  *product = tg_runner_times_(l->runner, masked, what->tangent, what->width, what->lane);
  return isfinite(*product) ? TG_OK : run(l, t, what, product);
}

/* Sided tangents are those that the second order goes on from: both are computed together. */
static tg_status tangent(void *self, const tg_tape *t, uint32_t node, double *tangent, size_t width,
                         bool sided, bool masked)
{
  tg_loop_ *const l = self;
  assert(width <= TG_BLOCK);
  if (sided) return run_second(l, t, tangent, width, tangent + node * width);
  tg_status s = need_gradient(l, t);
  for (size_t lane = 0; lane < width && s == TG_OK; lane++) {
    const tg_run_ what = {TG_RUN_SECOND, tangent, width, lane};
    s = tangent_of_lane(l, t, &what, masked, &tangent[node * width + lane]);
  }
  return s;
}

static tg_status adjoint(void *self, const tg_tape *t, uint32_t node, double *adjoint, size_t width,
                         bool masked)
{
  tg_loop_ *const l = self;
  const double *const u = adjoint + node * width;
  bool any = false;
  for (size_t lane = 0; lane < width; lane++) any = any || u[lane] != 0.0;
  const tg_status s = any ? need_gradient(l, t) : TG_OK;
  for (size_t lane = 0; lane < width && s == TG_OK; lane++)
    if (u[lane] != 0.0) tg_runner_add_gradient_(l->runner, u[lane], masked, adjoint, width, lane);
  return s;
}

static tg_status second(void *self, const tg_tape *t, uint32_t node, const tg_second_arrays_ *w, bool masked)
{
  tg_loop_ *const l = self;
  const double u = w->adjoint[node], *const u_dot = w->second + node * w->width;
  double unused[TG_BLOCK];
  tg_status s = l->width == w->width || u == 0.0 ? TG_OK : run_second(l, t, w->tangent, w->width, unused);
  if (s == TG_OK) s = need_gradient(l, t);
  for (size_t lane = 0; lane < w->width && s == TG_OK; lane++) {
    if (u_dot[lane] != 0.0)
      tg_runner_add_gradient_(l->runner, u_dot[lane], masked, w->second, w->width, lane);
    if (u != 0.0 && l->moves[lane]) tg_runner_add_second_(l->runner, u, masked, w->second, w->width, lane);
  }
  if (s == TG_OK && u != 0.0) tg_runner_add_gradient_(l->runner, u, masked, w->adjoint, 1, 0);
  return s;
}

static const tg_engine_ engine = {value, tangent, adjoint, second};
static const tg_custom_op name = {.name = "loop"};

tg_nary_ tg_loop_record_(const tg_loop_ *l)
{
  return (tg_nary_){.op = &name, .user = (void *)l, .engine = &engine, .n = l->operands, .m = 1};
}

void tg_loop_bind_(tg_loop_ *l, const uint32_t *node) { tg_runner_bind_(l->runner, node); }

/* ---- what a user asks ---- */

size_t tg_loop_bytes_(const tg_loop_ *l)
{
  return sizeof *l + tg_runner_bytes_(l->runner) + l->operands * sizeof(uint32_t);
}

void tg_loop_threads_(tg_loop_ *l, unsigned threads) { tg_runner_threads_(l->runner, threads); }

void tg_loop_count_(tg_loop_ *l, size_t *zero_rule) { l->zero_rule = zero_rule; }

tg_status tg_loop_print_(const tg_loop_ *l, FILE *out)
{
  return tg_body_print_(tg_runner_body_(l->runner), out);
}
