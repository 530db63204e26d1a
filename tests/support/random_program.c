#include "random_program.h"

#include <stdio.h>

#include "custom.h"

uint64_t random_bits(random_state *r)
{
  uint64_t z = r->s += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

size_t random_below(random_state *r, size_t n) { return (size_t)(random_bits(r) % n); }

double random_between(random_state *r, double low, double high)
{
  return low + (high - low) * ((double)(random_bits(r) >> 11) * 0x1p-53);
}

void random_vector(random_state *r, double *x, size_t n, double low, double high)
{
  for (size_t i = 0; i < n; i++) x[i] = random_between(r, low, high);
}

/* ---- The operations, from their rows. ---- */

typedef struct row {
  const char *name;
  int arity;
  tg_var (*one)(tg_var);
  tg_var (*two)(tg_var, tg_var);
  tg_var (*three)(tg_var, tg_var, tg_var);
  double low[3], high[3];
} row;

static const row rows[] = {
#define UNARY(name, value, f, s, xl, xh) {#name, 1, (tg_##name), NULL, NULL, {xl}, {xh}},
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, xl, xh, yl, yh)                                           \
  {#name, 2, NULL, (tg_##name), NULL, {xl, yl}, {xh, yh}},
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, xl, xh, yl, yh, zl, zh)               \
  {#name, 3, NULL, NULL, (tg_##name), {xl, yl, zl}, {xh, yh, zh}},
#define GUARD(name, condition)
#include "ops.def"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef GUARD
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool (*const guards[])(tg_var, tg_var) = {(tg_lt), (tg_le), (tg_gt), (tg_ge), (tg_eq), (tg_ne)};
enum { GUARDS = sizeof guards / sizeof *guards };

/* ---- Making one. ---- */

enum { STEP_ROW, STEP_ARITHMETIC, STEP_GUARD, STEP_LIVE, STEP_CUSTOM, STEP_NARY };

static void make_step(program_step *s, random_state *r, size_t values)
{
  static const int often[] = {STEP_ROW,   STEP_ROW,  STEP_ROW,    STEP_ROW,  STEP_ARITHMETIC, STEP_ARITHMETIC,
                              STEP_GUARD, STEP_LIVE, STEP_CUSTOM, STEP_NARY, STEP_NARY};
  s->kind = often[random_below(r, sizeof often / sizeof *often)];
  s->row = (int)random_below(r, s->kind == STEP_ROW     ? ROWS
                                : s->kind == STEP_GUARD ? GUARDS
                                : s->kind == STEP_NARY  ? 8
                                                        : 4);
  s->operands = s->kind == STEP_ROW      ? (size_t)rows[s->row].arity
                : s->kind >= STEP_CUSTOM ? PROGRAM_OPERANDS
                                         : 2;
  for (size_t k = 0; k < PROGRAM_OPERANDS; k++) {
    const double low = s->kind == STEP_ROW && k < 3 ? rows[s->row].low[k] : -2.0;
    const double high = s->kind == STEP_ROW && k < 3 ? rows[s->row].high[k] : 2.0;
    const bool constant = random_below(r, 4) == 0;
    /* Recent values more often, so that programs are deep. */
    const size_t back = random_below(r, 1 + random_below(r, values));
    s->operand[k] = constant ? -1 : (int)(values - 1 - back);
    s->constant[k] = random_between(r, low, high);
    s->squash[k] = (int)random_below(r, 3);
  }
}

void random_program_make(random_program *p, random_state *r)
{
  p->n = 1 + random_below(r, PROGRAM_INPUTS);
  p->m = 1 + random_below(r, PROGRAM_OUTPUTS);
  p->steps = 1 + random_below(r, PROGRAM_STEPS);
  p->live = random_between(r, -2.0, 2.0);
  p->guards = false;
  for (size_t i = 0; i < p->steps; i++) {
    make_step(&p->step[i], r, p->n + i);
    p->guards = p->guards || p->step[i].kind == STEP_GUARD;
  }
  /* Mostly the last value; now and then any, inputs among them, or a constant. */
  const size_t values = p->n + p->steps;
  for (size_t j = 0; j < p->m; j++) {
    const size_t dice = random_below(r, 16);
    p->output[j] =
        dice == 0 ? -1
                  : (int)(dice < 8 ? values - 1 - random_below(r, 1 + values / 4) : random_below(r, values));
  }
}

/* ---- Running one. ---- */

static tg_var squashed(tg_var x, int how, double low, double high)
{
  const tg_var s = how == 0 ? tg_sin(x) : how == 1 ? tg_tanh(x) : tg_mul(tg_atan(x), 0.625);
  return tg_add(tg_mul(s, 0.49 * (high - low)), 0.5 * (low + high));
}

static tg_var operand(const program_step *s, size_t k, const tg_var *v)
{
  return s->operand[k] < 0 ? tg_constant(s->constant[k]) : v[s->operand[k]];
}

static tg_var inside(const program_step *s, size_t k, const tg_var *v)
{
  const row *const o = &rows[s->row];
  return s->operand[k] < 0 ? tg_constant(s->constant[k])
                           : squashed(v[s->operand[k]], s->squash[k], o->low[k], o->high[k]);
}

static tg_var run_row(const program_step *s, const tg_var *v)
{
  const row *const o = &rows[s->row];
  const tg_var x = inside(s, 0, v);
  if (o->arity == 1) return o->one(x);
  const tg_var y = inside(s, 1, v);
  if (o->arity == 2) return o->two(x, y);
  return o->three(x, y, inside(s, 2, v));
}

static tg_var run_arithmetic(const program_step *s, const tg_var *v)
{
  const tg_var x = operand(s, 0, v), y = operand(s, 1, v);
  switch (s->row) {
  case 0: return tg_add(x, y);
  case 1: return tg_sub(x, y);
  case 2: return tg_mul(tg_sin(x), y);
  default: return tg_divide(x, tg_add(2.0, tg_square(y)));
  }
}

static tg_var run_custom(const program_step *s, const tg_var *v)
{
  tg_var x[PROGRAM_OPERANDS], y[2];
  for (size_t k = 0; k < PROGRAM_OPERANDS; k++)
    x[k] = k < 3 ? operand(s, k, v) : squashed(operand(s, k, v), s->squash[k], -2.0, 2.0);
  tg_custom(&custom_waves, x, PROGRAM_OPERANDS, y, 2, NULL);
  return s->row < 2 ? y[s->row] : tg_mul(y[0], tg_add(y[1], 1.5)); /* an output may go unused */
}

static tg_var run_nary(const program_step *s, const tg_var *v)
{
  tg_var x[PROGRAM_OPERANDS], y[PROGRAM_OPERANDS];
  const double numbers[4] = {0.5, -1.0, 0.25, 2.0};
  for (size_t k = 0; k < PROGRAM_OPERANDS; k++) x[k] = squashed(operand(s, k, v), s->squash[k], -2.0, 2.0);
  const tg_var one = tg_add(1.0, tg_mul(0.4, tg_tanh(x[4]))); /* rounds to 1, everywhere */
  switch (s->row) {
  case 0: return tg_sum(x, PROGRAM_OPERANDS);
  case 1: return tg_dot(x, x + 2, 3);
  case 2: return tg_dot(numbers, x, 4);
  case 3: x[0] = tg_constant(1.0); return tg_norm2(x, PROGRAM_OPERANDS);
  case 4: return tg_logsumexp(x, PROGRAM_OPERANDS);
  case 5: tg_softmax(x, PROGRAM_OPERANDS, y); return tg_sub(tg_mul(y[0], 3.0), y[3]);
  case 6: return tg_mul(tg_pick(x, 4, one), tg_cross_entropy(x, 4, one));
  default: tg_affine(x, x + 3, x + 1, 2, 2, y); return tg_mul(tg_sin(y[0]), y[1]);
  }
}

static tg_var run_step(const program_step *s, const tg_var *v, const double *live)
{
  switch (s->kind) {
  case STEP_ROW: return run_row(s, v);
  case STEP_ARITHMETIC: return run_arithmetic(s, v);
  case STEP_LIVE: return tg_mul(tg_live(live), operand(s, 0, v));
  case STEP_CUSTOM: return run_custom(s, v);
  case STEP_NARY: return run_nary(s, v);
  default: break;
  }
  const tg_var x = operand(s, 0, v), y = operand(s, 1, v);
  return guards[s->row](x, y) ? tg_mul(tg_sin(x), y) : tg_sub(tg_tanh(y), x);
}

static void run(const random_program *p, const tg_var *x, tg_var *y)
{
  tg_var v[PROGRAM_INPUTS + PROGRAM_STEPS];
  for (size_t i = 0; i < p->n; i++) v[i] = x[i];
  for (size_t i = 0; i < p->steps; i++) v[p->n + i] = run_step(&p->step[i], v, &p->live);
  for (size_t j = 0; j < p->m; j++) y[j] = p->output[j] < 0 ? tg_constant(0.5) : v[p->output[j]];
}

void random_program_vector(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  (void)n, (void)m;
  run(user, x, y);
}

tg_var random_program_scalar(const tg_var *x, size_t n, void *user)
{
  const random_program *const p = user;
  tg_var y[PROGRAM_OUTPUTS], sum = tg_constant(0.0);
  (void)n;
  run(p, x, y);
  for (size_t j = 0; j < p->m; j++) sum = tg_add(sum, tg_mul(1.0 + 0.25 * (double)j, tg_sin(y[j])));
  return sum;
}

void random_program_plain(random_program *p, const double *x, double *y)
{
  tg_var in[PROGRAM_INPUTS], out[PROGRAM_OUTPUTS];
  for (size_t i = 0; i < p->n; i++) in[i] = tg_constant(x[i]);
  run(p, in, out);
  for (size_t j = 0; j < p->m; j++) y[j] = tg_peek(out[j]);
}

void random_program_print(const random_program *p)
{
  static const char *const kinds[] = {"", "arithmetic", "guard", "live", "custom", "n-ary"};
  for (size_t i = 0; i < p->steps; i++) {
    const program_step *const s = &p->step[i];
    fprintf(stderr, "v%zu = %s", p->n + i, s->kind == STEP_ROW ? rows[s->row].name : kinds[s->kind]);
    if (s->kind != STEP_ROW) fprintf(stderr, "(%d)", s->row);
    for (size_t k = 0; k < s->operands; k++)
      s->operand[k] < 0 ? fprintf(stderr, " %.17g", s->constant[k]) : fprintf(stderr, " v%d", s->operand[k]);
    fputc('\n', stderr);
  }
  for (size_t j = 0; j < p->m; j++) fprintf(stderr, "y%zu = v%d\n", j, p->output[j]);
}
