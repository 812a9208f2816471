/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/iomem.h"
#include "scene.h"

static char *lines(struct arena *a, const char *text)
{
	struct span rest = { text, strlen(text) };
	struct iomem_line line;
	char *ret = arena_strdup(a, "");

	while (iomem_next(&rest, &line))
		ret = arena_printf(a, "%s%zu %.*s=%.*s;", ret, line.depth, (int)line.name.len,
				   line.name.s, (int)line.range.len, line.range.s);
	return ret;
}

static void test_lines_with_their_depth(struct arena *a)
{
	assert_string_equal(lines(a, "c0000000-febfffff : PCI Bus 0000:00\n"
				     "  fd000000-fdffffff : 0000:00:01.0\n"
				     "    fd000000-fd3fffff : BOOTFB\n"),
			    "0 PCI Bus 0000:00=c0000000-febfffff;"
			    "2 0000:00:01.0=fd000000-fdffffff;4 BOOTFB=fd000000-fd3fffff;");
}

static void test_lines_of_another_kind_are_skipped(struct arena *a)
{
	assert_string_equal(lines(a,
				  "no line of that kind\n : no range\n\n  \n1-2 : \n3-4 : a : b"),
			    "0 =1-2;0 a : b=3-4;");
	assert_string_equal(lines(a, ""), "");
	assert_string_equal(lines(a, "fd000000-fdff"), "");
}
