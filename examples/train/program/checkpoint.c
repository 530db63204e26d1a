#include "checkpoint.h"

#include "input.h"
#include "memory.h"
#include "output.h"
#include "system.h"
#include "text.h"
#include "trained_format.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "tapegrad-checkpoint 1\n";

typedef struct head {
  char magic[sizeof magic + 1];
  uint64_t signature, n, run_size;
} head;

static uint64_t mix(uint64_t h, uint64_t x) { return (h ^ x) * UINT64_C(0x9e3779b97f4a7c15) ^ (h >> 29); }

static uint64_t mix_number(uint64_t h, double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return mix(h, bits);
}

static uint64_t mix_rows(uint64_t h, const dataset *d)
{
  const sparse_rows *s = &d->sparse;
  for (size_t i = 0; i < d->rows; i++) {
    h = mix_number(h, dataset_target(d, i));
    h = mix_number(h, dataset_weight(d, i));
    h = mix_number(h, dataset_offset(d, i));
    const double *x = d->is_sparse ? s->value + s->row_start[i] : dataset_row(d, i);
    const size_t n = d->is_sparse ? s->row_start[i + 1] - s->row_start[i] : d->features;
    for (size_t j = 0; j < n; j++) h = mix_number(h, x[j]);
    for (size_t j = 0; d->is_sparse && j < n; j++) h = mix(h, s->column[s->row_start[i] + j]);
  }
  return h;
}

checkpoint_key checkpoint_key_of(const training *t, const options *o)
{
  const model_shape *m = &t->model.shape;
  const double numbers[] = {m->delta, m->smoothing, t->model.penalty.l1, t->model.penalty.l2, o->rate};
  const uint64_t counts[] = {m->kind,           m->loss,   m->features,
                             m->classes,        m->hidden, t->model.penalty.standardized,
                             t->settings.batch, o->seed,   t->data.rows};
  uint64_t h = model_checksum(t->settings.method, strlen(t->settings.method));
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) h = mix_number(h, numbers[i]);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) h = mix(h, counts[i]);
  return (checkpoint_key){mix_rows(h, &t->data), t->problem.n};
}

bool checkpoint_write(const char *file, checkpoint_key key, const double *theta, const tg_run *run,
                      failure *f)
{
  const size_t run_size = tg_run_size(run);
  head start = {.signature = key.signature, .n = key.n, .run_size = run_size};
  memcpy(start.magic, magic, sizeof magic);
  void *bytes = resize(NULL, run_size, 1);
  if (bytes == NULL) return fail_memory(f);
  if (run != NULL) tg_run_save(run, bytes);
  text t = {0};
  text_bytes(&t, (const char *)&start, sizeof start);
  text_bytes(&t, (const char *)theta, key.n * sizeof *theta);
  text_bytes(&t, bytes, run_size);
  const uint64_t sum = t.failed ? 0 : model_checksum(t.bytes, t.length);
  text_bytes(&t, (const char *)&sum, sizeof sum);
  free(bytes);
  const bool good = t.failed ? fail_memory(f) : write_file(file, t.bytes, t.length, f);
  text_free(&t);
  return good;
}

/* No fit leaves others; from NaN no method finds a way. */
static bool all_finite(const double *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return false;
  return true;
}

static bool take(checkpoint *c, const char *bytes, const head *start, failure *f)
{
  const char *at = bytes + sizeof *start;
  const size_t n = (size_t)start->n;
  c->run_size = (size_t)start->run_size;
  c->theta = resize(NULL, n, sizeof *c->theta);
  c->run = c->run_size > 0 ? resize(NULL, c->run_size, 1) : NULL;
  if (c->theta == NULL || (c->run == NULL && c->run_size > 0)) {
    checkpoint_free(c);
    return fail_memory(f);
  }
  memcpy(c->theta, at, n * sizeof *c->theta);
  if (c->run_size > 0) memcpy(c->run, at + n * sizeof *c->theta, c->run_size);
  return true;
}

static bool no_checkpoint(const char *file, failure *f)
{
  return fail_at(f, (place){file, 0, 0}, "this is no checkpoint of this program");
}

static bool parse(checkpoint *c, const char *bytes, size_t length, place where, checkpoint_key key,
                  failure *f)
{
  head start;
  uint64_t sum;
  if (length < sizeof start + sizeof sum || memcmp(bytes, magic, sizeof magic) != 0)
    return no_checkpoint(where.file, f);
  memcpy(&start, bytes, sizeof start);
  memcpy(&sum, bytes + length - sizeof sum, sizeof sum);
  const size_t rest = length - sizeof start - sizeof sum;
  if (sum != model_checksum(bytes, length - sizeof sum))
    return fail_at(f, where, "the checkpoint is damaged");
  const bool fits = start.signature == key.signature && start.n == key.n && key.n <= rest / sizeof(double) &&
                    start.run_size == rest - key.n * sizeof(double);
  if (!fits) {
    return fail_at(f, where,
                   "the checkpoint is of other data or other options; remove it to start from the beginning");
  }
  if (!take(c, bytes, &start, f)) return false;
  if (all_finite(c->theta, key.n)) return true;
  checkpoint_free(c);
  return fail_at(f, where, "the checkpoint is damaged");
}

bool checkpoint_possible(const char *file, failure *f)
{
  if (strcmp(file, "-") == 0) return fail_usage(f, "--checkpoint needs the name of a file");
  const system_kind kind = system_kind_of(file);
  if (kind == SYSTEM_NOTHING || kind == SYSTEM_REGULAR) return true;
  return fail_at(f, (place){file, 0, 0}, "a checkpoint must be a regular file");
}

/* The first bytes before all others: a file of another kind may be of any size. */
bool checkpoint_read(checkpoint *c, const char *file, checkpoint_key key, failure *f)
{
  *c = (checkpoint){0};
  if (system_kind_of(file) == SYSTEM_NOTHING && errno == ENOENT) return true;
  if (!checkpoint_possible(file, f)) return false;
  input in;
  if (!input_open(&in, file, f)) return false;
  const bool ours = input_starts(&in, magic, sizeof magic) || no_checkpoint(file, f);
  const bool good = ours && input_whole(&in, f) &&
                    parse(c, in.bytes + in.start, in.end - in.start, (place){file, 0, 0}, key, f);
  input_close(&in);
  return good;
}

bool checkpoint_read_memory(checkpoint *c, const char *bytes, size_t length, checkpoint_key key, failure *f)
{
  *c = (checkpoint){0};
  return parse(c, bytes, length, (place){"memory", 0, 0}, key, f);
}

void checkpoint_free(checkpoint *c)
{
  free(c->theta);
  free(c->run);
  *c = (checkpoint){0};
}
