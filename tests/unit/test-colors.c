/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/colors.h"
#include "scene.h"

static void test_scheme_takes_colors_only(void)
{
	struct color_scheme scheme;

	color_scheme_default(&scheme);
	color_scheme_apply(&scheme, scene_arena,
			   "# comment\nyes lightblue\nno 1;35\ndim \\e[4m\nheading \\e[2J\n");
	assert_string_equal(scheme.sequences[STYLE_YES], "\033[1;34m");
	assert_string_equal(scheme.sequences[STYLE_NO], "\033[1;35m");
	assert_string_equal(scheme.sequences[STYLE_DIM], "\033[4m");
	assert_string_equal(scheme.sequences[STYLE_HEADING], "\033[1m");
}

static void test_color_file_the_more_specific_first(void)
{
	const char *names[COLOR_FILE_NAMES];

	assert_int_equal(color_file_names(scene_arena, "vfiotool", "xterm", "enable", names), 4);
	assert_string_equal(names[0], "vfiotool@xterm.enable");
	assert_string_equal(names[1], "vfiotool.enable");
	assert_string_equal(names[2], "@xterm.enable");
	assert_string_equal(names[3], "enable");
	assert_int_equal(color_file_names(scene_arena, "vfiotool", "../x", "scheme", names), 2);
	assert_string_equal(names[0], "vfiotool.scheme");
}
