/* What is refused before a run begins, by the call itself and in words. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 4 };

static tg_method method(const char *name)
{
  tg_method m;
  cr_assert(tg_method_named(&m, name) == TG_OK);
  return m;
}

/* tg_minimize and its check agree, and the message has the word. */
static void refused(tg_objective c, tg_method m, const tg_minimize_options *o, tg_status why,
                    const char *word)
{
  double x[N] = {1, 1, 1, 1};
  const char *text = NULL;
  tg_report r;
  cr_expect(tg_minimize_check(&c, &m, o, &text) == why && text && strstr(text, word), "%s, wanted: %s (%s)",
            text, word, tg_method_name(&m));
  cr_expect(tg_minimize(c, m, x, o, &r) == why && r.stop == TG_STOP_ERROR && x[0] == 1);
  cr_expect(r.message && strcmp(r.message, text) == 0, "%s, not %s", r.message, text);
  cr_expect(tg_minimize_check(&c, &m, o, NULL) == why);
}

static void refused_fit(tg_objective c, tg_method m, const tg_fit_options *o, tg_status why, const char *word)
{
  double x[N] = {1, 1, 1, 1};
  const char *text = NULL;
  tg_report r;
  cr_expect(tg_fit_check(&c, &m, o, &text) == why && text && strstr(text, word), "%s, wanted: %s (%s)", text,
            word, tg_method_name(&m));
  cr_expect(tg_fit(c, m, x, o, &r) == why && r.stop == TG_STOP_ERROR && x[0] == 1);
  cr_expect(r.message && strcmp(r.message, text) == 0, "%s, not %s", r.message, text);
}

/* The field of that name set to each of three values no method takes. */
#define FIELD(name, ...)                                                                                     \
  {                                                                                                          \
#name, offsetof(tg_method, name), { __VA_ARGS__ }                                                        \
  }
static const struct {
  const char *name;
  size_t at;
  double bad[3];
} fields[] = {
    FIELD(alpha, -1.0, NAN, INFINITY),     FIELD(beta, -0.1, NAN, 1.0),
    FIELD(gamma, -0.1, NAN, 1.0),          FIELD(epsilon, -1e-8, NAN, INFINITY),
    FIELD(decay, -0.1, NAN, INFINITY),     FIELD(p, -1.0, NAN, INFINITY),
    FIELD(clip_norm, -1.0, NAN, INFINITY), FIELD(clip_value, -1.0, NAN, INFINITY),
    FIELD(factor, -0.5, NAN, 1.0),         FIELD(radius, -1.0, NAN, INFINITY),
    FIELD(armijo, -0.1, NAN, 1.1),         FIELD(wolfe, -0.1, NAN, 1.0),
};

Test(check, settings_out_of_range_are_refused_by_every_method_read_or_not)
{
  probe p = {.n = N}, q = {.n = N};
  for (size_t k = 0; tg_method_list(k); k++)
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
      for (int i = 0; i < 3; i++) {
        tg_method m = method(tg_method_list(k));
        memcpy((char *)&m + fields[f].at, &fields[f].bad[i], sizeof(double));
        refused(problem_squares(&p), m, NULL, TG_E_ARGUMENT, fields[f].name);
        refused_fit(problem_regression(&q), m, NULL, TG_E_ARGUMENT, fields[f].name);
      }
  cr_expect(p.calls == 0 && q.calls == 0);
}

static void accepted(tg_objective c, tg_method m)
{
  const char *message = "";
  cr_expect(tg_minimize_check(&c, &m, NULL, &message) == TG_OK, "%s: %s", tg_method_name(&m), message);
}

Test(check, armijo_is_any_share_and_wolfe_above_it_only_where_it_is_read)
{
  probe p = {.n = N};
  const tg_objective c = problem_squares(&p);
  const double shares[] = {0.0, 0.5, 0.75, 0.95, 1.0};
  for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
    tg_method m = tg_lbfgs();
    m.armijo = shares[k];
    for (int line = TG_LINE_FIXED; line <= TG_LINE_EXACT; line++) {
      m.line_search = line;
      m.wolfe = 0.7;
      const bool reads = line == TG_LINE_WOLFE || line == TG_LINE_WEAK_WOLFE;
      if (reads && !(m.wolfe > m.armijo))
        refused(c, m, NULL, TG_E_ARGUMENT, "wolfe");
      else
        accepted(c, m);
      m.wolfe = 0.0;
      if (!reads) accepted(c, m);
    }
  }
}

Test(check, a_constant_schedule_is_none_for_methods_without_a_rate)
{
  probe p = {.n = N};
  tg_method m = tg_trust_region();
  m.schedule = tg_constant_rate();
  accepted(problem_squares(&p), m);
  m.schedule = tg_exponential_rate(0.99);
  refused(problem_squares(&p), m, NULL, TG_E_ARGUMENT, "schedule");
}

Test(check, a_method_is_found_by_its_name_with_either_stroke)
{
  tg_method m;
  cr_expect(tg_method_named(&m, "adam_p") == TG_OK && !strcmp(tg_method_name(&m), "adam_p"));
  cr_expect(tg_method_named(&m, "adam-p") == TG_OK && !strcmp(tg_method_name(&m), "adam_p"));
  cr_expect(tg_method_named(&m, "trust-region_cg") == TG_OK &&
            !strcmp(tg_method_name(&m), "trust_region_cg"));
  cr_expect(tg_method_named(&m, "adam") == TG_OK && !strcmp(tg_method_name(&m), "adam"));
  cr_expect(tg_method_named(&m, "adam ") == TG_E_ARGUMENT && tg_method_named(&m, "ada") == TG_E_ARGUMENT);
  cr_expect(tg_method_named(&m, "") == TG_E_ARGUMENT && tg_method_named(&m, "adam_") == TG_E_ARGUMENT);
  for (size_t k = 0; tg_method_list(k); k++) cr_expect(!strchr(tg_method_list(k), '-'));
}

Test(check, adadelta_needs_its_epsilon)
{
  probe p = {.n = N};
  tg_method m = tg_adadelta();
  m.epsilon = 0.0;
  refused(problem_squares(&p), m, NULL, TG_E_ARGUMENT, "epsilon");
}

Test(check, schedules_out_of_range_are_refused)
{
  const struct {
    tg_schedule bad;
    const char *word;
  } cases[] = {
      {tg_exponential_rate(0.0), "factor"},
      {tg_exponential_rate(NAN), "factor"},
      {tg_exponential_rate(INFINITY), "factor"},
      {tg_step_rate(0.5, 0), "every"},
      {tg_step_rate(-0.5, 10), "factor"},
      {tg_inverse_time_rate(-1.0, 0.5), "decay"},
      {tg_inverse_time_rate(NAN, 0.5), "decay"},
      {tg_inverse_time_rate(0.1, NAN), "power"},
      {tg_inverse_time_rate(0.1, -1.0), "power"},
      {tg_cosine_rate(-0.1, 10), "final_fraction"},
      {tg_cosine_rate(NAN, 10), "final_fraction"},
      {tg_warm_up_rate(5, 1.5, 10), "final_fraction"},
      {tg_warm_up_rate(10, 0.1, 5), "period"},
      {tg_warm_up_rate(10, 0.1, 10), "period"},
      {tg_one_cycle_rate(0.0, 25, 1e3, 0), "rise"},
      {tg_one_cycle_rate(1.0, 25, 1e3, 0), "rise"},
      {tg_one_cycle_rate(NAN, 25, 1e3, 0), "rise"},
      {tg_one_cycle_rate(0.3, 0.0, 1e3, 0), "start_divisor"},
      {tg_one_cycle_rate(0.3, 25, NAN, 0), "end_d"},
      {tg_plateau_rate(1.0, 2, 1e-3, 0.0), "factor"},
      {tg_plateau_rate(NAN, 2, 1e-3, 0.0), "factor"},
      {tg_plateau_rate(0.5, 0, 1e-3, 0.0), "patience"},
      {tg_plateau_rate(0.5, 2, -1.0, 0.0), "threshold"},
      {tg_plateau_rate(0.5, 2, NAN, 0.0), "threshold"},
      {tg_plateau_rate(0.5, 2, 0.0, 1.5), "floor"},
      {tg_plateau_rate(0.5, 2, 0.0, NAN), "floor"},
  };
  probe p = {.n = N};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    tg_method m = tg_adam(0.1), l = tg_lbfgs();
    m.schedule = l.schedule = cases[k].bad;
    refused(problem_regression(&p), m, NULL, TG_E_ARGUMENT, cases[k].word);
    refused(problem_regression(&p), l, NULL, TG_E_ARGUMENT, cases[k].word);
    refused_fit(problem_regression(&p), m, NULL, TG_E_ARGUMENT, cases[k].word);
  }
}

static double own_rate(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)s, (void)total;
  return step < 3 ? alpha : NAN;
}

Test(check, a_rate_of_your_own_that_is_no_number_ends_the_run)
{
  double x[N] = {1, 1, 1, 1};
  probe p = {.n = N};
  tg_method m = tg_adam(0.1);
  m.schedule.rate = own_rate;
  cr_expect(tg_minimize(problem_regression(&p), m, x, NULL, NULL) == TG_E_ARGUMENT && x[0] == 1);
  cr_expect(tg_fit(problem_regression(&p), m, x, NULL, NULL) == TG_E_ARGUMENT && x[0] == 1);
}

Test(check, options_out_of_range_are_refused)
{
  const double bad[] = {-1.0, NAN};
  probe p = {.n = N};
  const tg_objective c = problem_regression(&p);
  for (int i = 0; i < 2; i++) {
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = bad[i];
    refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "gradient_tol");
    o = tg_minimize_defaults();
    o.step_tol = bad[i];
    refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "step_tol");
    o = tg_minimize_defaults();
    o.value_tol = bad[i];
    refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "value_tol");
    o = tg_minimize_defaults();
    o.relative_tol = bad[i];
    refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "relative_tol");
    o = tg_minimize_defaults();
    o.max_seconds = bad[i];
    refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "max_seconds");
    tg_fit_options f = tg_fit_defaults();
    f.max_seconds = bad[i];
    refused_fit(c, tg_gd(0.1), &f, TG_E_ARGUMENT, "max_seconds");
  }
  tg_minimize_options o = tg_minimize_defaults();
  o.norm = 3;
  refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "norm");
  o = tg_minimize_defaults();
  o.norm = TG_NORM_COSINE;
  refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "levenberg_marquardt");
  for (int i = 0; i < 2; i++) {
    o = tg_minimize_defaults();
    o.accuracy = bad[i];
    refused(c, tg_lbfgs(), &o, TG_E_ARGUMENT, "accuracy");
  }
}

Test(check, options_of_a_fit_out_of_range_are_refused)
{
  probe p = {.n = N}, q = {.n = N - 1};
  const tg_objective c = problem_regression(&p), shorter = problem_regression(&q), none = {.n = N};
  tg_fit_options o = tg_fit_defaults();
  o.epochs = 0;
  refused_fit(c, tg_gd(0.1), &o, TG_E_ARGUMENT, "epochs");
  o = tg_fit_defaults();
  o.batch = 0;
  refused_fit(c, tg_gd(0.1), &o, TG_E_ARGUMENT, "batch");
  o = tg_fit_defaults();
  o.shuffle = 4;
  refused_fit(c, tg_gd(0.1), &o, TG_E_ARGUMENT, "shuffle");
  o = tg_fit_defaults();
  o.patience = 3;
  refused_fit(c, tg_gd(0.1), &o, TG_E_ARGUMENT, "patience");
  o = tg_fit_defaults();
  o.validation = &shorter;
  refused_fit(c, tg_gd(0.1), &o, TG_E_ARGUMENT, "validation");
  o.validation = &none;
  refused_fit(c, tg_gd(0.1), &o, TG_E_ARGUMENT, "validation");
}

Test(check, what_the_objective_lacks_is_named)
{
  probe p = {.n = N};
  const tg_objective good = problem_regression(&p);
  tg_objective c = good;
  c.batch = NULL;
  refused_fit(c, tg_gd(0.1), NULL, TG_E_METHOD, "objective.batch");
  c = good;
  c.samples = 0;
  refused_fit(c, tg_gd(0.1), NULL, TG_E_METHOD, "objective.samples");
  c = good;
  c.n = 0;
  refused(c, tg_lbfgs(), NULL, TG_E_ARGUMENT, "no parameters");
  refused_fit(c, tg_gd(0.1), NULL, TG_E_ARGUMENT, "no parameters");
  c = good;
  c.evaluate = NULL;
  refused(c, tg_gd(0.1), NULL, TG_E_METHOD, "objective.evaluate");
  refused(good, tg_newton_cg(), NULL, TG_E_METHOD, "objective.hvp");
  refused(good, tg_newton(), NULL, TG_E_METHOD, "objective.hessian");
  refused(good, tg_levenberg_marquardt(), NULL, TG_E_METHOD, "objective.residual");
  c.residual = problem_squares(&p).residual;
  refused(c, tg_levenberg_marquardt(), NULL, TG_E_METHOD, "objective.residuals");
}

Test(check, a_fit_takes_methods_of_first_order_alone)
{
  probe p = {.n = N};
  const tg_objective c = problem_regression(&p);
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, TG_TAKES_BATCHES | TG_FOR_ONE_PARAMETER, &m);)
    refused_fit(c, m, NULL, TG_E_METHOD, "first order");
  m = tg_adam(0.1);
  m.l1 = 1.0;
  refused_fit(c, m, NULL, TG_E_METHOD, "l1");
}

static void refused_update(tg_method m, const tg_minimize_options *o, tg_status why, const char *word)
{
  double x[N] = {0};
  const tg_objective c = {.n = N};
  const char *text = NULL;
  tg_run *run;
  cr_expect(tg_update_check(&c, &m, o, &text) == why && text && strstr(text, word), "%s, wanted: %s", text,
            word);
  cr_expect(tg_run_new(&run, c, m, x, o) == why && !run);
}

Test(check, runs_by_the_callers_gradient_say_why_too)
{
  const tg_objective c = {.n = N};
  const tg_method good = tg_adam(0.1);
  tg_method m = good;
  cr_expect(tg_update_check(&c, &good, NULL, NULL) == TG_OK);
  m.beta = 1.0;
  refused_update(m, NULL, TG_E_ARGUMENT, "beta");
  refused_update(tg_lbfgs(), NULL, TG_E_METHOD, "first order");
  refused_update(tg_nesterov(0.1, 0.9), NULL, TG_E_METHOD, "elsewhere");
  m = good;
  m.l1 = 1.0;
  refused_update(m, NULL, TG_E_METHOD, "l1");
  m = tg_gd(0.1);
  m.line_search = TG_LINE_EXACT;
  refused_update(m, NULL, TG_E_ARGUMENT, "line_search");
  refused_update(good, &(tg_minimize_options){.step_tol = NAN}, TG_E_ARGUMENT, "step_tol");
}

Test(check, a_line_search_that_would_not_be_made_is_refused)
{
  probe p = {.n = N};
  const tg_objective c = problem_squares(&p), sum = problem_regression(&p);
  for (int kind = TG_LINE_WOLFE; kind <= TG_LINE_EXACT; kind++) {
    tg_method m = tg_gd(0.1);
    m.line_search = kind;
    refused_fit(sum, m, NULL, TG_E_ARGUMENT, "line_search");
    double x[N] = {0};
    tg_run *run;
    cr_expect(tg_run_new(&run, (tg_objective){.n = N}, m, x, NULL) == TG_E_ARGUMENT && !run);
    for (size_t row = 0; methods_next(&row, 0, TG_TAKES_LINE_SEARCH | TG_FOR_ONE_PARAMETER, &m);) {
      if (kind == TG_LINE_EXACT && method_has(&m, TG_FOR_QUADRATICS)) continue; /* what it does anyway */
      m.line_search = kind;
      refused(c, m, NULL, TG_E_ARGUMENT, "line_search");
    }
  }
  tg_method m = tg_lbfgs();
  m.line_search = 17;
  refused(c, m, NULL, TG_E_ARGUMENT, "line_search");
}

static tg_method searching(void)
{
  tg_method m = tg_gd(0.1);
  m.line_search = TG_LINE_WOLFE;
  return m;
}

Test(check, settings_that_would_be_ignored_are_refused)
{
  probe p = {.n = N};
  const tg_objective c = problem_squares(&p);
  const tg_method none[] = {searching(),       tg_lbfgs(),           tg_bfgs(),
                            tg_newton(),       tg_trust_region_cg(), tg_levenberg_marquardt(),
                            tg_nonlinear_cg(0)};
  for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
    tg_method m = none[k];
    m.decay = 0.1;
    refused(c, m, NULL, TG_E_ARGUMENT, "decay");
    m = none[k];
    m.clip_norm = 1.0;
    refused(c, m, NULL, TG_E_ARGUMENT, "clip_norm");
    m = none[k];
    m.clip_value = 1.0;
    refused(c, m, NULL, TG_E_ARGUMENT, "clip_value");
    m = none[k];
    m.schedule = tg_cosine_rate(0.1, 10);
    refused(c, m, NULL, TG_E_ARGUMENT, "schedule");
  }
  tg_method m = tg_lbfgs();
  m.schedule = tg_cosine_rate(0.1, 10);
  m.line_search = TG_LINE_ARMIJO;
  cr_expect(tg_minimize_check(&c, &m, NULL, NULL) == TG_OK);
  m.line_search = TG_LINE_FIXED;
  cr_expect(tg_minimize_check(&c, &m, NULL, NULL) == TG_OK);
}

Test(check, objectives_that_could_not_be_made_say_why)
{
  tg_quadratic q = {.n = 2};
  refused(tg_quadratic_objective(&q), tg_linear_cg(), NULL, TG_E_ARGUMENT, "room");
  refused(tg_function_objective(NULL), tg_lbfgs(), NULL, TG_E_ARGUMENT, "one output");
  refused((tg_objective){0}, tg_lbfgs(), NULL, TG_E_ARGUMENT, "no parameters");
}

Test(check, what_is_sound_is_accepted_with_a_word_for_it)
{
  probe p = {.n = N}, one = {.n = 1};
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, 0, &m);) {
    const bool single = method_has(&m, TG_FOR_ONE_PARAMETER);
    const tg_objective c = problem_squares(single ? &one : &p), sum = problem_regression(&p);
    const char *text = NULL;
    cr_expect(tg_minimize_check(&c, &m, NULL, &text) == TG_OK && text, "%s: %s", tg_method_name(&m), text);
    text = NULL;
    const tg_status s = tg_fit_check(&sum, &m, NULL, &text);
    cr_expect(text && (s == TG_OK) == method_has(&m, TG_TAKES_BATCHES));
  }
  const char *text = NULL;
  cr_expect(tg_minimize_check(NULL, NULL, NULL, &text) == TG_E_ARGUMENT && text);
  cr_expect(tg_fit_check(NULL, NULL, NULL, &text) == TG_E_ARGUMENT && text);
}

/* ---- properties ---- */

/* Every method is refused an objective from which one thing is taken that it says it needs, and no other. */
Test(check, methods_need_what_their_properties_say)
{
  static const struct {
    unsigned property;
    bool evaluate, hvp, hessian, residual; /* given */
  } lack[] = {{TG_NEEDS_GRADIENT, false, true, true, true},
              {TG_NEEDS_PRODUCT, true, false, true, true},
              {TG_NEEDS_HESSIAN, true, false, false, true},
              {TG_NEEDS_RESIDUALS, true, true, true, false}};
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, 0, &m);)
    for (size_t i = 0; i < sizeof lack / sizeof *lack; i++) {
      probe p = {.n = method_has(&m, TG_FOR_ONE_PARAMETER) ? 1 : N};
      tg_objective c = problem_squares(&p);
      if (!lack[i].evaluate) c.evaluate = NULL;
      if (!lack[i].hvp) c.hvp = NULL;
      if (!lack[i].hessian) c.hessian = NULL;
      if (!lack[i].residual) c.residual = NULL;
      const bool needed =
          method_has(&m, lack[i].property) || (!lack[i].hvp && method_has(&m, TG_NEEDS_PRODUCT));
      cr_expect(tg_minimize_check(&c, &m, NULL, NULL) == (needed ? TG_E_METHOD : TG_OK), "%s, %zu",
                tg_method_name(&m), i);
    }
}

Test(check, methods_take_what_their_properties_say)
{
  const double lower[N] = {0};
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, TG_FOR_ONE_PARAMETER, &m);) {
    probe p = {.n = N};
    const tg_objective c = problem_squares(&p), none = {.n = N};
    cr_expect((tg_update_check(&none, &m, NULL, NULL) == TG_OK) == method_has(&m, TG_TAKES_UPDATES), "%s",
              tg_method_name(&m));
    m.lower = lower;
    cr_expect((tg_minimize_check(&c, &m, NULL, NULL) == TG_OK) == method_has(&m, TG_TAKES_BOUNDS), "%s",
              tg_method_name(&m));
    m.lower = NULL;
    for (int kind = TG_LINE_WOLFE; kind <= TG_LINE_EXACT; kind++) {
      m.line_search = kind;
      const bool own = kind == TG_LINE_EXACT && method_has(&m, TG_FOR_QUADRATICS);
      cr_expect((tg_minimize_check(&c, &m, NULL, NULL) == TG_OK) ==
                    (own || method_has(&m, TG_TAKES_LINE_SEARCH)),
                "%s, %d", tg_method_name(&m), kind);
    }
  }
}

Test(check, what_is_no_method_has_no_properties)
{
  const tg_method none = {.kind = -1};
  cr_expect(tg_method_properties(NULL) == 0 && tg_method_properties(&none) == 0);
}
