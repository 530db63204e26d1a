/* What the writer and the reader of model files agree on. */
#ifndef TRAIN_TRAINED_FORMAT_H
#define TRAIN_TRAINED_FORMAT_H

#include <stddef.h>

enum { FORMAT_VERSION = 2 };
#define MODEL_MAGIC "tapegrad-model"

extern const char *const kind_word[4], *const loss_word[3], *const missing_word[4];
unsigned long long model_checksum(const char *bytes, size_t length); /* FNV-1a, 64 bits */

#endif
