/* The figures of the chapter are drawn by their command, and the data they leave are read back and judged. */
#define _POSIX_C_SOURCE 200809L /* popen, mkdir */
#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLUMNS = 4, ROWS = 20000 };

typedef struct data {
  double (*row)[COLUMNS];
  size_t rows;
} data;

/* A figure's directory is its own: tests run side by side. */
static void draw(const char *number, int steps)
{
  char line[4096];
  mkdir(OUTPUT, 0777);
  int length = snprintf(line, sizeof line, "\"%s\" %s \"%s/%s\"", FIGURE, number, OUTPUT, number);
  if (steps > 0) length += snprintf(line + length, sizeof line - (size_t)length, " %d", steps);
  cr_assert(length < (int)sizeof line);
  cr_assert(system(line) == 0, "%s", line);
}

static data read_data(const char *number, const char *name, int columns)
{
  char path[4096], line[256];
  snprintf(path, sizeof path, "%s/%s/%s-%s.dat", OUTPUT, number, number, name);
  FILE *const in = fopen(path, "r");
  cr_assert(in, "%s", path);
  data d = {calloc(ROWS, sizeof *d.row), 0};
  cr_assert(d.row);
  while (fgets(line, sizeof line, in)) {
    if (line[0] == '#' || line[0] == '\n') continue;
    cr_assert(d.rows < ROWS, "%s", path);
    double *const r = d.row[d.rows++];
    cr_assert(sscanf(line, "%lf %lf %lf %lf", &r[0], &r[1], &r[2], &r[3]) == columns, "%s: %s", path, line);
  }
  fclose(in);
  return d;
}

static double between(const double *a, const double *b) { return hypot(a[1] - b[1], a[2] - b[2]); }

Test(chapter, worked_numbers_are_those_of_the_text)
{
  static const char *const expected[] = {
      "Newton's method (4.52): 1.5 5.25 3.5956 3.0683 3.0011\n",
      "Newton's method on -theta^4/4 + 5 theta^2/2: -1 1 -1 1 -1\n",
      "alpha* from (0.8, 0) on (4.9): 0.0016483\n",
  };
  char line[256];
  FILE *const out = popen("\"" FIGURE "\" numbers", "r");
  cr_assert(out);
  for (size_t i = 0; i < 3; i++) {
    cr_assert(fgets(line, sizeof line, out));
    cr_expect_str_eq(line, expected[i]);
  }
  cr_expect(pclose(out) == 0);
}

/* The script that draws the figure, as it came to lie beside its data. */
static const char *script(const char *number)
{
  static char text[8192];
  char path[4096];
  snprintf(path, sizeof path, "%s/%s/figure-%s.gp", OUTPUT, number, number);
  FILE *const in = fopen(path, "r");
  cr_assert(in, "%s", path);
  text[fread(text, 1, sizeof text - 1, in)] = '\0';
  fclose(in);
  return text;
}

/* Where `words` first stand in text; fails if they do not. */
static const char *at(const char *text, const char *words)
{
  const char *const found = strstr(text, words);
  cr_assert(found, "no '%s'", words);
  return found;
}

/* The third column of peaks' stationary points, by kind, to nine digits: a Newton iteration in Python's floats on
 * derivatives written by hand, from a grid of 101 x 101 starts, finds these and no others in the square. */
Test(chapter, figure_4_1_finds_all_extrema_and_saddle_points_of_peaks)
{
  static const double saddle[] = {0.408547925, 2.24919166, 0.788293463};
  draw("4.1", 0);
  const data e = read_data("4.1", "points", 4);
  int minima = 0, saddles = 0;
  double lowest = 0.0, highest = 0.0;
  for (size_t i = 0; i < e.rows; i++) {
    minima += e.row[i][3] > 0.0;
    if (e.row[i][3] == 0.0) {
      bool known = false;
      for (int k = 0; k < 3; k++) known |= fabs(e.row[i][2] - saddle[k]) < 1e-8;
      cr_expect(known, "%g", e.row[i][2]);
      saddles++;
    }
    lowest = fmin(lowest, e.row[i][2]);
    highest = fmax(highest, e.row[i][2]);
  }
  cr_expect(e.rows == 9 && minima == 3 && saddles == 3);
  const char *const red = at(script("4.1"), "$4 == 0"); /* the saddle points are drawn, and in red */
  cr_expect(at(red, "#d62728") < at(red, "saddle points"));
  cr_expect(fabs(lowest + 6.5511333) < 1e-6 && fabs(highest - 8.1062136) < 1e-6);
  cr_expect(read_data("4.1", "convex", 3).rows > 1000);
}

Test(chapter, figure_4_2_ends_in_a_jump_or_short_of_the_minimum)
{
  static const char *const fixed[] = {"fixed-0.005", "fixed-0.0025"}, *const decay[] = {"decay-0.005",
                                                                                        "decay-0.0025"};
  static const double rest[][COLUMNS] = {{0, 0.5359, 0.2849}, {0, 0.4004, 0.1574}}; /* the authors' */
  draw("4.2", 8000);
  for (int i = 0; i < 2; i++) {
    const data f = read_data("4.2", fixed[i], 3), d = read_data("4.2", decay[i], 3);
    cr_assert(f.rows == 8001 && d.rows == 8001);
    double(*const last)[COLUMNS] = &f.row[8000];
    cr_expect(between(last[0], last[-1]) > 0.03 && between(last[0], last[-2]) < 1e-4, "%s", fixed[i]);
    cr_expect(between(d.row[8000], d.row[7999]) < 1e-12 && between(d.row[8000], rest[i]) < 1e-4, "%s",
              decay[i]);
    cr_expect(f.row[0][1] == 0.2 && f.row[0][2] == -0.2 && d.row[0][1] == 0.2 && d.row[0][2] == -0.2);
  }
}

Test(chapter, figure_4_3_stochastic_gradients_settle_only_where_the_minima_coincide)
{
  draw("4.3", 0);
  const data apart = read_data("4.3", "apart-sgd", 3), together = read_data("4.3", "together-sgd", 3);
  const data descent = read_data("4.3", "apart-gd", 3);
  cr_assert(apart.rows == 1001 && together.rows == 1001 && descent.rows == 1001);
  /* The mean is least at sum c_i x_i1 / sum c_i and at the mean of x_i2. */
  const double least[COLUMNS] = {0, 22.0 / 12.0, 7.0 / 5.0}, common[COLUMNS] = {0, 2, 2};
  cr_expect(between(descent.row[1000], least) < 1e-6);
  cr_expect(between(together.row[1000], common) < 1e-6);
  double farthest = 0.0;
  for (size_t t = 800; t <= 1000; t++) farthest = fmax(farthest, between(apart.row[t], least));
  cr_expect(farthest > 0.1 && farthest < 1.5, "%g", farthest);
}

Test(chapter, figure_4_4_keeps_the_epoch_with_the_smallest_error)
{
  draw("4.4", 2);
  const data c = read_data("4.4", "curves", 3), best = read_data("4.4", "best", 2);
  cr_assert(c.rows == 2 && best.rows == 1);
  cr_expect(c.row[1][2] < c.row[0][2] && c.row[0][2] < log(10.0), "the training loss falls");
  const size_t epoch = c.row[1][1] < c.row[0][1] ? 2 : 1;
  cr_expect(best.row[0][0] == (double)epoch && best.row[0][1] == c.row[epoch - 1][1]);
}

Test(chapter, figure_4_5_is_even_chances_at_the_origin)
{
  draw("4.5", 0);
  const data s = read_data("4.5", "squared", 3), e = read_data("4.5", "entropy", 3);
  const size_t middle = 50 * 101 + 50;
  cr_assert(s.rows == 101 * 101 && e.rows == 101 * 101);
  cr_expect(s.row[middle][0] == 0.0 && s.row[middle][1] == 0.0);
  cr_expect(fabs(s.row[middle][2] - 0.25) < 1e-9 && fabs(e.row[middle][2] - log(2.0)) < 1e-9);
}

Test(chapter, figure_4_6_starts_alike_and_momentum_comes_farthest)
{
  draw("4.6", 0);
  const data p[] = {read_data("4.6", "beta-0", 3), read_data("4.6", "beta-0.5", 3),
                    read_data("4.6", "beta-0.9", 3)};
  const double optimum[COLUMNS] = {0, 1, 1};
  for (int i = 0; i < 3; i++) {
    cr_assert(p[i].rows == 1001);
    cr_expect(between(p[i].row[1], p[0].row[1]) < 1e-14, "alpha (1 - beta) is the same");
  }
  cr_expect(between(p[2].row[1000], optimum) < between(p[1].row[1000], optimum));
  cr_expect(between(p[1].row[1000], optimum) < between(p[0].row[1000], optimum));
}

Test(chapter, figure_4_7_names_the_operations)
{
  draw("4.7", 0);
  char text[4096];
  FILE *const in = fopen(OUTPUT "/4.7/figure-4.7.dot", "r");
  cr_assert(in);
  text[fread(text, 1, sizeof text - 1, in)] = '\0';
  fclose(in);
  cr_expect(strncmp(text, "digraph", 7) == 0);
  cr_expect(strstr(text, "sin") && strstr(text, "exp") && strstr(text, "mul") && strstr(text, "sum"));
  static const char *const names[] = {"theta_1 = input", "theta_2 = input", "theta_3 = input",
                                      "a_1 = mul",       "a_2 = add",       "a_3 = mul",
                                      "a_4 = sin",       "a_5 = exp",       "a_6 = sum"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) at(text, names[i]);
  int arrows = 0;
  for (const char *arrow = text; (arrow = strstr(arrow, "->")); arrow++) arrows++;
  cr_expect(arrows == 11);
}

Test(chapter, figure_4_8_steps_to_the_minimum_along_the_ray)
{
  draw("4.8", 0);
  const data best = read_data("4.8", "best", 4), along = read_data("4.8", "ray", 4);
  cr_assert(best.rows == 1 && along.rows == 301);
  cr_expect(fabs(best.row[0][0] - 0.0016483) < 5e-8);
  for (size_t i = 0; i < along.rows; i++) cr_expect(along.row[i][1] >= best.row[0][1]);
  const char *const text = script("4.8"); /* (a) is the ray in the plane, (b) the value along it */
  cr_expect(at(text, "(a)") < at(text, "using 3:4") && at(text, "using 3:4") < at(text, "(b)"));
  cr_expect(at(text, "(b)") < at(text, "\"4.8-ray.dat\" using 1:2"));
}

static double rosenbrock(const double *row)
{
  return pow(1.0 - row[1], 2) + 100.0 * pow(row[2] - row[1] * row[1], 2);
}

Test(chapter, figure_4_9_turns_at_right_angles_and_falls)
{
  draw("4.9", 0);
  const data p = read_data("4.9", "path", 3);
  cr_assert(p.rows == 1001);
  for (size_t t = 1; t + 1 < p.rows; t++) {
    const double *const a = p.row[t - 1], *const b = p.row[t], *const c = p.row[t + 1];
    const double dot = (b[1] - a[1]) * (c[1] - b[1]) + (b[2] - a[2]) * (c[2] - b[2]);
    cr_expect(fabs(dot) <= 1e-6 * between(a, b) * between(b, c), "step %zu", t);
    cr_expect(rosenbrock(c) < rosenbrock(b), "step %zu", t);
  }
}

Test(chapter, figure_4_10_steps_to_the_stationary_point_of_the_quadratic)
{
  draw("4.10", 0);
  const data convex = read_data("4.10", "convex-step", 2), concave = read_data("4.10", "concave-step", 2);
  cr_assert(convex.rows == 2 && concave.rows == 2);
  cr_expect(fabs(convex.row[1][0] - (2.5 + 12.5 / 11.0)) < 1e-8);
  cr_expect(convex.row[1][1] < convex.row[0][1] && concave.row[1][1] > concave.row[0][1]);
  const char *const text = script("4.10");
  at(text, "in \"concave convex\""); /* in this order */
  cr_expect(at(text, "panel eq \"convex\" ? \"(b) C'' > 0") < at(text, "\"(a) C'' < 0"));
}
