/* Learning a model from some rows of the data. */
#ifndef TRAIN_TRAINING_H
#define TRAIN_TRAINING_H

#include "fit.h"
#include "inference.h"
#include "load.h"
#include "separation.h"
#include "trained.h"

typedef struct training {
  trained model;
  fit_outcome outcome;
  scaling scaling;
  dataset data; /* scaled, but for many rows: they stay as they came */
  problem problem;
  double *theta; /* fitted coordinates */
  row_list rows; /* learned from: the caller's */
  fit_settings settings;
  double preparation; /* seconds that training_new took */
  separation separated;
  char separated_classes[600];
  inference inference; /* with options->summary */
  failure no_errors;   /* or why there are none */
} training;

/* Design, scaling and problem for the listed rows; the penalty is that of the options. */
bool training_new(training *t, const loaded *l, row_list rows, const options *o, failure *f);

/* Fits from t->theta, looks for separation, and leaves the coefficients in t->model. The seconds of the
 * outcome are all that it took to get there from the rows in memory, preparation included. */
bool training_run(training *t, const loaded *l, const options *o, failure *f);
bool training_set_penalty(training *t, penalty how, failure *f);
/* t->model.theta from t->theta or from fitted coordinates elsewhere. */
void training_export(training *t, const double *theta);
void training_free(training *t);

double default_lambda(const options *o, model_kind kind);
penalty penalty_of(const options *o, model_kind kind);

#endif
