/* Fits against optima known from elsewhere. */
#include "support.h"

#include "fit_state.h"
#include "methods.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static const struct optimum {
  const char *set, *lambda;
  bool standardized;
  double value;
} optimum[] = {
#include "optima.h"
};

enum { OPTIMA = sizeof optimum / sizeof *optimum };

static double distance_to(const struct optimum *row, const char *more, fit_stop *stop)
{
  session s;
  char file[1024], words[256];
  snprintf(file, sizeof file, "%s/%s.csv", DATA, row->set);
  snprintf(words, sizeof words, "--lambda %s --penalty-on %s %s", row->lambda,
           row->standardized ? "standardized" : "original", more);
  session_open(&s, file, words);
  session_run(&s);
  const double distance = (s.t.outcome.objective - row->value) / row->value;
  *stop = s.t.outcome.stop;
  session_close(&s);
  return distance;
}

Test(fit, small_and_badly_scaled_data_reach_the_optimum)
{
  for (size_t i = 0; i < OPTIMA; i++) {
    const struct optimum *row = &optimum[i];
    if (strcmp(row->set, "digits") == 0) continue;
    fit_stop stop;
    cr_expect_lt(fabs(distance_to(row, "", &stop)), 1e-8, "%s %s %d", row->set, row->lambda,
                 row->standardized);
    cr_expect_eq(stop, FIT_CONVERGED);
    cr_expect_lt(fabs(distance_to(row, "--tolerance 1e-13", &stop)), 1e-12, "%s %s %d", row->set, row->lambda,
                 row->standardized);
  }
}

Test(fit, lbfgs_reaches_the_same_optimum)
{
  for (size_t i = 0; i < OPTIMA; i++) {
    const struct optimum *row = &optimum[i];
    if (strcmp(row->set, "digits") == 0) continue;
    fit_stop stop;
    cr_expect_lt(fabs(distance_to(row, "--method lbfgs", &stop)), 1e-8, "%s %s %d", row->set, row->lambda,
                 row->standardized);
  }
}

Test(fit, digits_reach_the_optimum)
{
  for (size_t i = 0; i < OPTIMA; i++) {
    const struct optimum *row = &optimum[i];
    if (strcmp(row->set, "digits") != 0) continue;
    fit_stop stop;
    cr_expect_lt(fabs(distance_to(row, "", &stop)), 1e-8, "%s %s %d", row->set, row->lambda,
                 row->standardized);
    cr_expect_eq(stop, FIT_CONVERGED);
  }
}

/* The conditions of optimality of min f + l |u|_1: |f'_j| <= l where u_j = 0, f'_j = -l
 * sign u_j elsewhere. */
static void check_lasso(const char *words)
{
  session s;
  session_open(&s, DATA "/breast_cancer.csv", words);
  session_run(&s);
  problem *p = &s.t.problem;
  double gradient[64], worst = 0;
  size_t zeros = 0;
  cr_assert_leq(p->n, 64);
  cr_assert_eq(problem_evaluate(p, s.t.theta, NULL, gradient), TG_OK);
  for (size_t j = 0; j < p->n; j++) {
    const double u = s.t.theta[j], l = p->lasso[j], g = gradient[j];
    const double off = u != 0 ? fabs(g + copysign(l, u)) : fmax(0, fabs(g) - l);
    worst = fmax(worst, off);
    zeros += u == 0;
    cr_expect(u != 0 || fabs(g) < l * (1 + 1e-4) || l == 0);
  }
  cr_expect_lt(worst, 3e-5, "%s: %g", words, worst);
  cr_expect_gt(zeros, 5);
  cr_expect_lt(zeros, p->n - 1);
  session_close(&s);
}

Test(fit, an_l1_penalty_gives_zeros_by_every_method)
{
  check_lasso("--lambda 0.02 --mix 1 --penalty-on standardized");
  check_lasso("--lambda 0.02 --mix 0.5 --penalty-on standardized");
  check_lasso("--lambda 0.02 --mix 1 --penalty-on standardized --method proximal");
  check_lasso("--lambda 0.02 --mix 1 --penalty-on standardized --method lbfgs");
}

Test(fit, the_intercept_is_never_penalised)
{
  session s;
  session_open(&s, DATA "/breast_cancer.csv", "--lambda 1e12");
  session_run(&s);
  const double b = s.t.model.theta[30], share = 212.0 / 569; /* malignant rows */
  cr_expect_lt(fabs(b - log(share / (1 - share))), 1e-3, "%g", b);
  session_close(&s);
}

Test(fit, least_squares_are_those_of_the_normal_equations)
{
  session s;
  session_open(&s, DATA "/diabetes.csv", "--tolerance 1e-13");
  session_run(&s);
  /* The residuals are orthogonal to every column and to the constant. */
  const dataset *d = &s.t.data;
  for (size_t j = 0; j <= 10; j++) {
    double sum = 0, size = 0;
    for (size_t i = 0; i < d->rows; i++) {
      double z;
      const double *x = d->values + i * d->width;
      model_outputs(&s.t.model.shape, s.t.theta, x, NULL, &z);
      const double term = (dataset_target(d, i) - z) * (j < 10 ? x[j] : 1);
      sum += term;
      size += fabs(term);
    }
    cr_expect_lt(fabs(sum), 1e-12 * size);
  }
  session_close(&s);
}

/* The median line: below and above it lie as many rows as parameters allow. */
Test(fit, the_absolute_loss_finds_the_median)
{
  const char *file = data_file("x,y\n0,1.5\n0,2.25\n0,100.5\n1,7\n1,9.5\n1,1000\n");
  session s;
  session_open(&s, file, "--kind linear --loss absolute");
  session_run(&s);
  cr_expect_lt(fabs(s.t.model.theta[1] - 2.25), 1e-3, "%g", s.t.model.theta[1]);
  cr_expect_lt(fabs(s.t.model.theta[0] + s.t.model.theta[1] - 9.5), 1e-3);
  session_close(&s);
  remove(file);
}

Test(fit, weights_count_as_repetitions)
{
  double theta[2][2];
  static const char *const content[] = {"x,w,y\n1,1,a\n2,3,b\n3,1,a\n4,2,b\n",
                                        "x,w,y\n1,1,a\n2,1,b\n2,1,b\n2,1,b\n3,1,a\n4,1,b\n4,1,b\n"};
  for (int i = 0; i < 2; i++) {
    const char *file = data_file(content[i]);
    session s;
    session_open(&s, file, "--weights w --lambda 0.1 --tolerance 1e-13");
    session_run(&s);
    memcpy(theta[i], s.t.model.theta, sizeof theta[i]);
    session_close(&s);
    remove(file);
  }
  cr_expect_lt(fabs(theta[0][0] - theta[1][0]), 1e-12);
  cr_expect_lt(fabs(theta[0][1] - theta[1][1]), 1e-12);
}

Test(fit, an_offset_takes_part_with_coefficient_one)
{
  const char *file = data_file("x,o,y\n0,1,3\n1,2,5\n2,-1,3\n3,5,10\n"); /* y = 2 + x + o */
  session s;
  session_open(&s, file, "--offset o --kind linear");
  session_run(&s);
  cr_expect_lt(fabs(s.t.model.theta[0] - 1), 1e-12);
  cr_expect_lt(fabs(s.t.model.theta[1] - 2), 1e-12);
  session_close(&s);
  remove(file);
}

Test(fit, balanced_class_weights_centre_the_intercept)
{
  const char *file = data_file("x,y\n1,a\n2,a\n1,a\n2,a\n3,a\n0,a\n1,b\n2,b\n");
  session s;
  session_open(&s, file, "--class-weights balanced --lambda 1e9");
  session_run(&s);
  cr_expect_lt(fabs(s.t.model.theta[1]), 1e-6, "%g", s.t.model.theta[1]);
  session_close(&s);
  remove(file);
}

Test(fit, the_net_learns_what_no_line_can)
{
  const char *file =
      data_file("x,z,y\n0,0,a\n1,1,a\n0,1,b\n1,0,b\n0.1,0.1,a\n0.9,0.9,a\n0.1,0.9,b\n0.9,0.1,b\n");
  session s;
  session_open(&s, file, "--kind net --hidden 6 --lambda 1e-6 --seed 3");
  session_run(&s);
  cr_expect_lt(s.t.outcome.objective, 0.02, "%g", s.t.outcome.objective);
  session_close(&s);
  remove(file);
}

Test(fit, constant_columns_get_the_coefficient_zero)
{
  const char *file = data_file("x,c,y\n1,0.1,a\n2,0.1,b\n3,0.1,a\n4,0.1,b\n2,0.1,a\n");
  session s;
  session_open(&s, file, "--lambda 0");
  session_run(&s);
  cr_expect_eq(s.t.outcome.stop, FIT_CONVERGED);
  cr_expect_eq(s.t.model.theta[1], 0);
  cr_expect_eq(s.t.scaling.constant, 1);
  session_close(&s);
  remove(file);
}

/* The same rows as a sparse and as a dense file: different scaling, different kernels, one optimum. */
Test(fit, sparse_rows_lead_to_the_same_model_as_dense_ones)
{
  static char sparse[1 << 16], dense[1 << 16];
  size_t s = 0, d = 0;
  unsigned long long state = 11;
  for (int j = 0; j < 12; j++) d += (size_t)sprintf(dense + d, "c%d,", j);
  d += (size_t)sprintf(dense + d, "y\n");
  for (int i = 0; i < 300; i++) {
    const int label = (int)(state >> 33) % 2;
    s += (size_t)sprintf(sparse + s, "%d", label);
    for (int j = 0; j < 12; j++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const int value = (int)((state >> 40) % 41) - 20;
      const bool there = (state >> 33) % 6 == 0 && value != 0;
      if (there) s += (size_t)sprintf(sparse + s, " %d:%d", j + 1, value);
      d += (size_t)sprintf(dense + d, "%d,", there ? value : 0);
    }
    s += (size_t)sprintf(sparse + s, "\n");
    d += (size_t)sprintf(dense + d, "%d\n", label);
  }
  double theta[2][13];
  for (int pass = 0; pass < 2; pass++) {
    const char *file = data_file(pass == 0 ? sparse : dense);
    session run;
    session_open(&run, file, pass == 0 ? "--format libsvm -l 1e-3 --method lbfgs" : "-l 1e-3");
    cr_assert_eq(run.t.data.is_sparse, pass == 0);
    session_run(&run);
    cr_expect_eq(run.t.outcome.stop, FIT_CONVERGED);
    memcpy(theta[pass], run.t.model.theta, sizeof theta[pass]);
    session_close(&run);
    remove(file);
  }
  for (size_t j = 0; j < 13; j++) cr_expect_lt(fabs(theta[0][j] - theta[1][j]), 1e-6, "%zu", j);
}

/* Rows of a sparse file with weights, offsets and weights of classes, and the same as columns of
 * a dense one. */
Test(fit, weights_and_offsets_of_sparse_rows_are_those_of_dense_ones)
{
  static const char *const options[] = {"", "--class-weights balanced", "--class-weights 1=3",
                                        "--class-weights balanced"};
  static const char *const kinds[] = {"--kind linear", "--kind logistic", "--kind logistic",
                                      "--kind multinomial"};
  for (int kind = 0; kind < 4; kind++) {
    static char sparse[1 << 15], dense[1 << 15], weights[1 << 12], offsets[1 << 12];
    size_t s = 0, d = (size_t)sprintf(dense, "a,b,c,d,e,f,g,h,w,o,y\n"), w = 0, v = 0;
    unsigned long long state = 7;
    for (int i = 0; i < 150; i++) {
      const int label = (int)(state >> 33) % (kind == 3 ? 3 : 2), weight = (int)(state >> 35) % 4,
                offset = (int)(state >> 37) % 5 - 2;
      s += (size_t)sprintf(sparse + s, "%d", label);
      for (int j = 0; j < 8; j++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const int value = (int)((state >> 40) % 9) - 4;
        const bool there = (state >> 33) % 6 == 0 && value != 0;
        if (there) s += (size_t)sprintf(sparse + s, " %d:%d", j + 1, value);
        d += (size_t)sprintf(dense + d, "%d,", there ? value : 0);
      }
      s += (size_t)sprintf(sparse + s, "\n");
      d += (size_t)sprintf(dense + d, "%d,%d,%d\n", weight, offset, label);
      w += (size_t)sprintf(weights + w, "%d\n", weight);
      v += (size_t)sprintf(offsets + v, "%d\n", offset);
    }
    char weight_file[64], offset_file[64], words[400];
    strcpy(weight_file, data_file(weights));
    strcpy(offset_file, data_file(offsets));
    double theta[2][27];
    for (int pass = 0; pass < 2; pass++) {
      const bool with_offset = kind < 3;
      const char *file = data_file(pass == 0 ? sparse : dense);
      snprintf(words, sizeof words, "%s %s -l 1e-2 --tolerance 1e-13 --weights %s %s%s %s", kinds[kind],
               options[kind], pass == 0 ? weight_file : "w", with_offset ? "--offset " : "--ignore ",
               pass == 0 ? offset_file : "o", pass == 0 ? "--format libsvm" : "");
      if (pass == 0 && !with_offset) *strstr(words, "--ignore") = '\0', strcat(words, "--format libsvm");
      session run;
      session_open(&run, file, words);
      cr_assert_eq(run.t.data.is_sparse, pass == 0);
      session_run(&run);
      cr_expect_eq(run.t.outcome.stop, FIT_CONVERGED);
      memcpy(theta[pass], run.t.model.theta, run.t.problem.n * sizeof *theta[pass]);
      for (size_t j = 0; pass == 1 && j < run.t.problem.n; j++) {
        cr_expect_lt(fabs(theta[0][j] - theta[1][j]), 1e-6, "%d %zu: %g %g", kind, j, theta[0][j],
                     theta[1][j]);
      }
      session_close(&run);
      remove(file);
    }
    remove(weight_file);
    remove(offset_file);
  }
}

/* Where the function is no plane: a bump, learned by a net with each of the losses, in any unit. */
Test(fit, the_net_learns_a_curve)
{
  static const char *const loss[] = {"squared", "absolute", "huber"};
  for (int k = 0; k < 3; k++) {
    for (int unit = 0; unit < 2; unit++) {
      static char content[1 << 13];
      size_t used = (size_t)sprintf(content, "x,y\n");
      for (int i = 0; i < 60; i++) {
        const double x = 0.1 * i - 3, y = exp(-x * x);
        used += (size_t)sprintf(content + used, "%.3f,%.9g\n", x, unit ? 5000 + 1e4 * y : y);
      }
      const char *file = data_file(content);
      char words[200];
      snprintf(words, sizeof words, "--kind net --hidden 6 --loss %s -l 1e-9 --seed 2 --max-iterations 3000",
               loss[k]);
      session s;
      session_open(&s, file, words);
      session_run(&s);
      double worst = 0;
      for (size_t i = 0; i < 60; i++) {
        const double x = 0.1 * (double)i - 3, y = exp(-x * x);
        double hidden[6], z;
        model_outputs(&s.t.model.shape, s.t.model.theta, &x, hidden, &z);
        worst = fmax(worst, fabs((unit ? (z - 5000) / 1e4 : z) - y));
      }
      cr_expect_lt(worst, 0.03, "%s, unit %d: %g", loss[k], unit, worst);
      session_close(&s);
      remove(file);
    }
  }
}

/* Rows in a file, some of them in memory at a time, against all of them in memory: the same objective and
 * model. */
static void compare_pieces(const char *file, const char *words)
{
  static const char *const pieces[] = {"--chunk-rows 1000000", "--chunk-rows 64", "--chunk-rows 7",
                                       "--chunk-rows 1"};
  session whole;
  session_open(&whole, file, words);
  session_run(&whole);
  for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
    char more[400];
    session s;
    snprintf(more, sizeof more, "%s %s", words, pieces[k]);
    session_open(&s, file, more);
    cr_assert_eq(s.t.data.paged != NULL, s.t.data.rows > s.l.table.paged->most); /* one piece: no file */
    session_run(&s);
    const double off = fabs(s.t.outcome.objective - whole.t.outcome.objective);
    cr_expect_lt(off, 1e-11 * fabs(whole.t.outcome.objective), "%s %s: %g", words, pieces[k], off);
    cr_expect_eq(s.t.outcome.stop, whole.t.outcome.stop);
    cr_expect_eq(s.t.separated, whole.t.separated);
    for (size_t j = 0; j < s.t.problem.n && s.t.separated == SEPARATION_NONE; j++) {
      const double a = s.t.model.theta[j], b = whole.t.model.theta[j];
      cr_expect(fabs(a - b) <= 1e-6 * (1 + fabs(b)), "%s %s: %g %g", words, pieces[k], a, b);
    }
    session_close(&s);
  }
  session_close(&whole);
}

Test(fit, rows_in_a_file_lead_to_the_same_model_as_in_memory)
{
  compare_pieces(DATA "/iris.csv", "-l 1e-2");
  compare_pieces(DATA "/iris.csv", "-l 0");
  compare_pieces(DATA "/breast_cancer.csv",
                 "-l 1e-2 --method lbfgs --class-weights balanced --penalty-on standardized");
  compare_pieces(DATA "/wine.csv", "-l 1e-2 --mix 0.7 --penalty-on standardized");
  compare_pieces(DATA "/diabetes.csv", "--loss huber");
  compare_pieces(DATA "/diabetes.csv", "--kind linear --loss absolute");
  compare_pieces(DATA "/iris.csv", "--kind net --hidden 3 --method adam --epochs 4");
}

Test(fit, rows_in_a_file_may_have_categories_weights_and_missing_values)
{
  const char *file = data_file(
      "c,x,w,o,y\nred,1,1,0.5,a\ngreen,2,2,0,b\nNA,3,1,1,a\nblue,NA,3,0,b\nred,4,1,-1,b\ngreen,,2,0,a\n"
      "red,7,1,0,a\nblue,5,1,0,b\nblue,6,0,0,a\ngreen,1,1,2,b\n");
  compare_pieces(file, "--categorical c --weights w --offset o --missing mean -l 0.1");
  compare_pieces(file, "--categorical c --weights w --offset o --missing median -l 0.1");
  compare_pieces(file, "--categorical c --weights w --offset o --missing drop -l 0.1");
  remove(file);
}

/* Many rows are not copied to be scaled: theta is mapped to them and gradients back, which changes nothing
 * but time. */
Test(fit, rows_as_they_came_have_the_same_objective_as_scaled_ones)
{
  static const char *const words[] = {"-l 0.01", "-l 0.01 --penalty-on standardized"}, *const set[] = {
                                                                                           "wine",
                                                                                           "breast_cancer"};
  for (int i = 0; i < 2; i++) {
    session s;
    failure f;
    char file[1024];
    snprintf(file, sizeof file, "%s/%s.csv", DATA, set[i]);
    session_open(&s, file, words[i]);
    problem *p = &s.t.problem, raw;
    dataset rows;
    cr_assert(loaded_rows(&rows, &s.l, &s.t.model.design, (row_list){s.row, s.l.rows}, true, &f));
    cr_assert(rows.borrowed && !s.t.data.borrowed);
    cr_assert(problem_new(&raw, s.t.model.shape, &rows, &s.t.scaling, s.t.model.penalty, &f));
    const size_t n = p->n;
    double *room = malloc((2 * n * n + 7 * n) * sizeof *room), *a = room, *b = a + n * n, *theta = b + n * n,
           value[2];
    double *ga = theta + n, *gb = ga + n, *ha = gb + n, *hb = ha + n, *v = hb + n;
    for (size_t j = 0; j < n; j++) theta[j] = 0.3 * sin((double)j), v[j] = cos(3.0 * (double)j);
    cr_assert_eq(problem_evaluate(p, theta, &value[0], ga), TG_OK);
    cr_assert_eq(problem_evaluate(&raw, theta, &value[1], gb), TG_OK);
    cr_assert_eq(problem_hessian(p, theta, a), TG_OK);
    cr_assert_eq(problem_hessian(&raw, theta, b), TG_OK);
    cr_assert_eq(problem_objective(p).hvp(theta, v, ha, p), 0);
    cr_assert_eq(problem_objective(&raw).hvp(theta, v, hb, &raw), 0);
    cr_expect_lt(fabs(value[0] - value[1]), 1e-12);
    for (size_t j = 0; j < n; j++) {
      cr_expect_lt(fabs(ga[j] - gb[j]), 1e-12);
      cr_expect_lt(fabs(ha[j] - hb[j]), 1e-12);
    }
    for (size_t j = 0; j < n * n; j++) cr_expect_lt(fabs(a[j] - b[j]), 1e-12);
    free(room);
    problem_free(&raw);
    dataset_free(&rows);
    session_close(&s);
  }
}

/* Enough rows for a sample of them to be solved first, one column of another unit than the rest. */
Test(fit, many_rows_reach_the_optimum_and_say_so)
{
  enum { ROWS = 20000 };
  static char content[ROWS * 32];
  size_t used = (size_t)sprintf(content, "a,b,y\n");
  unsigned long long state = 5;
  for (int i = 0; i < ROWS; i++) {
    int draw[4];
    for (int k = 0; k < 4; k++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      draw[k] = (int)(state >> 40) % 1000;
    }
    const int a = draw[0], b = (draw[0] + draw[1]) * 1000,
              z = (a - 500) + (draw[1] - 500) / 2 + draw[2] - draw[3];
    used += (size_t)sprintf(content + used, "%d,%d,%c\n", a, b, z > 0 ? 'u' : 'v');
  }
  const char *file = data_file(content);
  double objective[3];
  static const char *const words[] = {"--method newton --tolerance 1e-15", "", "--tolerance 1e-6"};
  for (int i = 0; i < 3; i++) {
    session s;
    session_open(&s, file, words[i]);
    session_run(&s);
    cr_expect_eq(s.t.outcome.stop, FIT_CONVERGED);
    objective[i] = s.t.outcome.objective;
    session_close(&s);
  }
  cr_expect_lt(fabs(objective[1] / objective[0] - 1), 1e-11, "%g", objective[1] / objective[0] - 1);
  cr_expect_lt(fabs(objective[2] / objective[0] - 1), 1e-6, "%g", objective[2] / objective[0] - 1);
  remove(file);
}

/* -- losses with straight pieces, and starts from afar --------------------------------------------------- */

/* The objective is convex: where its least subgradient vanishes there is the optimum, whoever finds it. */
static void reaches(const char *file, const char *words, double objective)
{
  session s;
  session_open(&s, file, words);
  session_run(&s);
  cr_expect(fit_converged(s.t.outcome.stop), "%s: %s", words, fit_stop_string(s.t.outcome.stop));
  cr_expect_lt(s.t.outcome.gradient_norm, 1e-6, "%s: gradient %g", words, s.t.outcome.gradient_norm);
  cr_expect_lt(fabs(s.t.outcome.objective / objective - 1), 1e-9, "%s: %.15g", words, s.t.outcome.objective);
  session_close(&s);
}

/* At the start no row is near enough to its line to have curvature. Optimum: the three rows within delta
 * = 2.99 and the fifth on its straight piece, by hand. */
Test(fit, the_huber_loss_is_minimised_from_where_it_is_straight)
{
  const char *file = data_file("x,y\n1,3\n2,5\n3,7\n4,9\n5,30\n");
  session s;
  session_open(&s, file, "--kind linear --loss huber");
  session_run(&s);
  cr_expect_eq(s.t.outcome.stop, FIT_CONVERGED);
  cr_expect_lt(fabs(s.t.model.theta[0] - 3.994), 1e-3, "%g", s.t.model.theta[0]);
  cr_expect_lt(fabs(s.t.model.theta[1] + 2.988), 1e-3, "%g", s.t.model.theta[1]);
  session_close(&s);
  remove(file);
}

/* The same by L-BFGS, whose first step needs no curvature. */
Test(fit, straight_losses_end_where_lbfgs_does)
{
  reaches(DATA "/diabetes.csv", "--loss huber --delta 1", 42.5513300805514);
  static const char *const words[] = {"--loss huber --delta 1 --mix 1 -l 0.01",
                                      "--loss huber --delta 0.01 -l 1e-4",
                                      "--loss huber --delta 1 --weights age --ignore sex",
                                      "--loss huber --delta 3 --offset bp --mix 0.5 -l 1e-2"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    session s;
    char with[200];
    const char *data = strstr(words[i], "age") != NULL
                           ? data_file("age,x,sex,y\n1,1,0,3\n2,2,9,5\n3,4,1,8\n1,5,2,30\n2,7,0,11\n"
                                       "4,3,1,-200\n")
                           : DATA "/diabetes.csv";
    snprintf(with, sizeof with, "%s --method lbfgs --tolerance 1e-14", words[i]);
    session_open(&s, data, with);
    session_run(&s);
    reaches(data, words[i], s.t.outcome.objective);
    session_close(&s);
    if (data[0] == '/' && strncmp(data, "/tmp/tapegrad", 13) == 0) remove(data);
  }
}

/* Hardly a residual is within delta, a billionth of them: what holds for a loss with curvature everywhere
 * would call points an optimum that are not. The optimum is what four methods and --tolerance
 * 1e-15 agree on. */
Test(fit, no_straight_piece_is_taken_for_a_minimum)
{
  static const char *const method[] = {"lbfgs", "bfgs", "nonlinear_cg", "newton_cg"};
  for (size_t i = 0; i < sizeof method / sizeof *method; i++) {
    char words[200];
    snprintf(words, sizeof words, "--loss huber --delta 1e-7 --method %s", method[i]);
    reaches(DATA "/diabetes.csv", words, 4.30415006366236e-6);
  }
}

/* Steps that are far too long lead to where every row is sure and half of them wrong: the gradient is small
 * beside the objective there, and nothing is near an optimum. */
Test(fit, sure_and_wrong_is_no_optimum)
{
  const char *file = data_file("x,y\n1,0\n2,1\n3,0\n4,1\n5,1\n-100,1\n");
  session s;
  session_open(&s, file, "-k logistic -l 0 --method gd --max-iterations 300");
  for (size_t j = 0; j < s.t.problem.n; j++) s.t.theta[j] = 500;
  session_run(&s);
  cr_expect(!fit_converged(s.t.outcome.stop) || s.t.outcome.objective < 0.5757, "%g, %s",
            s.t.outcome.objective, fit_stop_string(s.t.outcome.stop));
  session_close(&s);
  remove(file);
}

/* So far off that hardly a row has curvature, and what there is of it points far beyond the optimum. */
static void from_afar(const char *file, const char *words, double factor, double objective)
{
  session s;
  session_open(&s, file, words);
  session_run(&s);
  cr_expect_lt(fabs(s.t.outcome.objective / objective - 1), 1e-9, "%s: %.15g", words, s.t.outcome.objective);
  for (size_t j = 0; j < s.t.problem.n; j++) s.t.theta[j] = factor * (s.t.theta[j] + 0.1 * (double)(j + 1));
  session_run(&s);
  cr_expect_eq(s.t.outcome.stop, FIT_CONVERGED, "%s: %s", words, fit_stop_string(s.t.outcome.stop));
  cr_expect_lt(fabs(s.t.outcome.objective / objective - 1), 1e-9, "%s from afar: %.15g", words,
               s.t.outcome.objective);
  cr_expect_lt(s.t.outcome.iterations, 200);
  session_close(&s);
}

/* Optima from near starts, by L-BFGS and by Newton's method alike. */
Test(fit, the_start_does_not_matter)
{
  const char *file = data_file("x,y\n1,0\n2,1\n3,0\n4,1\n5,1\n-100,1\n");
  from_afar(file, "-k logistic -l 0", 500, 0.575692652089);
  from_afar(file, "-k logistic -l 0", -500, 0.575692652089);
  from_afar(file, "-k logistic -l 1e-3", 500, 0.575693216060);
  from_afar(file, "-k logistic -l 1e-3 --mix 1", -500, 0.575726222786);
  remove(file);
  file = data_file("a,b,y\n1,3,a\n2,1,b\n3,3,c\n4,2,a\n5,0,b\n6,4,c\n0,2,c\n2,2,a\n3,1,a\n4,4,b\n");
  from_afar(file, "-k multinomial -l 1e-6", 500, 0.930896674508);
  from_afar(file, "-k multinomial -l 1e-6 --mix 1", -500, 0.930897919651);
  remove(file);
}

/* -- how a fit ends -------------------------------------------------------------------------------------- */

/* A stop of the library is a success only where it is one there, or where what is left is
 * lost in rounding. */
Test(fit, no_stop_is_a_success_by_accident)
{
  session s;
  session_open(&s, DATA "/diabetes.csv", "");
  fit_outcome o = {.objective = 1000};
  const fit t = fit_begin(&s.t.problem, s.t.theta, &s.t.settings, &o);
  for (int stop = TG_RUNNING; stop <= TG_STOP_ERROR; stop++) {
    const fit_stop far = fit_stop_of(&t, (tg_stop)stop, 1);
    const bool epochs = stop == TG_STOP_EPOCHS || stop == TG_STOP_PATIENCE;
    cr_expect_eq(fit_stop_kind(far) == FIT_SUCCESS, tg_converged((tg_stop)stop) || epochs, "%s: %s",
                 tg_stop_string((tg_stop)stop), fit_stop_string(far));
    cr_expect_eq(fit_converged(far), tg_converged((tg_stop)stop));
  }
  cr_expect_eq(fit_stop_of(&t, TG_STOP_STALLED, 1e-12), FIT_ROUNDING);
  cr_expect_eq(fit_stop_of(&t, TG_STOP_STALLED, 1e-6), FIT_STALLED);
  o.objective = 1e-27; /* as exact as the target */
  cr_expect_eq(fit_stop_of(&t, TG_STOP_STALLED, 1e-6), FIT_ROUNDING);
  session_close(&s);
}

/* The program asks the library what a method can do: a row of the library's table is a method here. */
Test(fit, every_method_of_the_library_has_its_way)
{
  tg_method m;
  size_t batches = 0, refused = 0, i = 0;
  for (const char *name; (name = tg_method_list(i)) != NULL; i++) {
    cr_assert_eq(tg_method_named(&m, name), TG_OK);
    cr_expect(method_exists(name));
    batches += method_sees_batches(name);
    refused += !method_fits(&m);
    cr_expect(!method_sees_batches(name) || (method_has_rate(name) && method_fits(&m)), "%s", name);
    cr_expect_eq(method_takes_lasso(&m), strcmp(name, "lbfgs") == 0, "%s", name);
  }
  cr_expect_eq(refused, 3); /* linear_cg, secant, levenberg_marquardt */
  cr_expect_geq(batches, 13);
  cr_expect(method_exists("auto") && method_exists("proximal") && !method_exists("simplex"));
  cr_expect(!method_sees_batches("proximal Newton"));
  tg_method_named(&m, "newton_cg");
  cr_expect(method_needs_curvature(&m));
  tg_method_named(&m, "bfgs");
  cr_expect(!method_needs_curvature(&m));
  cr_expect(method_has_rate("gd") && !method_sees_batches("gd"));
}

/* As many coefficients as rows, and columns far from 0: what is left is the rounding of the terms of a
 * prediction. */
Test(fit, an_exact_fit_is_as_low_as_rounding_allows)
{
  const char *file = data_file(
      "c0,c1,c2,c3,y\n"
      "3.057493885789455,9.168927179768653e-05,1.586214429173293,-1555.2876121234397,1.8513829256526733\n"
      "-1982.1027124181405,-0.0008913282496036592,-1.0636828877145805,-31501.7921240556,50.91034691204808\n"
      "-82.37408016108944,0.0029996721668794626,1.7210338675763375,-1620.1677910012647,4.508697722665486\n"
      "-196.26862300989487,0.00047276511861876465,1.5684704948632073,-9006.89992835636,11.985848885935257\n"
      "353.64827727435954,0.0005069226051130764,2.258610207227936,-286.03144338504546,-0.7774870432109604\n");
  static const char *const words[] = {"-k linear", "-k linear --loss huber --delta 8e-5"};
  for (size_t i = 0; i < 2; i++) {
    session s;
    session_open(&s, file, words[i]);
    session_run(&s);
    cr_expect(fit_converged(s.t.outcome.stop), "%s: %s", words[i], fit_stop_string(s.t.outcome.stop));
    session_close(&s);
  }
  remove(file);
}

static double uniform(unsigned long long *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) / 9007199254740992.0;
}

static void random_rows(char *out, bool classes, unsigned long long *state)
{
  out += sprintf(out, "a,b,c,y\n");
  const int rows = 6 + (int)(20 * uniform(state));
  for (int i = 0; i < rows; i++) {
    const double a = 100 + uniform(state), b = 1e-3 * (uniform(state) - 0.5),
                 c = 50 * uniform(state) * uniform(state);
    const double noise = uniform(state) < 0.1 ? 1000 : uniform(state);
    out += sprintf(out, "%.12g,%.12g,%.12g,", a, b, c);
    if (classes)
      out += sprintf(out, "%c\n", i < 4 ? "pqpq"[i] : "pq"[uniform(state) < 0.5]);
    else
      out += sprintf(out, "%.12g\n", a + 1000 * b - c / 10 + noise);
  }
}

/* Newton's method, damped under an L1 penalty, knows when it has arrived, and is nowhere above L-BFGS. */
Test(fit, newton_arrives_on_random_rows_and_says_so)
{
  static const char *const words[] = {"-k linear --loss huber",
                                      "-k linear --loss huber --delta 0.01 -l 0.01 --mix 1",
                                      "-k linear --loss huber -l 1e-4 --mix 0.5 --penalty-on standardized",
                                      "-k linear --loss huber --delta 1e-3 -l 1",
                                      "-k logistic -l 1 --mix 1",
                                      "-k logistic -l 1e-3 --mix 0.5 --penalty-on standardized",
                                      "-k logistic -l 1e-6"};
  static char rows[1 << 14];
  unsigned long long state = 20;
  for (size_t i = 0; i < 10 * sizeof words / sizeof *words; i++) {
    const char *how = words[i % (sizeof words / sizeof *words)];
    char with[200];
    double objective[2];
    random_rows(rows, strstr(how, "logistic") != NULL, &state);
    const char *file = data_file(rows);
    for (int lbfgs = 0; lbfgs < 2; lbfgs++) {
      session s;
      snprintf(with, sizeof with, "%s --method %s", how, lbfgs ? "lbfgs --tolerance 1e-14" : "newton");
      session_open(&s, file, with);
      session_run(&s);
      objective[lbfgs] = s.t.outcome.objective;
      cr_expect(lbfgs || fit_converged(s.t.outcome.stop), "%zu %s: %s", i, how,
                fit_stop_string(s.t.outcome.stop));
      session_close(&s);
    }
    cr_expect(objective[0] <= objective[1] * (1 + 1e-9), "%zu %s: %.15g %.15g", i, how, objective[0],
              objective[1]);
    remove(file);
  }
}

/* The loss asked for, not that of the stage it was cut short in: at the first point of all it is the mean
 * distance from the start. */
Test(fit, an_absolute_fit_cut_short_is_told_by_its_own_loss)
{
  const char *file = data_file("x,y\n0,1.5\n0,2.25\n0,100.5\n1,7\n1,9.5\n1,1000\n");
  session s;
  session_open(&s, file, "--kind linear --loss absolute --max-iterations 1");
  session_run(&s);
  double sum = 0;
  static const double y[] = {1.5, 2.25, 100.5, 7, 9.5, 1000};
  for (size_t i = 0; i < 6; i++)
    sum += fabs(y[i] - s.t.model.theta[1] - (i > 2 ? s.t.model.theta[0] : 0)) / 6;
  cr_expect_eq(s.t.outcome.stop, FIT_ITERATIONS);
  cr_expect_eq(s.t.outcome.iterations, 1);
  cr_expect_lt(fabs(s.t.outcome.objective / sum - 1), 1e-4, "%g %g", s.t.outcome.objective, sum);
  session_close(&s);
  remove(file);
}
