#include "level.h"
#include "line_search.h"
#include "run.h"

tg_method tg_gd(double alpha)
{
  return (tg_method){
      .kind = TG_METHOD_gd, .line_search = TG_LINE_FIXED, .alpha = alpha, .armijo = 1e-4, .wolfe = 0.9};
}

static tg_method make(void)
{
  return tg_gd(0.01);
}

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

static bool searches(const tg_method *m)
{
  return m->line_search > TG_LINE_FIXED;
}

typedef struct steepest {
  double length, slope; /* of the step before; 0 at the start */
} steepest;

/* The first trial promises the decrease of the step before (Nocedal & Wright 2006, section 3.5). */
static int step(tg_run *run)
{
  if (!searches(&run->m)) return tg_first_order_step_(run);
  steepest *before = (steepest *)(void *)run->own;
  const tg_point_ *p = tg_current_(run);
  double *d = run->work;
  for (size_t i = 0; i < run->padded; i++) d[i] = -p->g[i];
  tg_line_ line = {.d = d, .slope = -run->kernel->dot(p->g, p->g, run->padded)};
  line.first = before->length > 0.0 ? before->length * before->slope / line.slope : tg_line_first_(run, d);
  if (tg_line_search_(run, &line)) return 1;
  if (!line.end) return tg_stop_(run, TG_STOP_STALLED);
  *before = (steepest){line.length, line.slope};
  tg_accept_(run, line.end, line.length);
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
