/* Without overload.h no name but tg_ and var is taken. */
#include <tapegrad/tapegrad.h>

typedef struct vec {
  double x, y;
} vec;

vec add(vec a, vec b);
double dot(vec a, vec b);
double square(double x);
void where(const char *file, int line, const char *why, ...);
double sum(const double *x, size_t n, size_t stride);
#define clamp(x) ((x) < 0 ? 0 : (x))

vec add(vec a, vec b) { return (vec){a.x + b.x, a.y + b.y}; }
double dot(vec a, vec b) { return a.x * b.x + a.y * b.y; }
double square(double x) { return tg_square(clamp(x)); }
