/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help, from the same tables that parse. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "cmd/commands.h"

static const char *commands_text(struct arena *a)
{
	struct strbuf ret = { .arena = a };
	size_t nr;
	const struct command *const *all = commands_all(&nr);

	strbuf_printf(&ret, "Commands:\n");
	for (size_t i = 0; i < nr; i++)
		strbuf_printf(&ret, "\n  %-10s %s", all[i]->name, all[i]->summary);
	strbuf_printf(&ret,
		      "\n\n'vfiotool COMMAND --help' describes a command. The default command is list. A TARGET is 0000:01:00.0, 01:00.0, group:12, 8086:1521, platform:NAME, vfio3, eth0 or a path in sysfs.");
	return ret.s;
}

static const char *columns_text(const struct field_table *table, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	strbuf_printf(&ret, "Columns:\n");
	for (size_t i = 0; i < table->nr; i++) {
		const struct field *f = &table->fields[i];

		if (f->flags & FIELD_COLUMN)
			strbuf_printf(&ret, "\n %c %-16s %s", f->flags & FIELD_DEFAULT ? '*' : ' ',
				      field_column_name(a, f), f->help);
	}
	strbuf_printf(&ret, "\n\n(*) shown by default.");
	return ret.s;
}

/* The text before the options and, after the \v, the text after them. */
static const char *doc_text(const struct command *command, struct arena *a)
{
	if (!command)
		return arena_printf(a, "%s\v%s",
				    "Tells for each device whether VFIO accepts or refuses it, and why.",
				    commands_text(a));
	return arena_printf(a, "%s\v%s%sSee also 'man vfiotool-%s'.", command->summary,
			    command->columns ? columns_text(command->columns, a) : "",
			    command->columns ? "\n\n" : "", command->name);
}

void help_print(struct app *app, const struct command *command, bool usage_only)
{
	struct argp argp = command ? *command->argp : global_argp;
	char *name = command ? arena_printf(app->arena, "vfiotool %s", command->name)
			     : arena_strdup(app->arena, "vfiotool");

	argp.args_doc = command ? command->operands : "[COMMAND] [OPTION...] [TARGET...]";
	/* An empty one would leave a trailing space. */
	if (!*argp.args_doc)
		argp.args_doc = NULL;
	argp.doc = doc_text(command, app->arena);
	/* That short options take the arguments of long ones is known to everybody; without a running
	 * parser no filter is asked about that note. */
	setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
	argp_help(&argp, app->out.stream, usage_only ? ARGP_HELP_USAGE : ARGP_HELP_STD_HELP, name);
}
