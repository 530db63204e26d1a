#include "data_format.h"

#include <string.h>

bool is_libsvm(const options *o)
{
  if (o->format != DATA_AUTO) return o->format == DATA_LIBSVM;
  const char *dot = strrchr(o->data, '.');
  return dot != NULL && (strcmp(dot, ".svm") == 0 || strcmp(dot, ".libsvm") == 0);
}

table_format format_of(const options *o)
{
  static const char delimiter[] = {'\0', ',', ';', '\t'};
  return (table_format){delimiter[o->delimiter], o->decimal == 1 ? ',' : '.', (header_kind)o->header};
}

/* An option for the other format would be passed over. */
bool format_options(const options *o, failure *f)
{
  const bool for_csv = o->header != HEADER_AUTO || o->delimiter != 0 || o->decimal != 0;
  if (is_libsvm(o) && for_csv) return fail_usage(f, "--header, --delimiter and --decimal are for CSV");
  return is_libsvm(o) || o->index_base == -1 || fail_usage(f, "--index-base is for libsvm files");
}
