/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare: which hosts of many answer alike, which do not, and the fact that makes the difference. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "report/fleet.h"
#include "report/json.h"
#include "run/fleet.h"
#include "run/pool.h"
#include "cmd/commands.h"

struct compare_args {
	struct operands sources;
	uint32_t jobs; /* 0: not asked */
	enum output_format format;
};

enum { OPT_CSV = OPT_COMMAND_FIRST, OPT_JOBS };
enum { JOBS_MAX = 1024 };

static error_t parse_end(struct parse *p, const struct compare_args *args)
{
	if (p->asked)
		return 0;
	if (!args->sources.nr)
		return parse_fail(p, "compare needs captures, or a folder of them");
	if (p->app->sysroot)
		return parse_fail(p,
				  "compare reads the captures that it is given: leave --sysroot out");
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct compare_args *args = p ? p->args : NULL;
	enum output_format format = key == 'J' ? FORMAT_JSON : FORMAT_CSV;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->sources, p->app, arg);
		return 0;
	case OPT_JOBS:
		return parse_within(p, "jobs", arg, 1, JOBS_MAX, &args->jobs);
	case 'J':
	case OPT_CSV:
		if (args->format && args->format != format)
			return parse_fail(p,
					  "--json and --csv contradict each other: give one of them");
		args->format = format;
		return 0;
	case ARGP_KEY_END:
		return p ? parse_end(p, args) : 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "jobs", OPT_JOBS, "NUMBER", 0, "processes that read (default: one per processor)", 1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ "csv", OPT_CSV, NULL, 0, "CSV (RFC 4180), one record per capture", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* On a terminal, in place. */
static void show_progress(size_t done, size_t all)
{
	if (done == all)
		dprintf(STDERR_FILENO, "\r%*s\r", 60, "");
	else if (done % 16 == 0)
		dprintf(STDERR_FILENO, "\r%zu of %zu captures", done, all);
}

static void add_groups(const struct fleet_run *run, struct fleet_report *ret)
{
	struct arena *a = run->app->arena;
	struct fleet_group_row *rows = arena_array(a, run->nr_groups, sizeof(*rows));

	for (size_t i = 0; i < run->nr_groups; i++) {
		const struct fleet_group *g = &run->groups[i];
		const char **hosts = arena_array(a, g->nr_hosts, sizeof(*hosts));

		for (size_t h = 0; h < g->nr_hosts; h++)
			hosts[h] = run->sources[g->hosts[h]].path;
		rows[i] = (struct fleet_group_row){ .group = g,
						    .number = (uint32_t)i + 1,
						    .hosts = hosts };
		if (g->reference)
			rows[i].reference = (uint32_t)(g->reference - run->groups) + 1;
		rows[i].releases =
			fleet_values(run->fleet, g, CHANGE_KERNEL, "release", &rows[i].nr_releases);
		ret->nr_hosts += (uint32_t)g->nr_hosts;
	}
	ret->groups = rows;
	ret->nr_groups = run->nr_groups;
}

static void add_files(const struct fleet_run *run, struct fleet_report *ret)
{
	struct arena *a = run->app->arena;
	struct fleet_file_row *unread = arena_array(a, run->nr_sources, sizeof(*unread));
	struct fleet_file_row *same = arena_array(a, run->nr_sources, sizeof(*same));

	for (size_t i = 0; i < run->nr_sources; i++) {
		const struct fleet_source *s = &run->sources[i];

		if (s->unread)
			unread[ret->nr_unread++] =
				(struct fleet_file_row){ .source = s->path, .because = s->unread };
		else if (s->same)
			same[ret->nr_duplicates++] =
				(struct fleet_file_row){ .source = s->path, .same = s->same->path };
	}
	ret->unread = unread;
	ret->duplicates = same;
}

static int print(const struct app *app, const struct compare_args *args,
		 const struct fleet_report *r, struct failure **reterr)
{
	struct output out = app->out;
	struct json_doc doc;

	if (app->quiet)
		return 0;
	out.format = args->format;
	if (out.format == FORMAT_CSV)
		return fleet_print_hosts(r, &out, reterr);
	if (out.format != FORMAT_JSON) {
		fleet_print(r, &out);
		return 0;
	}
	json_doc_begin(&doc, out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_row(&doc, &fleet_fields, r);
	json_doc_end(&doc);
	return 0;
}

static int status_of(const struct fleet_report *r)
{
	if (!r->nr_hosts)
		return STATUS_FAILED;
	if (r->nr_groups > 1)
		return STATUS_NO;
	return r->nr_unread ? STATUS_UNKNOWN : STATUS_OK;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct compare_args *args = data;
	struct fleet_run fleet = { .app = app, .nr_workers = args->jobs };
	struct fleet_report report = { 0 };
	int r;

	if (!fleet.nr_workers)
		fleet.nr_workers = pool_workers();
	if (isatty(STDERR_FILENO) == 1 && !app->quiet)
		fleet.progress = show_progress;
	r = fleet_find(&fleet, &args->sources, reterr);
	if (r >= 0 && !fleet.nr_sources)
		return failure_set_status(reterr, STATUS_NO_TARGET, -ENOENT,
					  "there is no file in '%s': name captures, or a folder of them",
					  args->sources.items[0]);
	if (r >= 0)
		r = fleet_compare(&fleet, reterr);
	if (r < 0)
		return r;
	add_groups(&fleet, &report);
	add_files(&fleet, &report);
	r = print(app, args, &report, reterr);
	return r < 0 ? r : status_of(&report);
}

const struct command command_compare = {
	.name = "compare",
	.summary = "Compare many captures, and name the hosts that differ",
	.operands = "CAPTURE|FOLDER...",
	.argp = &argp,
	.args_size = sizeof(struct compare_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &fleet_fields, NULL },
};
