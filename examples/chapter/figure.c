/* The figures of the chapter, each by one command:
 *
 *   figure 4.2 DIRECTORY [STEPS]     writes the data and the script of figure 4.2 there and draws it
 *   figure all DIRECTORY             all of them
 *   figure numbers                   prints the numbers that the chapter works out
 *
 * STEPS replaces the number of steps (figure 4.4: epochs) of the figure, for a quick look. Drawing needs
 * gnuplot, for figure 4.7 Graphviz; without it data and script are there for later. */
#define _POSIX_C_SOURCE 200809L /* chdir, mkdir */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chapter.h"

#if defined _WIN32
#define mkdir(name, mode) mkdir(name)
#endif

typedef struct figure {
  const char *number;
  void (*write)(size_t steps);
  size_t steps; /* of the figure as it stands on the page */
} figure;

static const figure figures[] = {
    {"4.1", figure_4_1, 0},   {"4.2", figure_4_2, 100000}, {"4.3", figure_4_3, 1000},
    {"4.4", figure_4_4, 200}, {"4.5", figure_4_5, 0},      {"4.6", figure_4_6, 1000},
    {"4.7", figure_4_7, 0},   {"4.8", figure_4_8, 0},      {"4.9", figure_4_9, 1000},
    {"4.10", figure_4_10, 0},
};
enum { FIGURES = sizeof figures / sizeof figures[0] };

static _Noreturn void fail(const char *what)
{
  perror(what);
  exit(EXIT_FAILURE);
}

static void copy_script(const char *name)
{
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", CHAPTER_SCRIPTS, name) >= (int)sizeof path) fail(name);
  FILE *const from = fopen(path, "r"), *const to = fopen(name, "w");
  if (!from || !to) fail(name);
  for (int c; (c = getc(from)) != EOF;) putc(c, to);
  fclose(from);
  close_data(to);
}

/* Runs a command line that begins with the name of the tool, if there is such a tool. */
static void draw(const char *tool, const char *line)
{
  char look[64];
  snprintf(look, sizeof look, "command -v %s > /dev/null 2>&1", tool);
  if (system(look) != 0) {
    printf("  %s is not here; to draw it later: %s\n", tool, line);
    return;
  }
  fflush(stdout);
  if (system(line) == 0) return;
  fprintf(stderr, "failed: %s\n", line);
  exit(EXIT_FAILURE);
}

static void make(const figure *f, size_t steps)
{
  char script[32], line[128];
  printf("figure %s\n", f->number);
  f->write(steps);
  if (strcmp(f->number, "4.7") == 0) {
    draw("dot", "dot -Tsvg -o figure-4.7.svg figure-4.7.dot");
    return;
  }
  snprintf(script, sizeof script, "figure-%s.gp", f->number);
  snprintf(line, sizeof line, "gnuplot %s", script);
  copy_script("common.gp");
  copy_script(script);
  draw("gnuplot", line);
}

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "numbers") == 0) {
    worked_numbers();
    return EXIT_SUCCESS;
  }
  char *end = "";
  const size_t steps = argc == 4 ? strtoul(argv[3], &end, 10) : 0;
  if (argc < 3 || argc > 4 || *end != '\0') {
    fputs("usage: figure NUMBER|all DIRECTORY [STEPS]\n       figure numbers\n", stderr);
    return EXIT_FAILURE;
  }
  if (mkdir(argv[2], 0777) != 0 && errno != EEXIST) fail(argv[2]);
  if (chdir(argv[2]) != 0) fail(argv[2]);
  int made = 0;
  for (size_t i = 0; i < FIGURES; i++) {
    if (strcmp(argv[1], "all") != 0 && strcmp(argv[1], figures[i].number) != 0) continue;
    make(&figures[i], steps > 0 ? steps : figures[i].steps);
    made++;
  }
  if (made == 0) fprintf(stderr, "no figure %s; there are 4.1 to 4.10\n", argv[1]);
  return made > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
