/* Prints optima.h: the least value of penalised softmax regression on the shipped data, by the reference of
 * reference.h. Run it again if the data or the objective change: make_optima > optima.h */
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void print_optimum(const loaded *l, const char *set, int power, bool standardized)
{
  reference r = reference_new(l, powl(10, power), 0, standardized);
  real *theta = calloc(r.n, sizeof *theta);
  printf("{\"%s\", \"%s\", %s, %.17Lg},\n", set,
         power == 0    ? "1"
         : power == -2 ? "1e-2"
                       : "1e-4",
         standardized ? "true" : "false", reference_solve(&r, theta, NULL));
  fflush(stdout);
  free(theta);
  reference_free(&r);
}

int main(int argc, char **argv)
{
  static const char *const set[] = {"iris", "wine", "breast_cancer", "digits"};
  const char *folder = argc > 1 ? argv[1] : DATA;
  printf("/* Made by make_optima.c: name, strength of the L2 penalty, penalty on standardized columns, least "
         "value. */\n");
  for (size_t i = 0; i < 4; i++) {
    char file[1000], *arguments[] = {"tapegrad-train", "fit", file};
    failure f;
    options o;
    loaded l;
    snprintf(file, sizeof file, "%s/%s.csv", folder, set[i]);
    if (!options_parse(&o, 3, arguments, &f) || !load(&l, &o, &f)) return puts(f.text), 1;
    for (int standardized = 0; standardized < 2; standardized++) {
      for (int power = 0; power >= -4; power -= 2) print_optimum(&l, set[i], power, standardized != 0);
    }
    loaded_free(&l);
  }
  return 0;
}
