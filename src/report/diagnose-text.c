/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/diagnose.h"
#include "report/field-kinds.h"
#include "report/plan.h"
#include "report/prose.h"

enum { LABEL_WIDTH = 8, LINES_SHOWN = 3 };

/* "QEMU, lines 3, 4 and 17 more; GROUP_SET_CONTAINER EPERM" */
static const char *source_text(const struct cause *c, struct arena *a)
{
	enum op op = c->answer.op ? c->answer.op : c->symptom->ops[0];
	int err = c->request.err ? c->request.err : c->answer.err;
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < c->nr_programs; i++)
		strbuf_item(&ret, " and ", "%s", c->programs[i]);
	if (c->nr_lines)
		strbuf_printf(&ret, ", %s%sline%s", c->file ? c->file : "", c->file ? " " : "",
			      c->count == 1 ? "" : "s");
	for (size_t i = 0; i < c->nr_lines && i < LINES_SHOWN; i++)
		strbuf_printf(&ret, "%s%llu", i ? ", " : " ", (unsigned long long)c->lines[i]);
	if (c->nr_lines && c->count > LINES_SHOWN)
		strbuf_printf(&ret, " and %llu more", (unsigned long long)(c->count - LINES_SHOWN));
	if (op != OP_NONE || err)
		strbuf_printf(&ret, "; %s%s%s", op != OP_NONE ? op_name(op) : "",
			      op != OP_NONE && err ? " " : "", err ? errno_name(err) : "");
	return strbuf_get(&ret);
}

static void put_title(const struct prose *p, const struct cause *c, struct arena *a)
{
	const char *about = c->device      ? c->device
			    : c->has_group ? arena_printf(a, "group %u", c->group)
			    : c->has_cdev  ? arena_printf(a, "vfio%u", c->cdev)
					   : NULL;

	prose_text(p, STYLE_NAME, "%s%s%s (%s)", about ? about : "", about ? ": " : "",
		   c->symptom->title, source_text(c, a));
}

static void put_now(const struct prose *p, const struct cause *c)
{
	static const struct {
		const char *text;
		enum style style;
	} words[] = {
		[SYMPTOM_NOW_STILL] = { "still so", STYLE_NO },
		[SYMPTOM_NOW_GONE] = { "no longer so", STYLE_YES },
		[SYMPTOM_NOW_UNKNOWN] = { "cannot tell", STYLE_UNKNOWN },
	};
	const struct symptom_answer *answer = &c->answer;
	const struct rule *rule =
		answer->now == SYMPTOM_NOW_STILL && answer->nr_rules ? answer->rules[0] : NULL;
	bool other = c->found && (!c->device || strcmp(c->device, c->found->name) != 0);

	prose_label(p, "Now", words[answer->now].style, "%s: %s%s%s%s%s%s", words[answer->now].text,
		    other ? c->found->name : "", other ? ": " : "", answer->seen,
		    rule ? " (rule " : "", rule ? rule->id : "", rule ? ")" : "");
}

static void put_cause(const struct output *out, const struct cause *c)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct notice *notice = c->answer.notice;
	struct prose p = { .out = out }, body;

	put_title(&p, c, a);
	body = prose_indented(&p, 2);
	prose_text(&body, STYLE_NONE, "%s", c->symptom->meaning);
	body.label_width = LABEL_WIDTH;
	put_now(&body, c);
	if (notice && notice->remedy)
		prose_label(&body, "Helps", STYLE_REMEDY, "%s", notice->remedy);
	else if (c->symptom->advice && c->answer.now != SYMPTOM_NOW_GONE)
		prose_label(&body, "Helps", STYLE_REMEDY, "%s", c->symptom->advice);
	if (c->plan && c->plan->now.answer == ANSWER_YES)
		prose_label(&body, "Plan", STYLE_YES, "nothing to do: %s can be attached now (%s)",
			    c->found->name, path_kind_name(c->plan->path));
	else if (c->plan)
		plan_print_brief(&body, c->plan);
}

void diagnosis_print(const struct output *out, const struct diagnosis *d)
{
	struct prose p = { .out = out };

	for (size_t i = 0; i < d->nr; i++) {
		if (i)
			prose_blank(&p);
		put_cause(out, &d->items[i]);
	}
	if (!d->nr)
		prose_text(&p, STYLE_NONE,
			   "No message that vfiotool knows is among the lines. 'vfiotool rules --symptoms' lists the messages.");
	if (d->full)
		prose_text(&p, STYLE_UNKNOWN,
			   "There are more causes than %d: the others were left out.", CAUSES_MAX);
}
