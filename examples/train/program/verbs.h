/* The verbs. A row here and its command_NAME (commands.h) are a verb: dispatch, usage, help and the message
 * about an unknown one come from the rows. Which options a verb takes is in their table (options.c), under
 * its bit. */
#ifndef TRAIN_VERBS_H
#define TRAIN_VERBS_H

/* clang-format off */
#define VERB_LIST(X) /* its bit, name, and what it does, for --help */ \
  X(VERB_FIT,      fit,      "learn a model from DATA and report how good it is") \
  X(VERB_PREDICT,  predict,  "apply a model to DATA: one line of predictions per row") \
  X(VERB_EVALUATE, evaluate, "compare a model's predictions with the target in DATA") \
  X(VERB_CV,       cv,       "k-fold cross-validation")
/* clang-format on */

#define VERB_ROW(bit, name, line) verb_place_##name,
enum { VERB_LIST(VERB_ROW) VERBS };
#undef VERB_ROW

#define VERB_ROW(bit, name, line) bit = 1 << verb_place_##name,
typedef enum verb { VERB_LIST(VERB_ROW) } verb;
#undef VERB_ROW

#endif
