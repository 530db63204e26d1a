#include "table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* Reads a text into t with the given kinds of its columns; "" when all went well, else
 * the failure's words. */
static const char *read_text(table *t, const char *text, const char *kinds, table_format format)
{
  static failure f;
  table_reader r;
  f.text[0] = '\0';
  *t = (table){0};
  if (!table_open_memory(&r, text, strlen(text), format, &f)) return f.text;
  bool good = true, end;
  for (size_t i = 0; good && kinds[i] != '\0' && i < r.names.count; i++) {
    if (kinds[i] == '-') continue;
    const column_kind kind = kinds[i] == 'c'   ? COLUMN_CATEGORY
                             : kinds[i] == 'l' ? COLUMN_LABEL
                                               : COLUMN_NUMBER;
    good = table_add_column(t, r.names.text[i], kind, i, &f);
    t->column[t->columns - 1].missing_allowed = kinds[i] == 'm';
    t->column[t->columns - 1].nonnegative = t->column[t->columns - 1].is_weight = kinds[i] == 'w';
  }
  if (good) table_read(&r, t, (size_t)-1, &end, &f);
  table_close(&r);
  return f.text;
}

static const table_format automatic = {'\0', '.', HEADER_AUTO};

Test(table, reads_numbers_labels_and_categories)
{
  table t;
  cr_assert_str_eq(read_text(&t, "h,color,y\n1.5,red,b\n2,blue,a\n-3e2,red,b\n", "nnl", automatic),
                   "memory:2:5: column 'color': 'red' is not a number (columns of text: --categorical)");
  table_free(&t);
  cr_assert_str_eq(read_text(&t, "h,color,y\n1.5,red,b\n2,blue,a\n-3e2,red,b\n", "ncl", automatic), "");
  cr_assert_eq(t.rows, 3);
  cr_assert_eq(t.cell[6], -300);
  cr_assert_eq(t.cell[1], 0);
  cr_assert(table_settle_levels(&t, '.'));
  cr_assert_str_eq(t.column[1].levels.text[0], "blue");
  cr_assert_eq(t.cell[1], 1, "red comes after blue now");
  cr_assert_eq(t.cell[2], 1);
  table_free(&t);
}

Test(table, finds_out_whether_there_is_a_header)
{
  table t;
  cr_assert_str_eq(read_text(&t, "1,2,a\n3,4,b\n", "nnl", automatic), "");
  cr_assert_eq(t.rows, 2);
  cr_assert_str_eq(t.column[1].name, "x2");
  table_free(&t);
  cr_assert_str_eq(read_text(&t, ",u,v\n1,2,a\n", "nnl", automatic), "");
  cr_assert_str_eq(t.column[0].name, "column 1");
  table_free(&t);
  cr_assert_str_eq(read_text(&t, "1990,1991\n1,2\n", "nn", (table_format){'\0', '.', HEADER_YES}), "");
  cr_assert_eq(t.rows, 1);
  table_free(&t);
}

Test(table, the_rows_below_tell_whether_there_is_a_header)
{
  static const struct {
    const char *text;
    bool is_header, sure;
  } row[] = {{"0,1,target\n1,2,3\n4,5,6\n", true, true}, /* words above numbers */
             {"a,b,7\n1,2,3\n", true, true},
             {"1,2,a\n3,4,b\n5,6,a\n", false, true},  /* numbers above numbers, a word again */
             {"1,2,a\n3,4,b\n5,6,c\n", false, false}, /* country,2019,2020 would look like that */
             {"1.5,2\n3,4\n", false, true},
             {"0,1,2\n3,4,5\n", false, false}, /* as good as names */
             {",0,1,2\n0,3,4,5\n1,6,7,8\n", true, true},
             {"\"1\",\"2\"\n3,4\n", true, true},
             {"\"1\",\"2\"\n\"3\",\"4\"\n", false, false},
             {"u,a\nv,b\nu,b\n", false, true}, /* words that come again are no names */
             {"u,u\nv,b\n", false, true},
             {"g,y\nu,a\nv,b\n", true, false},
             {"12a,3,red\n4,5,red\n6,7,blue\n", false, false}, /* the message is about 12a, not about red */
             {"NA,3\n4,5\n", false, true},
             {"id,NA\n4,5\n", true, true},
             {"x,y\n?,\n3,4\n", true, true},
             {"a,b\n", true, false},
             {"1,b\n", false, false}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    failure f;
    table_reader r;
    cr_assert(table_open_memory(&r, row[i].text, strlen(row[i].text), automatic, &f), "%s", f.text);
    cr_expect_eq(r.header.is_header, row[i].is_header, "%s", row[i].text);
    cr_expect_eq(r.header.sure, row[i].sure, "sure: %s", row[i].text);
    table_close(&r);
  }
}

Test(table, what_was_looked_at_for_the_header_is_read_once)
{
  static char text[40000];
  char *s = text;
  for (int i = 0; i < 1000; i++) s += sprintf(s, "%d,\"say \"\"%d\"\"\"\n", i, i % 2);
  table t;
  cr_assert_str_eq(read_text(&t, text, "nl", automatic), "");
  cr_assert_eq(t.rows, 1000);
  for (int i = 0; i < 1000; i++) cr_assert_eq(t.cell[2 * i], i);
  cr_assert_eq(t.column[1].levels.count, 2);
  cr_assert_str_eq(t.column[1].levels.text[0], "say \"0\"");
  table_free(&t);
}

Test(table, a_decimal_comma_is_read_on_request)
{
  table t;
  cr_assert_str_eq(read_text(&t, "a;b\n1,5;-2,25\n", "nn", (table_format){'\0', ',', HEADER_AUTO}), "");
  cr_assert_eq(t.cell[0], 1.5);
  cr_assert_eq(t.cell[1], -2.25);
  table_free(&t);
}

Test(table, bad_tables_are_refused_with_their_place)
{
  static const struct {
    const char *text, *kinds, *words;
  } row[] = {
      {"", "n", "memory: the file is empty"},
      {"\n\n", "n", "memory: the file is empty"},
      {"a,b\n1,2\n3\n", "nn", "memory:3:1: 1 field where 2 are expected"},
      {"a,b\n1,2,3\n", "nn", "memory:2:5: 3 fields where 2 are expected"},
      {"a,b,a\n", "nnn", "memory:1:5: columns 1 and 3 are both named 'a'"},
      {"a,b\n1,NaN\n", "nn", "memory:2:3: column 'b': the value is missing ('NaN')"},
      {"a,b\n1, NAN \n", "nn", "memory:2:3: column 'b': the value is missing (' NAN ')"},
      {"a,b\n1,  \n", "nl", "memory:2:3: column 'b': the value is missing ('  ')"},
      {"a,b\n1,NA\n", "nl", "memory:2:3: column 'b': the value is missing ('NA')"},
      {"a;b\n1,234;1\n", "nn",
       "memory:2:1: column 'a': '1,234' is not a number (if the comma stands between thousands, leave it "
       "out; if it "
       "is the decimal mark: --decimal comma)"},
      {"a;b\n-1,234,567.5;1\n", "nn",
       "memory:2:1: column 'a': '-1,234,567.5' is not a number (digits must not be grouped: leave out the "
       "marks "
       "between thousands)"},
      {"a;b\n1,2345;1\n", "nn",
       "memory:2:1: column 'a': '1,2345' is not a number (decimal commas: --decimal comma)"},
      {"a,b\n1,-inf\n", "nn", "memory:2:3: column 'b': '-inf' is not a finite number"},
      {"a,b\n1e400,1\n", "nn", "memory:2:1: column 'a': '1e400' is beyond the largest double, 1.79769e+308"},
      {"a,b\n1,\n", "nn", "memory:2:3: column 'b': the value is missing ('')"},
      {"a,b\n1,-1\n", "nw", "memory:2:3: column 'b': a weight must not be negative"}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    table t;
    cr_assert_str_eq(read_text(&t, row[i].text, row[i].kinds, automatic), row[i].words);
    table_free(&t);
  }
}

Test(table, rows_with_missing_values_can_be_dropped)
{
  table t;
  cr_assert_str_eq(read_text(&t, "a,b\n1,2\n?,3\n4,NA\n5,6\n", "mm", automatic), "");
  table_drop_missing(&t);
  cr_assert_eq(t.dropped.missing, 2);
  cr_assert_eq(t.rows, 2);
  cr_assert_eq(t.cell[2], 5);
  table_free(&t);
}

Test(table, rows_without_weight_go_with_the_levels_that_only_they_have)
{
  table t;
  cr_assert_str_eq(read_text(&t, "g,w,y\n?,0,\nz,0,a\nd,1,c\nb,1,c\nb,2,b\n", "cwl", automatic), "");
  cr_assert_eq(t.dropped.weightless, 2);
  cr_assert(table_settle_levels(&t, '.'));
  cr_assert_eq(t.rows, 3);
  cr_assert_eq(t.column[0].levels.count, 2);
  cr_assert_str_eq(t.column[0].levels.text[1], "d");
  cr_assert_eq(t.cell[0], 1);
  cr_assert_eq(t.column[2].levels.count, 2);
  cr_assert_str_eq(t.column[2].levels.text[0], "b");
  cr_assert_eq(t.cell[8], 0);
  table_free(&t);
}

Test(table, texts_that_are_all_numbers_are_one_level_where_their_values_agree)
{
  table t;
  cr_assert_str_eq(read_text(&t, "y\n1.0\n0\n+1\n1\n0.0\n-0\n10\n2\n9007199254740993\n9007199254740992\n",
                             "l", (table_format){'\0', '.', HEADER_YES}),
                   "");
  cr_assert(table_settle_levels(&t, '.'));
  static const char *const wanted[] = {"0", "1", "2", "10", "9007199254740992", "9007199254740993"};
  cr_assert_eq(t.column[0].levels.count, 6);
  for (size_t i = 0; i < 6; i++) cr_assert_str_eq(t.column[0].levels.text[i], wanted[i]);
  static const double cell[] = {1, 0, 1, 1, 0, 0, 3, 2, 5, 4};
  cr_assert_arr_eq(t.cell, cell, sizeof cell);
  cr_assert_eq(levels_match(&t.column[0].levels, "1.00", 4), LEVEL_NONE, "not before it is asked for");
  cr_assert(levels_by_value(&t.column[0].levels, '.'));
  cr_assert_eq(levels_match(&t.column[0].levels, "1.00", 4), 1);
  cr_assert_eq(levels_match(&t.column[0].levels, "1e1", 3), 3);
  cr_assert_eq(levels_match(&t.column[0].levels, "3", 1), LEVEL_NONE);
  cr_assert_eq(levels_match(&t.column[0].levels, "9007199254740993", 16), 5);
  cr_assert_eq(levels_match(&t.column[0].levels, "9007199254740993.0", 18), LEVEL_NONE);
  table_free(&t);
}

Test(table, columns_are_found_by_name_and_by_number)
{
  failure f;
  table_reader r;
  const char *text = "a,b,7\n1,2,3\n";
  cr_assert(table_open_memory(&r, text, strlen(text), (table_format){'\0', '.', HEADER_YES}, &f));
  cr_assert_eq(table_find(&r, "b"), 1);
  cr_assert_eq(table_find(&r, "7"), 2, "a name goes before a number");
  cr_assert_eq(table_find(&r, "1"), 0);
  cr_assert_eq(table_find(&r, "4"), NO_COLUMN);
  cr_assert_eq(table_find(&r, "0"), NO_COLUMN);
  cr_assert_eq(table_find(&r, "c"), NO_COLUMN);
  table_close(&r);
}

Test(table, files_that_cannot_be_read_are_named)
{
  failure f;
  table_reader r;
  cr_assert_not(table_open(&r, "/nowhere/at/all.csv", automatic, &f));
  cr_assert_str_eq(f.text, "/nowhere/at/all.csv: cannot open: No such file or directory");
  cr_assert_not(table_open(&r, DATA, automatic, &f));
  cr_assert(strstr(f.text, "Is a directory") != NULL, "%s", f.text);
}

Test(table, the_shipped_data_read_in_pieces_equal_those_read_at_once)
{
  failure f;
  table whole = {0}, piece = {0};
  for (int pass = 0; pass < 2; pass++) {
    table_reader r;
    table *t = pass == 0 ? &whole : &piece;
    cr_assert(table_open(&r, DATA "/digits.csv", automatic, &f), "%s", f.text);
    cr_assert_eq(r.names.count, 65);
    for (size_t i = 0; i < 65; i++) cr_assert(table_add_column(t, r.names.text[i], COLUMN_NUMBER, i, &f));
    bool end = false;
    while (!end) cr_assert(table_read(&r, t, pass == 0 ? (size_t)-1 : 100, &end, &f), "%s", f.text);
    table_close(&r);
  }
  cr_assert_eq(whole.rows, 1797);
  cr_assert_eq(piece.rows, 1797);
  cr_assert_eq(memcmp(whole.cell, piece.cell, 1797 * 65 * sizeof(double)), 0);
  table_free(&whole);
  table_free(&piece);
}
