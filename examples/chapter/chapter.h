/* What the figures of chapter 4 share. "The chapter" is "Optimization Algorithms" in B. Liquet, S. Moka, Y.
 * Nazarathy, Mathematical Engineering of Deep Learning (CRC Press 2024); (4.n) are its equations.
 *
 * A figure writes its data into the working directory, in files that begin with its number, and a gnuplot
 * script draws them. A failure prints a line and ends the program. */
#ifndef CHAPTER_H
#define CHAPTER_H

#include <stdio.h>

#include <tapegrad/tapegrad.h>

/* `steps` is how many steps (figure 4.4: epochs) are made; figures without steps ignore it. */
void figure_4_1(size_t steps);
void figure_4_2(size_t steps);
void figure_4_3(size_t steps);
void figure_4_4(size_t steps);
void figure_4_5(size_t steps);
void figure_4_6(size_t steps);
void figure_4_7(size_t steps);
void figure_4_8(size_t steps);
void figure_4_9(size_t steps);
void figure_4_10(size_t steps);

/* Prints the numbers that the chapter works out. */
void worked_numbers(void);

/* Rosenbrock's function (1 - theta_1)^2 + 100 (theta_2 - theta_1^2)^2, (4.9). */
var rosenbrock(const var *theta, size_t n, void *user);
tg_function *rosenbrock_function(void);

/* Gradient descent with the exact line search (4.43). */
tg_method steepest_descent(void);
/* One step of it from theta, which moves; answers the length alpha*. */
double exact_step(tg_function *f, double theta[2]);
/* One step of Newton's method in one variable, (4.51): theta - C'(theta) / C''(theta). */
double newton_step(tg_function *c, double theta);

void must(tg_status s, const char *what);

/* A new data file; its first line says what the columns are. */
FILE *open_data(const char *name, const char *columns);
void close_data(FILE *file);

/* C over a square of points x points, in the form that gnuplot's splot reads: theta_1, theta_2, value. */
void write_surface(const char *name, tg_objective c, double low, double high, size_t points);
/* The iterates of a method from a start in the plane: t, theta_1, theta_2. */
void write_path(const char *name, tg_objective c, tg_method m, const double start[2], size_t steps);
/* The same for a run that the caller has made, which is freed. */
void write_run(const char *name, tg_run *run, const double start[2], size_t steps);

#endif
