/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a move that was made is held against. */
#include <errno.h>

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

static void test_match_of_what_was_predicted(void)
{
	assert_int_equal(match_of(&taken, 0, BIND_MOVED), MATCH_YES);
	assert_int_equal(match_of(&refused, EBUSY, BIND_ROLLED_BACK), MATCH_YES);
}

static void test_match_of_something_else(void)
{
	assert_int_equal(match_of(&taken, ENODEV, BIND_ROLLED_BACK), MATCH_NO);
	assert_int_equal(match_of(&refused, 0, BIND_MOVED), MATCH_NO);
	assert_int_equal(match_of(&refused, EINVAL, BIND_ROLLED_BACK), MATCH_NO);
}

static void test_match_open_without_a_prediction(void)
{
	assert_int_equal(match_of(NULL, ENODEV, BIND_ROLLED_BACK), MATCH_OPEN);
}

/* The kernel answers ENODEV to the address of a device that was unplugged a moment before. */
static void test_match_open_when_the_device_went(void)
{
	assert_int_equal(match_of(&taken, ENODEV, BIND_GONE), MATCH_OPEN);
	assert_int_equal(match_of(&refused, ENODEV, BIND_GONE), MATCH_OPEN);
}
