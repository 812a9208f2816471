/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/check.h"

#include <string.h>

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/plan.h"
#include "report/prediction-fields.h"
#include "report/prediction-text.h"
#include "report/prose.h"

/* ---- fields ---- */

static void get_answer(const void *at, struct value *ret)
{
	value_set_text(ret, check_answer_name(*(const enum check_answer *)at));
}

static void get_line(const void *row, struct value *ret)
{
	const struct check_result *r = row;

	ret->kind = r->line ? VALUE_NUMBER : VALUE_NONE;
	ret->number = r->line;
}

static void get_evidence(const void *row, struct value *ret)
{
	const struct check_result *r = row;

	value_set_objects(ret, (const void *const *)r->evidence, r->nr_evidence);
}

static void get_plan(const void *row, struct value *ret)
{
	const struct check_result *r = row;

	value_set_objects(ret, (const void *const *)r->actions, r->nr_actions);
}

static const struct field rows[] = {
	{ "check", "name of the check", FIELD_TEXT(struct check_result, id) },
	{ "answer", "pass, warn, fail or unknown",
	  FIELD_MEMBER(struct check_result, answer, enum check_answer, get_answer) },
	{ "device", "the device that it is about", FIELD_TEXT(struct check_result, device) },
	{ "file", "the definition of the machine", FIELD_TEXT(struct check_result, file) },
	{ "line", "the line in it", FIELD_GET(get_line) },
	{ "text", "what was found", FIELD_TEXT(struct check_result, text) },
	{ "evidence", "the facts looked at", FIELD_GET(get_evidence), .fields = &evidence_fields },
	{ "plan", "what to do, in order", FIELD_GET(get_plan), .fields = &action_fields },
};
const struct field_table check_fields = FIELD_TABLE("check_results", rows);

/* ---- text ---- */

static const struct {
	enum check_answer answer;
	const char *word;
	enum style style;
} kinds[] = {
	{ CHECK_FAIL, "FAIL", STYLE_NO },
	{ CHECK_UNKNOWN, "UNKNOWN", STYLE_UNKNOWN },
	{ CHECK_WARN, "WARN", STYLE_UNKNOWN },
	{ CHECK_PASS, "PASS", STYLE_YES },
};

static const char *place(const struct check_result *r, bool several, struct arena *a)
{
	if (!r->file)
		return "";
	if (several)
		return r->line ? arena_printf(a, "%s:%u ", r->file, r->line)
			       : arena_printf(a, "%s ", r->file);
	return r->line ? arena_printf(a, "line %u ", r->line) : "";
}

/* Whether the plan was printed with another result already: that of all devices of a machine. */
static bool is_repeated(const struct check_result *results, size_t nr, const struct check_result *r)
{
	for (size_t i = 0; i < nr && &results[i] != r; i++)
		if (results[i].answer == r->answer && results[i].nr_actions == r->nr_actions &&
		    !memcmp(results[i].actions, r->actions, r->nr_actions * sizeof(*r->actions)))
			return true;
	return false;
}

static void put_plan(const struct prose *p, const struct check_result *r)
{
	for (size_t i = 0; i < r->nr_actions; i++) {
		const struct action *action = r->actions[i];

		prose_text(p, STYLE_REMEDY, "- %s%s%s", action->insecure ? "INSECURE: " : "",
			   action->what, action->command ? ":" : "");
		/* A command stands alone on its line: it is there to be pasted. */
		if (action->command)
			fprintf(p->out->stream, "%*s%s\n", (int)p->indent + 2, "", action->command);
	}
}

static void put_evidence(const struct prose *p, const struct check_result *r, struct arena *a)
{
	for (size_t i = 0; i < r->nr_evidence; i++)
		prose_text(p, STYLE_DIM, "%s: %s", r->evidence[i]->path,
			   fact_describe(r->evidence[i], 128, a));
}

static bool has_several_files(const struct check_result *results, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (results[i].file != results[0].file && results[i].file && results[0].file)
			return true;
	return false;
}

void check_print(const struct output *out, const struct check_result *results, size_t nr,
		 bool verbose)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out, .label_width = 9 };
	struct prose in = prose_indented(&p, p.label_width);
	bool several = has_several_files(results, nr);

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < nr; i++) {
			const struct check_result *r = &results[i];

			if (r->answer != kinds[k].answer)
				continue;
			prose_label(&p, kinds[k].word, kinds[k].style, "%s%s%s%s%s",
				    place(r, several, a), r->text, verbose ? " [" : "",
				    verbose ? r->id : "", verbose ? "]" : "");
			if (r->nr_actions && !is_repeated(results, nr, r))
				put_plan(&in, r);
			if (verbose)
				put_evidence(&in, r, a);
		}
}
