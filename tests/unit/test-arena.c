/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"
#include "scene.h"

static void test_arena_alloc_is_zeroed_and_aligned(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	for (size_t len = 0; len < 300; len++) {
		unsigned char *p = arena_alloc(a, len);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, len);
	}
}

static void test_arena_blocks_do_not_overlap(void)
{
	enum { NR = 2000 };
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	unsigned char *blocks[NR];
	size_t lens[NR];

	/* Small ones, and now and then one larger than a chunk. */
	for (size_t i = 0; i < NR; i++) {
		lens[i] = i % 97 == 96 ? 70000 : i % 113;
		blocks[i] = arena_alloc(a, lens[i]);
		memset(blocks[i], (int)(i & 0xff), lens[i]);
	}
	for (size_t i = 0; i < NR; i++)
		for (size_t k = 0; k < lens[i]; k++)
			assert_int_equal(blocks[i][k], i & 0xff);
}

static void test_arena_grow_keeps_what_was_appended(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	uint32_t *numbers = NULL;

	for (uint32_t i = 0; i < 5000; i++) {
		numbers = arena_grow(a, numbers, i, sizeof(*numbers));
		numbers[i] = i * 3;
	}
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(numbers[i], i * 3);
}

static void test_arena_grow_moves_only_at_powers_of_two(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	char *p = NULL;
	size_t moves = 0;

	for (size_t i = 0; i < 1024; i++) {
		char *grown = arena_grow(a, p, i, 1);

		moves += grown != p;
		p = grown;
	}
	assert_in_range(moves, 1, 11); /* at most at 0, 1, 2, 4, ... 512 */
}

static void test_arena_resize_keeps_the_start_and_zeroes_the_rest(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	unsigned char *p = NULL, *other;

	for (size_t len = 1; len < 100000; len = 2 * len + 1) {
		p = arena_resize(a, p, len / 2, len);
		for (size_t i = len / 2; i < len; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, len);
		/* Now and then something stands behind it. */
		other = len % 3 ? arena_alloc(a, 1) : NULL;
		assert_true(!other || other < p || other >= p + len);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(p[i], 0xa5);
	}
}

static void test_arena_reset_gives_zeroed_memory_again(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	arena_reset(a);
	for (size_t round = 0; round < 20; round++) {
		for (size_t len = 1; len < 400000; len *= 3) {
			unsigned char *p = arena_alloc(a, len);

			for (size_t i = 0; i < len; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, len);
		}
		assert_string_equal(arena_strdup(a, "text"), "text");
		arena_reset(a);
	}
}

static void test_arena_blocks_of_many_mebibytes(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const size_t len = 5 << 20;
	unsigned char *one, *two;

	one = arena_alloc(a, len);
	two = arena_alloc(a, len + 1);
	memset(one, 1, len);
	memset(two, 2, len + 1);
	assert_int_equal(one[0], 1);
	assert_int_equal(one[len - 1], 1);
	/* Small blocks past two mebibytes make chunks of whole pages. */
	for (size_t i = 0; i < 30000; i++) {
		unsigned char *p = arena_alloc(a, 100);

		assert_int_equal(p[0] | p[99], 0);
		memset(p, 3, 100);
	}
	assert_int_equal(two[len], 2);
}

static void test_arena_text_is_packed_and_ends_with_a_nul(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	char *one = arena_text(a, "one and more", 3), *room = arena_text(a, NULL, 4);
	uint64_t *aligned = arena_alloc(a, sizeof(*aligned));

	assert_string_equal(one, "one");
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(room[i], 0);
	assert_int_equal((uintptr_t)aligned % _Alignof(max_align_t), 0);
	*aligned = UINT64_MAX;
	assert_string_equal(one, "one");
}

static void test_arena_memdup_ends_with_a_nul_not_counted(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	char *copy = arena_memdup(a, "a\0b", 3);

	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(arena_memdup(a, NULL, 0), "");
}

static void test_arena_strndup_stops_at_the_nul(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	assert_string_equal(arena_strndup(a, "vfio-pci", 4), "vfio");
	assert_string_equal(arena_strndup(a, "vfio", 100), "vfio");
	assert_string_equal(arena_strdup(a, ""), "");
}

static void test_arena_printf_long_and_short(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	char *text;

	assert_string_equal(arena_printf(a, "%s:%u", "group", 12U), "group:12");
	/* On both sides of the buffer that short texts are formatted in. */
	for (int len = 250; len < 260; len++) {
		text = arena_printf(a, "%0*d", len, 7);
		assert_int_equal(strlen(text), len);
		assert_int_equal(text[len - 1], '7');
	}
	text = arena_printf(a, "%01000000d", 1);
	assert_int_equal(strlen(text), 1000000);
}

static void test_arena_join_and_decimal(void)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	assert_string_equal(arena_join(a, "", NULL), "");
	assert_string_equal(arena_join(a, "dev", "/", "vfio", "", NULL), "dev/vfio");
	assert_string_equal(arena_decimal(a, 0), "0");
	assert_string_equal(arena_decimal(a, 4294967295U), "4294967295");
}

static void test_arena_free_of_nothing(void)
{
	struct arena *none = NULL;

	arena_free(NULL);
	arena_freep(&none);
	assert_null(none);
}
