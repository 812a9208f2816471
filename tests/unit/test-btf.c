/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/btf.h"
#include "btf-bytes.h"
#include "scene.h"

static const char *const names[] = { "iommu_capable", "vfio_open", "vfio_read" };

struct file {
	struct span bytes;
	size_t step; /* what a read gives at most; 0: all */
	size_t fails_at;
};

static ssize_t read_file(void *ctx, size_t offset, void *buf, size_t len)
{
	const struct file *f = ctx;
	size_t left = offset < f->bytes.len ? f->bytes.len - offset : 0;

	if (f->fails_at && offset >= f->fails_at)
		return -EIO;
	len = len < left ? len : left;
	len = f->step && len > f->step ? f->step : len;
	memcpy(buf, f->bytes.s + (left ? offset : 0), len);
	return (ssize_t)len;
}

static int find(struct span bytes, const struct btf_strings *base, struct btf_strings *ret,
		bool *found)
{
	struct file f = { .bytes = bytes };

	memset(found, 0, sizeof(bool[ARRAY_SIZE(names)]));
	return btf_find_functions(read_file, &f, base, names, ARRAY_SIZE(names), scene_arena, ret,
				  found);
}

static void test_btf_functions(void)
{
	struct btf_strings strings;
	bool found[ARRAY_SIZE(names)];
	struct btf_bytes t;

	btf_begin(&t);
	btf_type(&t, BTF_KIND_INT, btf_string(&t, "int"), 0, 4);
	btf_function(&t, "iommu_capable");
	/* A structure of that name is no function. */
	btf_type(&t, BTF_KIND_STRUCT, btf_string(&t, "vfio_open"), 2, 24);
	btf_type(&t, BTF_KIND_ENUM64, btf_string(&t, "e"), 1, 12);
	btf_function(&t, "vfio_read");
	btf_function(&t, "vfio_readdir");
	assert_int_equal(find(btf_end(&t), NULL, &strings, found), 0);
	assert_int_equal(strings.len, t.nr_strings);
	assert_int_equal(strings.nr_names, 3);
	assert_true(found[0]);
	assert_false(found[1]);
	assert_true(found[2]);
}

static void test_btf_of_a_module_shares_strings(void)
{
	bool found[ARRAY_SIZE(names)];
	struct btf_strings base, own;
	struct btf_bytes t, m;
	uint32_t shared;

	btf_begin(&t);
	shared = btf_string(&t, "vfio_open");
	assert_int_equal(find(btf_end(&t), NULL, &base, found), 0);
	assert_false(found[1]);
	btf_begin(&m);
	btf_type(&m, BTF_KIND_FUNC, shared, 0, 0);
	btf_type(&m, BTF_KIND_FUNC, (uint32_t)t.nr_strings + btf_string(&m, "vfio_read"), 0, 0);
	assert_int_equal(find(btf_end(&m), &base, &own, found), 0);
	assert_false(found[0]);
	assert_true(found[1]);
	assert_true(found[2]);
	/* Without its base the names lie beyond its strings. */
	assert_int_equal(find(btf_end(&m), NULL, &own, found), -EBADMSG);
}

/* A live kernel gives a page a read, wherever a name or a type ends. */
static void test_btf_in_small_reads(void)
{
	for (size_t step = 1; step < 40; step++) {
		bool found[ARRAY_SIZE(names)] = { false };
		struct btf_strings strings;
		struct btf_bytes t;
		struct file f = { .step = step };

		btf_begin(&t);
		btf_function(&t, "vfio_open");
		btf_type(&t, BTF_KIND_STRUCT, btf_string(&t, "some_structure"), 2, 24);
		btf_function(&t, "vfio_read");
		f.bytes = btf_end(&t);
		assert_int_equal(btf_find_functions(read_file, &f, NULL, names, ARRAY_SIZE(names),
						    scene_arena, &strings, found),
				 0);
		assert_false(found[0]);
		assert_true(found[1]);
		assert_true(found[2]);
	}
}

/* @bytes of types and as many of strings, then the function vfio_read. */
static struct span make_large(size_t bytes, bool one_string)
{
	enum { HEADER = 24, TYPE = 12 };
	static const char name[] = "vfio_read";
	const uint32_t types = (uint32_t)(bytes + TYPE), strings = (uint32_t)(bytes + sizeof(name));
	const uint32_t words[] = { 0x1eb9f, HEADER, 0, types, types, strings };
	char *b = arena_alloc(scene_arena, HEADER + types + strings), *at = b + HEADER;

	memcpy(b, words, sizeof(words));
	for (size_t i = 0; i < bytes; i += TYPE, at += TYPE)
		memcpy(at, (uint32_t[]){ 0, 7U << 24, 0 }, TYPE);
	memcpy(at, (uint32_t[]){ (uint32_t)bytes, (uint32_t)BTF_KIND_FUNC << 24, 0 }, TYPE);
	at += TYPE;
	for (size_t i = 0; i + 1 < bytes; i++)
		at[i] = one_string || i % 17 ? 'v' : '\0';
	memcpy(at + bytes, name, sizeof(name));
	return (struct span){ b, HEADER + types + strings };
}

static void test_btf_larger_than_what_is_read_at_once(void)
{
	for (size_t i = 0; i < 26; i++) {
		bool found[ARRAY_SIZE(names)];
		struct btf_strings strings;

		/* The name straddles the end of a read of 64 KiB in some of them. */
		assert_int_equal(find(make_large(12 * (5460 + i), i % 2), NULL, &strings, found),
				 0);
		assert_true(found[2]);
		assert_false(found[1]);
	}
}

static void test_btf_that_repeats_a_string(void)
{
	bool found[ARRAY_SIZE(names)];
	struct btf_strings strings;
	struct btf_bytes t;

	btf_begin(&t);
	btf_string(&t, "vfio_open");
	btf_function(&t, "vfio_open");
	assert_int_equal(find(btf_end(&t), NULL, &strings, found), 0);
	assert_true(found[1]);
	for (unsigned int i = 0; i < 11; i++)
		btf_string(&t, "vfio_read");
	assert_int_equal(find(btf_end(&t), NULL, &strings, found), -EBADMSG);
}

static void test_btf_that_cannot_be_read(void)
{
	bool found[ARRAY_SIZE(names)];
	struct btf_strings strings;
	struct file f = { .bytes = make_large(120000, false), .step = 4096 };

	for (f.fails_at = 1; f.fails_at + f.step < f.bytes.len; f.fails_at += 30000)
		assert_int_equal(btf_find_functions(read_file, &f, NULL, names, ARRAY_SIZE(names),
						    scene_arena, &strings, found),
				 -EIO);
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
	bool found[ARRAY_SIZE(names)];
	struct btf_strings strings;
	struct btf_bytes t;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		btf_begin(&t);
		btf_function(&t, "vfio_open");
		struct span bytes = btf_end(&t);
		assert_int_equal(find(bytes, NULL, &strings, found), 0);
		memcpy(t.b + rows[i].at, &rows[i].value, 4);
		assert_int_equal(find(bytes, NULL, &strings, found), -EBADMSG);
	}
	assert_int_equal(find((struct span){ (const char *)t.b, 23 }, NULL, &strings, found),
			 -EBADMSG);
	assert_int_equal(find((struct span){ "", 0 }, NULL, &strings, found), -EBADMSG);
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
		bool found[ARRAY_SIZE(names)];
		struct btf_strings strings;
		struct btf_bytes t;

		btf_begin(&t);
		btf_function(&t, "vfio_open");
		btf_type(&t, rows[i].kind, rows[i].name, rows[i].vlen, 0);
		assert_int_equal(find(btf_end(&t), NULL, &strings, found), -EBADMSG);
		assert_true(found[1]);
	}
}
