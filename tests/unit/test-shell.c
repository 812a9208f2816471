/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/macro.h"
#include "base/shell.h"
#include "scene.h"

static void test_shell_word_plain_is_borrowed(void)
{
	const char *s = "/sys/bus/pci/devices/0000:01:00.0/driver_override";

	assert_ptr_equal(shell_word(scene_arena, s), s);
}

static void test_shell_word_quotes_what_acts(void)
{
	assert_string_equal(shell_word(scene_arena, ""), "''");
	assert_string_equal(shell_word(scene_arena, "~"), "'~'");
	assert_string_equal(shell_word(scene_arena, "a b;$(id)`id`\\"), "'a b;$(id)`id`\\'");
	assert_string_equal(shell_word(scene_arena, "it's"), "'it'\\''s'");
}

/* A shell that does not know this form must not find its end earlier. */
static void test_shell_word_writes_out_what_a_terminal_acts_on(void)
{
	assert_string_equal(shell_word(scene_arena, "\033[2J'; id\n"), "$'\\x1b[2J\\x27; id\\x0a'");
	assert_string_equal(shell_word(scene_arena, "\\\xc2\x9b"), "$'\\x5c\\xc2\\x9b'");
}
