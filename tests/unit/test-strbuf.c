/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strbuf.h"
#include "base/strmap.h"
#include "scene.h"

static void test_strbuf_separates_items(struct arena *a)
{
	struct strbuf t = { .arena = a };

	assert_string_equal(strbuf_get(&t), "");
	assert_null(t.s);
	for (int i = 0; i < 100; i++)
		strbuf_item(&t, ", ", "%d", i);
	assert_memory_equal(t.s, "0, 1, 2, ", 9);
	assert_string_equal(t.s + t.len - 8, ", 98, 99");
	strbuf_printf(&t, "!");
	assert_string_equal(t.s + t.len - 3, "99!");
}

static void test_strmap_finds_what_was_added(struct arena *a)
{
	struct strmap t = { .arena = a };

	assert_null(strmap_find(&t, "0"));
	for (unsigned int i = 0; i < 1000; i++)
		strmap_add(&t, arena_decimal(a, i), arena_decimal(a, i));
	assert_int_equal(t.nr, 1000);
	for (unsigned int i = 0; i < 1000; i++)
		assert_string_equal(strmap_find(&t, arena_decimal(a, i)), arena_decimal(a, i));
	assert_null(strmap_find(&t, "1000"));
	assert_string_equal(strmap_find_span(&t, (struct span){ "123", 2 }), "12");
}
