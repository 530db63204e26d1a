/* A program: the operations of a recording as a list of values, from any inputs to any outputs.
 *
 * A tape is made for speed of recording: operands are packed into words and constants stand in tables. A program
 * is made for reading and rewriting. Every value is one line, and operands stand before what uses them:
 *
 *   v0 = input 0            double f(x0, x1) { return exp(x0 * x1) + 2 * (x0 * x1); }
 *   v1 = input 1
 *   v2 = mul v0 v1          lift.h     a program from a tape
 *   v3 = exp v2             build.h    a program made value by value, equal values one if so wished
 *   v4 = 2                  analyse.h  what can be asked of one: uses, dependence on inputs
 *   v5 = mul v4 v2          emit.h     a tape from a program, or from the part that some outputs need
 *   v6 = add v3 v5          print.c    the lines above
 *   output 0 = v6
 *
 * Whoever needs a property of values that is not here computes it into an array of its own, indexed by value. A
 * program stands by itself: the tape it came from may go. */
#ifndef TG_PROGRAM_H
#define TG_PROGRAM_H

#include "nary_tape.h"

#include <stdio.h>

#define TG_NO_VALUE UINT32_MAX

typedef enum tg_value_kind_ {
  TG_VALUE_INPUT,    /* value k is input k: the inputs come first */
  TG_VALUE_HELD,     /* an input of the tape that is none of the program's: stays at `number` */
  TG_VALUE_LIVE,     /* *pointer, read again at every evaluation */
  TG_VALUE_CONSTANT, /* `number` */
  TG_VALUE_ELEMENT,  /* op (a base opcode) of operand[0 .. arity) */
  TG_VALUE_GUARD,    /* likewise, a comparison that must come out as `expected` */
  TG_VALUE_OUTPUT    /* output operand[1] of call operand[0] */
} tg_value_kind_;

typedef struct tg_value_ {
  uint8_t kind, op, arity;
  bool expected;
  uint32_t operand[3];
  union {
    double number;
    const double *pointer;
  };
} tg_value_;

/* One operation with many operands or outputs. */
typedef struct tg_call_ {
  tg_nary_ what;   /* its `first` counts in the program's lists, which hold values */
  uint32_t output; /* the first of what.m values in a row */
} tg_call_;

typedef struct tg_program_ {
  tg_value_ *values;
  size_t count, capacity;
  size_t inputs;
  tg_call_ *calls;
  size_t call_count, call_capacity;
  uint32_t *lists; /* operands of calls */
  size_t list_count, list_capacity;
  uint32_t *outputs;
  size_t output_count, output_capacity;
} tg_program_;

void tg_program_free_(tg_program_ *p); /* what it holds; all zeros hold nothing */

/* The operands of a value in order; those of a call, for each of its outputs. */
typedef struct tg_arguments_ {
  const uint32_t *value;
  uint32_t count;
} tg_arguments_;

static inline tg_arguments_ tg_value_arguments_(const tg_program_ *p, uint32_t value)
{
  const tg_value_ *v = &p->values[value];
  if (v->kind != TG_VALUE_OUTPUT) return (tg_arguments_){v->operand, v->arity};
  const tg_nary_ *what = &p->calls[v->operand[0]].what;
  return (tg_arguments_){p->lists + what->first, what->n};
}

/* One line a value, in words. TG_E_CALLBACK when writing fails. */
tg_status tg_program_print_(const tg_program_ *p, FILE *out);

#endif
