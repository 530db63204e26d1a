/* Pictures through gnuplot, if it is there. */
#ifndef TRAIN_PLOT_H
#define TRAIN_PLOT_H

#include "text.h"

typedef struct plot {
  const char *title, *x_label, *y_label;
  bool log_x, log_y;
  const text *csv;    /* the first column is x; the header names the curves */
  size_t first, last; /* columns to draw, from 2 */
} plot;

/* .svg or .png by the name of the file, which like every output is complete or as it was. *there tells
 * whether gnuplot was found; without it nothing is done. Names may hold anything: none is a command of the
 * script. */
bool plot_draw(const plot *p, const char *file, bool *there, failure *f);

#endif
