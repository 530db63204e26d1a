/* The compiled body in words: one line a step. */
#include "body.h"

static void vector(FILE *out, const tg_body_ *b, uint32_t name, bool in_data)
{
  if (in_data || (name & TG_IN_DATA) != 0) {
    fprintf(out, "x%zu", (name & ~TG_IN_DATA) / b->L);
    return;
  }
  const size_t slot = name / b->L;
  if (slot < b->broadcast_count)
    fprintf(out, "u%u", b->broadcast[slot]);
  else
    fprintf(out, "v%zu", slot);
}

static void vectors(FILE *out, const tg_body_ *b, uint32_t first, size_t n, bool in_data)
{
  for (size_t i = 0; i < n && i < 4; i++) {
    if (i > 0) fputs(", ", out);
    vector(out, b, b->lists[first + i], in_data);
  }
  if (n > 4) {
    fputs(n > 5 ? ", ..., " : ", ", out);
    vector(out, b, b->lists[first + n - 1], in_data);
  }
}

/* Of sparse data. */
static void columns(FILE *out, const tg_body_ *b, const tg_body_matrix_ *m)
{
  const uint32_t *x = b->lists + m->x, n = m->columns;
  for (uint32_t i = 0; i < n && i < 4; i++) fprintf(out, i > 0 ? ", x%u" : "x%u", x[i]);
  if (n > 4) fprintf(out, n > 5 ? ", ..., x%u" : ", x%u", x[n - 1]);
}

static void matrix(FILE *out, const tg_body_ *b, const tg_body_matrix_ *m)
{
  fputs("[", out);
  vectors(out, b, m->y, m->rows, false);
  fprintf(out, "] = ");
  if (m->y_start != TG_NO_OPERAND) {
    fputs("[", out);
    vectors(out, b, m->y_start, m->rows, false);
    fputs("] + ", out);
  }
  if (m->start != TG_NO_OPERAND) fprintf(out, "u%u... + ", b->lists[m->start] & ~TG_NEGATED);
  fprintf(out, "%s(%u x %u", m->constant ? "constants" : "u", m->rows, m->columns);
  if (m->columns > 0)
    fprintf(out, ", from %su%u", (b->lists[m->coefficient] & TG_NEGATED) != 0 ? "-" : "",
            b->lists[m->coefficient] & ~TG_NEGATED);
  fputs(") [", out);
  if (b->sparse && m->in_data)
    columns(out, b, m);
  else
    vectors(out, b, m->x, m->columns, m->in_data);
  fputs("]", out);
  if (m->end != TG_NO_OPERAND)
    fprintf(out, " %c u%u...", (b->lists[m->end] & TG_NEGATED) != 0 ? '-' : '+',
            b->lists[m->end] & ~TG_NEGATED);
}

static void products(FILE *out, const tg_body_ *b, const tg_body_products_ *p)
{
  vector(out, b, p->out, false);
  fputs(" = ", out);
  if (p->y_start != TG_NO_OPERAND) {
    vector(out, b, p->y_start, false);
    fputs(p->negated ? " - " : " + ", out);
  }
  fprintf(out, "%u products of [", p->count);
  vectors(out, b, p->x, p->count, false);
  fputs("] and [", out);
  vectors(out, b, p->y, p->count, false);
  fputs("]", out);
}

static bool is_scalar(unsigned op)
{
  switch (op) {
#define ROW(name) case TG_OP_##name:
    TG_SCALAR_ROWS(ROW)
#undef ROW
    return true;
  default: return false;
  }
}

static void element(FILE *out, const tg_body_ *b, const tg_body_step_ *s)
{
  if (s->kind == TG_BODY_ELEMENT) {
    vector(out, b, s->out, false);
    fprintf(out, " = %s(", tg_ops_[s->op].name);
  } else
    fprintf(out, "guard %s%s(", s->expected ? "" : "not ", tg_ops_[s->op].name);
  for (unsigned k = 0; k < s->arity; k++) {
    if (k > 0) fputs(", ", out);
    vector(out, b, s->operand[k], false);
  }
  fputs(is_scalar(s->op) ? "), sample by sample" : ")", out);
}

tg_status tg_body_print_(const tg_body_ *b, FILE *out)
{
  fprintf(out,
          "%zu recorded operations in %zu steps; blocks of %zu samples, %zu vectors; u: %zu parameters, %zu "
          "results of "
          "them, %zu constants\n",
          b->recorded, b->step_count, b->L, b->slots, b->d, b->results, b->constant_count);
  for (size_t i = 0; i < b->step_count; i++) {
    const tg_body_step_ *s = &b->steps[i];
    fputs("  ", out);
    if (s->kind == TG_BODY_MATRIX)
      matrix(out, b, &b->matrices[s->index]);
    else if (s->kind == TG_BODY_PRODUCTS)
      products(out, b, &b->products[s->index]);
    else if (s->kind == TG_BODY_NARY) {
      const tg_body_nary_ *n = &b->nary[s->index];
      vectors(out, b, n->y, n->m, false);
      fprintf(out, " = %s(", n->op->name ? n->op->name : "custom");
      vectors(out, b, n->x, n->n, false);
      fputs(tg_in_lanes_(n) ? ")" : "), sample by sample", out);
    } else
      element(out, b, s);
    fputs("\n", out);
  }
  fputs("  loss = ", out);
  vector(out, b, b->loss, false);
  fputs("\n", out);
  return ferror(out) ? TG_E_CALLBACK : TG_OK;
}
