/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/macro.h"
#include "report/diagnose.h"
#include "report/field-kinds.h"
#include "report/plan.h"

static void get_lines(const void *row, struct value *ret)
{
	const struct cause *c = row;

	ret->kind = VALUE_NUMBERS;
	ret->row = c->lines;
	ret->nr = c->nr_lines;
}

static void get_programs(const void *row, struct value *ret)
{
	const struct cause *c = row;

	value_set_texts(ret, c->programs, c->nr_programs);
}

static void get_rules(const void *row, struct value *ret)
{
	const struct symptom_answer *answer = &((const struct cause *)row)->answer;
	const char **ids = arena_array(ret->arena, answer->nr_rules, sizeof(*ids));

	for (size_t i = 0; i < answer->nr_rules; i++)
		ids[i] = answer->rules[i]->id;
	value_set_texts(ret, ids, answer->nr_rules);
}

static void get_now(const void *row, struct value *ret)
{
	value_set_text(ret, symptom_now_name(((const struct cause *)row)->answer.now));
}

static void get_advice(const void *row, struct value *ret)
{
	const struct cause *c = row;

	value_set_text(ret, c->answer.notice && c->answer.notice->remedy ? c->answer.notice->remedy
									 : c->symptom->advice);
}

static void get_notice(const void *row, struct value *ret)
{
	const struct cause *c = row;

	value_set_text(ret, c->answer.notice ? c->answer.notice->row->id : NULL);
}

#define OF_SYMPTOM FIELD_VIA(struct cause, symptom, struct symptom)

static const struct field cause_rows[] = {
	{ "symptom", "id of the symptom", FIELD_TEXT(struct symptom, id), OF_SYMPTOM },
	{ "title", "the same in a clause", FIELD_TEXT(struct symptom, title), OF_SYMPTOM },
	{ "programs", "whose messages show it", FIELD_GET(get_programs) },
	{ "file", "file that has the lines", FIELD_TEXT(struct cause, file) },
	{ "lines", "numbers of the first lines", FIELD_GET(get_lines) },
	{ "count", "lines in all", FIELD_NUMBER(struct cause, count) },
	{ "device", "device that the lines name", FIELD_TEXT(struct cause, device) },
	{ "group", "number of the group that the lines name", FIELD_NUMBER(struct cause, group),
	  FIELD_IF(struct cause, has_group) },
	{ "errno", "error that the lines tell", FIELD_ERRNO(struct cause, request.err) },
	{ "iova", "address that the lines name", FIELD_HEX(struct cause, request.iova, 1),
	  FIELD_IF(struct cause, request.has_iova) },
	{ "size", "bytes at that address", FIELD_NUMBER(struct cause, request.size),
	  FIELD_IF(struct cause, request.has_size) },
	{ "region", "number of the BAR that the lines name", FIELD_NUMBER(struct cause, region),
	  FIELD_IF(struct cause, has_region) },
	{ "rules", "rules that refuse it now, or else may have", FIELD_GET(get_rules) },
	{ "notice", "notice that explains it", FIELD_GET(get_notice) },
	{ "now", "still, gone or unknown", FIELD_GET(get_now) },
	{ "op", "request that is refused now", FIELD_OP(struct cause, answer.op) },
	{ "seen", "what was seen for that", FIELD_TEXT(struct cause, answer.seen) },
	{ "text", "what it means", FIELD_TEXT(struct symptom, meaning), OF_SYMPTOM },
	{ "advice", "what helps where no plan does", FIELD_GET(get_advice) },
	{ "plan", "how the device can be attached", FIELD_OBJECT(struct cause, plan, plan_fields) },
};
const struct field_table cause_fields = FIELD_TABLE("causes", cause_rows);
