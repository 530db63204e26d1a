/* The short names mean the prefixed ones. */
#include <criterion/criterion.h>

#include "tapegrad/tapegrad.h"

#include "tapegrad/overload.h"

/* What fails is quoted as it was written; Criterion would quote its expansion. */
static void expect(bool truth, const char *what, int line) { cr_assert(truth, "line %d: %s", line, what); }
#define EXPECT(e) expect(e, #e, __LINE__)

Test(overload, names_of_the_c_library_keep_their_value_on_numbers)
{
  EXPECT(sin(0.5) == (sin)(0.5));
  EXPECT(pow(2, 0.5) == (pow)(2.0, 0.5));
  EXPECT(fmax(1, 2.5f) == 2.5);
  EXPECT(divide(1, 2) == 0.5);
}

Test(overload, short_names_record)
{
  tg_tape *t;
  cr_assert_eq(tg_tape_new(&t), TG_OK);
  tg_tape_begin(t);
  var x = tg_input(t, 2.0), s = constant(0);
  s = add(s, mul(3, square(x)), exp(sub(x, 2)));
  if (gt(s, 1)) s = neg(s);
  cr_assert_eq(tg_tape_end(t), TG_OK);
  EXPECT(peek(s) == -13.0);
  cr_assert_eq(tg_adjoint_sweep(t, &s, NULL, 1), TG_OK);
  cr_assert_eq(tg_adjoint(t, x), -13.0);
  tg_tape_free(t);
}
