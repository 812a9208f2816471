/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: opens container, group and device (or iommufd and cdev) and shows every step beside its
 * prediction. */
#include "cmd/attach.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "uapi/abi.h"
#include "run/attach-hold.h"
#include "cmd/commands.h"

enum { OPT_TYPE = OPT_COMMAND_FIRST, OPT_HOLD };

static error_t parse_type(struct parse *p, struct attach_args *args, const char *arg)
{
	static const char *const names[] = { "type1", "type1v2", "nesting" };
	static const unsigned int types[] = { VT_TYPE1_IOMMU, VT_TYPE1v2_IOMMU,
					      VT_TYPE1_NESTING_IOMMU };
	unsigned int index = 0;
	error_t err = parse_choice(p, "type", arg, names, ARRAY_SIZE(names), &index);

	args->acting.type = types[index];
	return err;
}

static error_t parse_hold(struct parse *p, struct attach_args *args, const char *arg)
{
	uint32_t seconds = 0;

	if (arg && (parse_u32(arg, 10, &seconds) < 0 || !seconds))
		return parse_fail(p,
				  "--hold=%s: give seconds from 1 to %" PRIu32
				  ", or --hold alone to wait for a signal",
				  arg, UINT32_MAX);
	args->hold = true;
	args->hold_seconds = seconds;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct attach_args *args = p ? p->args : NULL;

	switch (key) {
	case OPT_TYPE:
		return parse_type(p, args, arg);
	case OPT_HOLD:
		return parse_hold(p, args, arg);
	case ARGP_KEY_SUCCESS:
		args->program = p->program;
		if (p->program && !p->program[0])
			return parse_fail(p, "no command after --: name the program to run");
		if (args->acting.type && args->acting.has_path && args->acting.path == PATH_IOMMUFD)
			return parse_fail(p,
					  "--type needs a container and path iommufd has none: leave out one of them");
		if (p->program && args->hold)
			return parse_fail(p, "--hold and a command exclude each other");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "type", OPT_TYPE, "TYPE", 0,
	  "IOMMU type for SET_IOMMU: type1, type1v2 (default) or nesting", 1 },
	{ "hold", OPT_HOLD, "SECONDS", OPTION_ARG_OPTIONAL,
	  "keep it attached until a signal or until the kernel wants the device", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = attached_children };

static void print_json(struct attached *ac, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct json_doc doc;

	attached_json_begin(ac, out->stream, &doc);
	for (size_t i = 0; i < ac->view.nr_devices; i++)
		json_doc_element(&doc, json_from_row(&attach_device_fields, NULL,
						     &ac->view.devices[i], a));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

/* Standard output belongs to the program, if there is one. */
static int print(struct attached *ac, const struct attach_args *args, struct failure **reterr)
{
	const struct app *app = ac->session.app;
	struct output out = app->out;
	int r = 0;

	if (app->quiet)
		return 0;
	if (args->program)
		out.stream = stderr;
	/* Ten answers that few readers need. */
	ac->view.verbose = app->verbose > 0;
	if (!app->verbose && !args->acting.json)
		ac->view.nr_extensions = 0;
	if (args->acting.json)
		print_json(ac, &out);
	else
		r = attach_text(&out, &ac->view, reterr);
	/* Hold or run nothing when the report could not be written. */
	return r < 0 || args->program ? r : answer_flush(app, reterr);
}

/* After a wrong prediction the state is not trusted, so it is not kept. */
static int keep(struct attached *ac, const struct attach_args *args, struct failure **reterr)
{
	int status = attached_status(ac), r;

	if (status != STATUS_OK)
		return status;
	if (args->program)
		return hold_run(ac, args->program, reterr);
	if (!args->hold)
		return STATUS_OK;
	r = hold_wait(ac, args->hold_seconds, reterr);
	return r < 0 ? r : STATUS_OK;
}

int attach_run(struct attached *ac, const void *data, struct failure **reterr)
{
	const struct attach_args *args = data;
	int r = attached_attach(ac, reterr);

	if (r >= 0 && !ac->session.app->quiet)
		attached_probe(ac);
	/* The reader of the report may take his time, and an unbind would wait. */
	if (!args->hold && !args->program)
		attached_detach(ac);
	if (r >= 0)
		r = print(ac, args, reterr);
	return r < 0 ? r : keep(ac, args, reterr);
}

static int run(struct app *app, void *args, struct failure **reterr)
{
	return attached_run(app, args, attach_run, reterr);
}

const struct command command_attach = {
	.name = "attach",
	.summary = "Attach devices and compare each step with its prediction",
	.operands = "TARGET... [-- COMMAND...]",
	.argp = &argp,
	.args_size = sizeof(struct attach_args),
	.runs = true,
	.run = run,
	.documents = (const struct field_table *const[]){ ATTACHED_DOCUMENT, &attach_device_fields,
							  NULL },
};
