/* Data sets for train.sh, the same on every run: binary.csv (100,000 x 50), multinomial.csv (50,000 x 100, 10 classes)
 * and sparse.svm (20,000 x 10,000, 50 stored per row), written to the folder that is named. Labels are drawn from the
 * model itself. With a third argument the columns of the dense sets are correlated and of different units. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 20;

/* S. Vigna's splitmix64. */
static double uniform(void)
{
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

static double normal(void) { return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()); }

static FILE *create(const char *folder, const char *name)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  if (f != NULL) return f;
  perror(path);
  exit(1);
}

static size_t draw(const double *z, size_t classes)
{
  double sum = 0, u = uniform();
  for (size_t k = 0; k < classes; k++) sum += exp(z[k]);
  for (size_t k = 0; k + 1 < classes; k++) {
    u -= exp(z[k]) / sum;
    if (u < 0) return k;
  }
  return classes - 1;
}

/* Class 0 has logit 0 when there are two. */
static void dense(FILE *f, size_t rows, size_t p, size_t classes, int rough)
{
  double *w = calloc(classes * p, sizeof *w), *x = calloc(p, sizeof *x), z[16];
  if (w == NULL || x == NULL) exit(1);
  for (size_t j = classes == 2 ? p : 0; j < classes * p; j++) w[j] = normal() * (classes == 2 ? 0.5 : 0.2);
  for (size_t j = 0; j < p; j++) fprintf(f, "x%zu,", j);
  fputs("y\n", f);
  for (size_t i = 0; i < rows; i++) {
    const double common = normal();
    for (size_t j = 0; j < p; j++)
      x[j] = rough ? 0.7 * (j > 0 ? x[j - 1] : 0) + 0.5 * common + 0.5 * normal() : normal();
    for (size_t k = 0; k < classes; k++) {
      z[k] = 0;
      for (size_t j = 0; j < p; j++) z[k] += w[k * p + j] * x[j];
    }
    for (size_t j = 0; j < p; j++) {
      const double unit = rough ? pow(10, (double)(j % 5)) : 1;
      fprintf(f, "%.5g,", unit * x[j] + (rough ? 3 * unit : 0));
    }
    fprintf(f, "%c\n", 'a' + (int)draw(z, classes));
  }
  free(w), free(x);
}

static void sparse(FILE *f, size_t rows, size_t p, size_t stored)
{
  double *w = calloc(p, sizeof *w);
  if (w == NULL) exit(1);
  for (size_t j = 0; j < p; j++) w[j] = normal();
  for (size_t i = 0; i < rows; i++) {
    double z[2] = {0, 0};
    char line[4096];
    size_t used = 0;
    for (size_t s = 0; s < stored; s++) {
      const size_t each = p / stored, j = s * each + (size_t)(uniform() * (double)each);
      const double x = 2 * uniform() - 1;
      z[1] += w[j] * x;
      used += (size_t)snprintf(line + used, sizeof line - used, " %zu:%.5g", j + 1, x);
    }
    fprintf(f, "%s%s\n", draw(z, 2) ? "+1" : "-1", line);
  }
  free(w);
}

int main(int argc, char **argv)
{
  if (argc < 2) return 1;
  const int rough = argc > 2;
  FILE *f = create(argv[1], "binary.csv");
  dense(f, 100000, 50, 2, rough);
  fclose(f);
  f = create(argv[1], "multinomial.csv");
  dense(f, 50000, 100, 10, rough);
  fclose(f);
  if (rough) return 0;
  f = create(argv[1], "sparse.svm");
  sparse(f, 20000, 10000, 50);
  return fclose(f) != 0;
}
