/* tg_minimize and tg_fit: a run from its start to its end. */
#include <math.h>

#include "driver.h"

tg_minimize_options tg_minimize_defaults(void)
{
  return (tg_minimize_options){.accuracy = 1e-8, .max_iterations = 10000};
}

tg_status tg_run_to_end_(tg_run *run, double *theta, tg_report *r)
{
  while (tg_iterate_(run)) continue;
  const tg_status status = run->s.status;
  tg_report *own = &run->s.report;
  if (status) {
    own->value = own->gradient_norm = NAN;
    own->theta = theta;
  } else
    tg_finish_(run);
  if (r) *r = *own;
  tg_run_free(run);
  return status;
}

tg_status tg_refused_(tg_status why, const char *message, const double *theta, tg_report *r)
{
  if (r)
    *r = (tg_report){.stop = TG_STOP_ERROR,
                     .value = NAN,
                     .gradient_norm = NAN,
                     .validation = NAN,
                     .best_validation = NAN,
                     .theta = theta,
                     .message = message};
  return why;
}

tg_status tg_minimize(tg_objective c, tg_method m, double *theta, const tg_minimize_options *o, tg_report *r)
{
  tg_run *run;
  const char *message;
  const tg_plan_ plan = {.c = &c, .m = &m, .theta = theta, .o = o};
  const tg_status status = tg_run_make_(&run, &plan, &message);
  if (status) return tg_refused_(status, message, theta, r);
  if (run->by_caller) {
    tg_run_free(run);
    tg_minimize_check(&c, &m, o, &message);
    return tg_refused_(TG_E_METHOD, message, theta, r);
  }
  return tg_run_to_end_(run, theta, r);
}

tg_status tg_fit(tg_objective c, tg_method m, double *theta, const tg_fit_options *o, tg_report *r)
{
  tg_run *run;
  const char *message;
  const tg_fit_options f = o ? *o : tg_fit_defaults();
  const tg_plan_ plan = {.c = &c, .m = &m, .theta = theta, .f = &f};
  const tg_status status = tg_run_make_(&run, &plan, &message);
  return status ? tg_refused_(status, message, theta, r) : tg_run_to_end_(run, theta, r);
}
