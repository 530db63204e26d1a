#include "chapter.h"

#include <math.h>
#include <stdlib.h>

#include <tapegrad/overload.h>

void must(tg_status s, const char *what)
{
  if (s == TG_OK) return;
  fprintf(stderr, "%s: %s\n", what, tg_status_string(s));
  exit(EXIT_FAILURE);
}

FILE *open_data(const char *name, const char *columns)
{
  FILE *const file = fopen(name, "w");
  if (!file) {
    perror(name);
    exit(EXIT_FAILURE);
  }
  fprintf(file, "# %s\n", columns);
  return file;
}

void close_data(FILE *file)
{
  const int failed = ferror(file);
  if (fclose(file) == 0 && !failed) return;
  perror("writing data");
  exit(EXIT_FAILURE);
}

var rosenbrock(const var *theta, size_t n, void *user)
{
  (void)n, (void)user;
  return add(square(sub(1, theta[0])), mul(100, square(sub(theta[1], square(theta[0])))));
}

tg_function *rosenbrock_function(void)
{
  tg_function *f;
  must(tg_record(&f, rosenbrock, 2, NULL, NULL), "Rosenbrock's function");
  return f;
}

/* One iteration of m from theta; answers its length along the direction. */
static double step(tg_function *f, tg_method m, double *theta)
{
  tg_run *run;
  must(tg_run_new(&run, tg_function_objective(f), m, theta, NULL), "one step");
  tg_run_step(run);
  must(tg_run_status(run), "one step");
  const double length = tg_run_report(run)->rate;
  tg_run_free(run);
  return length;
}

tg_method steepest_descent(void)
{
  tg_method m = tg_gd(1e-3); /* where the search begins */
  m.line_search = TG_LINE_EXACT;
  return m;
}

double exact_step(tg_function *f, double theta[2]) { return step(f, steepest_descent(), theta); }

double newton_step(tg_function *c, double theta)
{
  tg_method m = tg_newton();
  m.line_search = TG_LINE_FIXED;
  step(c, m, &theta);
  return theta;
}

void write_surface(const char *name, tg_objective c, double low, double high, size_t points)
{
  FILE *const out = open_data(name, "theta_1 theta_2 C");
  const double step = (high - low) / (double)(points - 1);
  for (size_t i = 0; i < points; i++) {
    for (size_t j = 0; j < points; j++) {
      const double theta[2] = {low + step * (double)j, low + step * (double)i};
      double value;
      must((tg_status)c.evaluate(theta, &value, NULL, c.user), name);
      fprintf(out, "%.6g %.6g %.9g\n", theta[0], theta[1], value);
    }
    fputc('\n', out); /* gnuplot's mark between the lines of a grid */
  }
  close_data(out);
}

void write_run(const char *name, tg_run *run, const double start[2], size_t steps)
{
  FILE *const out = open_data(name, "t theta_1 theta_2");
  const tg_report *const now = tg_run_report(run);
  fprintf(out, "0 %.15g %.15g\n", start[0], start[1]);
  for (size_t t = 1; t <= steps; t++) {
    tg_run_step(run);
    if (now->iterations < t) break;
    fprintf(out, "%zu %.15g %.15g\n", t, now->theta[0], now->theta[1]);
  }
  must(tg_run_status(run), name);
  close_data(out);
  tg_run_free(run);
}

void write_path(const char *name, tg_objective c, tg_method m, const double start[2], size_t steps)
{
  tg_minimize_options o = tg_minimize_defaults();
  o.accuracy = 0.0;
  o.max_iterations = 0; /* write_run counts, since at a limit a run ends at its best point, not the last */
  double theta[2] = {start[0], start[1]};
  tg_run *run;
  must(tg_run_new(&run, c, m, theta, &o), name);
  write_run(name, run, start, steps);
}
