/* Separation in words: which classes are told from which. */
#include "margins.h"
#include "memory.h"
#include "proof.h"
#include "separation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct pairs {
  size_t classes;
  bool *separated; /* classes x classes, symmetric */
  double length;   /* of the way */
} pairs;

static bool note_pair(contrast c, const double *x, const margin *m, void *user)
{
  pairs *s = user;
  (void)x;
  if (m->value <= separation_touching * m->size * s->length + m->error) return true;
  s->separated[c.own * s->classes + c.rival] = s->separated[c.rival * s->classes + c.own] = true;
  return true;
}

static void write_pairs(const pairs *s, const levels *labels, char *out, size_t room)
{
  const size_t k = s->classes;
  size_t used = 0;
  for (size_t a = 0; a < k; a++) {
    for (size_t b = a + 1; b < k && used + 1 < room; b++) {
      if (!s->separated[a * k + b]) continue;
      char one[EXCERPT_ROOM], other[EXCERPT_ROOM];
      const int n = snprintf(out + used, room - used, "%s%s from %s", used > 0 ? ", " : "",
                             excerpt(one, labels->text[a], labels->length[a]),
                             excerpt(other, labels->text[b], labels->length[b]));
      used += n > 0 ? (size_t)n : 0;
    }
  }
}

bool separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room)
{
  const size_t k = p->shape.classes;
  double square = 0;
  for (size_t j = 0; j < p->n; j++) square += way[j] * way[j];
  pairs s = {k, zeroed(k * k, sizeof(bool)), sqrt(square)};
  double *scratch = resize(NULL, p->shape.features, sizeof *scratch);
  const bool good = s.separated != NULL && scratch != NULL;
  out[0] = '\0';
  if (good) margins_walk(p, way, scratch, note_pair, &s);
  size_t count = 0;
  for (size_t i = 0; good && i < k * k; i++) count += s.separated[i];
  if (k > 3 && count == k * (k - 1))
    snprintf(out, room, "all %zu classes from one another", k);
  else if (good)
    write_pairs(&s, labels, out, room);
  free(scratch);
  free(s.separated);
  return good;
}
