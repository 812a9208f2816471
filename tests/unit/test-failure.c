/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/failure.h"
#include "scene.h"

static void test_failure_set_returns_the_errno_and_tells_why(void)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;

	assert_int_equal(failure_set(&why, -ENOENT, "no '%s'", "group"), -ENOENT);
	assert_non_null(why);
	assert_int_equal(why->err, -ENOENT);
	assert_int_equal(why->status, STATUS_FAILED);
	assert_string_equal(why->text, "no 'group'");
}

static void test_failure_set_permission_is_denied(void)
{
	static const int errs[] = { -EACCES, -EPERM };

	for (size_t i = 0; i < 2; i++) {
		vt_cleanup(failure_freep) struct failure *why = NULL;

		failure_set(&why, errs[i], "no");
		assert_int_equal(why->status, STATUS_DENIED);
	}
}

static void test_failure_set_status_says_it_explicitly(void)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;

	assert_int_equal(failure_set_status(&why, STATUS_NO_TARGET, -EPERM, "x"), -EPERM);
	assert_int_equal(why->status, STATUS_NO_TARGET);
}

static void test_failure_first_cause_wins(void)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;

	failure_set(&why, -EIO, "cause");
	assert_int_equal(failure_set(&why, -ENOMEM, "consequence"), -ENOMEM);
	assert_string_equal(why->text, "cause");
	assert_int_equal(why->err, -EIO);
}

static void test_failure_nobody_wants(void)
{
	assert_int_equal(failure_set(NULL, -EIO, "%d", 1), -EIO);
	failure_free(NULL);
}

static void test_failure_advice_is_never_empty(void)
{
	assert_non_null(strstr(failure_write_advice(ENOENT), "directory"));
	assert_non_null(strstr(failure_write_advice(EACCES), "may write"));
	assert_non_null(strstr(failure_write_advice(ENOSPC), "space"));
	assert_non_null(strstr(failure_write_advice(EPIPE), "reader"));
	assert_non_null(strstr(failure_room_advice(EMFILE), "ulimit -n"));
	assert_non_null(strstr(failure_room_advice(ENFILE), "file-max"));
	assert_non_null(strstr(failure_room_advice(EAGAIN), "ulimit -u"));
	assert_non_null(strstr(failure_room_advice(ENOMEM), "memory"));
	for (int err = 1; err < 134; err++) {
		assert_true(strlen(failure_write_advice(err)) > 0);
		assert_true(strlen(failure_room_advice(err)) > 0);
	}
}
