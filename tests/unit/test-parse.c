/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/parse.h"
#include "scene.h"

struct number {
	const char *text;
	unsigned int base;
	int ret;
	uint64_t value;
};

static const struct number numbers[] = {
	{ "0", 10, 0, 0 },
	{ "007", 10, 0, 7 },
	{ "18446744073709551615", 10, 0, UINT64_MAX },
	{ "18446744073709551616", 10, -ERANGE, 0 },
	{ "99999999999999999999999999", 10, -ERANGE, 0 },
	{ "ffffffffffffffff", 16, 0, UINT64_MAX },
	{ "0xFFFFFFFFFFFFFFFF", 16, 0, UINT64_MAX },
	{ "0x10000000000000000", 16, -ERANGE, 0 },
	{ "0x00000000000000000000010", 16, 0, 16 },
	{ "fee00000", 16, 0, 0xfee00000 },
	{ "10", 0, 0, 10 },
	{ "010", 0, 0, 10 },
	{ "0x10", 0, 0, 16 },
	{ "0X1f", 0, 0, 31 },
	{ "", 10, -EINVAL, 0 },
	{ "", 0, -EINVAL, 0 },
	{ "0x", 0, -EINVAL, 0 },
	{ "0x", 16, -EINVAL, 0 },
	{ "0xg", 16, -EINVAL, 0 },
	{ "0x10", 10, -EINVAL, 0 },
	{ "ff", 10, -EINVAL, 0 },
	{ "ff", 0, -EINVAL, 0 },
	{ "-1", 10, -EINVAL, 0 },
	{ "+1", 10, -EINVAL, 0 },
	{ " 1", 10, -EINVAL, 0 },
	{ "1 ", 10, -EINVAL, 0 },
	{ "1\n", 10, -EINVAL, 0 },
	{ "1_000", 10, -EINVAL, 0 },
	{ "0x0x1", 16, -EINVAL, 0 },
	{ "1\xc2\xb2", 10, -EINVAL, 0 },
};

static void test_parse_u64_whole_text_or_nothing(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const struct number *n = &numbers[i];
		uint64_t value = 4711;
		int r = parse_u64(n->text, n->base, &value);

		if (r != n->ret || (!r && value != n->value) || (r && value != 4711))
			fail_msg("'%s' in base %u: %d, %#lx", n->text, n->base, r, (long)value);
	}
}

static void test_parse_u64_span_stops_at_its_length(void)
{
	uint64_t value;

	assert_int_equal(parse_u64_span((struct span){ "1234", 2 }, 10, &value), 0);
	assert_int_equal(value, 12);
	assert_int_equal(parse_u64_span((struct span){ NULL, 0 }, 10, &value), -EINVAL);
	assert_int_equal(parse_u64_span((struct span){ "1\0002", 3 }, 10, &value), -EINVAL);
}

static void test_parse_u32_past_32_bits(void)
{
	uint32_t value = 5;

	assert_int_equal(parse_u32("4294967295", 10, &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(parse_u32("4294967296", 10, &value), -ERANGE);
	assert_int_equal(parse_u32("x", 10, &value), -EINVAL);
	assert_int_equal(value, UINT32_MAX);
}

static void assert_span(struct span s, const char *text)
{
	if (!span_equals(s, text))
		fail_msg("'%.*s' instead of '%s'", (int)s.len, s.s, text);
}

static void test_parse_line_with_and_without_last_newline(void)
{
	static const char *const texts[] = { "a\n\nb\n", "a\n\nb" };
	struct span line;

	for (size_t i = 0; i < 2; i++) {
		struct span rest = { texts[i], strlen(texts[i]) };

		assert_true(parse_line(&rest, &line));
		assert_span(line, "a");
		assert_true(parse_line(&rest, &line));
		assert_span(line, "");
		assert_true(parse_line(&rest, &line));
		assert_span(line, "b");
		assert_false(parse_line(&rest, &line));
	}
}

static void test_parse_line_of_nothing(void)
{
	struct span none = { NULL, 0 }, line;

	assert_false(parse_line(&none, &line));
	assert_false(parse_word(&none, &line));
}

static void test_parse_word_between_blanks(void)
{
	static const char text[] = "  0x1000\t0x2000  msi ";
	struct span rest = { text, strlen(text) }, word;

	assert_true(parse_word(&rest, &word));
	assert_span(word, "0x1000");
	assert_true(parse_word(&rest, &word));
	assert_span(word, "0x2000");
	assert_true(parse_word(&rest, &word));
	assert_span(word, "msi");
	assert_false(parse_word(&rest, &word));
	assert_int_equal(rest.len, 0);
}

static void test_parse_item_between_commas(void)
{
	static const char text[] = "a,,b c,";
	struct span rest = { text, strlen(text) }, item;

	assert_true(parse_item(&rest, &item));
	assert_span(item, "a");
	assert_true(parse_item(&rest, &item));
	assert_span(item, "");
	assert_true(parse_item(&rest, &item));
	assert_span(item, "b c");
	assert_false(parse_item(&rest, &item));
}

static void test_span_equals_needs_the_whole(void)
{
	assert_true(span_equals((struct span){ "msix", 3 }, "msi"));
	assert_false(span_equals((struct span){ "msix", 4 }, "msi"));
	assert_false(span_equals((struct span){ "ms", 2 }, "msi"));
	assert_true(span_equals((struct span){ NULL, 0 }, ""));
}

static void test_text_is_plain_refuses_controls_and_bytes(void)
{
	assert_true(text_is_plain("a b\tc\n", 6));
	assert_true(text_is_plain("", 0));
	assert_false(text_is_plain("\033[31m", 5));
	assert_false(text_is_plain("a\0b", 3));
	assert_false(text_is_plain("\x7f", 1));
	assert_false(text_is_plain("\xc3\xa9", 2));
	assert_false(text_is_plain("\r", 1));
}

static void test_parse_size_with_units(void)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t size;
	} cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "0x1000", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "4k", 0, 4096 },
		{ "4KiB", 0, 4096 },
		{ "0x2M", 0, 2 << 20 },
		{ "1GiB", 0, 1 << 30 },
		{ "2T", 0, UINT64_C(2) << 40 },
		{ "16383P", 0, UINT64_C(16383) << 50 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "16384P", -ERANGE, 0 },
		{ "0x10000000000000000", -ERANGE, 0 },
		{ "17179869184G", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "KiB", -EINVAL, 0 },
		{ "4B", -EINVAL, 0 },
		{ "4iB", -EINVAL, 0 },
		{ "4KB", -EINVAL, 0 },
		{ "4 K", -EINVAL, 0 },
		{ "-4K", -EINVAL, 0 },
		{ "1.5G", -EINVAL, 0 },
		{ "4KK", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t size = 0;
		int r = parse_size(cases[i].text, &size);

		if (r != cases[i].ret || size != cases[i].size)
			fail_msg("%s: %d, %llu", cases[i].text, r, (unsigned long long)size);
	}
}
