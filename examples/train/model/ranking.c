#include "ranking.h"

#include "memory.h"

#include <stdlib.h>

enum { BLOCK = 1 << 16 };

bool ranking_add(ranking *r, double score, double weight, bool positive)
{
  if (!(weight > 0)) return true;
  if (r->blocks == 0 || r->last == BLOCK) {
    ranked **larger = grow(r->block, &r->room, r->blocks + 1, sizeof *larger);
    if (larger == NULL) return false;
    r->block = larger;
    r->block[r->blocks] = resize(NULL, BLOCK, sizeof **larger);
    if (r->block[r->blocks] == NULL) return false;
    r->blocks++;
    r->last = 0;
  }
  r->block[r->blocks - 1][r->last++] = (ranked){score, positive ? weight : -weight};
  return true;
}

static int by_score(const void *a, const void *b)
{
  const double x = ((const ranked *)a)->score, y = ((const ranked *)b)->score;
  return (x > y) - (x < y);
}

/* What is left of a block; a heap of them has the least score on top. */
typedef struct rest {
  const ranked *at, *end;
} rest;

static void sift_down(rest *heap, size_t n)
{
  for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && heap[child + 1].at->score < heap[child].at->score) child++;
    if (!(heap[child].at->score < heap[i].at->score)) return;
    const rest kept = heap[i];
    heap[i] = heap[child];
    heap[child] = kept;
  }
}

static int by_first(const void *a, const void *b)
{
  return by_score(((const rest *)a)->at, ((const rest *)b)->at);
}

/* A heap with the blocks in the order of their first rows, which a sorted array is. */
static rest *sorted_blocks(const ranking *r)
{
  rest *heap = resize(NULL, r->blocks, sizeof *heap);
  for (size_t b = 0; heap != NULL && b < r->blocks; b++) {
    const size_t n = b + 1 < r->blocks ? BLOCK : r->last;
    qsort(r->block[b], n, sizeof **r->block, by_score);
    heap[b] = (rest){r->block[b], r->block[b] + n};
  }
  if (heap != NULL) qsort(heap, r->blocks, sizeof *heap, by_first);
  return heap;
}

bool ranking_area(ranking *r, double *area)
{
  rest *heap = sorted_blocks(r);
  if (heap == NULL) return false;
  double negative = 0, positive = 0, won = 0; /* pairs won by the positive row, half for a tie */
  for (size_t n = r->blocks; n > 0;) {
    double tied_negative = 0, tied_positive = 0;
    const double level = heap[0].at->score;
    while (n > 0 && heap[0].at->score == level) {
      const double w = heap[0].at->weight;
      *(w > 0 ? &tied_positive : &tied_negative) += w > 0 ? w : -w;
      if (++heap[0].at == heap[0].end) heap[0] = heap[--n];
      sift_down(heap, n);
    }
    won += tied_positive * (negative + tied_negative / 2);
    negative += tied_negative;
    positive += tied_positive;
  }
  free(heap);
  *area = won / (negative * positive);
  return true;
}

void ranking_free(ranking *r)
{
  for (size_t b = 0; b < r->blocks; b++) free(r->block[b]);
  free(r->block);
  *r = (ranking){0};
}
