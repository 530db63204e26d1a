/* Files are complete or not there at all, whatever programs that were killed left and whoever
 * ends this one. */
#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[100], file[200], part[240];

static void make_folder(void)
{
  strcpy(folder, "/tmp/tapegrad-output-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/model", folder);
  snprintf(part, sizeof part, "%s.%ld.part", file, (long)getpid());
}

static void remove_folder(void)
{
  DIR *d = opendir(folder);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    unlink(path);
  }
  if (d != NULL) closedir(d);
  rmdir(folder);
}

TestSuite(output, .init = make_folder, .fini = remove_folder);

static void put(const char *name, const char *words)
{
  FILE *to = fopen(name, "w");
  cr_assert_not_null(to);
  fputs(words, to);
  fclose(to);
}

static bool holds(const char *name, const char *words)
{
  char line[100] = "";
  FILE *in = fopen(name, "r");
  if (in == NULL) return false;
  const size_t n = fread(line, 1, sizeof line - 1, in);
  fclose(in);
  return n == strlen(words) && memcmp(line, words, n) == 0;
}

static int files_there(void)
{
  int n = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
  if (d != NULL) closedir(d);
  return n;
}

Test(output, what_a_killed_program_of_this_number_left_is_written_anew)
{
  failure f = {0};
  put(part, "half of a model, longer than what comes");
  for (int i = 0; i < 3; i++) cr_assert(write_file(file, "whole", 5, &f), "%s", f.text);
  cr_assert(holds(file, "whole"));
  cr_assert_eq(files_there(), 1);
}

Test(output, what_another_program_of_this_number_writes_is_left_alone)
{
  int ready[2], done[2];
  char c;
  cr_assert(pipe(ready) == 0 && pipe(done) == 0);
  const pid_t other = fork();
  if (other == 0) { /* as one in another container would */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int handle = open(part, O_WRONLY | O_CREAT | O_EXCL, 0600);
    const bool locked = fcntl(handle, F_SETLK, &whole) == 0 && write(handle, "other", 5) == 5;
    close(done[1]);
    _exit(!locked || write(ready[1], "", 1) != 1 || read(done[0], &c, 1) != 0);
  }
  cr_assert_eq(read(ready[0], &c, 1), 1);
  failure f = {0};
  cr_assert(write_file(file, "mine", 4, &f), "%s", f.text);
  cr_assert(holds(file, "mine") && holds(part, "other"));
  int status;
  close(done[1]);
  waitpid(other, &status, 0);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(output, a_link_with_the_name_of_a_left_over_is_not_followed)
{
  char victim[300];
  failure f = {0};
  snprintf(victim, sizeof victim, "%s/victim", folder);
  put(victim, "precious");
  cr_assert_eq(symlink(victim, part), 0);
  cr_assert(write_file(file, "mine", 4, &f), "%s", f.text);
  cr_assert(holds(file, "mine") && holds(victim, "precious"));
}

Test(output, a_signal_removes_what_is_half_written_and_leaves_the_old_file)
{
  static const int number[] = {SIGINT, SIGTERM, SIGHUP};
  put(file, "old");
  for (size_t i = 0; i < 3; i++) {
    const pid_t child = fork();
    if (child == 0) {
      output o;
      failure f;
      for (size_t k = 0; k < 3; k++) signal(number[k], SIG_DFL);
      clean_up_on_signals();
      if (!output_open(&o, file, &f) || !output_add(&o, "new", 3, &f)) _exit(1);
      raise(number[i]);
      _exit(2);
    }
    int status;
    waitpid(child, &status, 0);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == number[i]);
    cr_assert(holds(file, "old"));
    cr_assert_eq(files_there(), 1);
  }
}

Test(output, a_signal_that_is_ignored_stays_so)
{
  signal(SIGHUP, SIG_IGN);
  clean_up_on_signals();
  cr_assert(signal(SIGHUP, SIG_DFL) == SIG_IGN);
}
