/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/filter.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "scene.h"

struct row {
	const char *driver;
	uint32_t group, vendor;
	bool is_bridge, lost;
	const char *const *notices;
	size_t nr_notices;
};

static void get_driver(const void *at, struct value *ret)
{
	const struct row *r = at;

	if (!r->lost)
		value_set_text(ret, r->driver);
}

static void get_notices(const void *at, struct value *ret)
{
	const struct row *r = at;

	value_set_texts(ret, r->notices, r->nr_notices);
}

static void get_vendor(const void *at, struct value *ret)
{
	value_set_hex(ret, ((const struct row *)at)->vendor, 4);
	ret->bare = true;
}

static const struct field fields[] = {
	{ "driver", "", FIELD_GET(get_driver), .flags = FIELD_COLUMN, .needs = 1 },
	{ "group", "", FIELD_NUMBER(struct row, group), .flags = FIELD_COLUMN, .needs = 2 },
	{ "vendor", "", FIELD_GET(get_vendor), .flags = FIELD_COLUMN },
	{ "verdict", "", FIELD_BOOL(struct row, is_bridge), .flags = FIELD_COLUMN,
	  .column = "BRIDGE" },
	{ "notices", "", FIELD_GET(get_notices), .flags = FIELD_COLUMN },
	{ "hidden", "", FIELD_BOOL(struct row, is_bridge) },
};
static const struct field_table table = FIELD_TABLE("rows", fields);

static const char *const notices[] = { "no-reset", "numa" };
static const struct row nic = {
	.driver = "vfio-pci", .group = 12, .vendor = 0x8086, .notices = notices, .nr_notices = 2
};
static const struct row bare = { .group = 3, .vendor = 0x10de, .is_bridge = true };
static const struct row lost = { .lost = true, .group = 12 };

static enum answer ask(const char *text, const struct row *row)
{
	struct arena *a = arena_new();
	struct filter *f = NULL;
	enum answer ret;

	assert_int_equal(filter_parse(&table, a, text, &f, NULL), 0);
	ret = filter_answer(f, row, a);
	filter_free(f);
	arena_free(a);
	return ret;
}

#define assert_yes(text, row)     assert_int_equal(ask(text, row), ANSWER_YES)
#define assert_no(text, row)      assert_int_equal(ask(text, row), ANSWER_NO)
#define assert_unknown(text, row) assert_int_equal(ask(text, row), ANSWER_UNKNOWN)

static void test_filter_texts(void)
{
	assert_yes("driver == vfio-pci", &nic);
	assert_yes("DRIVER=='vfio-pci'", &nic);
	assert_yes("driver eq \"vfio-pci\"", &nic);
	assert_no("driver != vfio-pci", &nic);
	assert_yes("driver =~ ^vfio", &nic);
	assert_no("driver =~ '^pci$'", &nic);
	assert_yes("driver !~ '^pci$'", &nic);
	assert_yes("driver > a", &nic);
}

static void test_filter_numbers_by_size(void)
{
	assert_yes("group == 12", &nic);
	assert_yes("group == 0xc", &nic);
	assert_yes("group < 100", &nic);
	assert_no("group<=3", &nic);
	assert_yes("group ge 3", &bare);
	assert_no("group == twelve", &nic);
	assert_yes("group =~ '^1'", &nic);
}

static void test_filter_ids_are_hexadecimal(void)
{
	assert_yes("vendor == 8086", &nic);
	assert_yes("vendor == 0x8086", &nic);
	assert_yes("vendor < 8086", &bare);
}

static void test_filter_no_value_is_none(void)
{
	assert_yes("driver == none", &bare);
	assert_no("driver == none", &nic);
	assert_yes("driver != vfio-pci", &bare);
	assert_no("driver < z", &bare);
	assert_no("driver =~ .", &bare);
	assert_yes("!driver", &bare);
	assert_yes("driver", &nic);
}

static void test_filter_unknown_is_neither(void)
{
	assert_unknown("driver == vfio-pci", &lost);
	assert_unknown("driver != vfio-pci", &lost);
	assert_unknown("!driver", &lost);
	assert_unknown("driver =~ x", &lost);
	assert_yes("driver || group == 12", &lost);
	assert_no("driver && group == 1", &lost);
	assert_unknown("driver && group == 12", &lost);
	assert_unknown("driver || group == 1", &lost);
}

static void test_filter_precedence(void)
{
	/* && binds stronger than ||, ! strongest. */
	assert_yes("group == 12 || group == 3 && driver", &nic);
	assert_no("(group == 12 || group == 3) && !driver", &nic);
	assert_yes("not driver == x and group == 12", &nic);
	assert_no("! (driver == vfio-pci or group == 1)", &nic);
	assert_yes("!!driver", &nic);
}

static void test_filter_truths_and_lists(void)
{
	assert_yes("bridge", &bare);
	assert_no("bridge", &nic);
	assert_yes("verdict == yes", &bare);
	assert_yes("notices == numa", &nic);
	assert_no("notices != numa", &nic);
	assert_yes("notices != memlock", &nic);
	assert_yes("notices =~ reset", &nic);
	assert_no("notices !~ reset", &nic);
	assert_yes("!notices", &bare);
}

static void test_filter_words_may_be_values(void)
{
	assert_no("driver == and", &nic);
	assert_yes("driver != or && group == 12", &nic);
}

static void test_filter_needs_of_its_columns(void)
{
	struct arena *a = arena_new();
	struct columns columns;
	struct filter *f = NULL;

	assert_int_equal(filter_parse(&table, a, "driver == x || group == 1", &f, NULL), 0);
	columns = filter_columns(f);
	assert_int_equal(columns.nr, 2);
	assert_int_equal(columns_needs(&columns), 3);
	filter_free(f);
	arena_free(a);
}

static void test_filter_refuses(struct arena *a)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "ends too early" },
		{ "driver ==", "ends too early: write a value" },
		{ "drivr == x", "did you mean DRIVER?" },
		{ "hidden", "unknown column 'hidden'" },
		{ "driver == x group", "at 'group': write && or ||" },
		{ "(driver", "close the bracket" },
		{ "driver)", "at ')'" },
		{ "driver == 'x", "close the quotes" },
		{ "driver = x", "at '= x'" },
		{ "driver & group", "at '& group'" },
		{ "'driver' == x", "write a column" },
		{ "driver,group", "write one column" },
		{ "+driver", "write one column" },
		{ "driver =~ '('", "not a regular expression" },
		{ "driver == &&", "write a value" },
		{ "driver &&", "ends too early" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure *why = NULL;
		struct filter *f = NULL;

		assert_int_equal(filter_parse(&table, a, bad[i].text, &f, &why), -EINVAL);
		assert_int_equal(why->status, STATUS_USAGE);
		if (!strstr(why->text, bad[i].says))
			fail_msg("'%s' says '%s'", bad[i].text, why->text);
		assert_null(f);
		failure_free(why);
	}
}

static void repeat(struct arena *a, const char *what, size_t times, const char *end, int want)
{
	const size_t len = strlen(what);
	char *text = arena_alloc(a, len * times + strlen(end) + 1);
	struct filter *f = NULL;

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * len, what, len);
	strcpy(text + len * times, end);
	assert_int_equal(filter_parse(&table, a, text, &f, NULL), want);
	if (f)
		assert_int_not_equal(filter_answer(f, &nic, a), ANSWER_UNKNOWN);
	filter_free(f);
}

static void test_filter_has_limits(struct arena *a)
{
	repeat(a, "group&&", FILTER_TERMS_MAX - 1, "group", 0);
	repeat(a, "group&&", FILTER_TERMS_MAX, "group", -EINVAL);
	repeat(a, "!", FILTER_TERMS_MAX, "group", 0);
	repeat(a, "(", FILTER_TERMS_MAX + 1, "group", -EINVAL);
	repeat(a, " ", FILTER_LENGTH_MAX, "group", -EINVAL);
	/* Each bracket keeps an answer waiting. */
	repeat(a, "group&&(", FILTER_TERMS_MAX - 1, "group", -EINVAL);
}
