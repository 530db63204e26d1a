#include "libsvm.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *read_text(sparse_rows *s, const char *text, int base, const known_columns *known)
{
  static failure f;
  f.text[0] = '\0';
  libsvm_read_memory(s, text, strlen(text), base, known, &f);
  return f.text;
}

Test(libsvm, rows_come_compressed_and_count_from_zero)
{
  sparse_rows s;
  cr_assert_str_eq(read_text(&s, "+1 1:0.5 4:-2\r\n\n-1 # nothing\n2.5\t2:1e3 ", BASE_UNKNOWN, NULL), "");
  cr_assert_eq(s.rows, 3);
  cr_assert_eq(s.columns, 4);
  cr_assert_eq(s.base, 1);
  cr_assert_eq(s.row_start[1], 2);
  cr_assert_eq(s.row_start[2], 2);
  cr_assert_eq(s.row_start[3], 3);
  cr_assert_eq(s.column[1], 3);
  cr_assert_eq(s.column[2], 1);
  cr_assert_eq(s.value[2], 1000);
  cr_assert_eq(s.target[0], 1);
  cr_assert_eq(s.target[2], 2.5);
  sparse_free(&s);
}

Test(libsvm, counting_from_zero_is_told_from_counting_from_one)
{
  sparse_rows s;
  cr_assert_str_eq(read_text(&s, "1 0:1 3:2\n", BASE_UNKNOWN, NULL), "");
  cr_assert_eq(s.base, 0);
  cr_assert_eq(s.columns, 4);
  cr_assert_eq(s.column[1], 3);
  sparse_free(&s);
  cr_assert_str_eq(read_text(&s, "1 2:1\n", 0, NULL), "");
  cr_assert_eq(s.column[0], 2);
  sparse_free(&s);
  cr_assert_str_eq(read_text(&s, "1 0:1\n", 1, NULL),
                   "memory:1:3: column number 0 occurs, but columns count from 1 (--index-base)");
}

Test(libsvm, columns_that_a_model_does_not_have_are_passed_over)
{
  static const size_t column[] = {1, 4, 7};
  const known_columns known = {column, 3};
  sparse_rows s;
  cr_assert_str_eq(read_text(&s, "1 2:5 3:4 8:6 9:1\n-1 100:1\n1 5:2 8:3\n", 1, &known), "");
  cr_assert_eq(s.columns, 3);
  cr_assert_eq(s.row_start[1], 2);
  cr_assert_eq(s.row_start[2], 2);
  cr_assert_eq(s.row_start[3], 4);
  cr_assert_eq(s.column[0], 0);
  cr_assert_eq(s.column[1], 2);
  cr_assert_eq(s.value[1], 6);
  cr_assert_eq(s.column[2], 1);
  sparse_free(&s);
  cr_assert_str_eq(read_text(&s, "1 0:5 7:6 8:1\n", 0, &known), "");
  cr_assert_eq(s.row_start[1], 1);
  cr_assert_eq(s.column[0], 2);
  sparse_free(&s);
  cr_assert_str_eq(read_text(&s, "1 2:5\n1 1:1\n1 0:5\n", 1, &known),
                   "memory:3:3: column number 0 occurs, but columns count from 1 in the model");
}

Test(libsvm, only_columns_with_entries_are_kept)
{
  static const char *const text[] = {"1 3:5 9:4\n-1\n1 3:2 4:1\n", "1 3:5 900:4\n-1\n1 3:2 268435456:1\n"};
  static const size_t wanted[2][3] = {{2, 3, 8}, {2, 899, 268435455}};
  static const size_t column[2][4] = {{0, 2, 0, 1}, {0, 1, 0, 2}};
  for (int i = 0; i < 2; i++) {
    sparse_rows s;
    size_t *number = NULL;
    cr_assert_str_eq(read_text(&s, text[i], BASE_UNKNOWN, NULL), "");
    cr_assert(sparse_compact(&s, &number));
    cr_assert_eq(s.columns, 3);
    cr_assert_arr_eq(number, wanted[i], sizeof wanted[i]);
    cr_assert_arr_eq(s.column, column[i], sizeof column[i]);
    free(number);
    sparse_free(&s);
  }
}

Test(libsvm, bad_lines_are_refused_with_their_place)
{
  static const struct {
    const char *text, *words;
  } row[] = {{"", "memory: the file has no rows"},
             {"1 1:1\nx 1:1\n", "memory:2:1: the target 'x' is not a number"},
             {"1 1:1 2\n", "memory:1:7: '2' is not of the form index:value"},
             {"1 a:1\n", "memory:1:3: 'a' is not a column number up to 268435456"},
             {"1 -1:1\n", "memory:1:3: '-1' is not a column number up to 268435456"},
             {"1 99999999999999999999:1\n",
              "memory:1:3: '99999999999999999999' is not a column number up to 268435456"},
             {"1 3:1 2:1\n", "memory:1:7: column numbers must increase within a row"},
             {"1 3:1 3:1\n", "memory:1:7: column numbers must increase within a row"},
             {"1 3:nan\n", "memory:1:5: the value 'nan' is not a finite number"},
             {"1 3:1e999\n", "memory:1:5: the value '1e999' is not a finite number"},
             {"1 3:\n", "memory:1:5: the value '' is not a number"}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    sparse_rows s;
    cr_assert_str_eq(read_text(&s, row[i].text, BASE_UNKNOWN, NULL), row[i].words);
    cr_assert_null(s.value);
  }
}
