/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain: why devices share a group, and what would part them. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "report/explain.h"
#include "report/json.h"
#include "run/session.h"
#include "cmd/commands.h"

struct explain_args {
	struct operands targets;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct explain_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->targets, p->app, arg);
		return 0;
	case 'J':
		args->json = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static const struct scope scope_places = {
	.host_parts = HOST_KERNEL | HOST_GROUPS | HOST_IOMMUS | HOST_FIRMWARE,
	.device_parts = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_PLACE,
	.member_parts = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_PLACE,
};

static void print_json(const struct explanation *e, FILE *out)
{
	struct json_doc doc;

	json_doc_begin(&doc, out);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_row(&doc, &explain_fields, e);
	json_doc_end(&doc);
}

/* 0 when all groups are understood, 3 when one is not. */
static int answer(const struct explanation *e)
{
	for (size_t i = 0; i < e->nr_groups; i++)
		if (e->groups[i].agrees != TRI_YES)
			return STATUS_UNKNOWN;
	return e->nr_warnings ? STATUS_UNKNOWN : STATUS_OK;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct explain_args *args = data;
	struct session s = { 0 };
	struct explanation e;
	struct group_map *map;
	int r;

	r = session_open(&s, app, &args->targets, &scope_places, reterr);
	if (r >= 0)
		r = session_decide(&s, NULL, NULL, reterr);
	if (r >= 0) {
		map = group_map_make(s.host, s.report.kernels.releases, app->arena);
		group_map_compute(map);
		explain_make(map, s.devices, s.nr_devices, app->arena, &e);
		e.brief = !args->targets.nr && app->verbose <= 0;
		if (args->json)
			print_json(&e, app->out.stream);
		else if (!app->quiet)
			explain_print(&e, &app->out);
		r = answer(&e);
	}
	session_close(&s);
	return r;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "Show why devices share an IOMMU group, and what would part them",
	.operands = "[TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct explain_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &explain_fields, NULL },
};
