/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a move that was made is held against. */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "report/bind.h"
#include "scene.h"

static const struct step taken = { .op = OP_BIND, .answer = ANSWER_YES };
static const struct step refused = { .op = OP_BIND, .answer = ANSWER_NO, .err = EBUSY };

static enum match match_of(const struct step *predicted, int err, enum bind_result result)
{
	const struct bind_move m = {
		.predicted = predicted, .bind_tried = true, .bind_err = err, .result = result
	};

	return bind_match(&m);
}

static void test_match_of_what_was_predicted(void **state vt_unused)
{
	assert_int_equal(match_of(&taken, 0, BIND_MOVED), MATCH_YES);
	assert_int_equal(match_of(&refused, EBUSY, BIND_ROLLED_BACK), MATCH_YES);
}

static void test_match_of_something_else(void **state vt_unused)
{
	assert_int_equal(match_of(&taken, ENODEV, BIND_ROLLED_BACK), MATCH_NO);
	assert_int_equal(match_of(&refused, 0, BIND_MOVED), MATCH_NO);
	assert_int_equal(match_of(&refused, EINVAL, BIND_ROLLED_BACK), MATCH_NO);
}

static void test_match_open_without_a_prediction(void **state vt_unused)
{
	assert_int_equal(match_of(NULL, ENODEV, BIND_ROLLED_BACK), MATCH_OPEN);
}

/* The kernel answers ENODEV to the address of a device that was unplugged a moment before. */
static void test_match_open_when_the_device_went(void **state vt_unused)
{
	assert_int_equal(match_of(&taken, ENODEV, BIND_GONE), MATCH_OPEN);
	assert_int_equal(match_of(&refused, ENODEV, BIND_GONE), MATCH_OPEN);
}

static void test_dry_run_loads_a_module_once(void **state vt_unused)
{
	static const struct bind_step steps[] = { { .path = "/sys/a", .text = "vfio-pci" },
						  { .path = "/sys/b", .text = "" } };
	static const struct bind_move moves[] = {
		{ .bus = "pci", .name = "a", .module = "vfio_pci", .result = BIND_THERE },
		{ .bus = "pci", .name = "b", .module = "vfio_pci" },
		{ .bus = "pci", .name = "c", .module = "vfio_pci" },
		{ .bus = "platform", .name = "d", .module = "vfio_platform" },
	};
	const struct bind_view v = { .command = "bind",
				     .dry_run = true,
				     .steps = steps,
				     .nr_steps = ARRAY_SIZE(steps),
				     .moves = moves,
				     .nr_moves = ARRAY_SIZE(moves) };
	static const char wanted[] = "modprobe vfio_pci\nmodprobe vfio_platform\n"
				     "echo vfio-pci > /sys/a\necho > /sys/b\n";
	struct output out = { 0 };
	char *text = NULL;
	size_t len = 0;

	out.stream = open_memstream(&text, &len);
	assert_int_equal(bind_text(&out, &v, NULL), 0);
	fclose(out.stream);
	assert_ptr_equal(strstr(text, wanted), text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_of_what_was_predicted),
		cmocka_unit_test(test_match_of_something_else),
		cmocka_unit_test(test_match_open_without_a_prediction),
		cmocka_unit_test(test_match_open_when_the_device_went),
		cmocka_unit_test(test_dry_run_loads_a_module_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
