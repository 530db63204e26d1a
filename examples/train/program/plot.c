#define _POSIX_C_SOURCE 200809L
#include "plot.h"

#include "output.h"
#include "system.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A text in single quotes, in which gnuplot finds no commands, on one line, which they would begin behind. */
static void quoted(FILE *to, const char *s)
{
  char line[1000];
  printable(line, sizeof line, s, strlen(s));
  fputc('\'', to);
  for (const char *c = line; *c != '\0'; c++) {
    if (*c == '\'') fputc('\'', to);
    fputc(*c, to);
  }
  fputc('\'', to);
}

static bool ends_with(const char *s, const char *end)
{
  const size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

/* No name of a file is in it: the picture goes to gnuplot's standard output. */
static void script(FILE *to, const plot *p, bool is_svg)
{
  fputs("$data << END_OF_DATA\n", to);
  fwrite(p->csv->bytes, 1, p->csv->length, to);
  fputs("END_OF_DATA\n", to);
  if (is_svg)
    fputs("set terminal svg size 900,600\n", to);
  else
    fputs("if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) { set terminal pngcairo size 900,600 } "
          "else { set terminal png size 900,600 }\n",
          to);
  fputs("set datafile separator comma\nset datafile missing 'nan'\nset key autotitle columnhead\nset "
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

static bool is_there(void)
{
  FILE *version = popen("gnuplot --version 2>" SYSTEM_NOWHERE, "r");
  if (version == NULL) return false;
  char line[64] = "";
  const bool there = fgets(line, sizeof line, version) != NULL && strncmp(line, "gnuplot", 7) == 0;
  pclose(version);
  return there;
}

/* gnuplot, to be given a script, with this file as its standard output; NULL: it cannot be started. */
static FILE *start(int picture)
{
  fflush(stdout);
  const int kept = dup(STDOUT_FILENO);
  if (kept < 0) return NULL;
  FILE *to = dup2(picture, STDOUT_FILENO) >= 0 ? popen("gnuplot 2>" SYSTEM_NOWHERE, "w") : NULL;
  dup2(kept, STDOUT_FILENO);
  close(kept);
  return to;
}

static bool draw(const plot *p, int picture, bool is_svg)
{
  const system_handler before = system_ignore_broken_pipes();
  FILE *to = start(picture);
  bool good = to != NULL;
  if (good) {
    script(to, p, is_svg);
    good = pclose(to) == 0;
  }
  system_resume_broken_pipes(before);
  return good;
}

bool plot_draw(const plot *p, const char *file, bool *there, failure *f)
{
  output picture;
  *there = is_there();
  if (!*there) return true;
  if (p->csv->failed) return fail_memory(f);
  if (!output_open(&picture, file, f)) return false;
  const bool good = draw(p, picture.handle, ends_with(file, ".svg")) ||
                    fail_at(f, (place){file, 0, 0}, "gnuplot could not draw the picture");
  failure closing = {0};
  return output_close(&picture, good, good ? f : &closing) && good;
}
