/* The workloads of the benchmarks as plain C loops, written by hand with their derivatives: what ratios are to.
 * All means over samples; rows of x are samples. */
#ifndef BENCH_HAND_H
#define BENCH_HAND_H
#include <stddef.h>

/* W1: chained Rosenbrock, sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2. */
double hand_rosenbrock(const double *x, size_t n, double *gradient);
void hand_rosenbrock_hvp(const double *x, size_t n, const double *v, double *hv);

/* W2: logistic regression, log(1 + exp(-y theta'x)), y = +-1; theta has p entries. */
double hand_logistic(const double *theta, const double *x, const double *y, size_t n, size_t p,
                     double *gradient);
void hand_logistic_hvp(const double *theta, const double *x, const double *y, size_t n, size_t p,
                       const double *v, double *hv);

/* W3: multinomial regression, -log softmax(W x + b)[label]; theta = W (k x p), then b. */
double hand_multinomial(const double *theta, const double *x, const double *label, size_t n, size_t p,
                        size_t k, double *gradient);

/* W5: a net with one hidden layer of h tanh units; theta = W1 (h x p), b1, W2 (k x h), b2. */
double hand_net(const double *theta, const double *x, const double *label, size_t n, size_t p, size_t h,
                size_t k, double *gradient);

/* W6: sin(t1 t2) + exp(t2 + t3) - 2 t3. */
double hand_small(const double *t, double *gradient);
#endif
