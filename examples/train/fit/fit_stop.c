#include "fit_stop.h"

#include <assert.h>
#include <stddef.h>

static const struct {
  fit_kind kind;
  const char *word, *text;
} stop_row[] = {
#define FIT_STOP_ROW(code, kind, word, text) {kind, word, text},
    FIT_STOP_LIST(FIT_STOP_ROW)
#undef FIT_STOP_ROW
};

enum { STOPS = sizeof stop_row / sizeof *stop_row };

const char *fit_stop_string(fit_stop s) { return assert((size_t)s < STOPS), stop_row[s].text; }

const char *fit_stop_word(fit_stop s) { return assert((size_t)s < STOPS), stop_row[s].word; }

fit_kind fit_stop_kind(fit_stop s) { return assert((size_t)s < STOPS), stop_row[s].kind; }

bool fit_converged(fit_stop s) { return s == FIT_CONVERGED || s == FIT_ROUNDING; }
