/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/summary.h"

#include <string.h>

#include "base/macro.h"
#include "report/escape.h"
#include "report/field-kinds.h"
#include "report/plan.h"

struct plan_line {
	const struct plan *plan;
	const char *because;
	struct action *steps;
	size_t nr_steps;
	uint32_t nr_left_out;
};

struct summary {
	struct device_row row;
	struct verdict views[NR_VIEWS];
	const struct plan_line *plan; /* or NULL */
};

static void get_errno(const void *row, struct value *ret)
{
	const struct verdict *v = row;

	value_set_errno(ret, v->answer, v->err);
}

static const struct field verdict_rows[] = {
	{ "answer", "whether a program can attach it", FIELD_ANSWER(struct verdict, answer) },
	{ "path", "way that the answer is about", FIELD_PATH(struct verdict, kind) },
	{ "op", "request that is refused", FIELD_OP(struct verdict, op) },
	{ "errno", "error that it is refused with", FIELD_GET(get_errno) },
	{ "rule", "rule that decides", FIELD_RULE(struct verdict, rule) },
	{ "because", "the reason", FIELD_TEXT(struct verdict, because) },
};
static const struct field_table verdict_fields = FIELD_TABLE("summary_answer", verdict_rows);

static const struct field step_rows[] = {
	{ "do", NULL, FIELD_SAME(action_fields) },
	{ "scope", NULL, FIELD_SAME(action_fields) },
	{ "what", NULL, FIELD_SAME(action_fields) },
	{ "command", NULL, FIELD_SAME(action_fields) },
	{ "insecure", NULL, FIELD_SAME(action_fields) },
};
static const struct field_table step_fields_of_summary = FIELD_TABLE("summary_steps", step_rows);

static const struct field plan_rows[] = {
	{ "answer", NULL, FIELD_SAME(plan_fields), FIELD_VIA(struct plan_line, plan, struct plan) },
	{ "because", "why it is not yes", FIELD_TEXT(struct plan_line, because) },
	{ "steps", "in order", FIELD_ROWS(struct plan_line, steps, step_fields_of_summary) },
	{ "steps_left_out", "steps behind these, for which there is no room",
	  FIELD_NUMBER(struct plan_line, nr_left_out) },
};
static const struct field_table plan_line_fields = FIELD_TABLE("summary_plan", plan_rows);

#define OF_ROW(key)                                                          \
	{                                                                    \
		key, NULL, FIELD_SAME_OF(struct summary, row, device_fields) \
	}

static const struct field rows[] = {
	OF_ROW("address"),
	OF_ROW("bus"),
	OF_ROW("vendor"),
	OF_ROW("device"),
	OF_ROW("subsystem"),
	OF_ROW("class"),
	OF_ROW("driver"),
	OF_ROW("group"),
	OF_ROW("iommu"),
	OF_ROW("numa"),
	OF_ROW("pf"),
	OF_ROW("sysfs"),
	{ "now", "the answer for now",
	  FIELD_PART(struct summary, views[VIEW_NOW], verdict_fields) },
	{ "after", "the answer after binding its group to a VFIO driver",
	  FIELD_PART(struct summary, views[VIEW_IF_BOUND], verdict_fields) },
	OF_ROW("notices"),
	{ "plan", "the way to a yes", FIELD_OBJECT(struct summary, plan, plan_line_fields) },
};
const struct field_table summary_fields = FIELD_TABLE("summary", rows);

static void decide(const struct report *r, enum view view, const struct device *dev,
		   struct arena *a, struct verdict *ret)
{
	const struct verdict_ask ask = { .host = r->host,
					 .assumptions = r->assumptions,
					 .kernels = &r->kernels,
					 .view = view,
					 .memo = r->memo,
					 .texts = a,
					 .scratch = r->scratch };

	predict_verdict(&ask, dev, ret);
}

/* @text in at most @max columns, with a mark where it was cut. */
static const char *cut(struct arena *a, const char *text, size_t max)
{
	return text ? escape_shorten(a, text, max, true) : NULL;
}

/* A command is whole, or not there. */
static struct plan_line *plan_line(const struct plan *plan, size_t text_max, size_t steps_max,
				   struct arena *a)
{
	struct plan_line *ret = arena_new_object(a, struct plan_line);

	*ret = (struct plan_line){ .plan = plan, .because = cut(a, plan->because, text_max) };
	ret->nr_steps = plan->nr_steps < steps_max ? plan->nr_steps : steps_max;
	ret->nr_left_out = (uint32_t)(plan->nr_steps - ret->nr_steps);
	ret->steps = arena_array(a, ret->nr_steps, sizeof(*ret->steps));
	for (size_t i = 0; i < ret->nr_steps; i++) {
		ret->steps[i] = *plan->steps[i].action;
		ret->steps[i].what = cut(a, ret->steps[i].what, text_max);
	}
	return ret;
}

static struct json_object *line_within(const struct summary *whole, const struct plan *plan,
				       size_t text_max, size_t steps_max, struct arena *a)
{
	struct summary s = *whole;

	for (unsigned int v = 0; v < NR_VIEWS; v++)
		s.views[v].because = cut(a, s.views[v].because, text_max);
	s.plan = plan ? plan_line(plan, text_max, steps_max, a) : NULL;
	return json_from_row(&summary_fields, NULL, &s, a);
}

struct json_object *summary_json(const struct report *r, const struct device *dev,
				 const struct plan *plan, struct arena *a)
{
	static const struct {
		size_t text_max, steps_max;
	} limits[] = { { 400, 8 }, { 200, 4 }, { 120, 2 }, { 60, 1 }, { 40, 0 } };
	struct summary s = { .row = { .report = r, .device = dev, .group = dev->group } };
	struct json_object *ret = NULL;

	device_row_decide(&s.row, NEED_NOTICES);
	for (unsigned int v = 0; v < NR_VIEWS; v++)
		decide(r, (enum view)v, dev, a, &s.views[v]);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		json_object_put(ret);
		ret = line_within(&s, plan, limits[i].text_max, limits[i].steps_max, a);
		if (json_line_length(ret) <= SUMMARY_MAX)
			break;
	}
	return ret;
}
