/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan: what turns no into yes, as commands. It changes nothing. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "base/shell.h"
#include "base/strbuf.h"
#include "report/json.h"
#include "report/plan.h"
#include "report/prose.h"
#include "cli/config.h"
#include "run/planning.h"
#include "cmd/commands.h"

struct plan_args {
	struct operands targets;
	const char *user;
	uint64_t memory;
	bool json, script, path_asked;
	enum path_kind path;
};

enum { OPT_PATH = OPT_COMMAND_FIRST, OPT_VM_USER, OPT_MEMORY, OPT_SCRIPT };

static error_t parse_memory(struct parse *p, struct plan_args *args, const char *arg)
{
	int r = parse_size(arg, &args->memory);

	if (r == -ERANGE)
		return parse_fail(p, "--memory=%s is larger than 2^64 bytes", arg);
	if (r < 0 || !args->memory)
		return parse_fail(p, "--memory=%s must be a size, for example 16G", arg);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct plan_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->targets, p->app, arg);
		return 0;
	case OPT_PATH:
		args->path_asked = true;
		return parse_path(p, arg, &args->path);
	case OPT_VM_USER:
		args->user = arg;
		return 0;
	case OPT_MEMORY:
		return parse_memory(p, args, arg);
	case OPT_SCRIPT:
		args->script = true;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		if (p && !p->asked && args->json && args->script)
			return parse_fail(p, "--json and --script exclude each other");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "path", OPT_PATH, "PATH", 0, "plan for this path: container, iommufd, compat or noiommu",
	  1 },
	{ "vm-user", OPT_VM_USER, "USER", 0,
	  "the user who opens the devices, instead of the caller: libvirt-qemu, 64055", 1 },
	{ "memory", OPT_MEMORY, "SIZE", 0, "how much memory this user will map: 16G", 1 },
	{ "script", OPT_SCRIPT, NULL, 0, "print the steps that can be done now as a shell script",
	  1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static void print_json(struct session *s, const struct plans *plans)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct json_doc doc;

	json_doc_begin(&doc, s->app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_array_begin(&doc, "plans");
	for (size_t i = 0; i < plans->nr; i++)
		json_doc_element(&doc, json_from_row(&plan_fields, NULL, &plans->items[i], a));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

static void print_text(struct session *s, const struct plans *plans)
{
	struct prose p = { .out = &s->app->out };

	for (size_t i = 0; i < plans->nr; i++) {
		if (i)
			prose_blank(&p);
		plan_print(&s->app->out, &plans->items[i], s->app->verbose > 0);
	}
}

/* The worst of all plans. */
static int status_of(const struct plans *plans)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < plans->nr; i++) {
		enum answer answer = plans->items[i].answer;

		if (answer == ANSWER_NO)
			return STATUS_NO;
		if (answer == ANSWER_UNKNOWN)
			status = STATUS_UNKNOWN;
	}
	return status;
}

/* What was asked for, for the plan after a reboot. */
static const char *options_again(struct arena *a, const struct plan_args *args)
{
	struct strbuf ret = { .arena = a };

	if (args->path_asked)
		strbuf_printf(&ret, " --path %s", path_kind_name(args->path));
	if (args->user)
		strbuf_printf(&ret, " --vm-user %s", shell_word(a, args->user));
	if (args->memory)
		strbuf_printf(&ret, " --memory %llu", (unsigned long long)args->memory);
	return ret.s;
}

static int make_plans(struct session *s, const struct plan_args *args)
{
	struct plan_request q = planning_request(s, s->devices, s->nr_devices);
	struct plans plans;

	q.path_asked = args->path_asked;
	q.path = args->path;
	q.options = options_again(s->app->arena, args);
	planning_make(s, &q, true, s->app->arena, &plans);
	if (s->app->quiet)
		return status_of(&plans);
	if (args->json)
		print_json(s, &plans);
	else if (args->script)
		plan_print_script(&s->app->out, &plans);
	else
		print_text(s, &plans);
	return status_of(&plans);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct plan_args *args = data;
	struct scope scope = scope_all;
	struct session s = { 0 };
	int r;

	scope_add_notices(&scope);
	if (!args->targets.nr)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "no target: name a device, 'vfiotool list' shows them");
	r = session_open(&s, app, &args->targets, &scope, reterr);
	if (r >= 0)
		r = session_decide(&s, NULL, NULL, reterr);
	if (r >= 0)
		r = planning_assume_user(&s, args->user, reterr);
	s.assumptions.memory = args->memory;
	if (r >= 0)
		r = make_plans(&s, args);
	session_close(&s);
	return r;
}

const struct command command_plan = {
	.name = "plan",
	.summary = "Show what turns a refusal into an attach, as commands",
	.operands = "TARGET...",
	.argp = &argp,
	.args_size = sizeof(struct plan_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &plan_fields, NULL },
};
