#include "numbers.h"

#include "table.h"

bool numbers_read(double **x, const char *file, size_t *count, bool nonnegative, failure *f)
{
  const table_format format = {'\0', '.', HEADER_AUTO};
  table_reader r;
  table t = {0};
  bool end;
  if (!table_open(&r, file, format, f)) return false;
  bool good = r.names.count == 1 ||
              fail_at(f, (place){file, 1, 1}, "%zu numbers in a line where one is expected", r.names.count);
  good = good && table_add_column(&t, r.names.text[0], COLUMN_NUMBER, 0, f);
  if (good) t.column[0].nonnegative = nonnegative;
  good = good && table_read(&r, &t, *count > 0 ? *count + 1 : (size_t)-1, &end, f);
  if (good && *count > 0 && t.rows != *count) {
    good = fail_at(f, (place){file, 0, 0}, "%s numbers than the %zu rows", t.rows < *count ? "fewer" : "more",
                   *count);
  }
  if (good) {
    *count = t.rows;
    *x = t.cell;
    t.cell = NULL;
  }
  table_free(&t);
  table_close(&r);
  return good;
}
