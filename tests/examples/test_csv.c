#include "csv.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The records of a text as one string: fields between brackets, records on lines, or the failure's words. */
static const char *records(const char *bytes, size_t length, char delimiter)
{
  static char out[4096];
  failure f = {0};
  input in;
  csv c;
  out[0] = '\0';
  if (!input_memory(&in, "t", bytes, length, &f)) return strcpy(out, f.text);
  csv_result result = csv_start(&c, &in, delimiter, &f) ? CSV_RECORD : CSV_FAILED;
  while (result == CSV_RECORD && (result = csv_next(&c, &f)) == CSV_RECORD) {
    for (size_t i = 0; i < c.fields; i++) {
      strcat(out, "[");
      strncat(out, c.field[i].text, c.field[i].length);
      strcat(out, "]");
    }
    strcat(out, "/");
  }
  if (result == CSV_FAILED) strcat(out, f.text);
  csv_end(&c);
  input_close(&in);
  return out;
}

Test(csv, reads_what_rfc_4180_describes)
{
  static const struct {
    const char *text, *records;
  } row[] = {{"a,b\n1,2\n", "[a][b]/[1][2]/"},
             {"a,b\r\n1,2", "[a][b]/[1][2]/"},
             {"a,b\r1,2\r", "[a][b]/[1][2]/"},
             {"\xef\xbb\xbf"
              "a,b\n",
              "[a][b]/"},
             {"a;b,c;d\n", "[a][b,c][d]/"},
             {"a\tb\n\n\n1\t2\n", "[a][b]/[1][2]/"},
             {"\n\r\na;b\n", "[a][b]/"},
             {"\"a,b\",c\n", "[a,b][c]/"},
             {"\"a\"\"b\",\"\"\"\",\"\"\n", "[a\"b][\"][]/"},
             {"\"a\nb\",\"c\r\nd\"\n1,2\n", "[a\nb][c\r\nd]/[1][2]/"},
             {"a,\n,\n", "[a][]/[][]/"},
             {"5\" pipe,2\n", "[5\" pipe][2]/"},
             {"a", "[a]/"},
             {"\"\"\n", "[]/"},
             {"a,b,", "[a][b][]/"},
             {"", ""}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    cr_assert_str_eq(records(row[i].text, strlen(row[i].text), '\0'), row[i].records, "row %zu: %s", i,
                     records(row[i].text, strlen(row[i].text), '\0'));
  }
}

Test(csv, names_line_and_column_of_what_is_wrong)
{
  cr_assert_str_eq(records("a,b\n1,\"x", 8, '\0'), "[a][b]/t:2:3: the quote opened here is never closed");
  cr_assert_str_eq(records("a,b\n\"x\ny\"z,1\n", 13, '\0'), "[a][b]/t:3:3: text behind a closing quote");
  cr_assert_str_eq(records("a,b\n12\0,3\n", 10, '\0'), "[a][b]/t:2:3: a NUL byte; this is not a text file");
  cr_assert_str_eq(records("\xff\xfe"
                           "a\0",
                           4, '\0'),
                   "t: this is UTF-16 text; convert it to UTF-8 first");
}

Test(csv, a_record_may_straddle_the_window_anywhere)
{
  /* A quoted field of every length around the size of the window, followed by a short record. */
  for (size_t length = (1 << 18) - 6; length < (1 << 18) + 6; length++) {
    char *text = malloc(length + 32);
    cr_assert_not_null(text);
    memset(text, 'x', length);
    text[0] = text[length - 1] = '"';
    strcpy(text + length, ",7\r\n8,9\r\n");
    failure f;
    input in;
    csv c;
    cr_assert(input_memory(&in, "t", text, strlen(text), &f));
    cr_assert(csv_start(&c, &in, ',', &f));
    cr_assert_eq(csv_next(&c, &f), CSV_RECORD);
    cr_assert_eq(c.field[0].length, length - 2);
    cr_assert_eq(csv_next(&c, &f), CSV_RECORD);
    cr_assert_eq(c.field[1].text[0], '9');
    cr_assert_eq(c.field[1].line, 2);
    cr_assert_eq(csv_next(&c, &f), CSV_END);
    csv_end(&c);
    input_close(&in);
    free(text);
  }
}

Test(csv, an_endless_line_is_refused)
{
  const size_t length = (size_t)INPUT_LONGEST + 10;
  char *text = malloc(length);
  cr_assert_not_null(text);
  memset(text, '7', length);
  const char *said = records(text, length, '\0');
  cr_assert_str_eq(said, "t:1:1: the line is longer than 67 million bytes");
  free(text);
}
