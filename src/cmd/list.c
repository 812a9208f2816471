/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list: one row per device, or the tree of buses. Reads only what the chosen columns need. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macro.h"
#include "report/filter.h"
#include "report/json.h"
#include "report/table.h"
#include "report/topology.h"
#include "run/session.h"
#include "cmd/commands.h"

struct list_args {
	struct operands targets;
	const char *output, *sort;
	bool all_columns, tree, noheadings;
	enum output_format format;
	/* Which devices; NULL or false: any. */
	const char *driver, *group, *filter;
	bool has_class, all, no_bridges, has_verdict, if_bound;
	struct class_prefix class_prefix;
	enum answer verdict;
};

enum {
	OPT_CLASS = OPT_COMMAND_FIRST,
	OPT_DRIVER,
	OPT_GROUP,
	OPT_VERDICT,
	OPT_IF_BOUND,
	OPT_NO_BRIDGES,
	OPT_FILTER,
	OPT_CSV,
};

static error_t choose_format(struct parse *p, struct list_args *args, int key)
{
	static const char *const names[] = {
		[FORMAT_RAW] = "--raw",
		[FORMAT_PAIRS] = "--pairs",
		[FORMAT_CSV] = "--csv",
		[FORMAT_JSON] = "--json",
	};
	enum output_format format = key == 'J'       ? FORMAT_JSON
				    : key == 'P'     ? FORMAT_PAIRS
				    : key == OPT_CSV ? FORMAT_CSV
						     : FORMAT_RAW;

	if (args->format && args->format != format)
		return parse_fail(p, "%s and %s contradict each other: give one of them",
				  names[args->format], names[format]);
	args->format = format;
	return 0;
}

static error_t choose_verdict(struct parse *p, struct list_args *args, const char *text)
{
	for (int answer = ANSWER_UNKNOWN; answer <= ANSWER_YES; answer++)
		if (!strcmp(text, answer_name((enum answer)answer))) {
			args->verdict = (enum answer)answer;
			args->has_verdict = true;
			return 0;
		}
	return parse_fail(p, "'--verdict=%s': write yes, no or unknown", text);
}

static error_t choose_group(struct parse *p, struct list_args *args, const char *text)
{
	uint32_t number;

	if (strcmp(text, "none") != 0 && parse_u32(text, 10, &number) < 0)
		return parse_fail(p, "'--group=%s': write the number of an IOMMU group, or none",
				  text);
	args->group = text;
	return 0;
}

static error_t parse_filter(int key, char *arg, struct parse *p, struct list_args *args)
{
	switch (key) {
	case OPT_CLASS:
		args->has_class = true;
		return class_prefix_parse(arg, &args->class_prefix)
			       ? 0
			       : parse_fail(p,
					    "'--class=%s': write 03, 0302 or 030000, or vga, network, nvme, storage, audio, usb",
					    arg);
	case OPT_DRIVER:
		args->driver = arg;
		return 0;
	case OPT_GROUP:
		return choose_group(p, args, arg);
	case OPT_VERDICT:
		return choose_verdict(p, args, arg);
	case OPT_IF_BOUND:
		args->if_bound = true;
		return 0;
	case OPT_NO_BRIDGES:
		args->no_bridges = true;
		return 0;
	case OPT_FILTER:
		args->filter = arg;
		return 0;
	default:
		args->all = true;
		return 0;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct list_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->targets, p->app, arg);
		return 0;
	case 'o':
		args->output = arg;
		return 0;
	case 'O':
		args->all_columns = true;
		return 0;
	case 'x':
		args->sort = arg;
		return 0;
	case 'T':
		args->tree = true;
		return 0;
	case 'n':
		args->noheadings = true;
		return 0;
	case 'J':
	case 'P':
	case 'r':
	case OPT_CSV:
		return choose_format(p, args, key);
	case 'a':
	case OPT_CLASS:
	case OPT_DRIVER:
	case OPT_GROUP:
	case OPT_VERDICT:
	case OPT_IF_BOUND:
	case OPT_NO_BRIDGES:
	case OPT_FILTER:
		return parse_filter(key, arg, p, args);
	case ARGP_KEY_END:
		if (p && !p->asked && args->if_bound && !args->has_verdict)
			return parse_fail(p, "--if-bound is for --verdict: AFTER is shown anyway");
		if (p && !p->asked && args->all && args->no_bridges)
			return parse_fail(p,
					  "--all and --no-bridges contradict each other: give one of them");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "output", 'o', "LIST", 0, "columns to show: COL,COL, or +COL,COL to add", 1 },
	{ "output-all", 'O', NULL, 0, "all columns", 1 },
	{ "all", 'a', NULL, 0, "also bridges, which cannot be assigned", 1 },
	{ "no-bridges", OPT_NO_BRIDGES, NULL, 0, "no bridges, even where they are asked for", 1 },
	{ "class", OPT_CLASS, "CLASS", 0, "only this class: 03, 0302, vga, network, nvme, ...", 1 },
	{ "driver", OPT_DRIVER, "NAME", 0, "only devices on this driver, or on none", 1 },
	{ "group", OPT_GROUP, "NUMBER", 0, "only devices of this IOMMU group, or of none", 1 },
	{ "verdict", OPT_VERDICT, "ANSWER", 0,
	  "only devices with this answer now: yes, no, unknown", 1 },
	{ "if-bound", OPT_IF_BOUND, NULL, 0, "with --verdict: with this answer after binding", 1 },
	{ "filter", OPT_FILTER, "EXPR", 0,
	  "only devices for which this is true: 'now==no && numa<2'", 1 },
	{ "tree", 'T', NULL, 0, "show devices below their ports and buses", 1 },
	{ "sort", 'x', "COLUMN", 0, "sort by a column", 1 },
	{ "json", 'J', NULL, 0, "JSON", 2 },
	{ "pairs", 'P', NULL, 0, "KEY=\"value\" pairs", 2 },
	{ "csv", OPT_CSV, NULL, 0, "CSV (RFC 4180)", 2 },
	{ "raw", 'r', NULL, 0, "separate columns by one space; escape spaces in values", 2 },
	{ "noheadings", 'n', NULL, 0, "print no column names", 2 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* What is read of configuration spaces, a list without --tree does not show. */
static int check_tree(const struct list_args *args, struct columns *columns,
		      struct failure **reterr)
{
	size_t nr = 0;

	for (size_t i = 0; i < columns->nr; i++) {
		const struct field *f = columns->fields[i];

		if (args->tree || !(f->needs & NEED_TREE))
			columns->fields[nr++] = f;
		else if (!args->all_columns)
			return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
						  "column '%s' is one of --tree: add --tree",
						  f->key);
	}
	columns->nr = nr;
	return 0;
}

static int choose_columns(const struct list_args *args, struct arena *a, struct columns *columns,
			  const struct field **sort, struct failure **reterr)
{
	static const char tree[] = "address,group,kind,isolates,slot,driver,now,after,name";
	struct columns one = { 0 };
	int r;

	if (args->all_columns)
		columns_all(&device_fields, a, columns);
	else if (args->tree)
		columns_named(&device_fields, a, tree, columns);
	else
		columns_default(&device_fields, a, columns);
	if (args->output) {
		r = columns_parse(&device_fields, a, args->output, columns, reterr);
		if (r < 0)
			return r;
	}
	r = check_tree(args, columns, reterr);
	if (r < 0)
		return r;
	if (!args->sort)
		return 0;
	r = columns_parse(&device_fields, a, args->sort, &one, reterr);
	if (r < 0)
		return r;
	if (one.nr != 1)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "cannot sort by '%s': name one column", args->sort);
	*sort = one.fields[0];
	return check_tree(args, &one, reterr);
}

/* ---- which devices ---- */

/* Whether bridges are left out where nobody asked for them: groups are about all their members. */
static bool hides_bridges(const struct list_args *args)
{
	return args->no_bridges ||
	       !(args->all || args->targets.nr || args->tree || args->has_class || args->group);
}

/* Whether @fact, "none" when absent, is @wanted. */
static bool fact_matches(const struct fact *fact, const char *text, const char *wanted)
{
	return text ? !strcmp(text, wanted) : fact->state == FACT_ABSENT && !strcmp(wanted, "none");
}

static bool takes(const struct list_args *args, struct arena *a, const struct device *d)
{
	if (args->has_class &&
	    !(d->has_ids && class_prefix_covers(args->class_prefix, d->class_code)))
		return false;
	if (args->driver && !fact_matches(&d->driver_fact, d->driver, args->driver))
		return false;
	return !args->group ||
	       fact_matches(&d->group_link, d->group ? arena_decimal(a, d->group->id) : NULL,
			    args->group);
}

/* Leaves in the session the devices that are asked for. The number of bridges that are not shown. */
static size_t choose_devices(struct session *s, const struct list_args *args)
{
	size_t nr = 0, hidden = 0;

	for (size_t i = 0; i < s->nr_devices; i++) {
		struct device *d = s->devices[i];

		if (!takes(args, s->app->arena, d))
			continue;
		if (hides_bridges(args) && device_is_never_given(d))
			hidden++;
		else
			s->devices[nr++] = d;
	}
	s->nr_devices = nr;
	return hidden;
}

struct rows {
	const struct list_args *args;
	const struct filter *filter; /* or NULL */
	struct session *s;
	unsigned int needs;
	struct device_row *rows;
	struct table_row *table_rows;
	size_t nr;
	size_t nr_unknown; /* left out, because the filter's answer is not known */
};

static bool wants(struct rows *rows, const struct device_row *row)
{
	enum answer answer = ANSWER_YES;

	if (rows->filter) {
		answer = filter_answer(rows->filter, row, rows->s->scratch);
		arena_reset(rows->s->scratch);
	}
	rows->nr_unknown += answer == ANSWER_UNKNOWN;
	return answer == ANSWER_YES;
}

/* Makes the next row, of @n in a tree, of which a filter may not want to know. */
static struct device_row *make_row(struct rows *rows, const struct device *d,
				   const struct group_node *n)
{
	const enum view view = rows->args->if_bound ? VIEW_IF_BOUND : VIEW_NOW;
	struct device_row *row = &rows->rows[rows->nr];

	*row = (struct device_row){
		.report = &rows->s->report, .device = d, .group = d->group, .node = n
	};
	device_row_decide(row, rows->needs);
	if (rows->args->has_verdict && row->verdict[view]->answer != rows->args->verdict)
		return NULL;
	if (rows->needs & NEED_NAMES)
		row->names = session_names(rows->s, d);
	return wants(rows, row) ? row : NULL;
}

static void add_row(struct rows *rows, const struct device_row *row, size_t parent)
{
	rows->table_rows[rows->nr++] = (struct table_row){ row, parent };
}

/* The functions that were asked for, and the ports and buses above them, which say only what they are. */
static void add_topology(struct rows *rows, const struct group_map *map,
			 struct device_row *const *wanted)
{
	struct arena *a = rows->s->app->arena;
	bool *keep = arena_array(a, map->nr_nodes, sizeof(*keep));
	size_t *place;
	struct topology t;

	for (size_t i = 0; i < map->nr_nodes; i++)
		keep[i] = wanted[i] != NULL;
	topology_make(map, a, &t);
	topology_keep(&t, map, keep, a);
	place = arena_array(a, t.nr, sizeof(*place));
	for (size_t i = 0; i < t.nr; i++) {
		const struct group_node *n = t.rows[i].node;
		struct device_row *row = n ? wanted[n - map->nodes] : NULL;

		if (n && !row && rows->args->no_bridges) {
			place[i] = place[t.rows[i].above];
			continue;
		}
		if (!row) {
			row = arena_new_object(a, struct device_row);
			*row = (struct device_row){ .report = &rows->s->report,
						    .device = n ? n->device : NULL,
						    .group = n ? n->device->group : NULL,
						    .bus = t.rows[i].bus };
			if (n && rows->needs & NEED_NAMES)
				row->names = session_names(rows->s, n->device);
		}
		row->node = n;
		add_row(rows, row, t.rows[i].depth ? place[t.rows[i].above] : 0);
		place[i] = rows->nr;
	}
}

/* The tree of PCI; what has no place in it comes last. */
static void add_tree(struct rows *rows)
{
	struct session *s = rows->s;
	struct arena *a = s->app->arena;
	struct group_map *map = group_map_make(s->host, s->report.kernel.kernels.releases, a);
	struct device_row **wanted = arena_array(a, map->nr_nodes, sizeof(struct device_row *));
	struct device_row **others = arena_array(a, s->nr_devices, sizeof(struct device_row *));
	size_t nr_others = 0, nr = 0;

	group_map_compute(map);
	for (size_t i = 0; i < s->nr_devices; i++) {
		const struct group_node *n = s->devices[i]->bus == BUS_PCI
						     ? group_map_find(map, s->devices[i]->name)
						     : NULL;
		struct device_row *row;

		rows->nr = nr;
		row = make_row(rows, s->devices[i], n && topology_has(n) ? n : NULL);
		nr += row != NULL;
		if (row && row->node)
			wanted[n - map->nodes] = row;
		else if (row)
			others[nr_others++] = row;
	}
	rows->nr = 0;
	add_topology(rows, map, wanted);
	for (size_t i = 0; i < nr_others; i++)
		add_row(rows, others[i], 0);
}

static void make_rows(struct rows *rows)
{
	struct session *s = rows->s;
	struct arena *a = s->app->arena;
	/* Of a root bus there is at least one function. */
	size_t nr_max = rows->args->tree ? s->nr_devices + 2 * s->host->nr_devices : s->nr_devices;

	rows->rows = arena_array(a, s->nr_devices, sizeof(*rows->rows));
	rows->table_rows = arena_array(a, nr_max, sizeof(*rows->table_rows));
	if (rows->args->tree)
		add_tree(rows);
	for (size_t i = 0; !rows->args->tree && i < s->nr_devices; i++) {
		const struct device_row *row = make_row(rows, s->devices[i], NULL);

		if (row)
			add_row(rows, row, 0);
	}
}

static int print(struct session *s, const struct list_args *args, struct table *t,
		 struct failure **reterr)
{
	struct output out = s->app->out;
	struct json_doc doc;

	out.format = args->format;
	out.headings = !args->noheadings;
	out.tree = args->tree;
	if (out.format != FORMAT_JSON)
		return table_print(t, &out, reterr);
	json_doc_begin(&doc, out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_table(&doc, "devices", t, args->tree);
	json_doc_end(&doc);
	return 0;
}

/* Refusals for lack of permission say little about the devices. A program that reads the list gets no hint. */
static void say_denied(const struct rows *rows)
{
	for (size_t i = 0; i < rows->nr && isatty(STDOUT_FILENO) == 1; i++) {
		if (!device_row_is_denied(rows->table_rows[i].row))
			continue;
		log_write(LOG_LEVEL_WARNING,
			  "verdicts apply to the calling user, who may not open all device nodes; 'vfiotool inspect --assume euid=0' shows root's");
		return;
	}
}

static void say_hidden(size_t nr)
{
	if (nr && isatty(STDOUT_FILENO) == 1)
		log_write(LOG_LEVEL_WARNING, "%zu bridge%s not shown: -a shows all devices", nr,
			  nr == 1 ? "" : "s");
}

/* In any format: the list is not complete. */
static void say_unknown(size_t nr)
{
	if (nr)
		log_write(LOG_LEVEL_WARNING,
			  "%zu device%s not shown: a column that decides is unknown ('?') there",
			  nr, nr == 1 ? "" : "s");
}

/* What must be known for the columns, the order and the filter. */
static unsigned int find_needs(const struct list_args *args, const struct columns *columns,
			       const struct field *sort, const struct columns *filter)
{
	unsigned int needs = columns_needs(columns) | columns_needs(filter) |
			     (sort ? sort->needs : 0) | (args->tree ? NEED_TREE : 0);

	if (args->has_verdict)
		needs |= args->if_bound ? NEED_VERDICT : NEED_VERDICT_NOW;
	return needs;
}

static int show(struct rows *rows, const struct columns *columns, const struct field *sort,
		struct failure **reterr)
{
	const size_t nr_hidden = choose_devices(rows->s, rows->args);
	struct table table = { .fields = &device_fields, .columns = columns };
	int r;

	make_rows(rows);
	table.rows = rows->table_rows;
	table.nr_rows = rows->nr;
	if (sort)
		table_sort(&table, sort, rows->s->app->arena);
	r = print(rows->s, rows->args, &table, reterr);
	if (r < 0)
		return r;
	say_hidden(nr_hidden);
	say_unknown(rows->nr_unknown);
	say_denied(rows);
	return 0;
}

static int list(struct app *app, const struct list_args *args, const struct filter *filter,
		struct failure **reterr)
{
	struct columns columns, filtered = { 0 };
	const struct field *sort = NULL;
	struct session s = { 0 };
	struct rows rows = { .args = args, .filter = filter, .s = &s };
	struct scope scope;
	int r;

	r = choose_columns(args, app->arena, &columns, &sort, reterr);
	if (r >= 0 && filter) {
		filtered = filter_columns(filter);
		r = check_tree(args, &filtered, reterr);
	}
	if (r < 0)
		return r;
	rows.needs = find_needs(args, &columns, sort, &filtered);
	scope = scope_for(rows.needs);
	r = session_open(&s, app, &args->targets, &scope, reterr);
	if (r >= 0 && rows.needs & NEED_ANY_VERDICT)
		r = session_widen(&s, &scope, reterr);
	if (r >= 0)
		r = session_decide(&s, NULL, NULL, reterr);
	if (r >= 0)
		r = show(&rows, &columns, sort, reterr);
	session_close(&s);
	return r;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct list_args *args = data;
	struct filter *filter = NULL;
	int r = 0;

	if (args->filter)
		r = filter_parse(&device_fields, app->arena, args->filter, &filter, reterr);
	if (r >= 0)
		r = list(app, args, filter, reterr);
	filter_free(filter);
	return r;
}

int list_provable(struct app *app, const struct operands *targets, bool json,
		  struct failure **reterr)
{
	struct list_args args = {
		.targets = *targets,
		.output = "address,group,driver,now,after,proof,name",
		.format = json ? FORMAT_JSON : FORMAT_TABLE,
		.filter = "proof",
	};

	return run(app, &args, reterr);
}

const struct command command_list = {
	.name = "list",
	.summary = "List devices with their groups, drivers and verdicts",
	.operands = "[TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct list_args),
	.run = run,
	.columns = &device_fields,
};
