/* Gradient descent (4.2), and with a line search steepest descent. */
#include "first_order.h"
#include "level.h"
#include "line_search.h"
#include "stop.h"

tg_method tg_gd(double alpha)
{
  return (tg_method){
      .kind = TG_METHOD_gd, .line_search = TG_LINE_FIXED, .alpha = alpha, .armijo = 1e-4, .wolfe = 0.9};
}

static tg_method make(void) { return tg_gd(0.01); }

static const char *check(const tg_objective *c, const tg_method *m)
{
  const char *text = tg_check_first_order_(c, m);
  return text ? text : tg_check_line_(m);
}

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  (void)m, (void)t;
  k[0] = alpha;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out;
  const double alpha = c->k[0];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) out[i] = x[i] - alpha * g[i];
}
TG_LEVELS_(update, tg_chunk_);

static bool searches(const tg_method *m) { return m->line_search > TG_LINE_FIXED; }

typedef struct steepest {
  double length, slope; /* of the step before; 0 at the start */
} steepest;

/* The first trial promises the decrease of the step before (Nocedal & Wright 2006, section 3.5). */
static int step(tg_run *run)
{
  if (!searches(&run->m)) return tg_first_order_step_(run);
  steepest *before = (steepest *)(void *)run->own;
  tg_line_ line = {.end = NULL};
  const double unit = tg_steepest_(run, run->work, &line);
  if (before->length > 0.0 && unit == 1.0)
    line.first = tg_line_next_(run, line.d, before->length * before->slope / line.slope, before->length);
  if (tg_line_search_(run, &line)) return 1;
  if (!line.end) return tg_stall_(run);
  *before = unit == 1.0 ? (steepest){line.length, line.slope} : (steepest){0};
  tg_accept_(run, line.end, line.length / unit);
  return 0;
}

static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)c;
  return searches(m) ? padded : 0;
}

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(steepest);
}

const tg_rule_ tg_gd_rule_ = {
    .name = "gd",
    .make = make,
    .check = check,
    .line = TG_LINE_ANY_,
    .coefficients = coefficients,
    .update = update_levels,
    .work = work,
    .own = own,
    .step = step,
};
