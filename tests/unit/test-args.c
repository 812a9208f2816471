/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/macro.h"
#include "cmd/commands.h"
#include "scene.h"

enum { ARGS_MAX = 8 };

/* Checks "vfiotool @words" split at blanks; the message goes to @text. */
static int check(const struct argp *argp, bool in_order, const char *words, char *text)
{
	struct failure *failure = NULL;
	char copy[128], *argv[ARGS_MAX + 1], *rest = copy;
	int argc = 1, r;

	argv[0] = (char *)"vfiotool";
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word; argc < ARGS_MAX && (word = strsep(&rest, " "));)
		if (*word)
			argv[argc++] = word;
	argv[argc] = NULL;
	r = args_check(argp, argc, argv, in_order, &failure);
	snprintf(text, 256, "%s", failure ? failure->text : "");
	if (failure)
		assert_int_equal(failure->status, STATUS_USAGE);
	failure_free(failure);
	return r;
}

static void assert_not_parsed(const struct argp *argp, const char *words, const char *message)
{
	char text[256];

	assert_int_equal(check(argp, false, words, text), -EINVAL);
	assert_string_equal(text, message);
}

static void test_args_good_lines_pass(void)
{
	char text[256];

	assert_int_equal(check(command_list.argp, false, "-J -o A,B 01:00.0 --sort x", text), 7);
	assert_int_equal(check(command_list.argp, false, "-noA --color --sysroot=/x -- --odd",
			       text),
			 6);
	/* a unique start of a name will do */
	assert_int_equal(check(command_list.argp, false, "--noh", text), 2);
}

static void test_args_in_order_stops_at_the_command(void)
{
	char text[256];

	assert_int_equal(check(&global_argp, true, "--sysroot x list --bad", text), 3);
	assert_int_equal(check(&global_argp, true, "-v -- list", text), 2);
}

static void test_args_unknown_options_are_named(void)
{
	assert_not_parsed(command_list.argp, "--jsno",
			  "unknown option '--jsno': did you mean --json?");
	assert_not_parsed(command_list.argp, "--frobnicate=3",
			  "unknown option '--frobnicate': --help lists the options");
	assert_not_parsed(command_list.argp, "-Jz",
			  "unknown option '-z': --help lists the options");
	assert_not_parsed(command_list.argp, "-\033",
			  "unknown option '-\\x1b': --help lists the options");
	assert_not_parsed(command_list.argp, "--=x",
			  "unknown option '--': --help lists the options");
}

static void test_args_ambiguous_start_is_refused(void)
{
	assert_not_parsed(command_inspect.argp, "--ver",
			  "option '--ver' is ambiguous: write it out in full");
}

static void test_args_values_are_checked(void)
{
	assert_not_parsed(command_list.argp, "--sort",
			  "option '--sort' needs a value: --sort=COLUMN");
	assert_not_parsed(command_list.argp, "-Jo", "option '-o' needs a value: -o LIST");
	assert_not_parsed(command_list.argp, "--tree=yes",
			  "option '--tree' takes no value: remove the value");
}

static void test_commands_are_found_by_name_only(void)
{
	size_t nr;
	const struct command *const *all = commands_all(&nr);

	for (size_t i = 0; i < nr; i++)
		assert_ptr_equal(command_find(all[i]->name), all[i]);
	assert_ptr_equal(command_find("inspect"), &command_inspect);
	assert_null(command_find("insp"));
	assert_null(command_find(""));
}
