/* The kernels of the lane engine beside plain loops that do the same work, in ns per multiply-add (affine,
 * outer) or per element (elementary functions). Run by hand: a figure, not a test. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kernels.h"

enum { L = 64, MAX_ROWS = 32, MAX_COLUMNS = 64, REPEATS = 40, INNER = 60, ELEMENTS = 1024 };
_Alignas(64) static double x[MAX_COLUMNS * L], y[MAX_ROWS * L], w[MAX_ROWS * MAX_COLUMNS],
    sum[MAX_ROWS * MAX_COLUMNS];
_Alignas(64) static double from[ELEMENTS], to[ELEMENTS];
static uint32_t offset[MAX_COLUMNS];

static double now(void)
{
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void plain_affine(size_t rows, size_t columns)
{
  for (size_t r = 0; r < rows; r++) {
    double *yr = y + r * L;
    for (size_t l = 0; l < L; l++) yr[l] = 0;
    for (size_t c = 0; c < columns; c++)
      for (size_t l = 0; l < L; l++) yr[l] += w[r * columns + c] * x[c * L + l];
  }
}

static void plain_outer(size_t rows, size_t columns)
{
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      double s = 0;
      for (size_t l = 0; l < L; l++) s += y[r * L + l] * x[c * L + l];
      sum[r * columns + c] += s;
    }
}

static void shape(const tg_kernels_ *k, size_t rows, size_t columns)
{
  const tg_affine_ a = {.rows = rows,
                        .columns = columns,
                        .lanes = L,
                        .w = w,
                        .row_step = columns,
                        .column_step = 1,
                        .x = x,
                        .x_offset = offset,
                        .y = y,
                        .y_offset = offset};
  const tg_outer_ o = {.rows = rows,
                       .columns = columns,
                       .lanes = L,
                       .u = y,
                       .u_offset = offset,
                       .x = x,
                       .x_offset = offset,
                       .sum = sum,
                       .row_step = columns};
  double best[2] = {1e300, 1e300};
  for (int i = 0; i < REPEATS; i++) {
    double t = now();
    for (int j = 0; j < INNER; j++) k != NULL ? k->affine(&a) : plain_affine(rows, columns);
    best[0] = fmin(best[0], now() - t);
    t = now();
    for (int j = 0; j < INNER; j++) k != NULL ? k->outer(&o) : plain_outer(rows, columns);
    best[1] = fmin(best[1], now() - t);
  }
  const double work = (double)(rows * columns * L) * INNER;
  printf("%-7s %2zu x %2zu: affine %.4f  outer %.4f ns per multiply-add\n", k != NULL ? k->name : "loops",
         rows, columns, best[0] / work, best[1] / work);
}

static const struct {
  const char *name;
  unsigned op;
  double (*libm)(double);
} functions[] = {
    {"exp", TG_OP_exp, exp},
    {"exp2", TG_OP_exp2, exp2},
    {"expm1", TG_OP_expm1, expm1},
    {"log", TG_OP_log, log},
    {"log1p", TG_OP_log1p, log1p},
    {"tanh", TG_OP_tanh, tanh},
    {"sigmoid", TG_OP_sigmoid, NULL},
    {"softplus", TG_OP_softplus, NULL},
    {"log_sigmoid", TG_OP_log_sigmoid, NULL},
    {"sin", TG_OP_sin, sin},
    {"cos", TG_OP_cos, cos},
    {"sqrt", TG_OP_sqrt, sqrt},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static void elementary(const tg_kernels_ *k, size_t f)
{
  double best = 1e300;
  if (k == NULL && functions[f].libm == NULL) return;
  for (int i = 0; i < REPEATS; i++) {
    const double t = now();
    for (int j = 0; j < 10; j++) {
      if (k != NULL)
        k->rows[functions[f].op].value(from, NULL, NULL, to, ELEMENTS);
      else
        for (size_t e = 0; e < ELEMENTS; e++) to[e] = functions[f].libm(from[e]);
    }
    best = fmin(best, now() - t);
  }
  printf("%-7s %-11s %.2f ns\n", k != NULL ? k->name : "libm", functions[f].name, best / 10 / ELEMENTS);
}

int main(void)
{
  for (size_t i = 0; i < MAX_COLUMNS; i++) offset[i] = (uint32_t)(i * L);
  for (size_t i = 0; i < MAX_COLUMNS * L; i++) x[i] = (double)rand() / RAND_MAX;
  for (size_t i = 0; i < MAX_ROWS * MAX_COLUMNS; i++) w[i] = (double)rand() / RAND_MAX;
  for (size_t i = 0; i < ELEMENTS; i++) from[i] = 0.001 + 2.0 * rand() / RAND_MAX;
  static const size_t shapes[][2] = {{1, 50}, {10, 64}, {32, 64}, {10, 32}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    shape(NULL, shapes[i][0], shapes[i][1]);
    for (size_t l = 0; tg_kernels_at_(l) != NULL; l++) shape(tg_kernels_at_(l), shapes[i][0], shapes[i][1]);
  }
  for (size_t f = 0; f < FUNCTIONS; f++) {
    elementary(NULL, f);
    for (size_t l = 0; tg_kernels_at_(l) != NULL; l++) elementary(tg_kernels_at_(l), f);
  }
  return 0;
}
