/* Between the tape and the compiled body: the operations of one sample as a graph of distinct values. */
#ifndef TG_LANES_GRAPH_H
#define TG_LANES_GRAPH_H

#include "body.h"

typedef enum tg_value_form_ {
  TG_VALUE_UNIFORM,  /* a = node of the tape; depends on theta only */
  TG_VALUE_CONSTANT, /* number */
  TG_VALUE_COLUMN,   /* a = column of the sample */
  TG_VALUE_ELEMENT,  /* op applied to operand[0..arity) */
  TG_VALUE_OUTPUT    /* output number `b` of call `a` */
} tg_value_form_;

typedef struct tg_value_ {
  tg_value_form_ form;
  unsigned op, arity;
  uint32_t a, b;
  uint32_t operand[3];
  uint32_t uses; /* by live values, guards and as the loss */
  bool live, expected;
  double number;
} tg_value_;

/* One operation with many operands or outputs; operands are values in `lists`. */
typedef struct tg_call_ {
  const tg_nary_ *record;
  uint32_t first; /* operands in lists */
  bool live;
} tg_call_;

typedef struct tg_graph_ {
  const tg_tape *tape;
  size_t d, columns;
  tg_value_ *values;
  size_t count, capacity;
  tg_call_ *calls;
  size_t call_count, call_capacity;
  uint32_t *lists;
  size_t list_count, list_capacity;
  uint32_t *of_node;  /* the value of every node of the tape */
  uint8_t *node_live; /* nodes that depend on theta only and are needed */
  uint32_t *seen;     /* hash table of values, open addressing; 0: empty, else value + 1 */
  size_t seen_size;
  uint32_t loss;
  tg_status status; /* the first failure */
} tg_graph_;

tg_status tg_graph_lift_(tg_graph_ *g, const tg_function *f, size_t d, size_t columns);
void tg_graph_clear_(tg_graph_ *g);
uint32_t tg_graph_constant_(tg_graph_ *g, double c);

/* The part of the tape that depends on theta only, as a function from theta to the nodes result[0..m). */
tg_status tg_graph_uniform_(const tg_graph_ *g, const tg_function *f, const uint32_t *result, size_t m,
                            tg_function **made);

/* Does the value differ from sample to sample? (An element made here of uniforms counts as if it did.) */
static inline bool tg_varies_(const tg_graph_ *g, uint32_t value)
{
  return g->values[value].form >= TG_VALUE_COLUMN;
}

#endif
