/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/register.h"
#include "scene.h"

static struct span span_of(const char *s)
{
	return (struct span){ s, strlen(s) };
}

static uint64_t field(const struct register_field *(*table)(size_t *), const char *name,
		      uint64_t value)
{
	size_t nr;
	const struct register_field *fields = table(&nr);

	for (size_t i = 0; i < nr; i++)
		if (!strcmp(fields[i].name, name))
			return register_field_get(&fields[i], value);
	fail_msg("no field is called %s", name);
	return 0;
}

/* The registers of QEMU's unit (39 bits, no snoop control), and of a server's. */
static void test_register_intel_fields(void)
{
	assert_int_equal(field(intel_cap_fields, "CM", 0xd2008c222f0686), 1);
	assert_int_equal(field(intel_ecap_fields, "IR", 0xf00f4a), 1);
	assert_int_equal(field(intel_ecap_fields, "SC", 0xf00f4a), 0);
	assert_int_equal(field(intel_ecap_fields, "SC", 0x8f0f8da), 1);
	assert_int_equal(field(intel_cap_fields, "MGAW", 0x8d2078c106f0466), 47);
}

static void test_register_intel_width_and_pages(void)
{
	/* SAGAW 39 bits, MGAW 39. */
	assert_int_equal(intel_cap_width(UINT64_C(2) << 8 | UINT64_C(38) << 16), 39);
	/* 39 and 48, guest width 46: the smaller wins. */
	assert_int_equal(intel_cap_width(UINT64_C(6) << 8 | UINT64_C(45) << 16), 46);
	assert_int_equal(intel_cap_width(UINT64_C(0xe) << 8 | UINT64_C(56) << 16), 57);
	assert_int_equal(intel_cap_width(0), 0);
	assert_int_equal(intel_cap_page_sizes(0), 0x1000);
	assert_int_equal(intel_cap_page_sizes(UINT64_C(3) << 34), 0x40201000);
	assert_int_equal(intel_cap_page_sizes(UINT64_C(1) << 34), 0x201000);
}

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

/* Every bit of a table is its own: no two fields share one. */
static void test_register_fields_do_not_overlap(void)
{
	const struct register_field *(*const tables[])(size_t *) = {
		intel_cap_fields, intel_ecap_fields, amd_efr_fields, amd_efr2_fields
	};

	for (size_t t = 0; t < 4; t++) {
		uint64_t taken = 0;
		size_t nr;
		const struct register_field *fields = tables[t](&nr);

		for (size_t i = 0; i < nr; i++) {
			uint64_t mask = ((UINT64_C(1) << fields[i].width) - 1) << fields[i].bit;

			assert_true(fields[i].bit + fields[i].width <= 64);
			if (taken & mask)
				fail_msg("%s shares a bit", fields[i].name);
			taken |= mask;
		}
	}
}
