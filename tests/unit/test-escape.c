/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>

#include "base/arena.h"
#include "report/escape.h"
#include "scene.h"

static const char *escaped(struct arena *a, const char *s, bool utf8)
{
	return escape_text(a, s, strlen(s), utf8);
}

static void test_escape_plain_text_is_borrowed(struct arena *a)
{
	const char *s = "Gr\xc3\xbc\xc3\x9f e";

	assert_ptr_equal(escaped(a, s, true), s);
}

static void test_escape_controls_and_broken_bytes(struct arena *a)
{
	assert_string_equal(escaped(a, "a\033[31mb\n\x7f", true), "a\\x1b[31mb\\x0a\\x7f");
	/* C1 control as UTF-8, a lone continuation, an overlong slash, a surrogate, a short end */
	assert_string_equal(escaped(a, "\xc2\x9b", true), "\\xc2\\x9b");
	assert_string_equal(escaped(a, "x\x80y", true), "x\\x80y");
	assert_string_equal(escaped(a, "\xc0\xaf", true), "\\xc0\\xaf");
	assert_string_equal(escaped(a, "\xed\xa0\x80", true), "\\xed\\xa0\\x80");
	assert_string_equal(escaped(a, "\xe2\x82", true), "\\xe2\\x82");
	/* right-to-left override */
	assert_string_equal(escaped(a, "\xe2\x80\xae", true), "\\xe2\\x80\\xae");
}

static void test_escape_without_utf8_keeps_ascii_only(struct arena *a)
{
	assert_string_equal(escaped(a, "\xc3\xbc!", false), "\\xc3\\xbc!");
}

static void test_escape_embedded_nul(struct arena *a)
{
	assert_string_equal(escape_text(a, "a\0b", 3, true), "a\\x00b");
}

static void test_to_utf8_keeps_controls_for_json(struct arena *a)
{
	const char *ret;
	size_t len;

	ret = escape_to_utf8(a, "a\n\xff", 3, &len);
	assert_int_equal(len, 6);
	assert_memory_equal(ret, "a\n\\xff", 6);
}

static void test_width_counts_columns(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_int_equal(escape_width("abc", 3), 3);
	assert_int_equal(escape_width("\xc3\xbc", 2), 1);
	assert_int_equal(escape_width("\xe6\xbc\xa2", 3), 2);
	assert_int_equal(escape_width("e\xcc\x81", 3), 1);
}

static void test_break_between_words(void)
{
	size_t next;

	assert_int_equal(escape_break("one two three", 8, &next), 7);
	assert_int_equal(next, 8);
	assert_int_equal(escape_break("one two", 7, &next), 7);
	assert_int_equal(next, 7);
}

static void test_break_inside_a_long_word(void)
{
	size_t next;

	setlocale(LC_CTYPE, "C.UTF-8");
	assert_int_equal(escape_break("abcdefgh", 3, &next), 3);
	assert_int_equal(next, 3);
	/* a character wider than the line still moves on */
	assert_int_equal(escape_break("\xe6\xbc\xa2", 1, &next), 3);
}

static void test_shorten_says_so(struct arena *a)
{
	assert_string_equal(escape_shorten(a, "0123456789", 8, false), "01234...");
	assert_string_equal(escape_shorten(a, "0123456789", 8, true), "0123456…");
	assert_string_equal(escape_shorten(a, "01234567", 8, true), "01234567");
}
