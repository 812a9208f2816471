/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/register.h"
#include "scene.h"

static void test_register_text(void)
{
	uint64_t value = 1;

	assert_int_equal(register_parse(span_of("8d2078c106f0466"), &value), 0);
	assert_true(value == UINT64_C(0x8d2078c106f0466));
	assert_int_equal(register_parse(span_of("0"), &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(register_parse(span_of(""), &value), -EBADMSG);
	assert_int_equal(register_parse(span_of("xyz"), &value), -EBADMSG);
	assert_int_equal(register_parse(span_of("10000000000000000"), &value), -EBADMSG);
	assert_int_equal(register_parse(span_of("-1"), &value), -EBADMSG);
}

static void assert_efr(const char *text, uint64_t efr, uint64_t efr2)
{
	struct amd_features f;

	assert_int_equal(amd_features_parse(span_of(text), &f), 0);
	assert_true(f.certain);
	assert_true(f.efr == efr);
	assert_true(f.efr2 == efr2);
}

/* The same unit as 5.10, 6.1 and 6.12 print it. */
static void test_register_amd_features_of_three_kernels(void)
{
	assert_efr("58f77ef22294ade", UINT64_C(0x58f77ef22294ade), 0);
	assert_efr("0:58f77ef22294ade", UINT64_C(0x58f77ef22294ade), 0);
	assert_efr("58f77ef22294ade:0", UINT64_C(0x58f77ef22294ade), 0);
	assert_efr("10:25bf732fa2295afe", UINT64_C(0x25bf732fa2295afe), 0x10);
	assert_efr("25bf732fa2295afe:10", UINT64_C(0x25bf732fa2295afe), 0x10);
}

static void test_register_amd_features_that_do_not_tell(void)
{
	struct amd_features f;

	assert_int_equal(amd_features_parse(span_of("f0:f0f"), &f), 0);
	assert_int_equal(f.nr, 2);
	assert_true(f.certain);
	assert_int_equal(amd_features_parse(span_of("f0:f00"), &f), 0);
	assert_false(f.certain);
	assert_int_equal(f.first, 0xf0);
	assert_int_equal(f.second, 0xf00);
	assert_int_equal(amd_features_parse(span_of("0:0"), &f), 0);
	assert_false(f.certain);
	assert_int_equal(amd_features_parse(span_of(""), &f), -EBADMSG);
	assert_int_equal(amd_features_parse(span_of("1:"), &f), -EBADMSG);
	assert_int_equal(amd_features_parse(span_of(":1"), &f), -EBADMSG);
	assert_int_equal(amd_features_parse(span_of("1:2:3"), &f), -EBADMSG);
}
