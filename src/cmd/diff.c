/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff: what changed between two captures, or a capture and this host, and what that changes in the verdicts. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "report/diff.h"
#include "report/json.h"
#include "run/session.h"
#include "cmd/commands.h"

struct diff_args {
	struct operands sides;
	unsigned int kinds; /* bits of 1 << enum change_kind; 0: all */
	bool json;
};

enum { OPT_ONLY = OPT_COMMAND_FIRST };

static error_t parse_kinds(struct parse *p, struct diff_args *args, const char *arg)
{
	struct span rest = { arg, strlen(arg) }, item;

	if (!rest.len)
		return parse_fail(p,
				  "--only names no kind of change: 'vfiotool diff --help' lists them");
	while (parse_item(&rest, &item)) {
		const char *name = arena_strndup(p->app->arena, item.s, item.len);
		enum change_kind kind = change_find(name);

		if (kind == NR_CHANGE_KINDS)
			return parse_fail(p,
					  "'%s' is not a kind of change: 'vfiotool diff --help' lists them",
					  name);
		args->kinds |= 1U << kind;
	}
	return 0;
}

static error_t parse_end(struct parse *p, const struct diff_args *args)
{
	if (!p || p->asked)
		return 0;
	if (!args->sides.nr)
		return parse_fail(p,
				  "diff needs a capture to compare this host with, or two captures");
	if (args->sides.nr > 2)
		return parse_fail(p, "diff compares two, and '%s' is the third",
				  args->sides.items[2]);
	if (args->sides.nr == 2 && p->app->sysroot)
		return parse_fail(p, "--sysroot stands for the second capture: name it once");
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct diff_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->sides, p->app, arg);
		return 0;
	case OPT_ONLY:
		return parse_kinds(p, args, arg);
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		return parse_end(p, args);
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "only", OPT_ONLY, "KIND,...", 0,
	  "only such changes: verdict, notice, group, device, driver, module, kernel, iommu, firmware, node, caller",
	  1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* Opens one side and decides who decides there. */
static int open_side(struct session *s, const struct app *app, const char *sysroot, struct app *own,
		     struct failure **reterr)
{
	const struct operands none = { 0 };
	struct scope scope = scope_all;
	int r;

	*own = *app;
	own->sysroot = sysroot;
	scope_add_notices(&scope);
	r = session_open(s, own, &none, &scope, reterr);
	return r < 0 ? r : session_decide(s, NULL, NULL, reterr);
}

static struct diff_side side_of(const struct session *s)
{
	return (struct diff_side){ .host = s->host,
				   .assumptions = &s->assumptions,
				   .kernel = &s->report.kernel,
				   .memo = s->report.memo,
				   .scratch = s->scratch };
}

static struct diff_host_row row_of(const struct session *s)
{
	const struct fact *release = &s->host->kernel.release;

	return (struct diff_host_row){ .source = s->host->source,
				       .release = fact_is(release) ? release->raw : NULL,
				       .nr_devices = (uint32_t)s->nr_devices };
}

static void print(struct app *app, const struct diff_args *args, const struct diff_report *r)
{
	struct json_doc doc;

	if (app->quiet)
		return;
	if (!args->json) {
		diff_print(r, &app->out);
		return;
	}
	json_doc_begin(&doc, app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_row(&doc, &diff_fields, r);
	json_doc_end(&doc);
}

static int compare(struct app *app, const struct diff_args *args, const struct session *a,
		   const struct session *b)
{
	const struct diff_side first = side_of(a), second = side_of(b);
	struct diff_report r = { .a = row_of(a), .b = row_of(b) };
	struct diff diff;
	size_t nr = 0;

	diff_make(&first, &second, app->arena, &diff);
	for (size_t i = 0; i < diff.nr; i++)
		if (!args->kinds || args->kinds & 1U << diff.items[i].kind)
			diff.items[nr++] = diff.items[i];
	r.changes = diff.items;
	r.nr_changes = nr;
	r.nr_uncompared = (uint32_t)diff.nr_uncompared;
	print(app, args, &r);
	return nr ? STATUS_NO : STATUS_OK;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct diff_args *args = data;
	const char *other = args->sides.nr == 2 ? args->sides.items[1] : app->sysroot;
	struct session a = { 0 }, b = { 0 };
	struct app own[2];
	int r;

	/* This host first: what follows a capture may do less. */
	r = open_side(&b, app, other, &own[1], reterr);
	if (r >= 0)
		r = open_side(&a, app, args->sides.items[0], &own[0], reterr);
	if (r >= 0)
		r = compare(app, args, &a, &b);
	session_close(&a);
	session_close(&b);
	return r;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "Show what changed between two captures, or since one",
	.operands = "BEFORE [AFTER]",
	.argp = &argp,
	.args_size = sizeof(struct diff_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &diff_fields, NULL },
};
