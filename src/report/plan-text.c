/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "base/macro.h"
#include "base/shell.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/plan.h"
#include "report/prediction-fields.h"
#include "report/prose.h"

/* A sentence of what the model says in a clause. */
static const char *sentence(struct arena *a, const char *clause)
{
	char *ret = arena_strdup(a, clause);

	/* Names of modules, files and options keep their case. */
	if (ret[0] && islower((unsigned char)ret[0]) && isalpha((unsigned char)ret[1]) &&
	    strcspn(ret, " ") < strcspn(ret, "_=/.:"))
		ret[0] = (char)toupper((unsigned char)ret[0]);
	return ret;
}

static const char *names_text(struct arena *a, const struct device *const *devices, size_t nr)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < nr; i++)
		strbuf_item(&ret, i + 1 < nr ? ", " : " and ", "%s", devices[i]->name);
	return strbuf_get(&ret);
}

static const char *end_text(struct arena *a, const struct plan_expected *e)
{
	if (e->answer != ANSWER_NO || e->op == OP_NONE)
		return "";
	return arena_printf(a, " (%s%s%s)", op_name(e->op), e->err ? " " : "",
			    e->err ? errno_name(e->err) : "");
}

/* ---- steps ---- */

/* A command stands alone on its line, however long it is: it is there to be pasted. */
static void put_command(const struct output *out, size_t indent, const char *command)
{
	fprintf(out->stream, "%*s%s\n", (int)indent, "", command);
}

static const char *scope_note(const struct plan_step *s)
{
	static const char *const notes[NR_ACTION_SCOPES] = {
		[SCOPE_NOW] = "",
		[SCOPE_MODULE] = " [reloads a module]",
		[SCOPE_SERVICE] = " [next login]",
		[SCOPE_REBOOT] = " [reboot]",
		[SCOPE_FIRMWARE] = " [firmware]",
		[SCOPE_HARDWARE] = " [hardware]",
		[SCOPE_VM] = " [virtual machine]",
	};

	return notes[s->action->scope];
}

static void put_step(const struct prose *p, const struct plan_step *s, size_t number, bool details,
		     struct arena *a)
{
	const struct action *action = s->action;
	struct prose in = prose_indented(p, p->label_width);
	const char *label = arena_printf(a, "%zu", number);

	in.label_width = 8;
	prose_label(p, label, STYLE_NONE, "%s%s%s%s", action->insecure ? "INSECURE: " : "",
		    sentence(a, action->what), action->command ? ":" : "", scope_note(s));
	if (action->command)
		put_command(p->out, in.indent, action->command);
	else if (action->add || action->remove)
		prose_text(&in, STYLE_NONE, "%s%s%s%s%s, then reboot", action->add ? "Add " : "",
			   action->add ? action->add : "",
			   action->add && action->remove ? " and remove "
			   : action->remove              ? "Remove "
							 : "",
			   action->remove ? action->remove : "",
			   " in the kernel command line of the boot loader");
	if (action->weakens)
		prose_label(&in, "weakens", STYLE_NO, "%s", action->weakens);
	if (!details)
		return;
	if (s->why)
		prose_label(&in, "because", STYLE_DIM, "%s (%s)", s->why->because,
			    s->why->rule->id);
	if (action->undo)
		prose_label(&in, "undo", STYLE_DIM, "%s", action->undo);
}

void plan_print_steps(const struct output *out, const struct plan *p, size_t indent, bool details)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose prose = { .out = out, .indent = indent, .label_width = 3 };

	for (size_t i = 0; i < p->nr_steps; i++)
		put_step(&prose, &p->steps[i], i + 1, details, a);
}

/* ---- the whole ---- */

static void put_state(const struct prose *p, const struct plan *plan, struct arena *a)
{
	const char *names = names_text(a, plan->devices, plan->nr_devices);
	const struct plan_obstacle *first = plan->nr_obstacles ? &plan->obstacles[0] : NULL;
	const char *be = plan->nr_devices == 1 ? "is" : "are";

	if (plan->now.answer == ANSWER_YES) {
		prose_text(p, STYLE_YES, "%s can be attached now (%s). There is nothing to do.",
			   names, path_kind_name(plan->path));
		return;
	}
	prose_text(p, answer_style(plan->now.answer), "%s %s %s now%s%s%s.",
		   plan->now.answer == ANSWER_NO && plan->now.device ? plan->now.device->name
								     : names,
		   plan->now.answer == ANSWER_NO && plan->now.device ? "is" : be,
		   plan->now.answer == ANSWER_NO ? "refused" : "not known to work",
		   end_text(a, &plan->now), first ? ": " : "", first ? first->why->because : "");
	for (size_t i = 1; i < plan->nr_obstacles; i++)
		prose_text(p, STYLE_NONE, "Also: %s.", plan->obstacles[i].why->because);
}

static void put_uses(const struct prose *p, const char *title, const struct plan_use *uses,
		     size_t nr)
{
	struct prose in = prose_indented(p, 2);

	if (!nr)
		return;
	prose_blank(p);
	prose_text(p, STYLE_HEADING, "%s", title);
	in.label_width = 9;
	for (size_t i = 0; i < nr; i++) {
		prose_label(&in, uses[i].check, STYLE_NO, "%s%s: %s",
			    uses[i].answer == ANSWER_UNKNOWN ? "unknown, " : "",
			    uses[i].device->name, uses[i].chain);
		if (uses[i].remedy)
			prose_label(&in, "", STYLE_REMEDY, "%s", uses[i].remedy);
	}
}

static void put_alternatives(const struct prose *p, const struct plan *plan, struct arena *a)
{
	struct prose in = prose_indented(p, 2);

	if (!plan->nr_alternatives)
		return;
	prose_blank(p);
	prose_text(p, STYLE_HEADING, "%s", plan->nr_steps ? "Or instead:" : "What may help:");
	in.label_width = 2;
	for (size_t i = 0; i < plan->nr_alternatives; i++) {
		const struct action *action = plan->alternatives[i];

		prose_label(&in, "-", STYLE_NONE, "%s%s%s%s%s",
			    action->insecure ? "INSECURE: " : "", sentence(a, action->what),
			    action->weakens ? "; " : "", action->weakens ? action->weakens : "",
			    action->command ? ":" : "");
		if (action->command)
			put_command(p->out, in.indent + in.label_width, action->command);
	}
}

static void put_notices(const struct prose *p, const struct plan *plan, struct arena *a)
{
	for (size_t i = 0; i < plan->nr_notices; i++) {
		const struct plan_notice *one = &plan->notices[i];
		struct prose in = *p;

		prose_blank(p);
		in.label_width = 6;
		prose_label(&in, "Note", STYLE_UNKNOWN, "%s: %s", one->notice->because,
			    one->notice->consequence);
		if (!one->action)
			continue;
		prose_label(&in, "", STYLE_REMEDY, "%s%s", sentence(a, one->action->what),
			    one->action->command ? ":" : "");
		if (one->action->command)
			put_command(p->out, in.label_width, one->action->command);
	}
}

static void put_end(const struct prose *p, const struct plan *plan)
{
	if (plan->answer == ANSWER_YES && plan->nr_steps)
		prose_text(p, STYLE_YES, "Afterwards: yes (%s).", path_kind_name(plan->path));
	else if (plan->answer == ANSWER_NO)
		prose_text(p, STYLE_NO, "No plan: %s.", plan->because ? plan->because : "refused");
	else if (plan->answer == ANSWER_UNKNOWN)
		prose_text(p, STYLE_UNKNOWN, "%s: %s.",
			   plan->nr_steps ? "Afterwards: unknown" : "No plan can be given",
			   plan->because ? plan->because : "not known");
}

void plan_print(const struct output *out, const struct plan *p, bool verbose)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose prose = { .out = out };

	(void)verbose;
	put_state(&prose, p, a);
	if (p->nr_steps) {
		prose_blank(&prose);
		plan_print_steps(out, p, 2, true);
	}
	put_uses(&prose, "In use, and therefore moved by no plan:", p->blocked, p->nr_blocked);
	put_uses(&prose, "Not known, and checked by 'vfiotool bind' before it moves anything:",
		 p->unchecked, p->nr_unchecked);
	put_alternatives(&prose, p, a);
	if (p->now.answer != ANSWER_YES) {
		prose_blank(&prose);
		put_end(&prose, p);
	}
	put_notices(&prose, p, a);
}

/* ---- in short ---- */

enum { STEPS_SHOWN = 4, BLOCKED_SHOWN = 2 };

/* What stands in the way of a plan, and what else may help: the first of each. */
static void put_no_plan(const struct prose *p, const struct plan *plan, struct arena *a)
{
	const struct prose below = prose_indented(p, p->label_width);

	prose_label(p, "Plan", answer_style(plan->answer), "%s: %s",
		    plan->answer == ANSWER_NO ? "none" : "unknown",
		    plan->because ? plan->because : "refused");
	for (size_t i = 0; i < plan->nr_blocked && i < BLOCKED_SHOWN; i++) {
		const struct plan_use *use = &plan->blocked[i];

		if (use->answer == ANSWER_YES)
			prose_text(&below, STYLE_NO, "%s is in use (%s): %s", use->device->name,
				   use->check, use->chain);
		else if (use->remedy)
			prose_text(&below, STYLE_REMEDY, "To know more: %s", use->remedy);
	}
	if (plan->nr_alternatives && !plan->alternatives[0]->insecure)
		prose_text(&below, STYLE_REMEDY, "This may help: %s",
			   action_text(a, plan->alternatives[0]));
}

void plan_print_brief(const struct prose *p, const struct plan *plan)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *name = shell_word(a, plan->devices[0]->name);

	if (plan->now.answer == ANSWER_YES)
		return;
	prose_blank(p);
	if (!plan->nr_steps) {
		put_no_plan(p, plan, a);
		return;
	}
	prose_label(p, "Plan", answer_style(plan->answer), "%s, %zu step%s%s%s%s",
		    answer_name(plan->answer), plan->nr_steps, plan->nr_steps == 1 ? "" : "s",
		    plan->insecure ? ", INSECURE" : "", plan->because ? ": " : "",
		    plan->because ? plan->because : "");
	if (plan->nr_steps > STEPS_SHOWN)
		prose_text(&(struct prose){ .out = p->out, .indent = p->indent + p->label_width },
			   STYLE_REMEDY, "vfiotool plan %s", name);
	else
		plan_print_steps(p->out, plan, p->indent + p->label_width, false);
}

/* ---- script ---- */

static void put_comment(const struct output *out, const char *text)
{
	struct prose p = { .out = out, .prefix = "# ", .indent = 2 };

	prose_text(&p, STYLE_NONE, "%s", text);
}

static bool is_for_now(const struct plan_step *s)
{
	return s->action->scope < SCOPE_REBOOT && s->action->kind != ACTION_PLAN;
}

/* False where the script has to end. */
static bool put_script_step(const struct output *out, const struct plan_step *s, struct arena *a)
{
	put_comment(out, arena_printf(a, "%s%s", s->action->insecure ? "INSECURE: " : "",
				      s->action->what));
	if (s->action->command && !s->action->as_user) {
		fprintf(out->stream, "%s\n", s->action->command);
		return true;
	}
	if (s->action->command)
		put_comment(out, arena_printf(a, "as the user: %s", s->action->command));
	return s->action->command != NULL;
}

void plan_print_script(const struct output *out, const struct plans *plans)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	fputs("#!/bin/sh\nset -eu\n", out->stream);
	for (size_t i = 0; i < plans->nr; i++) {
		const struct plan *p = &plans->items[i];

		put_comment(out, arena_printf(a, "%s: %s", names_text(a, p->devices, p->nr_devices),
					      p->because ? p->because : "yes afterwards"));
		for (size_t k = 0; k < p->nr_steps && is_for_now(&p->steps[k]); k++)
			if (!put_script_step(out, &p->steps[k], a)) {
				fputs("echo 'a person must do the next step' >&2\nexit 1\n",
				      out->stream);
				return;
			}
	}
}
