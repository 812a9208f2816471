/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/bootconfig.h"
#include "scene.h"

static void assert_assignment(const char *text, const char *name, const char *value, char quote,
			      bool plain)
{
	struct span rest = span_of(text);
	struct assignment one;

	assert_true(assignment_next(&rest, &one));
	assert_true(span_equals(one.name, name));
	assert_true(span_equals(one.value, value));
	assert_int_equal(one.quote, quote);
	assert_int_equal(one.plain, plain);
}

static void test_assignment_values(void)
{
	assert_assignment("A=\"quiet splash\"\n", "A", "quiet splash", '"', true);
	assert_assignment("# A=1\nA='x y'", "A", "x y", '\'', true);
	assert_assignment("A=debian", "A", "debian", 0, true);
	assert_assignment("A=", "A", "", 0, true);
	assert_assignment("A=\"\"  # empty", "A", "", '"', true);
	assert_assignment("A=\"$B tail\"", "A", "$B tail", '"', true);
}

/* What an editor of lines must leave alone. */
static void test_assignment_that_is_not_plain(void)
{
	assert_assignment("  A=\"x\"", "A", "x", '"', false);
	assert_assignment("export A=x", "A", "x", 0, false);
	assert_assignment("A=\"open", "A", "open", '"', false);
	assert_assignment("A=\"x \\\"y\\\"\"", "A", "x \\", '"', false);
	assert_assignment("A=\"x\"\"y\"", "A", "x", '"', false);
	assert_assignment("A=\"x\" # says \"y\"", "A", "x", '"', false);
	assert_assignment("A=x\"y\"", "A", "x\"y\"", 0, false);
	assert_assignment("A=\"x\"; B=y", "A", "x", '"', false);
	assert_assignment("A=\"", "A", "", '"', false);
}

static void test_assignment_appends(void)
{
	struct span rest = span_of("A+=\" x\"");
	struct assignment one;

	assert_true(assignment_next(&rest, &one));
	assert_true(one.appends);
	assert_false(one.plain);
	assert_false(assignment_next(&rest, &one));
}

static void test_assignment_of_other_lines(void)
{
	struct span rest = span_of("if true; then\n=x\n1A=x\nA B=x\n\nfi\n+=\n");
	struct assignment one;

	assert_false(assignment_next(&rest, &one));
}

static void test_assignments_reduce(void)
{
	static const char *const names[] = { "ID", "ID_LIKE" };

	assert_string_equal(assignments_reduce(span_of("NAME=\"Debian\"\nID=debian\n#ID=x\nID_LIKE=\"a b\""),
					       names, 2, scene_arena),
			    "ID=debian\nID_LIKE=\"a b\"\n");
	assert_string_equal(assignments_reduce(span_of("NAME=x"), names, 2, scene_arena), "");
}

static void test_keyword(void)
{
	struct span rest = span_of("title x\nOPTIONS\troot=/dev/sda1 ro \noptionsx y\noptions\n"),
		    value;

	assert_true(keyword_next(&rest, "options", &value));
	assert_true(span_equals(value, "root=/dev/sda1 ro"));
	assert_true(keyword_next(&rest, "options", &value));
	assert_int_equal(value.len, 0);
	assert_false(keyword_next(&rest, "options", &value));
	assert_string_equal(keyword_reduce(span_of("title x\n\toptions y\nlinux z"), "options",
					   scene_arena),
			    "\toptions y\n");
}

static void test_loader_info(void)
{
	static const char info[] = "\6\0\0\0s\0d\0 \0002\0\0\0";
	const char *name = NULL;

	assert_int_equal(loader_info_parse((struct span){ info, sizeof(info) - 1 }, scene_arena,
					   &name),
			 0);
	assert_string_equal(name, "sd 2");
	/* Without the last NUL. */
	assert_int_equal(loader_info_parse((struct span){ info, 8 }, scene_arena, &name), 0);
	assert_string_equal(name, "sd");
	assert_int_equal(loader_info_parse((struct span){ info, 4 }, scene_arena, &name), -EBADMSG);
	assert_int_equal(loader_info_parse((struct span){ info, 3 }, scene_arena, &name), -EBADMSG);
	assert_int_equal(loader_info_parse((struct span){ "\6\0\0\0\x1b\0", 6 }, scene_arena,
					   &name),
			 -EBADMSG);
	assert_int_equal(loader_info_parse((struct span){ "\6\0\0\0a\1", 6 }, scene_arena, &name),
			 -EBADMSG);
}
