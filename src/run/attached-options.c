/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every command has that acts on a device. */
#include "client/attach.h"
#include "run/attached.h"

enum { OPT_PATH = 0x300, OPT_TOKEN, OPT_LOAD };

static error_t parse_token(struct parse *p, struct attached_options *o, const char *arg)
{
	uint8_t token[16];

	if (attach_parse_token(arg, token) < 0)
		return parse_fail(p,
				  "'%s' is not a UUID: a VF token looks like 12345678-9abc-def0-1234-56789abcdef0",
				  arg);
	o->vf_token = arg;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct attached_options *o = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&o->targets, p->app, arg);
		return 0;
	case OPT_PATH:
		o->has_path = true;
		return parse_path(p, arg, &o->path);
	case OPT_TOKEN:
		return parse_token(p, o, arg);
	case OPT_LOAD:
		o->load = true;
		return 0;
	case 'J':
		o->json = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "path", OPT_PATH, "PATH", 0,
	  "path: container, iommufd, compat or noiommu (default: the best predicted)", 2 },
	{ "vf-token", OPT_TOKEN, "UUID", 0, "VF token, for a VF whose PF is on a VFIO driver", 2 },
	{ "load", OPT_LOAD, NULL, 0, "load missing VFIO modules first", 2 },
	{ "json", 'J', NULL, 0, "JSON", 2 },
	{ 0 },
};

static const struct argp attached_argp = { .options = options,
					   .parser = parse,
					   .children = global_children };

const struct argp_child attached_children[] = { { &attached_argp, 0, NULL, 0 }, { 0 } };
