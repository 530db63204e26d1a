/* What differs from system to system: files, locks, the clock. system_posix.c and system_windows.c; errors
 * are in errno. */
#ifndef TRAIN_SYSTEM_H
#define TRAIN_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where a command's output goes that nobody is to see. */
#if defined _WIN32
#define SYSTEM_NOWHERE "NUL"
#else
#define SYSTEM_NOWHERE "/dev/null"
#endif

/* Numbers 0 to 2 mean the standard files or nothing: closed ones must not be given to a file. Standard files
 * carry bytes as they are. A limit on the size of files is an error of writing like another, not the end of
 * the program. */
void system_begin(void);

/* Signals by which a user ends the program; *count of them. */
const int *system_ending_signals(size_t *count);
/* A reader that goes away is an error of writing, from now on until resumed. */
typedef void (*system_handler)(int);
system_handler system_ignore_broken_pipes(void);
void system_resume_broken_pipes(system_handler before);

/* Seconds from some moment on, never going back. */
double system_seconds(void);

/* Two names of one file have the same identity. */
typedef struct system_identity {
  uint64_t device, number;
  bool regular;
} system_identity;
bool system_identify(const char *file, system_identity *id); /* NULL: standard input */
typedef enum system_kind { SYSTEM_NOTHING, SYSTEM_REGULAR, SYSTEM_FOLDER, SYSTEM_OTHER } system_kind;
system_kind system_kind_of(const char *file);
/* Its permissions, or those that a new file gets where there is none. */
int system_mode_of(const char *file);
bool system_may_write_in(const char *folder);

/* The name behind symbolic links, in memory of its own; NULL: there is none. */
char *system_real_name(const char *file);
/* The place of the last character that divides names from folders, or NULL. */
const char *system_last_divider(const char *file);

/* A new file, open for writing and locked: -1 with EEXIST: another name is needed. What a program that was
 * killed left under the name goes. */
int system_create(const char *name, int mode);
int system_open_to_write(const char *name); /* one that is there, as it is: a device, a pipe */
bool system_sync(int handle);               /* the bytes are on the disk */
void system_sync_folder(const char *folder);
bool system_replace(const char *from, const char *to);
/* A file without a name that goes when it is closed. */
FILE *system_temporary(void);
const char *system_temporary_folder(void); /* where */

#endif
