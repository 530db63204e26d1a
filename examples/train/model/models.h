/* The per-sample losses of the training program, written once with the library's macros. */
#ifndef TRAIN_MODELS_H
#define TRAIN_MODELS_H

#include <tapegrad/tapegrad.h>

typedef enum model_kind { MODEL_LOGISTIC, MODEL_MULTINOMIAL, MODEL_LINEAR, MODEL_NET } model_kind;
typedef enum linear_loss { LOSS_SQUARED, LOSS_ABSOLUTE, LOSS_HUBER } linear_loss;

/* A column that is not part of the rows: entry i at first[i * stride]. */
typedef struct model_column {
  const double *first;
  size_t stride;
} model_column;

/* What a loss has to know about a model and its samples. A sample is: the features, then an offset, a weight
 * and the target, as far as there are any; but when the features are sparse and there is more than a target,
 * the number of the row, by which those are looked up. Parameters come as a matrix row by row, then one
 * intercept per row; the net has two such layers. */
typedef struct model_shape {
  model_kind kind;
  linear_loss loss;
  size_t features;
  size_t classes; /* 0 where the target is a number: a linear model, or a net for regression */
  size_t hidden;  /* of the net */
  bool has_offset, has_weight;
  double centre, unit; /* a net for regression: its output counts in this unit, from this number */
  double magnitude;    /* of a numeric target: the root of its mean square */
  model_column
      beside[3]; /* offset, weight, target as far as there are any; first NULL: they are in the sample */
  double delta;  /* where the Huber loss turns from a parabola into a line */
  double
      smoothing; /* the absolute loss is sqrt(r^2 + smoothing^2) - smoothing, at most `smoothing` too small */
  var *work;     /* room for work_size vars while a loss is recorded */
} model_shape;

size_t model_rows(const model_shape *m); /* of the first matrix: the outputs, or the hidden units of a net */
size_t model_parameters(const model_shape *m);
size_t model_work_size(const model_shape *m);
tg_loss_fn model_loss(const model_shape *m);

/* The outputs for one row of features, in plain numbers: margin, logits or value; `hidden` is scratch for a
 * net. */
void model_outputs(const model_shape *m, const double *theta, const double *x, double *hidden,
                   double *output);
size_t model_output_count(const model_shape *m);

#endif
