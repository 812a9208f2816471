/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --complete WHAT: names for a shell, one per line, each followed by a tab and a short help. Only devices,
 * groups and drivers read the system, and they read as little as possible. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "sysroot/confine.h"
#include "facts/driver.h"
#include "model/diff.h"
#include "model/generation.h"
#include "model/rule.h"
#include "bind/guard.h"
#include "bind/plan.h"
#include "report/escape.h"
#include "report/suggest.h"
#include "run/session.h"
#include "cmd/commands.h"

static void put(struct app *app, const char *name, const char *help)
{
	bool utf8 = app->out.utf8;

	fprintf(app->out.stream, "%s\t%s\n", escape_text(app->arena, name, strlen(name), utf8),
		escape_text(app->arena, help, strlen(help), utf8));
}

/* One device: its driver and its name. */
static void put_device(struct session *s, const struct device *d)
{
	struct app *app = s->app;
	const struct device_names names = session_names(s, d);
	const char *name = device_names_text(&names, app->arena);
	const char *driver = d->driver ? d->driver : "no driver";

	put(app,
	    d->bus == BUS_PCI ? d->name : arena_join(app->arena, d->bus_name, ":", d->name, NULL),
	    name ? arena_join(app->arena, driver, ", ", name, NULL)
	    : d->has_ids
		    ? arena_printf(app->arena, "%s, %04x:%04x", driver, d->vendor, d->device_id)
		    : driver);
}

/* One group: its first devices, and how many more. */
static void put_group(struct app *app, const struct group *g)
{
	enum { SHOWN = 3 };
	const char *text = g->nr_members ? g->members[0]->name : "no device";

	for (size_t i = 1; i < g->nr_members && i < SHOWN; i++)
		text = arena_join(app->arena, text, " ", g->members[i]->name, NULL);
	if (g->nr_members > SHOWN)
		text = arena_printf(app->arena, "%s and %zu more", text, g->nr_members - SHOWN);
	put(app, arena_printf(app->arena, "group:%u", g->id), text);
}

static int put_devices(struct app *app, bool groups, struct failure **reterr)
{
	struct scope scope = scope_for(0);
	struct session s = { 0 };
	struct operands none = { 0 };
	int r = session_open(&s, app, &none, &scope, reterr);

	for (size_t i = 0; r >= 0 && !groups && i < s.nr_devices; i++)
		put_device(&s, s.devices[i]);
	for (size_t i = 0; r >= 0 && groups && i < s.host->nr_groups; i++)
		put_group(app, s.host->groups[i]);
	session_close(&s);
	return r;
}

static int complete_devices(struct app *app, struct failure **reterr)
{
	return put_devices(app, false, reterr);
}

static int complete_groups(struct app *app, struct failure **reterr)
{
	return put_devices(app, true, reterr);
}

/* Drivers for bind: the passthrough drivers that exist, and the one that bind would load. */
static int complete_drivers(struct app *app, struct failure **reterr)
{
	const char *general = driver_of_bus(BUS_PCI)->name;
	const struct driver_row *d;
	struct sysroot *root = NULL;
	int r;

	(void)confine_for_capture(app->sysroot);
	r = sysroot_open(app->sysroot, &root, reterr);
	if (r < 0)
		return r;
	put(app, general, "bus pci, any device");
	for (size_t i = 0; (d = driver_get(i)); i++) {
		struct fact f;
		struct span rest, line;

		if (!d->general)
			continue;
		f = driver_list(root, app->arena, d->bus_name);
		rest = (struct span){ f.raw, fact_is(&f) ? f.len : 0 };

		while (parse_line(&rest, &line)) {
			const char *name = arena_strndup(app->arena, line.s, line.len);

			if (strcmp(name, general) != 0 &&
			    (driver_is_vfio(name) || driver_kind(name) == DRIVER_STUB))
				put(app, name, arena_join(app->arena, "bus ", d->bus_name, NULL));
		}
	}
	sysroot_close(root);
	return 0;
}

static int complete_columns(struct app *app, struct failure **reterr)
{
	const struct field_table *t = &device_fields;

	(void)reterr;
	for (size_t i = 0; i < t->nr; i++)
		put(app, field_column_name(app->arena, &t->fields[i]), t->fields[i].help);
	return 0;
}

static int complete_generations(struct app *app, struct failure **reterr)
{
	(void)reterr;
	const struct generation *g;

	for (size_t i = 0; (g = generation_get(i)); i++) {
		put(app, release_name(g->first), g->what);
		if (g->alias)
			put(app, g->alias, g->what);
	}
	return 0;
}

static int complete_rules(struct app *app, struct failure **reterr)
{
	const struct rule *rule;

	(void)reterr;
	for (size_t i = 0; (rule = rule_get(i)); i++)
		put(app, rule->id, rule->title);
	return 0;
}

static int complete_assumptions(struct app *app, struct failure **reterr)
{
	size_t nr;
	const struct assumption_key *keys = assumption_keys(&nr);

	(void)reterr;
	for (size_t i = 0; i < nr; i++)
		put(app, arena_printf(app->arena, "%s=", keys[i].key), keys[i].help);
	return 0;
}

static int complete_commands(struct app *app, struct failure **reterr)
{
	size_t nr;
	const struct command *const *all = commands_all(&nr);

	(void)reterr;
	for (size_t i = 0; i < nr; i++)
		put(app, all[i]->name, all[i]->summary);
	return 0;
}

static int complete_paths(struct app *app, struct failure **reterr)
{
	(void)reterr;
	for (unsigned int k = 0; k < NR_PATHS; k++)
		put(app, path_kind_name((enum path_kind)k), "path to the device");
	return 0;
}

static int complete_checks(struct app *app, struct failure **reterr)
{
	size_t nr;
	const struct guard *const *all = guards_all(&nr);

	(void)reterr;
	for (size_t i = 0; i < nr; i++)
		put(app, all[i]->name, all[i]->protects);
	return 0;
}

static int complete_changes(struct app *app, struct failure **reterr)
{
	(void)reterr;
	for (unsigned int k = 0; k < NR_CHANGE_KINDS; k++)
		put(app, change_name((enum change_kind)k), change_title((enum change_kind)k));
	return 0;
}

int complete_print(struct app *app, const char *what, struct failure **reterr)
{
	static const struct {
		const char *name;
		int (*run)(struct app *app, struct failure **reterr);
	} kinds[] = {
		{ "devices", complete_devices },   { "groups", complete_groups },
		{ "columns", complete_columns },   { "generations", complete_generations },
		{ "rules", complete_rules },       { "assumptions", complete_assumptions },
		{ "commands", complete_commands }, { "paths", complete_paths },
		{ "checks", complete_checks },     { "drivers", complete_drivers },
		{ "changes", complete_changes },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, what))
			return kinds[i].run(app, reterr);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown --complete '%s': devices, groups, columns, generations, rules, assumptions, commands, paths, checks or drivers",
				  what);
}
