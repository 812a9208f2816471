/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The global options, before a command or after it. */
#include <string.h>

#include "base/macro.h"
#include "cli/command.h"

void operands_add(struct operands *o, struct app *app, const char *item)
{
	o->items = arena_grow(app->arena, o->items, o->nr, sizeof(*o->items));
	o->items[o->nr++] = item;
}

error_t command_parse_default(int key, struct argp_state *state)
{
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static error_t parse_color(struct parse *p, const char *arg)
{
	static const char *const names[] = { "auto", "always", "never" };
	unsigned int mode = COLOR_ALWAYS;
	error_t err = arg ? parse_choice(p, "--color", arg, names, ARRAY_SIZE(names), &mode) : 0;

	p->app->color = (enum color_mode)mode;
	return err;
}

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;

	switch (key) {
	case OPT_SYSROOT:
		if (!*arg)
			return parse_fail(p, "--sysroot is empty: name a folder or a capture");
		p->app->sysroot = arg;
		return 0;
	case OPT_COLOR:
		return parse_color(p, arg);
	case 'v':
		p->app->verbose++;
		return 0;
	case 'q':
		p->app->quiet = true;
		return 0;
	case OPT_COMPLETE:
		p->complete = arg;
		p->asked = key;
		return 0;
	case OPT_HELP:
	case OPT_USAGE:
	case OPT_VERSION:
	case OPT_INTROSPECT:
		p->asked = key;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ .doc = "Everywhere:", .group = 10 },
	{ "sysroot", OPT_SYSROOT, "PATH", 0, "read another system: a capture, or a folder", 10 },
	{ "color", OPT_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "colours: auto, always or never", 10 },
	{ "verbose", 'v', NULL, 0, "print more detail", 10 },
	{ "quiet", 'q', NULL, 0, "print nothing; the exit status is the answer", 10 },
	{ "help", OPT_HELP, NULL, 0, "print this", 10 },
	{ "usage", OPT_USAGE, NULL, 0, "print the options only", 10 },
	{ "version", OPT_VERSION, NULL, 0, "print the version and those of the libraries", 10 },
	{ "introspect", OPT_INTROSPECT, NULL, 0,
	  "print commands, options, columns, rules and kernels as JSON", 10 },
	{ "complete", OPT_COMPLETE, "WHAT", OPTION_HIDDEN, "names for a shell's completion", 10 },
	{ 0 },
};

const struct argp global_argp = { .options = options, .parser = parse_global };

const struct argp_child global_children[] = { { &global_argp, 0, NULL, 0 }, { 0 } };
