/* Making a program value by value: what lifts a tape and what rewrites one program into another.
 *
 * Of equal elements or calls that are asked for as shared there is one; constants are always shared. Sharing an
 * element changes no bit of its value, but adjoints then add up in another order. */
#ifndef TG_PROGRAM_BUILD_H
#define TG_PROGRAM_BUILD_H

#include "program.h"

typedef struct tg_builder_ {
  tg_program_ program;
  uint64_t
      *table; /* of hashed values, open addressing; 0: empty, else value + 1 and the upper half of its hash */
  size_t table_size, hashed;
  tg_status status; /* the first failure; values made after it mean nothing */
} tg_builder_;

/* A program of so many inputs; `expected` values are made room for. Then the functions below, which answer the
 * value made or found, then tg_build_end_. */
void tg_build_begin_(tg_builder_ *b, size_t inputs, size_t expected);

uint32_t tg_build_constant_(tg_builder_ *b, double c);
uint32_t tg_build_held_(tg_builder_ *b, double at);
uint32_t tg_build_live_(tg_builder_ *b, const double *pointer, bool shared);
uint32_t tg_build_element_(tg_builder_ *b, unsigned op, const uint32_t *operand, bool shared);
uint32_t tg_build_guard_(tg_builder_ *b, unsigned op, const uint32_t *operand, bool expected, bool shared);
/* The first of what->m outputs. The operands are what->n values in any memory but the program's lists. */
uint32_t tg_build_call_(tg_builder_ *b, const tg_nary_ *what, const uint32_t *operand, bool shared);
void tg_build_output_(tg_builder_ *b, uint32_t value);

/* Hands the program over, or frees it when something failed. */
tg_status tg_build_end_(tg_builder_ *b, tg_program_ *p);

#endif
