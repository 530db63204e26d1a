#define _POSIX_C_SOURCE 200809L
#include "paged.h"
#include "split.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Against an array, with rows asked for and changed in every order. */
Test(paged, rows_are_what_was_written_last)
{
  enum { ROWS = 100, WIDTH = 3 };
  for (size_t most = 1; most < 130; most += 9) {
    failure f;
    double wanted[ROWS][WIDTH];
    rng r = {most};
    paged *p = paged_new(WIDTH, most, &f);
    cr_assert_not_null(p);
    for (size_t i = 0; i < ROWS; i++) {
      for (size_t j = 0; j < WIDTH; j++) wanted[i][j] = rng_normal(&r);
      cr_assert(paged_append(p, wanted[i]));
      if (i % 17 == 0) cr_expect_eq(paged_row(p, i / 2)[1], wanted[i / 2][1]); /* between appending */
    }
    for (int step = 0; step < 3000; step++) {
      const size_t i = rng_below(&r, ROWS), j = rng_below(&r, WIDTH);
      double copy[WIDTH];
      if (step % 5 == 0) {
        paged_row(p, i)[j] = wanted[i][j] = step;
        paged_changed(p);
      }
      paged_copy(p, (i + 1) % ROWS, copy);
      cr_expect_eq(copy[j], wanted[(i + 1) % ROWS][j]);
      cr_expect_eq(paged_row(p, i)[j], wanted[i][j]);
    }
    cr_expect(paged_good(p, &f));
    paged_free(p);
  }
}

Test(paged, a_folder_that_is_not_there_is_a_failure)
{
  failure f;
  setenv("TMPDIR", "/nowhere/at/all", 1);
  cr_expect_null(paged_new(2, 3, &f));
  cr_expect_str_eq(f.text, "cannot make a temporary file in /nowhere/at/all: No such file or directory");
}
