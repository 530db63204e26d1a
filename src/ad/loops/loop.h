/* A loop as one operation with many operands: from the uniforms of its body to the sum of its terms.
 *
 * Its value, products and second order are those of a finite sum over the iterations, in lanes. A gradient is
 * computed with the value where one was asked for after the last value, so that a driver that wants both sweeps
 * the iterations once. */
#ifndef TG_LOOPS_LOOP_H
#define TG_LOOPS_LOOP_H

#include "iteration.h"
#include "runner.h"

#include <stdio.h>

typedef struct tg_loop_ tg_loop_;

/* *made is NULL, with TG_OK, where lanes cannot run it. Nothing of the body is kept. */
tg_status tg_loop_new_(tg_loop_ **made, const tg_loop_body_ *body);
void tg_loop_free_(tg_loop_ *l);

/* Loops of one tape hang together: where the next is kept. The second frees l and all that hang on it. */
tg_loop_ **tg_loop_next_(tg_loop_ *l);
void tg_loops_free_(tg_loop_ *l);

/* Its record on a tape, but for the operands: those of the body, in order. */
tg_nary_ tg_loop_record_(const tg_loop_ *l);

/* The nodes its operands are, on the tape that is swept. To be called once. */
void tg_loop_bind_(tg_loop_ *l, const uint32_t *node);

size_t tg_loop_bytes_(const tg_loop_ *l);
void tg_loop_threads_(tg_loop_ *l, unsigned threads);

/* *zero_rule grows by how often rule R5 was needed, from now on. */
void tg_loop_count_(tg_loop_ *l, size_t *zero_rule);
tg_status tg_loop_print_(const tg_loop_ *l, FILE *out);

#endif
