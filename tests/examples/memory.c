/* The training program with the n-th allocation failing, for every n, once and from then on: either it says
 * that memory is out, leaves no model and nothing half written, or everything is as it is otherwise. Nothing
 * leaks. */
#define _XOPEN_SOURCE 700
#include "commands.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- allocations: the linker's --wrap gives these names -------------------------------------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_realpath(const char *name, char *room);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_realpath(const char *name, char *room);
void __wrap_free(void *block);
int __wrap_fsync(int handle);

static struct {
  size_t requests, fail_at, refused;
  long live;
  bool on;
} memory;

static void memory_fail(size_t at, bool on)
{
  memory.requests = memory.refused = 0;
  memory.fail_at = at;
  memory.on = on;
}

static bool refuses(void)
{
  const size_t n = ++memory.requests, at = memory.fail_at;
  const bool now = at > 0 && (n == at || (memory.on && n > at));
  memory.refused += now;
  if (now) errno = ENOMEM;
  return now;
}

static void *counted(void *block)
{
  memory.live += block != NULL;
  return block;
}

void *__wrap_malloc(size_t size) { return refuses() ? NULL : counted(__real_malloc(size)); }

void *__wrap_calloc(size_t count, size_t size)
{
  return refuses() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
  if (refuses()) return NULL;
  void *larger = __real_realloc(block, size);
  return block == NULL ? counted(larger) : larger;
}

char *__wrap_realpath(const char *name, char *room)
{
  if (room != NULL) return __real_realpath(name, room);
  return refuses() ? NULL : counted(__real_realpath(name, NULL));
}

void __wrap_free(void *block)
{
  memory.live -= block != NULL;
  __real_free(block);
}

int __wrap_fsync(int handle) /* takes most of the time */
{
  (void)handle;
  return 0;
}

/* -- the runs -------------------------------------------------------------------------------------------- */

/* Words of a command line; @ stands for the folder of all files. */
typedef struct job {
  const char *words;
  const char *makes[3]; /* files in the folder */
} job;

static const job jobs[] = {
    {"fit @/two.csv --weights w --offset o -m @/made --trace @/trace --summary -c g --missing mean --holdout "
     "0.3",
     {"made", "trace"}},
    {"fit @/two.csv --weights w --offset o -m @/made --json -c g --missing drop --class-weights balanced "
     "--positive no",
     {"made"}},
    {"fit @/two.csv -c g --missing median -m @/made --kind net --hidden 2 --method adam --epochs 2 --seed 4 "
     "--checkpoint @/state --checkpoint-seconds 0",
     {"made"}},
    {"fit @/three.csv -m @/made --mix 1 --plot @/picture.svg", {"made", "picture.svg"}},
    {"fit @/three.csv -m @/made --lambda 0 --max-iterations 9", {"made"}},
    {"fit @/three.csv -m @/made --path 3 --trace @/trace --plot @/picture.svg --holdout 0.3",
     {"made", "trace", "picture.svg"}},
    {"fit @/three.csv -m @/made --chunk-rows 5 --start @/three.model --method lbfgs", {"made"}},
    {"fit @/number.csv -m @/made --loss huber --weights w --chunk-rows 5", {"made"}},
    {"fit @/number.csv -m @/made --loss absolute --offset w", {"made"}},
    {"fit @/number.csv -m @/made --loss huber --delta 0.5 --method lbfgs", {"made"}},
    {"fit @/number.csv -m @/made --kind linear --summary --chunk-rows 5", {"made"}},
    {"fit @/three.csv -m @/made --lambda 0.1 --summary --json", {"made"}},
    {"fit @/three.csv -m @/made --method momentum --rate 100 --epochs 3", {"made"}},
    {"fit @/two.csv --ignore g --missing drop --method lbfgs -m @/made", {"made"}},
    {"fit @/three.csv --method lbfgs -m @/made", {"made"}},
    {"fit @/apart.csv --lambda 0 -m @/made", {NULL}},
    {"fit @/apart.csv --lambda 1e-9 --max-iterations 20 -m @/made", {"made"}},
    {"fit @/sparse.svm -m @/made --weights @/weights --offset @/weights --json --mix 0.5", {"made"}},
    {"predict @/two.csv -m @/two.model -o @/made", {"made"}},
    {"predict @/sparse.svm -m @/sparse.model --offset @/weights", {NULL}},
    {"evaluate @/two.csv -m @/two.model --weights w --json", {NULL}},
    {"evaluate @/three.csv -m @/three.model", {NULL}},
    {"evaluate @/sparse.svm -m @/sparse.model --offset @/weights --weights @/weights", {NULL}},
    {"cv @/three.csv --folds 2 --weights a", {NULL}},
    {"cv @/number.csv --kind linear --folds 2 --path 2 --json", {NULL}},
};
enum { JOBS = sizeof jobs / sizeof *jobs, FILES = 4, LONGEST = 1 << 16 };

static char folder[] = "/tmp/tapegrad-memory-XXXXXX";
static int failures;

static void expect(bool holds, const job *j, const char *what, size_t n)
{
  if (holds) return;
  failures++;
  fprintf(stderr, "%s, request %zu: %s\n", j->words, n, what);
}

static const char *in_folder(const char *name)
{
  static char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* Runs a verb with its standard output and error in files of the folder. */
static int run(const char *words, size_t fail_at, bool on, failure *f)
{
  static char line[1000];
  char *argument[40] = {"tapegrad-train"};
  int count = 1;
  size_t n = 0;
  for (const char *s = words; *s != '\0' && n + sizeof folder < sizeof line; s++) {
    if (*s == '@') n += (size_t)snprintf(line + n, sizeof line - n, "%s", folder);
    if (*s != '@') line[n++] = *s;
  }
  line[n] = '\0';
  for (char *s = strtok(line, " "); s != NULL; s = strtok(NULL, " ")) argument[count++] = s;
  fflush(stdout);
  fflush(stderr);
  const int out = dup(1), err = dup(2), to = open(in_folder("output"), O_CREAT | O_TRUNC | O_WRONLY, 0600),
            said = open(in_folder("said"), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  dup2(to, 1);
  dup2(said, 2);
  options o;
  *f = (failure){0};
  memory_fail(fail_at, on);
  int status = EXIT_USAGE;
  if (options_parse(&o, count, argument, f)) status = command_run(&o, f);
  memory.fail_at = 0;
  fflush(stdout);
  dup2(out, 1);
  dup2(err, 2);
  close(out);
  close(err);
  close(to);
  close(said);
  return status;
}

/* -- what a run leaves ----------------------------------------------------------------------------------- */

/* Cuts the times that a line tells: of a trace the last field, of reports what follows the word. */
static void cut_time(char *line, bool is_trace)
{
  char *at = is_trace ? strrchr(line, ',') : strstr(line, "\"seconds\":");
  if (at == NULL) at = strstr(line, ") in ");
  if (at == NULL) return;
  char *rest = is_trace ? NULL : strchr(at, '}');
  memmove(at, rest != NULL ? rest : "", rest != NULL ? strlen(rest) + 1 : 1);
}

/* A file without times; "" if it is not there. */
static void contents(const char *name, char *to)
{
  static char line[LONGEST];
  size_t n = 0;
  *to = '\0';
  FILE *in = fopen(in_folder(name), "r");
  if (in == NULL) return;
  while (fgets(line, sizeof line, in) != NULL) {
    cut_time(line, strcmp(name, "trace") == 0);
    const size_t length = strlen(line);
    if (n + length >= LONGEST) break;
    memcpy(to + n, line, length + 1);
    n += length;
  }
  fclose(in);
}

static bool something_left(void)
{
  bool found = false;
  DIR *d = opendir(folder);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) found = found || strstr(e->d_name, ".part");
  if (d != NULL) closedir(d);
  return found;
}

static void clean(const job *j)
{
  for (int k = 0; k < 3 && j->makes[k] != NULL; k++) unlink(in_folder(j->makes[k]));
  unlink(in_folder("state"));
}

static char wanted[FILES][LONGEST], got[LONGEST];

static const char *file_of(const job *j, int k) { return k == 0 ? "output" : j->makes[k - 1]; }

static bool as_wanted(const job *j, int k)
{
  contents(file_of(j, k), got);
  return strcmp(got, wanted[k]) == 0;
}

static bool says(const failure *f, const char *words)
{
  contents("said", got);
  return strstr(f->text, words) != NULL || strstr(got, words) != NULL;
}

/* The n-th request fails; false when there are fewer. */
static bool fail_request(const job *j, size_t n, bool on, int normal)
{
  failure f;
  clean(j);
  const long before = memory.live;
  const int status = run(j->words, n, on, &f);
  if (memory.refused == 0) return false;
  expect(memory.live == before, j, "leaked", n);
  expect(!something_left(), j, "left a file half written", n);
  if (status == normal) {
    for (int k = 0; k < FILES && file_of(j, k) != NULL; k++) expect(as_wanted(j, k), j, file_of(j, k), n);
    return true;
  }
  expect(status == EXIT_BAD, j, "another status", n);
  expect(says(&f, "memory"), j, f.text, n);
  for (int k = 1; k < FILES && file_of(j, k) != NULL; k++) {
    contents(file_of(j, k), got);
    expect(got[0] == '\0' || (as_wanted(j, k) && says(&f, "is there")), j, file_of(j, k), n);
  }
  return true;
}

static void every_request(const job *j, size_t step)
{
  failure f;
  clean(j);
  const long before = memory.live;
  const int normal = run(j->words, 0, false, &f);
  expect(memory.live == before, j, "leaked", 0);
  expect(normal == EXIT_FINE || normal == EXIT_NO_OPTIMUM, j, f.text, 0);
  for (int k = 0; k < FILES && file_of(j, k) != NULL; k++) contents(file_of(j, k), wanted[k]);
  const size_t requests = memory.requests;
  for (int on = 0; on < 2; on++) {
    for (size_t n = 1; n <= requests + 1 && fail_request(j, n, on == 1, normal); n += step) continue;
  }
  printf("%6zu requests: %s\n", requests, j->words);
}

/* -- data ------------------------------------------------------------------------------------------------ */

static FILE *new_file(const char *name)
{
  FILE *to = fopen(in_folder(name), "w");
  if (to == NULL) abort();
  return to;
}

/* Classes that overlap, groups, weights, offsets and missing values. */
static void write_data(void)
{
  FILE *two = new_file("two.csv"), *three = new_file("three.csv"), *number = new_file("number.csv"),
       *sparse = new_file("sparse.svm"), *weights = new_file("weights"), *apart = new_file("apart.csv");
  fputs("a,g,w,o,y\n", two);
  fputs("a,b,y\n", three);
  fputs("a,w,y\n", number);
  fputs("a,b,y\n", apart);
  for (int i = 0; i < 24; i++) {
    const int r = i * 7 % 11, s = i * i % 13;
    fprintf(two, i % 9 == 5 ? ",%s,%d,%g,%s\n" : "1.%s,%d,%g,%s\n",
            i % 9 == 5 ? (i % 2 ? "u" : "v")
            : i % 3    ? (r > 5 ? "25,u" : "5,w")
                       : "75,v",
            1 + i % 2, s / 8.0, r + s > 9 ? "yes" : "no");
    fprintf(three, "%d,%d,%s\n", 1 + r, s, i % 5 == 0 ? "x" : r > 5 ? "y" : s > 5 ? "z" : "x");
    fprintf(number, "%d,%d,%g\n", r, 1 + i % 2, 2 * r + s / 4.0);
    fprintf(sparse, "%d 1:%d 9:%d\n", r + s > 9, 1 + r, s - 6);
    fprintf(apart, "%d,%d,%s\n", i, s, i < 8 ? "x" : i < 12 && s < 7 ? "y" : "z");
    fprintf(weights, "%d\n", 1 + i % 2);
  }
  fclose(two);
  fclose(three);
  fclose(number);
  fclose(sparse);
  fclose(weights);
  fclose(apart);
}

/* The script is the picture. */
static void write_gnuplot(void)
{
  FILE *script = new_file("gnuplot");
  fprintf(script, "#!/bin/sh\n[ \"$1\" = --version ] && { echo gnuplot 5; exit; }\ncat >%s\n",
          in_folder("picture.svg"));
  fclose(script);
  chmod(in_folder("gnuplot"), 0700);
  char path[1000];
  snprintf(path, sizeof path, "%s:%s", folder, getenv("PATH"));
  setenv("PATH", path, 1);
}

static void write_models(void)
{
  failure f;
  static const char *const fit[] = {
      "fit @/two.csv --weights w --offset o -c g --missing mean -q -m @/two.model",
      "fit @/three.csv -q -m @/three.model",
      "fit @/sparse.svm --offset @/weights -q -m @/sparse.model",
  };
  for (size_t i = 0; i < sizeof fit / sizeof *fit; i++) {
    if (run(fit[i], 0, false, &f) == EXIT_FINE) continue;
    failures++;
    fprintf(stderr, "%s: %s\n", fit[i], f.text);
  }
}

static void remove_all(void)
{
  DIR *d = opendir(folder);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) unlink(in_folder(e->d_name));
  if (d != NULL) closedir(d);
  rmdir(folder);
}

int main(int argc, char **argv)
{
  const size_t step = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1;
  if (mkdtemp(folder) == NULL) return 1;
  write_data();
  write_gnuplot();
  write_models();
  for (int i = 0; i < JOBS; i++) every_request(&jobs[i], step);
  remove_all();
  printf("%d failures\n", failures);
  return failures != 0;
}
