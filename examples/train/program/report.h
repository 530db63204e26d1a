/* Reports as text for people or as JSON for programs, made in memory. */
#ifndef TRAIN_REPORT_H
#define TRAIN_REPORT_H

#include "judge.h"
#include "text.h"
#include "training.h"

/* A number with so many digits, behind the point (style 'f') or in all ('g'); a dash for NaN. */
enum { SHOWN_ROOM = 40 };
const char *shown(char out[SHOWN_ROOM], char style, int digits, double x);

/* -- for people -- */
void report_data(text *t, const loaded *l, const char *file);
void report_fit(text *t, const training *r);
void report_judged(text *t, const char *which, const judged *j, const trained *m);
void report_summary(text *t, const training *r);

/* -- JSON: members of an object, without the comma before -- */
void json_data(text *t, const loaded *l, const char *file);
void json_fit(text *t, const training *r);
void json_judged(text *t, const char *which, const judged *j, const trained *m);
void json_coefficients(text *t, const training *r);

const char *kind_name(model_kind k);

/* What coefficient i belongs to: the feature's name or "(intercept)", and the class of a
 * softmax, else NULL. */
const char *coefficient_name(const trained *m, size_t i, char out[FEATURE_NAME_ROOM],
                             const char **class_name);

#endif
