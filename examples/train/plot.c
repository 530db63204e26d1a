#define _POSIX_C_SOURCE 200809L
#include "plot.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A text in single quotes, as gnuplot reads it. */
static void quoted(FILE *to, const char *s)
{
  fputc('\'', to);
  for (; *s != '\0'; s++) {
    if (*s == '\'') fputc('\'', to);
    fputc(*s, to);
  }
  fputc('\'', to);
}

static bool ends_with(const char *s, const char *end)
{
  const size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

static void script(FILE *to, const plot *p, const char *file)
{
  fputs("$data << END_OF_DATA\n", to);
  fwrite(p->csv->bytes, 1, p->csv->length, to);
  fputs("END_OF_DATA\n", to);
  if (ends_with(file, ".svg"))
    fputs("set terminal svg size 900,600\n", to);
  else
    fputs("if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) { set terminal pngcairo size 900,600 } "
          "else { set terminal png size 900,600 }\n",
          to);
  fputs("set output ", to);
  quoted(to, file);
  fputs("\nset datafile separator comma\nset datafile missing 'nan'\nset key autotitle columnhead\nset "
        "format x '%g'\nset grid\nset title ",
        to);
  quoted(to, p->title);
  fputs(" noenhanced\nset xlabel ", to);
  quoted(to, p->x_label);
  fputs("\nset ylabel ", to);
  quoted(to, p->y_label);
  fprintf(to, "\n%s%s", p->log_x ? "set logscale x\n" : "", p->log_y ? "set logscale y\n" : "");
  const bool few = p->last - p->first < 16;
  fprintf(to, "%splot for [i=%zu:%zu] $data using 1:i with lines linewidth 2 %s\n",
          few ? "set key outside right noenhanced\n" : "unset key\n", p->first, p->last,
          few ? "" : "notitle");
}

bool plot_draw(const plot *p, const char *file, bool *there, failure *f)
{
  *there = false;
  FILE *version = popen("gnuplot --version 2>/dev/null", "r");
  if (version == NULL) return true;
  char line[64] = "";
  *there = fgets(line, sizeof line, version) != NULL && strncmp(line, "gnuplot", 7) == 0;
  pclose(version);
  if (!*there) return true;
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  FILE *to = popen("gnuplot >/dev/null 2>&1", "w");
  bool good = to != NULL;
  if (good) {
    script(to, p, file);
    good = pclose(to) == 0;
  }
  signal(SIGPIPE, before);
  return good || fail_at(f, (place){file, 0, 0}, "gnuplot could not draw the picture");
}
