/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/macro.h"
#include "model/generation.h"
#include "report/json.h"
#include "report/prediction-fields.h"
#include "report/prediction-text.h"
#include "scene.h"

static void test_generations_text_names_kernels(struct arena *a)
{
	assert_string_equal(releases_text(RELEASE_BIT(RELEASE_5_19), a), "5.19");
	assert_string_equal(releases_text(kernels_reference.releases, a), "6.0 - 6.1");
	assert_string_equal(releases_text(RELEASES_UNTIL(RELEASE_5_19), a), "5.10 - 5.18");
	assert_string_equal(releases_text(RELEASES_FROM(RELEASE_6_3), a), "6.3 and later");
	assert_string_equal(releases_text(RELEASE_BIT(RELEASE_5_10) | RELEASE_BIT(RELEASE_6_2), a),
			    "5.10, 6.2");
	assert_string_equal(releases_text(generation_releases(generation_get(7)), a),
			    "6.11 - 6.18");
	assert_string_equal(releases_text(generation_releases(generation_get(8)), a),
			    "6.19 and later");
	assert_string_equal(releases_text(RELEASE_BIT(RELEASE_7_3), a), "7.3");
	assert_string_equal(releases_text(0, a), "none");
}

static void test_fact_text_says_why_there_is_none(struct arena *a)
{
	struct fact f = { .state = FACT_DENIED, .err = EACCES };

	assert_string_equal(fact_describe(&f, 10, a), "denied (EACCES)");
	f = (struct fact){ .state = FACT_ABSENT, .err = ENOENT };
	assert_string_equal(fact_describe(&f, 10, a), "absent");
	f = (struct fact){ 0 };
	assert_string_equal(fact_describe(&f, 10, a), "unread");
	f = (struct fact){ .state = FACT_PRESENT, .raw = "" };
	assert_string_equal(fact_describe(&f, 10, a), "empty");
	f = (struct fact){ .state = FACT_PRESENT, .raw = "0123456789abc", .len = 13 };
	assert_string_equal(fact_describe(&f, 10, a), "0123456789...");
	f = (struct fact){ .state = FACT_PRESENT, .raw = "\0ab", .len = 3 };
	assert_string_equal(fact_describe(&f, 10, a), "3 bytes");
}

static void test_steps_text_joins_equal_results(struct arena *a)
{
	struct step steps[] = {
		{ .op = OP_BIND, .answer = ANSWER_YES },
		{ .op = OP_OPEN_CONTAINER, .answer = ANSWER_YES },
		{ .op = OP_SET_IOMMU, .answer = ANSWER_UNKNOWN },
		{ .op = OP_MAP_DMA, .answer = ANSWER_NO, .err = ENOMEM },
	};
	struct path_prediction p = { .steps = steps, .nr_steps = 4 };

	assert_string_equal(steps_text(&p, a),
			    "BIND, OPEN_CONTAINER ok; SET_IOMMU unknown; MAP_DMA ENOMEM");
	steps[3].err = 0;
	p.steps = steps + 3;
	p.nr_steps = 1;
	assert_string_equal(steps_text(&p, a), "MAP_DMA refused");
	p.nr_steps = 0;
	assert_string_equal(steps_text(&p, a), "no step to take");
}

/* JSON of @row, printed plainly. */
static const char *json(struct arena *a, const struct field_table *table, const void *row)
{
	struct json_object *o = json_from_row(table, NULL, row, a);
	const char *ret =
		arena_strdup(a, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(o);
	return ret;
}

static void test_json_unknown_is_null_not_false(struct arena *a)
{
	struct capabilities c = { .cache_coherency = { .answer = ANSWER_YES },
				  .isolated_msi = { .answer = ANSWER_NO } };

	assert_string_equal(json(a, &capability_fields, &c),
			    "{\"cache_coherency\":true,\"interrupt_remapping\":null,\"isolated_msi\":false,\"enforce_cache_coherency\":null}");
}

static void test_json_ranges_are_inclusive_hex(struct arena *a)
{
	struct iova_range r = { 0, UINT64_MAX };

	assert_string_equal(json(a, &range_fields, &r),
			    "{\"start\":\"0x0\",\"end\":\"0xffffffffffffffff\"}");
}

static void test_json_evidence_keeps_why_it_was_not_read(struct arena *a)
{
	struct fact f = { .state = FACT_DENIED, .err = EACCES, .path = "/proc/x" };

	assert_string_equal(json(a, &evidence_fields, &f),
			    "{\"path\":\"/proc/x\",\"value\":null,\"state\":\"denied\",\"errno\":\"EACCES\"}");
	f = (struct fact){ .state = FACT_PRESENT, .path = "/x", .raw = "a\0b", .len = 3 };
	assert_string_equal(json(a, &evidence_fields, &f),
			    "{\"path\":\"/x\",\"value\":\"(3 bytes)\",\"state\":\"present\",\"errno\":null}");
}

static void test_json_uncertain_errno_is_null(struct arena *a)
{
	struct step s = { .op = OP_SET_IOMMU, .answer = ANSWER_NO, .err = EPERM };

	assert_string_equal(json(a, &step_fields, &s),
			    "{\"op\":\"SET_IOMMU\",\"answer\":\"no\",\"errno\":\"EPERM\",\"rule\":null,\"because\":null}");
	s.answer = ANSWER_UNKNOWN;
	assert_string_equal(json(a, &step_fields, &s),
			    "{\"op\":\"SET_IOMMU\",\"answer\":\"unknown\",\"errno\":null,\"rule\":null,\"because\":null}");
}

static void test_paths_that_are_not_offered_are_left_out(struct arena *a)
{
	struct path_prediction paths[NR_PATHS] = {
		[PATH_CONTAINER] = { .kind = PATH_CONTAINER, .offered = true },
		[PATH_NOIOMMU] = { .kind = PATH_NOIOMMU, .offered = true },
	};
	struct value v = { .arena = a };

	value_set_paths(&v, paths);
	assert_int_equal(v.kind, VALUE_OBJECTS);
	assert_int_equal(v.nr, 2);
	assert_ptr_equal(v.rows[1], &paths[PATH_NOIOMMU]);
}
