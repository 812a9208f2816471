/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/btf.h"
#include "btf-bytes.h"
#include "scene.h"

static const char *const names[] = { "iommu_capable", "vfio_open", "vfio_read" };

static void test_btf_functions(void)
{
	bool found[ARRAY_SIZE(names)] = { false };
	struct btf_bytes t;
	struct btf b;

	btf_begin(&t);
	btf_type(&t, BTF_KIND_INT, btf_string(&t, "int"), 0, 4);
	btf_function(&t, "iommu_capable");
	/* A structure of that name is no function. */
	btf_type(&t, BTF_KIND_STRUCT, btf_string(&t, "vfio_open"), 2, 24);
	btf_type(&t, BTF_KIND_ENUM64, btf_string(&t, "e"), 1, 12);
	btf_function(&t, "vfio_read");
	btf_function(&t, "vfio_readdir");
	assert_int_equal(btf_open(btf_end(&t), &b), 0);
	assert_int_equal(btf_find_functions(&b, NULL, names, ARRAY_SIZE(names), found), 0);
	assert_true(found[0]);
	assert_false(found[1]);
	assert_true(found[2]);
}

static void test_btf_of_a_module_shares_strings(void)
{
	bool found[ARRAY_SIZE(names)] = { false };
	struct btf_bytes t, m;
	struct btf base, b;
	uint32_t shared;

	btf_begin(&t);
	shared = btf_string(&t, "vfio_open");
	assert_int_equal(btf_open(btf_end(&t), &base), 0);
	btf_begin(&m);
	btf_type(&m, BTF_KIND_FUNC, shared, 0, 0);
	btf_type(&m, BTF_KIND_FUNC, (uint32_t)t.nr_strings + btf_string(&m, "vfio_read"), 0, 0);
	assert_int_equal(btf_open(btf_end(&m), &b), 0);
	assert_int_equal(btf_find_functions(&b, &base, names, ARRAY_SIZE(names), found), 0);
	assert_false(found[0]);
	assert_true(found[1]);
	assert_true(found[2]);
	/* Without its base the names lie beyond its strings. */
	assert_int_equal(btf_find_functions(&b, NULL, names, ARRAY_SIZE(names), found), -EBADMSG);
}

static void test_btf_header_that_lies(void)
{
	/* the word of the header, and what it says */
	static const struct {
		size_t at;
		uint32_t value;
	} rows[] = {
		{ 0, 0x19feb }, { 0, 0x2eb9f }, { 4, 20 },    { 4, 4096 },        { 8, 4096 },
		{ 12, 4096 },   { 16, 48 },     { 20, 4096 }, { 12, UINT32_MAX }, { 20, 3 },
	};
	struct btf_bytes t;
	struct btf b;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		btf_begin(&t);
		btf_function(&t, "vfio_open");
		struct span bytes = btf_end(&t);
		assert_int_equal(btf_open(bytes, &b), 0);
		memcpy(t.b + rows[i].at, &rows[i].value, 4);
		assert_int_equal(btf_open(bytes, &b), -EBADMSG);
	}
	assert_int_equal(btf_open((struct span){ (const char *)t.b, 23 }, &b), -EBADMSG);
	assert_int_equal(btf_open((struct span){ "", 0 }, &b), -EBADMSG);
}

/* What was found before the nonsense is told. */
static void test_btf_types_that_lie(void)
{
	static const struct {
		unsigned int kind;
		uint32_t name;
		unsigned int vlen;
	} rows[] = {
		{ 0, 0, 0 },                /* no kind */
		{ 20, 0, 0 },               /* one that nobody knows */
		{ BTF_KIND_FUNC, 4096, 0 }, /* a name past the strings */
		{ BTF_KIND_STRUCT, 0, 1 },  /* members past the end */
		{ BTF_KIND_STRUCT, 0, 0xffff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found[ARRAY_SIZE(names)] = { false };
		struct btf_bytes t;
		struct btf b;

		btf_begin(&t);
		btf_function(&t, "vfio_open");
		btf_type(&t, rows[i].kind, rows[i].name, rows[i].vlen, 0);
		assert_int_equal(btf_open(btf_end(&t), &b), 0);
		assert_int_equal(btf_find_functions(&b, NULL, names, ARRAY_SIZE(names), found),
				 -EBADMSG);
		assert_true(found[1]);
	}
}
