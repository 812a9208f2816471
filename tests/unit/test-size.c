/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/macro.h"
#include "report/size.h"
#include "scene.h"

static void test_size_takes_the_largest_unit_that_leaves_nothing(void)
{
	assert_string_equal(size_text(scene_arena, 0), "0");
	assert_string_equal(size_text(scene_arena, 256), "256");
	assert_string_equal(size_text(scene_arena, 1024), "1K");
	assert_string_equal(size_text(scene_arena, 1025), "1025");
	assert_string_equal(size_text(scene_arena, 1536 * 1024), "1536K");
	assert_string_equal(size_text(scene_arena, UINT64_C(16) << 30), "16G");
	assert_string_equal(size_text(scene_arena, UINT64_C(1) << 63), "8E");
}

static void test_size_mask_names_each_page_size(void)
{
	assert_string_equal(size_mask_text(scene_arena, 0x1000), "4K (0x1000)");
	assert_string_equal(size_mask_text(scene_arena, 0x40201000), "4K 2M 1G (0x40201000)");
	assert_string_equal(size_mask_text(scene_arena, UINT64_C(1) << 63),
			    "8E (0x8000000000000000)");
}

/* Type1 says so before it has a domain, and drivers that split what they are given do. */
static void test_size_mask_from_one_size_on(void)
{
	assert_string_equal(size_mask_text(scene_arena, UINT64_C(0xfffffffffffff000)),
			    "any from 4K (0xfffffffffffff000)");
	assert_string_equal(size_mask_text(scene_arena, UINT64_MAX),
			    "any from 1 (0xffffffffffffffff)");
}
