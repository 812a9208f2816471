/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/field-kinds.h"

#include "model/generation.h"

enum style answer_style(enum answer answer)
{
	static const enum style styles[] = {
		[ANSWER_UNKNOWN] = STYLE_UNKNOWN,
		[ANSWER_NO] = STYLE_NO,
		[ANSWER_YES] = STYLE_YES,
	};

	return styles[answer];
}

void value_set_answer(struct value *ret, enum answer answer)
{
	value_set_text(ret, answer_name(answer));
	ret->style = answer_style(answer);
}

void field_get_answer(const void *at, struct value *ret)
{
	value_set_answer(ret, *(const enum answer *)at);
}

void field_get_truth(const void *at, struct value *ret)
{
	const enum answer *answer = at;

	if (*answer != ANSWER_UNKNOWN)
		value_set_bool(ret, *answer == ANSWER_YES);
}

void value_set_match(struct value *ret, enum match match)
{
	if (match != MATCH_OPEN)
		value_set_bool(ret, match == MATCH_YES);
}

void field_get_match(const void *at, struct value *ret)
{
	value_set_match(ret, *(const enum match *)at);
}

void value_set_fact(struct value *ret, const struct fact *f)
{
	if (f->state == FACT_PRESENT) {
		value_set_text(ret, f->raw);
		ret->len = f->len;
	} else if (f->state == FACT_ABSENT) {
		ret->kind = VALUE_NONE;
	}
}

void field_get_fact(const void *at, struct value *ret)
{
	value_set_fact(ret, at);
}

void field_get_op(const void *at, struct value *ret)
{
	const enum op *op = at;

	value_set_text(ret, *op == OP_NONE ? NULL : op_name(*op));
}

void field_get_path(const void *at, struct value *ret)
{
	value_set_text(ret, path_kind_name(*(const enum path_kind *)at));
}

void field_get_errno(const void *at, struct value *ret)
{
	const int *err = at;

	value_set_text(ret, *err ? errno_name(*err) : NULL);
}

void value_set_errno(struct value *ret, enum answer answer, int err)
{
	value_set_text(ret, answer == ANSWER_NO && err ? errno_name(err) : NULL);
}

void field_get_rule(const void *at, struct value *ret)
{
	const struct rule *const *rule = at;

	value_set_text(ret, *rule ? (*rule)->id : NULL);
}

void field_get_generations(const void *at, struct value *ret)
{
	const char **names = arena_array(ret->arena, generation_count(), sizeof(*names));
	const uint64_t *releases = at;
	const struct generation *g;
	size_t nr = 0;

	for (size_t i = 0; (g = generation_get(i)); i++)
		if (generation_releases(g) & *releases)
			names[nr++] = release_name(g->first);
	value_set_texts(ret, names, nr);
}

const char *predicted_text(enum answer answer, int err)
{
	if (answer == ANSWER_YES)
		return "ok";
	if (answer == ANSWER_UNKNOWN)
		return "unknown";
	return err ? errno_name(err) : "refused";
}

const char *outcome_text(int err)
{
	return err ? errno_name(err) : "ok";
}
