/* From the program of a loss to steps over lanes of samples. A linear model, w0*x0 + w1*x1 + b with theta (w0, w1, b)
 * and samples (x0, x1), goes this way:
 *
 *   values   v0 v1 v2 = theta, v3 v4 = the sample           expand.c, which also knows that v3 .. v8 vary
 *            v5 = mul v0 v3     v6 = mul v1 v4
 *            v7 = add v5 v6     v8 = add v7 v2
 *   terms    of the chain that ends in v8, as v5, v6 and v7 are used once, by sums:
 *            u0 x0, u1 x1, u2 alone                          chains.c
 *   row      start none, (u0 u1) over (x0 x1), end u2        chains.c
 *   matrix   the rows over (x0 x1), here 1 x 2; a model of ten classes has ten such rows and one matrix, 10 x 2, whose
 *            coefficients lie in a row in theta              matrices.c
 *   step     [slot of v8] = matrix of the columns + u2       one tg_affine_ for a block of samples (execute.c)
 *
 * All else is a step each: elements, guards, calls. What depends on theta only, v0 to v2 here, stays a recorded
 * function that is evaluated once per call. */
#include "compile.h"

#include <assert.h>
#include <string.h>

/* ---- Uniforms. ---- */

static bool has_uniform_guards(const tg_compiler_ *c)
{
  for (uint32_t v = 0; v < c->e.program.count; v++)
    if (tg_value_of_(c, v)->kind == TG_VALUE_GUARD && !tg_varies_(c, v)) return true;
  return false;
}

/* Numbers theta and what else the vectors need of the part that depends on theta only, and makes its
 * function. */
static void find_uniforms(tg_compiler_ *c)
{
  tg_body_ *b = c->b;
  uint32_t *result = tg_memory_resize_(NULL, c->e.program.count + 1, sizeof *result);
  if (result == NULL) {
    tg_compile_fail_(c, TG_E_NOMEM);
    return;
  }
  for (uint32_t v = 0; v < c->e.program.count; v++) {
    if (tg_varies_(c, v) || tg_value_of_(c, v)->kind == TG_VALUE_CONSTANT) continue;
    if (tg_value_of_(c, v)->kind == TG_VALUE_INPUT)
      c->uniform[v] = v;
    else if (c->e.uses[v] > 0) {
      c->uniform[v] = (uint32_t)(b->d + b->results);
      result[b->results++] = v;
    }
  }
  if (b->results == 0 && has_uniform_guards(c))
    result[b->results++] = 0; /* theta_0, for the sake of guards */
  if (b->results > 0) {
    const tg_status s = tg_expanded_uniform_(&c->e, b->d, result, b->results, &b->uniform);
    if (s != TG_OK) tg_compile_fail_(c, s);
  }
  tg_memory_free_(result);
}

/* ---- Steps that are no chains. ---- */

static void emit_element(tg_compiler_ *c, uint32_t v)
{
  const tg_value_ e = *tg_value_of_(c, v);
  const bool guard = e.kind == TG_VALUE_GUARD;
  tg_body_step_ s = {.kind = guard ? TG_BODY_GUARD : TG_BODY_ELEMENT,
                     .op = e.op,
                     .arity = e.arity,
                     .expected = e.expected,
                     .forms = tg_row_forms_of_(e.op)};
  for (unsigned k = 0; k < e.arity; k++) {
    s.operand[k] = tg_vector_of_(c, e.operand[k]);
    s.passive[k] = tg_is_passive_(c, e.operand[k]);
  }
  if (!guard) s.out = c->slot[v] = tg_new_slot_(c);
  if (tg_has_pair_(e.op)) s.partial = tg_new_slot_(c);
  tg_new_step_(c, s);
}

static void emit_call(tg_compiler_ *c, const tg_call_ *call)
{
  tg_body_ *b = c->b;
  const tg_nary_ *r = &call->what;
  const uint32_t *operand = c->e.program.lists + r->first;
  if (!tg_compile_room_(c, &b->nary, &b->nary_capacity, b->nary_count + 1, sizeof *b->nary)) return;
  tg_body_nary_ made = {
      .kind = r->kind, .op = r->op, .user = r->user, .shape = r->shape, .n = r->n, .m = r->m};
  made.x = tg_new_list_(c, r->n), made.passive = tg_new_list_(c, r->n), made.y = tg_new_list_(c, r->m);
  for (uint32_t j = 0; j < r->n && c->status == TG_OK; j++) {
    b->lists[made.x + j] = tg_vector_of_(c, operand[j]);
    b->lists[made.passive + j] = tg_is_passive_(c, operand[j]);
  }
  for (uint32_t j = 0; j < r->m && c->status == TG_OK; j++)
    b->lists[made.y + j] = c->slot[call->output + j] = tg_new_slot_(c);
  made.weight = (uint32_t)c->slots; /* what the derivatives need of each operand */
  c->slots += r->n;
  if (r->n + r->m > b->nary_widest) b->nary_widest = r->n + r->m;
  b->nary[b->nary_count] = made;
  tg_new_step_(c, (tg_body_step_){.kind = TG_BODY_NARY, .index = (uint32_t)b->nary_count++});
}

static bool is_needed(const tg_compiler_ *c, const tg_call_ *call)
{
  for (uint32_t j = 0; j < call->what.m; j++)
    if (c->e.uses[call->output + j] > 0) return true;
  return false;
}

static void emit_value(tg_compiler_ *c, uint32_t v)
{
  const tg_value_ *x = tg_value_of_(c, v);
  if (!tg_varies_(c, v) || c->absorbed[v] || x->kind == TG_VALUE_INPUT) return;
  if (x->kind == TG_VALUE_OUTPUT) {
    const tg_call_ *call = &c->e.program.calls[x->operand[0]];
    if (x->operand[1] == 0 && is_needed(c, call)) emit_call(c, call);
  } else if (c->e.uses[v] > 0) {
    const bool chain = tg_is_sum_(c, v) || tg_is_product_(c, v);
    if (!chain || !tg_emit_chain_(c, v)) emit_element(c, v);
  }
}

/* ---- The whole. ---- */

static uint32_t *filled(tg_compiler_ *c, size_t n)
{
  uint32_t *made = tg_memory_resize_(NULL, n, sizeof *made);
  if (made == NULL) tg_compile_fail_(c, TG_E_NOMEM);
  for (size_t i = 0; made != NULL && i < n; i++) made[i] = TG_NO_VALUE;
  return made;
}

/* Columns that are variables stand in slots, where they have adjoints. */
static void place_variables(tg_compiler_ *c)
{
  tg_body_ *b = c->b;
  if (b->variables == 0) return;
  b->variable = tg_new_list_(c, b->variables);
  const size_t first = b->d + b->columns;
  for (size_t k = 0; k < b->variables && c->status == TG_OK; k++)
    c->slot[first + k] = b->lists[b->variable + k] = tg_new_slot_(c);
}

static void compile(tg_compiler_ *c)
{
  const size_t n = c->e.program.count;
  assert(c->e.program.output_count == 1 && c->e.program.inputs == c->b->d + c->b->columns + c->b->variables);
  c->slot = filled(c, n);
  c->uniform = filled(c, n);
  c->broadcast = filled(c, n);
  c->absorbed = tg_memory_resize_(NULL, n, sizeof *c->absorbed);
  if (c->absorbed == NULL) tg_compile_fail_(c, TG_E_NOMEM);
  if (c->status != TG_OK) return;
  memset(c->absorbed, 0, n);
  find_uniforms(c);
  if (c->status != TG_OK) return;
  if (c->b->sparse) {
    c->b->label = tg_new_slot_(c);
    c->segment_of = filled(c, c->sparse);
    if (c->status != TG_OK) return;
  }
  place_variables(c);
  tg_find_chains_(c);
  for (uint32_t v = 0; v < n && c->status == TG_OK; v++) emit_value(c, v);
  if (c->status == TG_OK) tg_emit_loss_(c);
  tg_finish_matrices_(c);
  if (c->status == TG_OK) tg_finish_slots_(c);
}

tg_status tg_body_compile_(tg_body_ **body, const tg_function *f, size_t d, size_t columns, size_t sparse,
                           size_t variables, size_t L)
{
  tg_compiler_ c = {.status = TG_OK, .sparse = sparse};
  *body = NULL;
  c.b = tg_memory_resize_(NULL, 1, sizeof *c.b);
  if (c.b == NULL) return TG_E_NOMEM;
  *c.b = (tg_body_){.d = d,
                    .columns = columns - variables,
                    .variables = variables,
                    .L = L,
                    .sparse = sparse > 0,
                    .label = TG_NO_OPERAND,
                    .recorded = tg_size_(f->tape)};
  c.status = tg_expand_(&c.e, f, d);
  if (c.status == TG_OK) compile(&c);
  tg_expanded_free_(&c.e);
  tg_memory_free_(c.absorbed);
  tg_memory_free_(c.slot);
  tg_memory_free_(c.uniform);
  tg_memory_free_(c.broadcast);
  tg_memory_free_(c.terms);
  tg_memory_free_(c.row_terms);
  tg_memory_free_(c.rows);
  tg_memory_free_(c.groups);
  tg_memory_free_(c.table);
  tg_memory_free_(c.made_at);
  tg_memory_free_(c.segment_of);
  if (c.status != TG_OK)
    tg_body_free_(c.b);
  else
    *body = c.b;
  return c.status;
}

void tg_body_free_(tg_body_ *b)
{
  if (b == NULL) return;
  tg_function_free(b->uniform);
  tg_memory_free_(b->steps);
  tg_memory_free_(b->matrices);
  tg_memory_free_(b->products);
  tg_memory_free_(b->nary);
  tg_memory_free_(b->lists);
  tg_memory_free_(b->constants);
  tg_memory_free_(b->broadcast);
  tg_memory_free_(b);
}
