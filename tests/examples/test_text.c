/* Names and labels may hold any bytes: reports are UTF-8 all the same, and a terminal obeys none of them. */
#include "text.h"
#include "utf8.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *shown(const char *bytes)
{
  static char room[200];
  return printable(room, sizeof room, bytes, strlen(bytes));
}

Test(text, what_a_terminal_would_obey_is_escaped)
{
  cr_assert_str_eq(shown("a\033[31mb\nc\177"), "a\\x1b[31mb\\x0ac\\x7f");
  cr_assert_str_eq(shown("a\xc2\x9b"
                         "31mb"),
                   "a\\u009b31mb"); /* CSI in UTF-8 */
  cr_assert_str_eq(shown("a\x9b"
                         "31mb"),
                   "a\\x9b31mb"); /* and in Latin-1 */
  cr_assert_str_eq(shown("a\xe2\x80\xae"
                         "b"),
                   "a\\u202eb"); /* turns the rest of the line round */
}

Test(text, other_characters_are_shown_as_they_are)
{
  cr_assert_str_eq(shown("Gr\xc3\xb6\xc3\x9f"
                         "e \xe2\x82\xac \xf0\x9f\x98\x80 \\ \""),
                   "Gr\xc3\xb6\xc3\x9f"
                   "e \xe2\x82\xac \xf0\x9f\x98\x80 \\ \"");
}

Test(text, what_is_cut_is_cut_between_characters)
{
  char room[16];
  for (size_t n = 10; n <= sizeof room; n++) {
    unsigned code;
    printable(room, n, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 18);
    cr_assert(strlen(room) < n);
    for (size_t i = 0, step; i < strlen(room); i += step)
      cr_assert((step = utf8_next(room + i, strlen(room + i), &code)) > 0);
  }
}

/* The cases of Markus Kuhn's "UTF-8 decoder capability and stress test" in short. */
Test(text, malformed_sequences_are_none)
{
  static const char *const bad[] = {"\x80",
                                    "\xbf",
                                    "\xc3",
                                    "\xc3(",
                                    "\xc0\xaf",
                                    "\xe0\x80\xaf",
                                    "\xed\xa0\x80",
                                    "\xf0\x80\x80\xaf",
                                    "\xf4\x90\x80\x80",
                                    "\xf8\x88\x80\x80\x80",
                                    "\xff",
                                    "\xe2\x82"};
  unsigned code;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    cr_assert_eq(utf8_next(bad[i], strlen(bad[i]), &code), 0);
}

static void quotes(void (*add)(text *t, const char *s), const char *s, const char *wanted)
{
  text t = {0};
  add(&t, s);
  cr_assert_str_eq(t.bytes, wanted);
  text_free(&t);
}

Test(text, json_is_utf8_whatever_the_bytes)
{
  quotes(text_quoted, "f\xfcr \"\\\n", "\"f\\ufffdr \\\"\\\\\\u000a\"");
  quotes(text_quoted, "\xc3\xbc\xc2\x85", "\"\xc3\xbc\\u0085\"");
}

Test(text, a_model_keeps_every_byte) { quotes(text_escaped, "f\xfcr \"\n", "\"f\xfcr \\\"\\u000a\""); }

Test(text, a_field_of_csv_is_quoted_where_it_must_be)
{
  quotes(text_csv, "a b", "a b");
  quotes(text_csv, "a,\"b\"\n", "\"a,\"\"b\"\"\n\"");
}
