/* The expanded form of a sweep: one direction, no mask, and a case for every opcode, grown from the rows of ops.def. It
 * is a loop over a switch on the opcode of the node at hand:
 *
 *   BEGIN_CASES                      to the case of the first node
 *   CASE(TG_OP_exp) { ... NEXT; }    NEXT: to the case of the next node, or, after the last, to the label `done`
 *   END_CASES
 *   done:
 *
 * Where the compiler knows labels as values (gcc, clang) there is no switch: every case ends with a jump of its own,
 * through the table in labels.inc, and the processor predicts each by itself. That is a third faster, as measured by
 * tests/bench. Elsewhere, and with TG_PLAIN_SWITCH, it is a plain switch in a plain loop.
 *
 * A file with such a sweep defines PASSED_THE_END before it: an expression that moves i to the next node and tells
 * whether there is none. Its function has the variables t, nodes, constants, i, and the `word` of node i. */
#ifndef TG_CASES_H
#define TG_CASES_H

#include "kinks.h"
#include "nary_tape.h"
#include "special.h"
#include "sweeps.h"

#if defined __GNUC__ && !defined TG_PLAIN_SWITCH
#define THREADED
#pragma GCC diagnostic ignored "-Wpedantic" /* labels as values */
#define BEGIN_CASES goto *labels[tg_opcode_(word)];
#define CASE(op) L_##op:
#define NEXT                                                                                                 \
  do {                                                                                                       \
    if (PASSED_THE_END) goto done;                                                                           \
    word = nodes[i].word_;                                                                                   \
    goto *labels[tg_opcode_(word)];                                                                          \
  } while (0)
#define END_CASES
#else
#define BEGIN_CASES                                                                                          \
  for (;;) {                                                                                                 \
    switch (tg_opcode_(word)) {
#define CASE(op) case op:
#define NEXT break
#define END_CASES                                                                                            \
  default: break;                                                                                            \
    }                                                                                                        \
    if (PASSED_THE_END) goto done;                                                                           \
    word = nodes[i].word_;                                                                                   \
    }
#endif
#define CASES(name) CASE(TG_OP_##name) CASE(TG_OP_##name##_vc) CASE(TG_OP_##name##_cv)

/* The operands of the current word, and values of nodes. */
#define A ((size_t)tg_operand_a_(word))
#define B ((size_t)tg_operand_b_(word))
#define PRIMAL(i) nodes[i].primal_
#define LISTED(k) tg_entry_value_(t, t->operands[A + (k)])

/* Columns that are zero everywhere are written 0.0 in their row and cost nothing: their terms vanish when this is
 * compiled. */
#ifdef __GNUC__
#define LITERAL_ZERO(d) (__builtin_constant_p(d) && (d) == 0.0)
#else
#define LITERAL_ZERO(d) ((d) == 0.0)
#endif
#define PRODUCT(d, w) (LITERAL_ZERO(d) ? 0.0 : (d) * (w))
#define ADD_PRODUCT(target, d, w)                                                                            \
  do {                                                                                                       \
    if (!LITERAL_ZERO(d)) (target) += (d) * (w);                                                             \
  } while (0)

/* Columns that a row does not use. */
#define SILENT(x, y, v) (void)(x), (void)(y), (void)(v)

#endif
