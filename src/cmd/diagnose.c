/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diagnose: what error messages mean, whether it is still so on this host, and what to do. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/config.h"
#include "report/json.h"
#include "run/diagnosis.h"
#include "run/logsource.h"
#include "cmd/commands.h"

struct diagnose_args {
	struct operands files, lines;
	const char *unit, *domain;
	bool json, kernel_log;
};

enum { OPT_KERNEL_LOG = OPT_COMMAND_FIRST, OPT_JOURNAL, OPT_LIBVIRT };

static error_t check(struct parse *p, const struct diagnose_args *args)
{
	if (p->app->sysroot && (args->kernel_log || args->unit || args->domain))
		return parse_fail(p,
				  "--kernel-log, --journal and --libvirt read this host's own logs: leave out --sysroot, or name the files");
	if (args->domain && strchr(args->domain, '/'))
		return parse_fail(p,
				  "--libvirt=%s must be the name of a machine, see 'virsh list --all'",
				  args->domain);
	if (!args->files.nr && !args->lines.nr && !args->kernel_log && !args->unit &&
	    !args->domain && isatty(STDIN_FILENO))
		return parse_fail(p,
				  "nothing to read: name a file, give a line with -e, or pipe a program's messages into it");
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct diagnose_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->files, p->app, arg);
		return 0;
	case 'e':
		operands_add(&args->lines, p->app, arg);
		return 0;
	case OPT_KERNEL_LOG:
		args->kernel_log = true;
		return 0;
	case OPT_JOURNAL:
		args->unit = arg;
		return 0;
	case OPT_LIBVIRT:
		args->domain = arg;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		return p && !p->asked ? check(p, args) : 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "line", 'e', "LINE", 0, "this line; may be repeated", 1 },
	{ "kernel-log", OPT_KERNEL_LOG, NULL, 0, "the kernel's log", 1 },
	{ "journal", OPT_JOURNAL, "UNIT", 0, "what this unit wrote to the journal since boot", 1 },
	{ "libvirt", OPT_LIBVIRT, "DOMAIN", 0, "libvirt's log of this machine (QEMU)", 1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static int read_sources(struct diagnosing *d, const struct diagnose_args *args, struct app *app,
			struct failure **reterr)
{
	struct logsource s = { .found = diagnosing_line, .ctx = d };
	bool other = args->lines.nr || args->kernel_log || args->unit || args->domain;
	int r = 0;

	loglines_init(&s.lines, app->arena);
	for (size_t i = 0; i < args->lines.nr; i++)
		logsource_line(&s, args->lines.items[i]);
	if (args->kernel_log)
		r = logsource_kernel(&s, reterr);
	if (r >= 0 && args->unit)
		r = logsource_journal(&s, args->unit, reterr);
	d->numbered = true;
	if (r >= 0 && args->domain) {
		d->file = arena_printf(app->arena, "/var/log/libvirt/qemu/%s.log", args->domain);
		r = logsource_file(&s, d->file, reterr);
	}
	for (size_t i = 0; r >= 0 && i < args->files.nr; i++) {
		d->file = strcmp(args->files.items[i], "-") ? args->files.items[i] : NULL;
		r = logsource_file(&s, args->files.items[i], reterr);
	}
	if (r >= 0 && !args->files.nr && !other)
		r = logsource_file(&s, "-", reterr);
	return r;
}

static void print_json(struct app *app, const struct diagnosis *d)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct json_doc doc;

	json_doc_begin(&doc, app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_array_begin(&doc, "causes");
	for (size_t i = 0; i < d->nr; i++)
		json_doc_element(&doc, json_from_row(&cause_fields, NULL, &d->items[i], a));
	json_doc_array_end(&doc);
	json_doc_member(&doc, "unrecognised", json_object_new_uint64(d->unrecognised));
	json_doc_member(&doc, "complete", json_object_new_boolean(!d->full));
	json_doc_end(&doc);
}

/* The worst of all causes. */
static int status_of(const struct diagnosis *d)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < d->nr; i++) {
		if (d->items[i].answer.now == SYMPTOM_NOW_STILL)
			return STATUS_NO;
		if (d->items[i].answer.now == SYMPTOM_NOW_UNKNOWN)
			status = STATUS_UNKNOWN;
	}
	return status;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct diagnose_args *args = data;
	struct session s = { .app = app };
	struct diagnosing d;
	int r;

	diagnosing_init(&d, app->arena);
	r = read_sources(&d, args, app, reterr);
	if (r < 0)
		return r;
	r = diagnosing_judge(&d, args->unit, app, &s, reterr);
	if (r >= 0 && !app->quiet && args->json)
		print_json(app, &d.result);
	else if (r >= 0 && !app->quiet)
		diagnosis_print(&app->out, &d.result);
	session_close(&s);
	return r < 0 ? r : status_of(&d.result);
}

const struct command command_diagnose = {
	.name = "diagnose",
	.summary = "Explain error messages, and what to do about them here",
	.operands = "[FILE...]",
	.argp = &argp,
	.args_size = sizeof(struct diagnose_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &cause_fields, NULL },
};
