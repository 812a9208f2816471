/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/suggest.h"
#include "scene.h"

static void test_suggest_slips_and_cuts(void)
{
	static const char *const names[] = { "list", "inspect", "capture", "rules" };

	assert_int_equal(suggest_distance("inspcet", "inspect"), 1);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_string_equal(suggest_nearest("inspcet", names, 4), "inspect");
	assert_string_equal(suggest_nearest("lst", names, 4), "list");
	assert_string_equal(suggest_nearest("cap", names, 4), "capture");
	assert_null(suggest_nearest("frobnicate", names, 4));
	assert_null(suggest_nearest("FOO", (const char *const[]){ "OP", "GROUP" }, 2));
	assert_null(suggest_nearest("x", (const char *const[]){ "r", "w", "rw" }, 3));
	assert_null(suggest_nearest("xy", (const char *const[]){ "r", "w", "rw" }, 3));
}
