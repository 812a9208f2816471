/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: whether a host is ready to give devices to programs, or a virtual machine to be started on it. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "report/check.h"
#include "report/json.h"
#include "cli/config.h"
#include "run/checking-vm.h"
#include "run/checking.h"
#include "cmd/commands.h"

struct check_args {
	const char *user, *unit, *mapping;
	struct operands files;
	uint32_t pid;
	bool json;
};

enum { OPT_USER = OPT_COMMAND_FIRST, OPT_UNIT, OPT_VM, OPT_PID, OPT_MAPPING };

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
	case OPT_VM:
		operands_add(&args->files, p->app, arg);
		return 0;
	case OPT_PID:
		return parse_within(p, "pid", arg, 1, INT32_MAX, &args->pid);
	case OPT_MAPPING:
		args->mapping = arg;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		if (p && !p->asked && args->user && args->unit)
			return parse_fail(p, "--user and --unit exclude each other");
		if (p && !p->asked && args->mapping && !args->files.nr)
			return parse_fail(p, "--mapping is for --vm");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "user", OPT_USER, "USER", 0, "the user who will use the devices: libvirt-qemu, 64055",
	  1 },
	{ "unit", OPT_UNIT, "UNIT", 0, "the unit of systemd that will use them", 1 },
	{ "vm", OPT_VM, "FILE", 0,
	  "check the machine that FILE defines, not the host; may be repeated", 1 },
	{ "pid", OPT_PID, "PID", 0, "check the machine that this process of QEMU runs", 1 },
	{ "mapping", OPT_MAPPING, "FILE", 0, "with --vm: the mapping/pci.cfg of Proxmox VE", 1 },
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

static int check_the_host(struct app *app, const struct check_args *args, struct failure **reterr)
{
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

/* ---- machines ---- */

static int read_machines(struct app *app, struct sysroot *root, const struct check_args *args,
			 struct check_machine *machines, struct failure **reterr)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < args->files.nr; i++)
		r = machine_read(app, root, args->files.items[i], 0, args->mapping, &machines[i],
				 reterr);
	if (r >= 0 && args->pid)
		r = machine_read(app, root, NULL, args->pid, NULL, &machines[args->files.nr],
				 reterr);
	return r;
}

static int check_with(struct session *s, const struct check_args *args,
		      struct check_machine *machines, size_t nr, struct failure **reterr)
{
	struct checking c = { .user = args->user, .unit = args->unit };
	int r = session_decide(s, NULL, NULL, reterr);

	if (r >= 0)
		r = checking_begin(&c, s, reterr);
	if (r < 0)
		return r;
	machines_resolve(s, machines, nr);
	check_machines(&c.check, machines, nr);
	return finish(s, args, &c.check);
}

static int check_the_machines(struct app *app, const struct check_args *args,
			      struct failure **reterr)
{
	const size_t nr = args->files.nr + !!args->pid;
	struct check_machine *machines = arena_array(app->arena, nr, sizeof(*machines));
	struct scope scope = checking_machine_scope(args->unit);
	struct operands targets = { 0 };
	struct sysroot *root = NULL;
	struct session s = { 0 };
	int r;

	r = sysroot_open(app->sysroot, &root, reterr);
	if (r < 0)
		return r;
	r = read_machines(app, root, args, machines, reterr);
	if (r < 0) {
		sysroot_close(root);
		return r;
	}
	machines_targets(app, root, machines, nr, &targets);
	r = session_open_at(&s, app, root, &targets, &scope, reterr);
	if (r >= 0)
		r = check_with(&s, args, machines, nr, reterr);
	session_close(&s);
	return r;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct check_args *args = data;

	return args->files.nr || args->pid ? check_the_machines(app, args, reterr)
					   : check_the_host(app, args, reterr);
}

const struct command command_check = {
	.name = "check",
	.summary = "Check a host, or a virtual machine, before devices are used",
	.operands = "",
	.argp = &argp,
	.args_size = sizeof(struct check_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &check_fields, NULL },
};
