/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/strbuf.h"
#include "decode/resv.h"
#include "scene.h"

static int parse(const char *text, struct resv_region **ret, size_t *ret_nr)
{
	return resv_parse(span_of(text), scene_arena, ret, ret_nr);
}

static void test_resv_types_of_any_width(void)
{
	struct resv_region *r;
	size_t nr;

	assert_int_equal(parse("0x00000000fee00000 0x00000000feefffff msi\n"
			       "0x0000000000000000 0x0000000000ffffff direct-relaxable\n"
			       "0x000000007b800000 0x000000007f7fffff direct\n"
			       "0x000000fd00000000 0x000000ffffffffff reserved",
			       &r, &nr),
			 0);
	assert_int_equal(nr, 4);
	assert_int_equal(r[0].type, RESV_DIRECT_RELAXABLE);
	assert_int_equal(r[0].last, 0xffffff);
	assert_string_equal(r[0].type_text, "direct-relaxable");
	assert_int_equal(r[1].type, RESV_DIRECT);
	assert_int_equal(r[2].type, RESV_MSI);
	assert_int_equal(r[2].start, 0xfee00000);
	assert_int_equal(r[3].type, RESV_RESERVED);
	assert_int_equal(r[3].start, UINT64_C(0xfd00000000));
}

static void test_resv_unknown_word_is_kept(void)
{
	struct resv_region *r;
	size_t nr;

	assert_int_equal(parse("0x0 0xffffffffffffffff translated-msi-of-tomorrow\n", &r, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(r[0].type, RESV_OTHER);
	assert_string_equal(r[0].type_text, "translated-msi-of-tomorrow");
	assert_true(r[0].last == UINT64_MAX);
}

static void test_resv_empty_text_is_no_region(void)
{
	struct resv_region *r;
	size_t nr = 7;

	assert_int_equal(parse("", &r, &nr), 0);
	assert_int_equal(nr, 0);
}

static void test_resv_nonsense(void)
{
	static const char *const bad[] = {
		"hello",
		"\n",
		"0x1 0x2",
		"0x1 0x2 msi more",
		"1 2 msi",
		"0x 0x2 msi",
		"0x2 0x1 msi",
		"0x10000000000000000 0x10000000000000001 msi",
		"0x1 -0x2 msi",
		"0x1 0x2 \x01\x02",
		"0x1 0x2 msi\n\n0x3 0x4 msi",
		"\xff\xfe",
	};
	struct resv_region *r;
	size_t nr;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], &r, &nr) != -EBADMSG)
			fail_msg("'%s' was understood", bad[i]);
}

static void test_resv_too_many(void)
{
	struct strbuf t = { .arena = scene_arena };
	struct resv_region *r;
	size_t nr;

	for (unsigned int i = 0; i < RESV_REGIONS_MAX; i++)
		strbuf_printf(&t, "0x%x 0x%x msi\n", RESV_REGIONS_MAX - i, RESV_REGIONS_MAX - i);
	assert_int_equal(parse(strbuf_get(&t), &r, &nr), 0);
	assert_int_equal(nr, RESV_REGIONS_MAX);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(r[i].start, i + 1);
	strbuf_printf(&t, "0x0 0x0 msi\n");
	assert_int_equal(parse(strbuf_get(&t), &r, &nr), -E2BIG);
}
