/* Status codes: what a call answers when the world says no.
 *
 *   tg_status s = tg_gradient(f, x, &value, gradient);
 *   if (s != TG_OK) fprintf(stderr, "%s: %s\n", tg_status_string(s), tg_function_message(f));
 *
 * Zero is success, failures are negative. A call that fails leaves its outputs alone. Why an iteration ended is not a
 * status but a tg_stop (report.h). Objects that can fail late keep a message that names the culprit: a tape, a
 * recorded function, a finite sum, a report. */
#ifndef TAPEGRAD_STATUS_H
#define TAPEGRAD_STATUS_H

#if defined _WIN32
#define TG_API
#elif defined TG_BUILDING
#define TG_API __attribute__((visibility("default")))
#else
#define TG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One line per status: code, value, text. */
#define TG_STATUS_LIST(X)                                                                                    \
  X(TG_OK, 0, "success")                                                                                     \
  X(TG_E_NOMEM, -1, "out of memory")                                                                         \
  X(TG_E_ARGUMENT, -2, "invalid argument")                                                                   \
  X(TG_E_TAPE, -3, "a var was used with a tape it does not belong to, or a tape was used out of order")      \
  X(TG_E_BRANCH, -4, "a comparison changed its outcome and the function cannot be recorded again")           \
  X(TG_E_ORDER, -5, "an operation has no derivative of the order asked for")                                 \
  X(TG_E_SIZE, -6, "a size overflows, or a tape is longer than 2^28 - 16 nodes")                             \
  X(TG_E_CALLBACK, -7, "a user's callback reported failure")                                                 \
  X(TG_E_CAPTURED, -8, "the recording no longer agrees with the function it was made from")                  \
  X(TG_E_DATA, -9, "a data row is malformed")                                                                \
  X(TG_E_NONFINITE, -10, "a value is infinite or not a number where a finite one is needed")                 \
  X(TG_E_METHOD, -11, "the objective does not provide what the method needs")                                \
  X(TG_E_DERIVATIVE, -12, "a derivative is not that of the function it is given for")

typedef enum tg_status {
#define TG_STATUS_ROW(code, value, text) code = value,
  TG_STATUS_LIST(TG_STATUS_ROW)
#undef TG_STATUS_ROW
} tg_status;

/* The text of a status, never NULL; "unknown status" for a number that is none. Static storage. */
TG_API const char *tg_status_string(tg_status s);

/* One line: version, compiler, the instruction sets built in and the one in use. Static storage.
 *
 * The environment variable TG_ISA pins the instruction set of the finite sums and runs made after it is set:
 *   avx512, avx2, sse2   on x86-64
 *   plain                where there is no choice
 *   scalar               finite sums sample by sample, optimizers as for sse2
 * A name that is not on offer is ignored: the best is taken. */
TG_API const char *tg_build_info(void);

#ifdef __cplusplus
}
#endif
#endif
