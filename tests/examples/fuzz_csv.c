/* CSV bytes through the table reader, with every kind of column. */
#include "fuzz.h"

#include "table.h"

const char *const fuzz_seed[] = {
    "a,b,c\n1,2,x\n3,4,y\n",
    "\"a\";\"b\nb\";c\r\n1,5;;\"x\"\"y\"\r\n",
    "1\t2\tx\n3\t-4e-300\ty",
    "\xef\xbb\xbfid,w,label\n1,0.5,\"never closed",
    "a,a\n1,2\n",
    "\n\n1e308,nan,?\ninf,-inf,1e999\n",
    NULL,
};

static void read_with(const char *bytes, size_t size, table_format format)
{
  failure f;
  table_reader r;
  if (!table_open_memory(&r, bytes, size, format, &f)) return;
  table t = {0};
  bool good = true, end = false;
  for (size_t i = 0; i < r.names.count && i < 64 && good; i++) {
    good = table_add_column(&t, r.names.text[i], (column_kind)(i % 3), i, &f);
    if (good) t.column[i].missing_allowed = i % 2 == 0;
  }
  if (good && table_read(&r, &t, 1000, &end, &f)) {
    table_drop_missing(&t);
    table_settle_levels(&t, format.point);
  }
  table_free(&t);
  table_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  read_with((const char *)data, size, (table_format){'\0', '.', HEADER_AUTO});
  read_with((const char *)data, size, (table_format){';', ',', HEADER_YES});
  return 0;
}
