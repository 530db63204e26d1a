/* What went wrong, in words for a person. Functions that can fail return false (or NULL) and leave the
 * message here; nothing below main exits. */
#ifndef TRAIN_FAILURE_H
#define TRAIN_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

#if defined _WIN32 && defined __GNUC__ && !defined __clang__
#define PRINTF_LIKE(text, first) __attribute__((format(gnu_printf, text, first))) /* not the system's own */
#elif defined __GNUC__
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

typedef struct failure {
  char text[1024];
  bool usage;     /* the command line is to blame, not data or files */
  bool no_memory; /* another run may go well */
} failure;

/* Where in a file: line and column count from 1, the column in bytes. A line of 0 leaves both out. */
typedef struct place {
  const char *file;
  size_t line, column;
} place;

enum { EXCERPT_ROOM = 64, FILE_NAME_ROOM = 1000 };

bool fail(failure *f, const char *format, ...) PRINTF_LIKE(2, 3); /* always false */
bool fail_usage(failure *f, const char *format, ...) PRINTF_LIKE(2, 3);
bool fail_at(failure *f, place where, const char *format, ...) PRINTF_LIKE(3, 4);
bool fail_memory(failure *f);
bool fail_too(failure *f, const char *format, ...) PRINTF_LIKE(2, 3); /* more words behind those there are */

/* One line on standard error, whatever the names and labels in it hold. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);

/* A line on standard error that the next one replaces. It is wiped before anything else is printed. */
void bar_show(const char *line);
void bar_wipe(void);

/* The beginning of some bytes of a file, fit to be printed: what a terminal would obey and what is no UTF-8
 * is escaped, long text is cut. */
const char *excerpt(char out[EXCERPT_ROOM], const char *text, size_t length);
const char *printable(char *out, size_t room, const char *text, size_t length); /* room of at least 10 */

#endif
