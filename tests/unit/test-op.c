/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "uapi/op.h"
#include "scene.h"

static void test_op_name(void)
{
	for (int i = 1; i < NR_OPS; i++)
		assert_string_not_equal(op_name((enum op)i), "NONE");
	assert_string_equal(op_name(OP_GROUP_SET_CONTAINER), "GROUP_SET_CONTAINER");
}

static void test_op_out_of_range(void)
{
	assert_string_equal(op_name(OP_NONE), "NONE");
	assert_string_equal(op_name(NR_OPS), "NONE");
	assert_string_equal(op_name((enum op)4711), "NONE");
}

static void test_errno_name_and_back(void)
{
	static const int errs[] = { EPERM,  ENOENT, EBUSY,  EINVAL,     ENODEV,
				    EACCES, EFBIG,  ENOTTY, EOPNOTSUPP, EADDRINUSE };

	for (size_t i = 0; i < sizeof(errs) / sizeof(*errs); i++) {
		assert_int_equal(errno_from_name(errno_name(errs[i])), errs[i]);
		assert_string_equal(errno_name(-errs[i]), errno_name(errs[i]));
	}
	assert_string_equal(errno_name(EPERM), "EPERM");
	assert_string_equal(errno_name(0), "0");
}

static void test_errno_without_a_name(void)
{
	assert_string_equal(errno_name(524), "ENOTSUPP"); /* the kernel's own */
	assert_string_equal(errno_name(-517), "EPROBE_DEFER");
	assert_int_equal(errno_from_name("ENOTSUPP"), 524);
	assert_string_equal(errno_name(4000), "E?");
	assert_int_equal(errno_from_name("E?"), 0);
	assert_int_equal(errno_from_name(""), 0);
	assert_int_equal(errno_from_name("0"), 0);
	assert_int_equal(errno_from_name("EPERMX"), 0);
}
