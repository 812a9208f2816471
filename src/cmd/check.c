/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: whether a host is ready to give devices to programs, before one is given. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "report/check.h"
#include "report/json.h"
#include "cli/config.h"
#include "run/checking.h"
#include "cmd/commands.h"

struct check_args {
	const char *user, *unit;
	bool json;
};

enum { OPT_USER = OPT_COMMAND_FIRST, OPT_UNIT };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct check_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		return parse_fail(p, "unexpected argument '%s': check takes options only", arg);
	case OPT_USER:
		args->user = arg;
		return 0;
	case OPT_UNIT:
		if (!*arg || strchr(arg, '/') || *arg == '.')
			return parse_fail(p, "'%s' is not the name of a unit", arg);
		args->unit = arg;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		if (p && !p->asked && args->user && args->unit)
			return parse_fail(p, "--user and --unit exclude each other");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "user", OPT_USER, "USER", 0, "the user who will use the devices: libvirt-qemu, 64055",
	  1 },
	{ "unit", OPT_UNIT, "UNIT", 0, "the unit of systemd that will use them", 1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static void print_json(struct session *s, const struct check *c)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	enum check_answer worst = check_worst(c->results, c->nr_results);
	struct json_doc doc;

	json_doc_begin(&doc, s->app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_member(&doc, "answer", json_object_new_string(check_answer_name(worst)));
	json_doc_array_begin(&doc, "results");
	for (size_t i = 0; i < c->nr_results; i++)
		json_doc_element(&doc, json_from_row(&check_fields, NULL, &c->results[i], a));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

static int finish(struct session *s, const struct check_args *args, const struct check *c)
{
	static const int statuses[] = { [CHECK_UNKNOWN] = STATUS_UNKNOWN,
					[CHECK_PASS] = STATUS_OK,
					[CHECK_WARN] = STATUS_OK,
					[CHECK_FAIL] = STATUS_NO };

	if (!s->app->quiet && args->json)
		print_json(s, c);
	else if (!s->app->quiet)
		check_print(&s->app->out, c->results, c->nr_results, s->app->verbose > 0);
	return statuses[check_worst(c->results, c->nr_results)];
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct check_args *args = data;
	struct checking c = { .user = args->user, .unit = args->unit };
	struct scope scope = checking_scope(args->unit);
	const struct operands all = { 0 };
	struct session s = { 0 };
	int r;

	r = session_open(&s, app, &all, &scope, reterr);
	if (r >= 0)
		r = session_widen(&s, &scope, reterr);
	if (r >= 0)
		r = session_decide(&s, NULL, NULL, reterr);
	if (r >= 0)
		r = checking_begin(&c, &s, reterr);
	if (r >= 0) {
		check_host(&c.check);
		r = finish(&s, args, &c.check);
	}
	session_close(&s);
	return r;
}

const struct command command_check = {
	.name = "check",
	.summary = "Check whether the host is ready to give devices to programs",
	.operands = "",
	.argp = &argp,
	.args_size = sizeof(struct check_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &check_fields, NULL },
};
