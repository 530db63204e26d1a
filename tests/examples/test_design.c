#include "dataset.h"

#include <criterion/criterion.h>
#include <string.h>

static table t;

static void open_text(const char *text)
{
  failure f;
  table_reader r;
  bool end;
  t = (table){0};
  cr_assert(table_open_memory(&r, text, strlen(text), (table_format){'\0', '.', HEADER_AUTO}, &f), "%s",
            f.text);
  const column_kind kind[] = {COLUMN_NUMBER, COLUMN_CATEGORY, COLUMN_NUMBER, COLUMN_LABEL};
  for (size_t i = 0; i < 4; i++) {
    cr_assert(table_add_column(&t, r.names.text[i], kind[i], i, &f));
    t.column[i].missing_allowed = i < 2;
  }
  cr_assert(table_read(&r, &t, (size_t)-1, &end, &f), "%s", f.text);
  table_close(&r);
  cr_assert(table_settle_levels(&t, '.'));
}

static const size_t row[] = {0, 1, 2, 3, 4};

Test(design, a_category_becomes_indicators_against_the_first_level)
{
  failure f;
  open_text("x,c,w,y\n1,red,1,a\n2,blue,2,b\n4,green,3,a\n9,red,4,b\n");
  design d = {0};
  cr_assert(design_learn(&d, &t, 2, (row_list){row, 4}, &f));
  cr_assert_eq(d.features, 3);
  char name[FEATURE_NAME_ROOM];
  cr_assert_str_eq(design_feature_name(&d, 0, name), "x");
  cr_assert_str_eq(design_feature_name(&d, 1, name), "c=green");
  cr_assert_str_eq(design_feature_name(&d, 2, name), "c=red");
  dataset s;
  cr_assert(dataset_from_table(&s, &d, &t, (roles){3, 2, NO_COLUMN, false}, (row_list){row + 1, 3}, &f));
  cr_assert_eq(s.width, 5);
  const double wanted[] = {2, 0, 0, 2, 1, 4, 1, 0, 3, 0, 9, 0, 1, 4, 1};
  cr_assert_arr_eq(s.values, wanted, sizeof wanted);
  cr_assert_eq(dataset_weight(&s, 2), 4);
  cr_assert_eq(dataset_target(&s, 0), 1);
  cr_assert_eq(dataset_offset(&s, 0), 0);
  dataset_free(&s);
  design_free(&d);
  table_free(&t);
}

Test(design, missing_values_are_filled_from_the_learning_rows_only)
{
  failure f;
  open_text("x,c,w,y\n1,red,1,a\n2,red,2,b\n?,?,3,a\n1.5,blue,4,b\n900,blue,4,b\n");
  for (int median = 0; median < 2; median++) {
    design d = {.missing = median ? MISSING_MEDIAN : MISSING_MEAN};
    cr_assert(design_learn(&d, &t, 2, (row_list){row, 4}, &f));
    dataset s;
    cr_assert(
        dataset_from_table(&s, &d, &t, (roles){3, NO_COLUMN, NO_COLUMN, false}, (row_list){row, 5}, &f));
    cr_assert_eq(s.values[2 * s.width], 1.5);
    cr_assert_eq(s.values[2 * s.width + 1], 1, "red is the most frequent");
    dataset_free(&s);
    design_free(&d);
  }
  table_free(&t);
}

Test(design, a_level_of_no_row_learned_from_is_none_of_the_design)
{
  failure f;
  open_text("x,c,w,y\n1,a,1,a\n2,b,2,b\n3,c,3,a\n4,c,4,b\n");
  static const size_t learn[] = {1, 2};
  design d = {0};
  cr_assert(design_learn(&d, &t, 2, (row_list){learn, 2}, &f));
  char name[FEATURE_NAME_ROOM];
  cr_assert_eq(d.features, 2);
  cr_assert_str_eq(design_feature_name(&d, 1, name), "c=c", "b is the first level learned");
  cr_assert(design_covers(&d, &t, (row_list){row + 1, 3}, &f));
  cr_assert_not(design_covers(&d, &t, (row_list){row, 4}, &f));
  cr_assert_str_eq(f.text,
                   "column 'c': 'a' occurs only in rows that are held back, not in those to learn from "
                   "(--unseen reference takes it for the first level)");
  d.unseen_allowed = true;
  cr_assert(design_covers(&d, &t, (row_list){row, 4}, &f));
  dataset s;
  cr_assert(dataset_from_table(&s, &d, &t, (roles){3, NO_COLUMN, NO_COLUMN, false}, (row_list){row, 4}, &f));
  const double wanted[] = {1, 0, 0, 2, 0, 1, 3, 1, 0, 4, 1, 1};
  cr_assert_arr_eq(s.values, wanted, sizeof wanted);
  dataset_free(&s);
  design_free(&d);
  table_free(&t);
}

/* 1100 rows of 1100 levels: beside the numbers an entry each, but for the first level. */
Test(design, a_large_category_becomes_sparse_rows)
{
  enum { N = 1100 };
  static char text[N * 32];
  static size_t all[N];
  char *s = text + sprintf(text, "x,c,w,y\n");
  for (int i = 0; i < N; i++) {
    s += sprintf(s, i == 7 ? "0,?,2,b\n" : "%d,%d,2,%s\n", i, i, i % 2 == 0 ? "a" : "b");
    all[i] = (size_t)i;
  }
  failure f;
  open_text(text);
  design d = {.missing = MISSING_MEAN};
  cr_assert(design_learn(&d, &t, 2, (row_list){all, N}, &f));
  cr_assert_eq(d.features, N - 1, "one number, and a level fewer than rows, the first of them the reference");
  dataset r;
  cr_assert(dataset_from_table(&r, &d, &t, (roles){3, 2, NO_COLUMN, false}, (row_list){all, N}, &f));
  cr_assert(r.is_sparse);
  cr_assert_eq(r.sparse.row_start[N], 2 * N - 2,
               "no entry at the first level, which is the most frequent too");
  cr_assert_eq(r.sparse.row_start[2], 3);
  cr_assert_eq(r.sparse.column[1], 0);
  cr_assert_eq(r.sparse.value[0], 0, "a number has an entry even where it is 0");
  cr_assert_eq(r.sparse.value[1], 1);
  cr_assert_eq(r.sparse.column[2], 1);
  cr_assert_eq(r.sparse.value[2], 1);
  cr_assert_eq(dataset_target(&r, 1), 1);
  cr_assert_eq(dataset_weight(&r, 1), 2);
  dataset_free(&r);
  cr_assert(dataset_from_table(&r, &d, &t, (roles){3, 2, NO_COLUMN, false}, (row_list){all, 20}, &f));
  cr_assert_not(r.is_sparse, "few rows are dense");
  dataset_free(&r);
  design_free(&d);
  table_free(&t);
}

Test(design, a_column_without_any_value_is_refused)
{
  failure f;
  open_text("x,c,w,y\n?,red,1,a\n?,red,2,b\n");
  design d = {.missing = MISSING_MEAN};
  cr_assert_not(design_learn(&d, &t, 2, (row_list){row, 2}, &f));
  cr_assert_str_eq(f.text, "column 'x' has no value at all in the rows to learn from");
  table_free(&t);
}
