/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: opens container, group and device, or iommufd and cdev, for real, and shows every step beside
 * its prediction. */
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "client/abi.h"
#include "cmd/acting.h"
#include "cmd/config.h"
#include "cmd/hold.h"
#include "report/decision.h"
#include "report/json.h"

struct attach_args {
	struct acting_options acting;
	bool json, hold;
	unsigned int hold_seconds;
	char **program; /* behind --, or NULL */
};

enum { OPT_TYPE = OPT_COMMAND_FIRST, OPT_LOAD, OPT_HOLD };

static error_t parse_type(struct parse *p, struct attach_args *args, const char *arg)
{
	static const struct {
		const char *name;
		unsigned int type;
	} types[] = {
		{ "type1", VT_TYPE1_IOMMU },
		{ "type1v2", VT_TYPE1v2_IOMMU },
		{ "nesting", VT_TYPE1_NESTING_IOMMU },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(arg, types[i].name)) {
			args->acting.type = types[i].type;
			return 0;
		}
	return parse_fail(p, "unknown type '%s': type1, type1v2 or nesting", arg);
}

static error_t parse_hold(struct parse *p, struct attach_args *args, const char *arg)
{
	uint32_t seconds = 0;

	if (arg && (parse_u32(arg, 10, &seconds) < 0 || !seconds))
		return parse_fail(p, "'%s' is no number of seconds", arg);
	args->hold = true;
	args->hold_seconds = seconds;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct attach_args *args = p ? p->args : NULL;
	error_t r;

	switch (key) {
	case 'J':
		args->json = true;
		return 0;
	case OPT_TYPE:
		return parse_type(p, args, arg);
	case OPT_LOAD:
		args->acting.load = true;
		return 0;
	case OPT_HOLD:
		return parse_hold(p, args, arg);
	case ARGP_KEY_SUCCESS:
		args->program = p->program;
		if (p->program && !p->program[0])
			return parse_fail(p, "no command behind --: name the program to run");
		if (p->program && args->hold)
			return parse_fail(p, "--hold and a command exclude each other");
		return 0;
	}
	r = p ? acting_parse(key, arg, p, &args->acting) : ARGP_ERR_UNKNOWN;
	return r == ARGP_ERR_UNKNOWN ? command_parse_default(key, state) : r;
}

static const struct argp_option options[] = {
	ACTING_OPTIONS(1),
	{ "type", OPT_TYPE, "TYPE", 0, "of the container: type1, type1v2 (the default) or nesting",
	  1 },
	{ "load", OPT_LOAD, NULL, 0, "load the VFIO modules that are missing first", 1 },
	{ "hold", OPT_HOLD, "SECONDS", OPTION_ARG_OPTIONAL,
	  "keep it until a signal, or the kernel asks for the device back", 1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static void print_json(struct acting *ac, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct json_doc doc;

	json_doc_begin(&doc, out->stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_member(&doc, "kernel",
			json_from_row(kernel_fields(), NULL, &ac->session.report, a));
	json_doc_row(&doc, attach_fields(), &ac->view);
	json_doc_array_begin(&doc, "devices");
	for (size_t i = 0; i < ac->view.nr_devices; i++)
		json_doc_element(
			&doc, json_from_row(attach_device_fields(), NULL, &ac->view.devices[i], a));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

/* Where a program follows, standard output is the program's. */
static int print(struct acting *ac, const struct attach_args *args, struct failure **reterr)
{
	const struct app *app = ac->session.app;
	struct output out = app->out;
	int r = 0;

	if (app->quiet)
		return 0;
	if (args->program)
		out.stream = stderr;
	if (args->json)
		print_json(ac, &out);
	else
		r = attach_text(&out, &ac->view, reterr);
	fflush(out.stream);
	return r;
}

/* What is not as predicted is nothing to build on: it is not kept. */
static int keep(struct acting *ac, const struct attach_args *args, struct failure **reterr)
{
	int status = acting_status(ac), r;

	if (status != STATUS_OK)
		return status;
	if (args->program)
		return hold_run(ac, args->program, reterr);
	if (!args->hold)
		return STATUS_OK;
	r = hold_wait(ac, args->hold_seconds, reterr);
	return r < 0 ? r : STATUS_OK;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct attach_args *args = data;
	struct acting ac;
	int r;

	r = acting_open(&ac, app, &args->acting, reterr);
	if (r >= 0)
		r = acting_attach(&ac, reterr);
	if (r >= 0)
		r = print(&ac, args, reterr);
	if (r >= 0)
		r = keep(&ac, args, reterr);
	acting_close(&ac);
	return r;
}

const struct command command_attach = {
	.name = "attach",
	.summary = "Attach devices for real, each step beside its prediction",
	.operands = "TARGET... [-- COMMAND...]",
	.argp = &argp,
	.args_size = sizeof(struct attach_args),
	.runs = true,
	.run = run,
};
