/* Random programs over all of ops.def: directed acyclic graphs of operations, each sampled where it is smooth,
 * with constants, guards, live constants and custom operations mixed in. */
#ifndef TG_TESTS_RANDOM_PROGRAM_H
#define TG_TESTS_RANDOM_PROGRAM_H

#include "tapegrad/function.h"

/* splitmix64 (Steele, Lea and Flood 2014) */
typedef struct random_state {
  uint64_t s;
} random_state;

uint64_t random_bits(random_state *r);
size_t random_below(random_state *r, size_t n); /* 0 .. n-1 */
double random_between(random_state *r, double low, double high);
void random_vector(random_state *r, double *x, size_t n, double low, double high);

enum { PROGRAM_INPUTS = 6, PROGRAM_OUTPUTS = 6, PROGRAM_STEPS = 24, PROGRAM_OPERANDS = 5 };

typedef struct program_step {
  int kind, row; /* row of the table of operations */
  size_t operands;
  int operand[PROGRAM_OPERANDS];     /* an earlier value, or -1 for the constant beside it */
  double constant[PROGRAM_OPERANDS]; /* already inside the interval of the operation */
  int squash[PROGRAM_OPERANDS];      /* how an operand is brought into it */
} program_step;

typedef struct random_program {
  size_t n, m, steps;
  bool guards; /* has any */
  program_step step[PROGRAM_STEPS];
  int output[PROGRAM_OUTPUTS]; /* a value, or -1: a constant */
  double live;                 /* read through tg_live */
} random_program;

/* Everything about the program follows from *r. */
void random_program_make(random_program *p, random_state *r);

/* The callbacks to record; `user` is the program. The scalar one adds the outputs up, weighted. */
void random_program_vector(const tg_var *x, size_t n, tg_var *y, size_t m, void *user);
tg_var random_program_scalar(const tg_var *x, size_t n, void *user);

/* The outputs computed from constants, nothing recorded. */
void random_program_plain(random_program *p, const double *x, double *y);

/* One line a step, to find out about a failing one. */
void random_program_print(const random_program *p);

#endif
