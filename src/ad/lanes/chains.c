/* Chains of additions and products as steps.
 *
 * A sum that is used once, by another sum, is no value of its own: the two are one chain, and so on up to the sum that
 * something else uses. Its terms, first to last, are a uniform alone, a uniform times a vector, a vector, or a product
 * of two vectors. Runs of terms of one kind are segments: uniforms times vectors become a row of a matrix
 * (matrices.c), products of vectors a step of their own; each goes on from the slot that the segment before it has
 * filled. Terms are never reordered: sums keep their bits, but for the rounding of fused multiplication. */
#include "compile.h"

/* ---- Which values are terms. ---- */

static bool may_absorb(const tg_compiler_ *c, uint32_t v) { return c->e.uses[v] == 1 && v != tg_loss_of_(c); }

/* Which operand of the sum v continues the chain: 0, 1, or 2 for neither. The order of the terms is kept: in
 * a + (b1 + b2) the bracket comes first, and addition commutes. */
static unsigned continued_by(const tg_compiler_ *c, uint32_t v)
{
  const tg_value_ *s = tg_value_of_(c, v);
  if (tg_is_sum_(c, s->operand[0]) && may_absorb(c, s->operand[0])) return 0;
  if (s->op == TG_OP_add && tg_is_sum_(c, s->operand[1]) && may_absorb(c, s->operand[1])) return 1;
  return 2;
}

static void absorb_products(tg_compiler_ *c, uint32_t v)
{
  if (tg_is_product_(c, v) && may_absorb(c, v)) c->absorbed[v] = 1;
}

void tg_find_chains_(tg_compiler_ *c)
{
  for (size_t i = c->e.program.count; i-- > 0;) {
    const uint32_t v = (uint32_t)i;
    if (c->e.uses[v] == 0 || !tg_is_sum_(c, v)) continue;
    const unsigned along = continued_by(c, v);
    if (along < 2) c->absorbed[tg_value_of_(c, v)->operand[along]] = 1;
    for (unsigned k = 0; k < 2; k++)
      if (k != along) absorb_products(c, tg_value_of_(c, v)->operand[k]);
  }
}

static void push_term(tg_compiler_ *c, uint32_t v, bool negated)
{
  if (!tg_compile_room_(c, &c->terms, &c->term_capacity, c->term_count + 1, sizeof *c->terms)) return;
  tg_term_ t = {.u = TG_NO_VALUE, .x = TG_NO_VALUE, .y = TG_NO_VALUE, .negated = negated};
  const tg_value_ *p = tg_value_of_(c, v);
  if (c->absorbed[v] || (tg_is_product_(c, v) && c->term_count == 0 && !tg_is_sum_(c, v))) {
    const uint32_t x = p->operand[0], y = p->op == TG_OP_square ? x : p->operand[1];
    if (!tg_varies_(c, x))
      t.u = x, t.x = y;
    else if (!tg_varies_(c, y))
      t.u = y, t.x = x;
    else
      t.x = x, t.y = y;
    if (t.x == c->e.one) t.x = TG_NO_VALUE;
  } else if (tg_varies_(c, v))
    t.x = v;
  else
    t.u = v;
  c->terms[c->term_count++] = t;
}

/* The terms of the chain that ends in v, first to last. */
static void gather_terms(tg_compiler_ *c, uint32_t v)
{
  c->term_count = 0;
  uint32_t at = v;
  for (;;) { /* from the last term to the first */
    const tg_value_ *s = tg_value_of_(c, at);
    if (!tg_is_sum_(c, at)) break;
    const unsigned along = continued_by(c, at);
    const bool minus = s->op == TG_OP_sub;
    const uint32_t operand[2] = {s->operand[0], s->operand[1]};
    if (along == 2) {
      push_term(c, operand[1], minus);
      push_term(c, operand[0], false);
      break;
    }
    push_term(c, operand[1 - along], along == 0 && minus);
    at = operand[along];
  }
  for (size_t i = 0, j = c->term_count; i + 1 < j; i++) {
    const tg_term_ t = c->terms[i];
    c->terms[i] = c->terms[--j];
    c->terms[j] = t;
  }
}

/* ---- Segments. ---- */

typedef enum segment_kind { SEGMENT_DATA, SEGMENT_SLOTS, SEGMENT_PRODUCTS } segment_kind;

static segment_kind kind_of(const tg_compiler_ *c, const tg_term_ *t)
{
  if (t->y != TG_NO_VALUE) return SEGMENT_PRODUCTS;
  const bool in_data = tg_is_column_(c, t->x) && (c->sparse == 0 || tg_is_sparse_column_(c, t->x));
  return in_data ? SEGMENT_DATA : SEGMENT_SLOTS;
}

static bool alone(const tg_term_ *t) { return t->x == TG_NO_VALUE; }

/* A sparse column enters a row once: a second time begins another row. */
static bool entered_before(tg_compiler_ *c, uint32_t x)
{
  if (!tg_is_sparse_column_(c, x)) return false;
  uint32_t *last = &c->segment_of[tg_column_of_(c, x)];
  const bool before = *last == c->segment;
  *last = c->segment;
  return before;
}

/* Terms from `i` on that make one row; answers the index past them. `so_far` is where the sum stands, or
 * TG_NO_VALUE. */
static size_t row_segment(tg_compiler_ *c, size_t i, uint32_t so_far, uint32_t slot)
{
  tg_matrix_row_ r = {.first = (uint32_t)c->row_term_count,
                      .start = TG_NO_VALUE,
                      .end = TG_NO_VALUE,
                      .y_start = so_far,
                      .slot = slot};
  if (so_far == TG_NO_VALUE && alone(&c->terms[i]) && !c->terms[i].negated) r.start = c->terms[i++].u;
  const size_t begin = i;
  c->segment++;
  for (; i < c->term_count && !alone(&c->terms[i]); i++) {
    const tg_term_ *t = &c->terms[i];
    if (kind_of(c, t) == SEGMENT_PRODUCTS || kind_of(c, t) != kind_of(c, &c->terms[begin])) break;
    if (entered_before(c, t->x)) break;
    if (!tg_compile_room_(c, &c->row_terms, &c->row_term_capacity, c->row_term_count + 2,
                          sizeof *c->row_terms))
      return c->term_count;
    c->row_terms[c->row_term_count++] =
        (t->u != TG_NO_VALUE ? t->u : c->e.one) | (t->negated ? TG_NEGATED : 0);
    c->row_terms[c->row_term_count++] = t->x;
    r.columns++;
  }
  if (i < c->term_count && alone(&c->terms[i])) {
    r.end = c->terms[i].u | (c->terms[i].negated ? TG_NEGATED : 0);
    i++;
  }
  tg_add_row_(c, r);
  return i;
}

static size_t products_segment(tg_compiler_ *c, size_t i, uint32_t so_far, uint32_t slot)
{
  size_t end = i;
  while (end < c->term_count && !alone(&c->terms[end]) && kind_of(c, &c->terms[end]) == SEGMENT_PRODUCTS &&
         c->terms[end].negated == c->terms[i].negated)
    end++;
  const uint32_t n = (uint32_t)(end - i), x = tg_new_list_(c, n), y = tg_new_list_(c, n);
  tg_body_ *b = c->b;
  if (!tg_compile_room_(c, &b->products, &b->products_capacity, b->products_count + 1, sizeof *b->products))
    return c->term_count;
  for (uint32_t k = 0; k < n && c->status == TG_OK; k++) {
    b->lists[x + k] = tg_vector_of_(c, c->terms[i + k].x);
    b->lists[y + k] = tg_vector_of_(c, c->terms[i + k].y);
  }
  b->products[b->products_count] = (tg_body_products_){n, x, y, so_far, slot, c->terms[i].negated};
  tg_new_step_(c, (tg_body_step_){.kind = TG_BODY_PRODUCTS, .index = (uint32_t)b->products_count++});
  return end;
}

static void emit_terms(tg_compiler_ *c, uint32_t v)
{
  uint32_t so_far = TG_NO_VALUE;
  for (size_t i = 0; i < c->term_count && c->status == TG_OK;) {
    const uint32_t slot = tg_new_slot_(c);
    const bool products = !alone(&c->terms[i]) && kind_of(c, &c->terms[i]) == SEGMENT_PRODUCTS;
    i = products ? products_segment(c, i, so_far, slot) : row_segment(c, i, so_far, slot);
    so_far = slot;
  }
  c->slot[v] = so_far;
}

/* Two terms that are vectors, or a product of two vectors, are cheapest as the operation itself. */
bool tg_emit_chain_(tg_compiler_ *c, uint32_t v)
{
  if (tg_is_sum_(c, v))
    gather_terms(c, v);
  else {
    c->term_count = 0;
    push_term(c, v, false);
  }
  if (c->status != TG_OK) return true;
  const tg_term_ *const t = c->terms;
  const bool two_vectors = c->term_count == 2 && t[0].u == TG_NO_VALUE && t[0].y == TG_NO_VALUE &&
                           t[1].u == TG_NO_VALUE && t[1].y == TG_NO_VALUE;
  if (c->term_count == 1 ? t[0].y != TG_NO_VALUE : two_vectors) return false;
  emit_terms(c, v);
  return true;
}

/* The loss always ends in a slot of its own. */
void tg_emit_loss_(tg_compiler_ *c)
{
  const uint32_t v = tg_loss_of_(c);
  if (tg_value_of_(c, v)->kind != TG_VALUE_INPUT && tg_varies_(c, v)) {
    c->b->loss = c->slot[v];
    return;
  }
  c->term_count = 0;
  if (!tg_compile_room_(c, &c->terms, &c->term_capacity, 1, sizeof *c->terms)) return;
  c->terms[c->term_count++] = tg_varies_(c, v) ? (tg_term_){c->e.one, v, TG_NO_VALUE, false}
                                               : (tg_term_){v, TG_NO_VALUE, TG_NO_VALUE, false};
  const uint32_t slot = tg_new_slot_(c);
  row_segment(c, 0, TG_NO_VALUE, slot);
  c->b->loss = slot;
}
