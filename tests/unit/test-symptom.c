/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of symptoms: each name in it means something, and each message leads to its own symptom. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "decode/logmatch.h"
#include "model/symptom.h"
#include "scene.h"

enum { PATTERNS_MIN = 120 };

static const char **texts_of(struct arena *a, size_t *ret_nr)
{
	const char **ret = NULL;
	size_t nr = 0;

	for (; symptom_pattern_get(nr); nr++) {
		ret = arena_grow(a, ret, nr, sizeof(*ret));
		ret[nr] = symptom_pattern_get(nr)->text;
	}
	*ret_nr = nr;
	return ret;
}

/* Whether a message leads to @s, at once or by its errno. */
static bool is_reached(const struct symptom *s)
{
	const struct symptom_pattern *p;

	for (size_t i = 0; (p = symptom_pattern_get(i)); i++) {
		const struct symptom *first = symptom_find(p->symptom);

		if (first == s)
			return true;
		for (size_t k = 0; k < SYMPTOM_CASES_MAX && first->cases[k].err; k++)
			if (symptom_of(first, first->cases[k].err) == s)
				return true;
	}
	return false;
}

static bool is_notice(const char *id)
{
	const struct notice_row *row;

	for (size_t i = 0; (row = notice_get(i)); i++)
		if (!strcmp(row->id, id))
			return true;
	return false;
}

static void test_symptom_names_what_exists(void)
{
	const struct symptom *s;
	const struct symptom_pattern *p;

	for (size_t i = 0; (s = symptom_get(i)); i++) {
		assert_ptr_equal(symptom_find(s->id), s);
		for (size_t k = 0; s->rules[k]; k++)
			assert_non_null(rule_find(s->rules[k]));
		for (size_t k = 0; s->notices[k]; k++)
			assert_true(is_notice(s->notices[k]));
		for (size_t k = 0; k < SYMPTOM_CASES_MAX && s->cases[k].err; k++)
			assert_non_null(symptom_find(s->cases[k].symptom));
		if (!is_reached(s))
			fail_msg("no message leads to %s", s->id);
	}
	for (size_t i = 0; (p = symptom_pattern_get(i)); i++)
		if (!symptom_find(p->symptom))
			fail_msg("%s has no symptom %s", p->text, p->symptom);
	assert_null(symptom_find("none"));
}

/* @pattern with a value in each place. */
static const char *example_of(struct arena *a, const char *pattern)
{
	static const char *const values[][2] = {
		{ "{bdf}", "0000:5e:00.1" }, { "{group}", "42" },
		{ "{region}", "3" },         { "{cdev}", "7" },
		{ "{n}", "1234" },           { "{errno}", "Invalid argument" },
		{ "{iova}", "0xfee0000" },   { "{size}", "0x1000" },
		{ "{x}", "0x00000003" },     { "{word}", "abc-def" },
		{ "{any}", "some (text) " },
	};
	struct strbuf ret = { .arena = a };

	while (*pattern) {
		size_t i = 0;

		while (i < ARRAY_SIZE(values) &&
		       strncmp(pattern, values[i][0], strlen(values[i][0])) != 0)
			i++;
		if (i < ARRAY_SIZE(values)) {
			strbuf_printf(&ret, "%s", values[i][1]);
			pattern += strlen(values[i][0]);
		} else {
			strbuf_add(&ret, pattern++, 1);
		}
	}
	return strbuf_get(&ret);
}

/* No pattern stands in the way of another one with another meaning. */
static void test_symptom_of_each_message(struct arena *a)
{
	size_t nr;
	const char **texts = texts_of(a, &nr);
	const struct logmatch *m = logmatch_new(a, texts, nr);

	assert_non_null(m);
	assert_true(nr >= PATTERNS_MIN);
	for (size_t i = 0; i < nr; i++) {
		const char *line = arena_printf(a, "prog: %s; more", example_of(a, texts[i]));
		const struct symptom_pattern *want = symptom_pattern_get(i);
		struct log_match found;

		if (!logmatch_line(m, span_of(line), &found))
			fail_msg("not found: %s", line);
		if (strcmp(symptom_pattern_get(found.pattern)->symptom, want->symptom) != 0)
			fail_msg("%s: %s of %s instead of %s", line,
				 symptom_pattern_get(found.pattern)->symptom,
				 symptom_pattern_get(found.pattern)->text, want->symptom);
		assert_true(!strstr(texts[i], "{bdf}") || found.values.has_device);
		assert_true(!strstr(texts[i], "{group}") || found.values.group == 42);
		assert_true(!strstr(texts[i], "{iova}") || found.values.iova == 0xfee0000);
	}
}

/* A message without a device must not be short enough to stand in any text. */
static void test_symptom_messages_are_long_enough(void)
{
	enum { LETTERS_MIN = 10 };
	const struct symptom_pattern *p;

	for (size_t i = 0; (p = symptom_pattern_get(i)); i++) {
		size_t letters = 0;
		bool inside = false;

		for (const char *s = p->text; *s; s++) {
			inside = *s == '{' || (inside && *s != '}');
			letters += !inside && *s != '}' && *s != ' ';
		}
		if (letters < LETTERS_MIN)
			fail_msg("too short: %s", p->text);
	}
}

static void test_symptom_rules_by_errno(void)
{
	const struct rule *rules[SYMPTOM_RULES_MAX];
	const struct symptom *s = symptom_find("set-container");

	assert_true(symptom_is_general(s));
	assert_int_equal(symptom_rules(s, EINVAL, rules), 1);
	assert_string_equal(rules[0]->id, "direct-region");
	assert_int_equal(symptom_rules(s, EXDEV, rules), 0);
	assert_true(symptom_rules(symptom_find("set-iommu"), 0, rules) <= SYMPTOM_RULES_MAX);
	assert_int_equal(symptom_rules(symptom_find("group-not-viable"), EPERM, rules), 2);
	assert_int_equal(symptom_rules(symptom_find("p2p-unsupported"), EPERM, rules), 0);
}

static void test_symptom_of_an_errno(void)
{
	const struct symptom *map = symptom_find("map-dma");

	assert_string_equal(symptom_of(map, ENOMEM)->id, "memlock");
	assert_string_equal(symptom_of(map, EINVAL)->id, "map-range");
	assert_ptr_equal(symptom_of(map, EIO), map);
	assert_ptr_equal(symptom_of(map, 0), map);
}
