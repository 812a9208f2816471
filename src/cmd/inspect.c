/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect: what a device is, what its IOMMU can do, and what the kernel decides at every step. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strmap.h"
#include "base/shell.h"
#include "report/inspect-text.h"
#include "report/inspect.h"
#include "report/iommu.h"
#include "report/json.h"
#include "report/prediction-fields.h"
#include "report/prose.h"
#include "report/suggest.h"
#include "report/summary.h"
#include "report/table.h"
#include "cli/config.h"
#include "run/planning.h"
#include "run/session.h"
#include "cmd/commands.h"

struct inspect_args {
	struct operands targets, assume;
	const char *kernel;
	bool all_kernels, json, summary, if_bound;
	unsigned int paths; /* bits of 1 << enum path_kind; 0: all */
};

enum { OPT_KERNEL = OPT_COMMAND_FIRST, OPT_ALL_KERNELS, OPT_ASSUME, OPT_PATH, OPT_IF_BOUND };

static error_t parse_end(struct parse *p, const struct inspect_args *args)
{
	if (args->if_bound && !p->app->quiet)
		return parse_fail(p,
				  "--if-bound is for -q: without -q the report has the answer for now and the one after binding");
	if (args->summary && (args->paths || args->all_kernels))
		return parse_fail(p,
				  "--json=summary is about the best path and one kernel: use --json with %s",
				  args->paths ? "--path" : "--all-kernels");
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct inspect_args *args = p ? p->args : NULL;
	enum path_kind path;
	error_t err;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->targets, p->app, arg);
		return 0;
	case OPT_KERNEL:
		args->kernel = arg;
		return 0;
	case OPT_ALL_KERNELS:
		args->all_kernels = true;
		return 0;
	case OPT_ASSUME:
		operands_add(&args->assume, p->app, arg);
		return 0;
	case OPT_PATH:
		err = parse_path(p, arg, &path);
		args->paths |= 1U << path;
		return err;
	case OPT_IF_BOUND:
		args->if_bound = true;
		return 0;
	case 'J':
		if (arg && strcmp(arg, "summary") != 0)
			return parse_fail(p, "'--json=%s': write --json or --json=summary", arg);
		args->json = true;
		args->summary = arg;
		return 0;
	case ARGP_KEY_END:
		return p && !p->asked ? parse_end(p, args) : 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "kernel", OPT_KERNEL, "GEN", 0, "decide as another kernel: 6.0, patched, 5.10.0-28-amd64",
	  1 },
	{ "all-kernels", OPT_ALL_KERNELS, NULL, 0, "show the decisions of all kernels side by side",
	  1 },
	{ "assume", OPT_ASSUME, "[TARGET:]KEY=VALUE", 0, "assume this to be true; may be repeated",
	  1 },
	{ "path", OPT_PATH, "PATH", 0,
	  "only this path: container, iommufd, compat or noiommu; may be repeated", 1 },
	{ "if-bound", OPT_IF_BOUND, NULL, 0,
	  "with -q: answer for after binding to vfio-pci, not for now", 1 },
	{ "json", 'J', "FORM", OPTION_ARG_OPTIONAL,
	  "JSON; --json=summary: a line per device, without evidence", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* The best answer among the chosen paths that the kernel offers: one path is enough. */
static enum answer best_answer(const struct prediction *d, enum view view, unsigned int paths)
{
	enum answer ret = ANSWER_NO;

	for (unsigned int k = 0; k < NR_PATHS; k++) {
		const struct path_prediction *p = &d->paths[view][k];

		if (!p->offered || !(paths & 1U << k))
			continue;
		if (p->answer == ANSWER_YES)
			return ANSWER_YES;
		if (p->answer == ANSWER_UNKNOWN)
			ret = ANSWER_UNKNOWN;
	}
	return ret;
}

static enum answer device_answer(struct session *s, const struct inspect_args *args,
				 const struct device *d)
{
	const struct report *r = &s->report;
	enum view view = args->if_bound ? VIEW_IF_BOUND : VIEW_NOW;
	struct prediction prediction;
	struct verdict verdict;

	if (!args->paths) {
		predict_verdict(&(struct verdict_ask){ .host = r->host,
						       .assumptions = r->assumptions,
						       .kernels = &r->kernels,
						       .view = view,
						       .memo = r->memo,
						       .scratch = r->scratch },
				d, &verdict);
		return verdict.answer;
	}
	arena_reset(r->scratch);
	predict_device(r->host, r->assumptions, &r->kernels, d, r->scratch, &prediction);
	return best_answer(&prediction, view, args->paths);
}

/* The release is none that the rules are for, and there is no evidence but its number. */
static bool nobody_knows(const struct report *r)
{
	return !r->asked && (r->kernel.newer || r->kernel.older) && r->kernel.by_number;
}

/* -q: the worst answer of all devices; without targets, bridges do not count. */
static int answer_status(struct session *s, const struct inspect_args *args)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < s->nr_devices; i++) {
		const struct device *d = s->devices[i];
		enum answer answer;

		if (!s->nr_targets && d->is_bridge == TRI_YES)
			continue;
		answer = device_answer(s, args, d);
		if (nobody_knows(&s->report))
			answer = ANSWER_UNKNOWN;
		if (answer == ANSWER_NO)
			return STATUS_NO;
		if (answer == ANSWER_UNKNOWN)
			status = STATUS_UNKNOWN;
	}
	return status;
}

static void json_asked(struct json_doc *doc, const struct report *r)
{
	struct json_object *array = NULL;
	const struct generation *g;

	if (r->asked) {
		array = json_object_new_array();
		for (size_t i = 0; (g = generation_get(i)); i++)
			if (generation_releases(g) & r->kernels.releases)
				json_object_array_add(array,
						      json_object_new_string(release_name(g->first)));
	}
	json_doc_member(doc, "asked", array);
	json_doc_member(doc, "asked_releases",
			r->asked ? json_object_new_string(releases_text(r->kernels.releases,
									r->arena))
				 : NULL);
	array = json_object_new_array();
	for (size_t i = 0; i < r->assumptions->nr; i++) {
		struct json_object *o = json_object_new_object();
		const struct assumption *as = &r->assumptions->items[i];

		json_object_object_add(o, "target",
				       as->target ? json_object_new_string(as->target) : NULL);
		json_object_object_add(o, "key", json_object_new_string(as->key));
		json_object_object_add(o, "value", json_object_new_string(as->value));
		json_object_array_add(array, o);
	}
	json_doc_member(doc, "assumptions", array);
}

/* The first device of the document in the large group of @d, under its number in @lists; or NULL. */
static const struct device *find_listed(struct strmap *lists, const struct device *d)
{
	const char *group;
	void *first;

	if (!d->group || d->group->nr_members <= MEMBERS_REPEATED_MAX)
		return NULL;
	group = arena_decimal(lists->arena, d->group->id);
	first = strmap_find(lists, group);
	if (!first)
		strmap_add(lists, group, (void *)d);
	return first;
}

static void print_json_iommus(const struct session *s, struct json_doc *doc, struct arena *a)
{
	size_t nr;
	struct iommu_row *rows = inspection_iommus(s->host, s->devices, s->nr_devices, a, &nr);

	json_doc_array_begin(doc, "iommus");
	for (size_t i = 0; i < nr; i++)
		json_doc_element(doc, json_from_row(&iommu_fields, NULL, &rows[i], a));
	json_doc_array_end(doc);
}

static void print_json(struct session *s, const struct inspect_args *args)
{
	vt_cleanup(arena_freep) struct arena *scratch = arena_new();
	struct strmap lists = { .arena = scratch };
	struct json_doc doc;

	json_doc_begin(&doc, s->app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_member(&doc, "kernel", json_from_row(&kernel_fields, NULL, &s->report, scratch));
	json_asked(&doc, &s->report);
	json_doc_array_begin(&doc, "devices");
	for (size_t i = 0; i < s->nr_devices && !ferror(s->app->out.stream); i++) {
		vt_cleanup(arena_freep) struct arena *a = arena_new();
		struct inspection one;

		inspection_make(&s->report, s->devices[i], args->all_kernels, args->paths, a, &one);
		one.listed_at = find_listed(&lists, s->devices[i]);
		json_doc_element(&doc, json_from_row(&inspection_fields, NULL, &one, a));
	}
	json_doc_array_end(&doc);
	print_json_iommus(s, &doc, scratch);
	json_doc_end(&doc);
}

static const struct plan *make_plan(struct session *s, struct device *d, struct arena *a,
				    struct plans *ret)
{
	const struct plan_request q = planning_request(s, &d, 1);

	planning_make(s, &q, false, a, ret);
	return ret->nr ? &ret->items[0] : NULL;
}

/* Without targets, bridges have no line. */
static void print_summary(struct session *s)
{
	struct arena *a = s->app->arena;
	struct columns kernel = { 0 };
	struct json_doc doc;

	columns_named(&kernel_fields, a, "release,machine,releases,basis", &kernel);
	json_doc_begin(&doc, s->app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_member(&doc, "kernel", json_from_row(&kernel_fields, &kernel, &s->report, a));
	json_doc_array_begin(&doc, "devices");
	for (size_t i = 0; i < s->nr_devices && !ferror(s->app->out.stream); i++) {
		vt_cleanup(arena_freep) struct arena *one = arena_new();
		struct device *d = s->devices[i];
		struct plans plans;

		if (!s->nr_targets && device_is_never_given(d))
			continue;
		json_doc_line(&doc, summary_json(&s->report, d, make_plan(s, d, one, &plans), one));
	}
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

/* Whether devices are reported in full. */
static bool is_full(const struct app *app, const struct inspect_args *args)
{
	return app->verbose > 0 || args->all_kernels || args->paths;
}

static void print_brief(struct session *s, const struct inspect_text *t, struct inspection *one,
			struct arena *a)
{
	struct device *d =
		host_find_device(s->host, one->row.device->bus_name, one->row.device->name);
	struct plans plans;

	one->plan = make_plan(s, d, a, &plans);
	inspect_text_brief(t, one);
}

static int print_devices(struct session *s, const struct inspect_args *args,
			 const struct inspect_text *t, struct failure **reterr)
{
	struct prose end = { .out = &s->app->out };

	for (size_t i = 0; i < s->nr_devices && !ferror(s->app->out.stream); i++) {
		vt_cleanup(arena_freep) struct arena *a = arena_new();
		struct inspection one;
		int r = 0;

		inspection_make(&s->report, s->devices[i], args->all_kernels, args->paths, a, &one);
		one.row.names = session_names(s, s->devices[i]);
		if (i)
			fputc('\n', s->app->out.stream);
		if (is_full(s->app, args))
			r = inspect_text_device(t, &one, reterr);
		else
			print_brief(s, t, &one, a);
		if (r < 0)
			return r;
	}
	if (s->app->verbose > 0)
		inspect_text_iommus(t, s->devices, s->nr_devices);
	if (!is_full(s->app, args)) {
		prose_blank(&end);
		prose_text(&end, STYLE_DIM,
			   "'vfiotool inspect -v%s%s' shows every step, capability and source.",
			   s->nr_devices == 1 ? " " : "",
			   s->nr_devices == 1 ? shell_word(s->app->arena, s->devices[0]->name)
					      : "");
	}
	return 0;
}

/* The columns of the short form: what is refused now, and what binding changes. A narrow terminal leaves out the step
 * first. The reference rules only where they differ. */
static int short_columns(struct arena *a, bool differ, struct columns *ret, struct failure **reterr)
{
	int r = columns_parse(&device_fields, a,
			      differ ? "address,group,driver,now,op,errno,rule,after,patched,name"
				     : "address,group,driver,now,op,errno,rule,after,name",
			      ret, reterr);

	for (size_t i = 0; r >= 0 && i < ret->nr; i++) {
		struct field *copy = arena_memdup(a, ret->fields[i], sizeof(*copy));

		if (!strcmp(copy->key, "op"))
			copy->flags |= FIELD_YIELDS;
		if (!strcmp(copy->key, "name") || !strcmp(copy->key, "driver"))
			copy->flags |= FIELD_YIELDS_LAST;
		ret->fields[i] = copy;
	}
	ret->chosen = false;
	return r;
}

/* One line per device. */
static int print_short(struct session *s, struct failure **reterr)
{
	struct arena *a = s->app->arena;
	struct device_row *rows = arena_array(a, s->nr_devices, sizeof(*rows));
	struct table_row *table_rows = arena_array(a, s->nr_devices, sizeof(*table_rows));
	struct prose end = { .out = &s->app->out };
	struct columns columns = { 0 };
	struct table table = { .fields = &device_fields, .columns = &columns, .rows = table_rows };
	bool denied = false, differ = false;
	int r;

	for (size_t i = 0; i < s->nr_devices; i++) {
		const struct device *d = s->devices[i];
		struct device_row *row = &rows[table.nr_rows];

		if (device_is_never_given(d))
			continue;
		*row = (struct device_row){ .report = &s->report, .device = d, .group = d->group };
		row->names = session_names(s, d);
		device_row_decide(row, NEED_ANY_VERDICT);
		denied |= device_row_is_denied(row);
		differ |= row->patched->answer != row->verdict[VIEW_IF_BOUND]->answer;
		table_rows[table.nr_rows++].row = row;
	}
	r = short_columns(a, differ, &columns, reterr);
	if (r >= 0)
		r = table_print(&table, &s->app->out, reterr);
	if (r < 0)
		return r;
	prose_blank(&end);
	prose_text(&end, STYLE_DIM,
		   "NOW: a program can attach the device now. AFTER: once its group is bound to a VFIO driver. 'vfiotool inspect ADDRESS' shows why.%s%s",
		   table.nr_rows < s->nr_devices ? " 'vfiotool list -a' shows bridges as well."
						 : "",
		   denied ? " They apply to the calling user, who may not open all device nodes; --assume euid=0 shows root's."
			  : "");
	return 0;
}

static int print_text(struct session *s, const struct inspect_args *args, struct failure **reterr)
{
	struct inspect_text t = {
		.out = &s->app->out,
		.report = &s->report,
		.verbose = s->app->verbose > 0,
	};

	if (is_full(s->app, args))
		inspect_text_kernel(&t);
	else if (s->nr_targets)
		inspect_text_limits(&t);
	else
		inspect_text_host(&t);
	if (!s->nr_devices) {
		prose_text(&(struct prose){ .out = t.out }, STYLE_NONE,
			   "This host has no device that VFIO could serve.");
		return 0;
	}
	if (s->nr_targets || is_full(s->app, args))
		return print_devices(s, args, &t, reterr);
	return print_short(s, reterr);
}

/* Whether each device gets no more than a verdict, for which a list reads enough. */
static bool is_brief(const struct app *app, const struct inspect_args *args)
{
	if (args->targets.nr || args->paths)
		return false;
	return app->quiet || (!args->json && !args->all_kernels && app->verbose <= 0);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct inspect_args *args = data;
	bool brief = is_brief(app, args);
	struct scope scope = brief ? scope_for(NEED_ANY_VERDICT) : scope_all;
	struct session s = { 0 };
	int r;

	if (!brief) {
		scope_add_notices(&scope);
		scope.device_parts |= DEVICE_HARDWARE;
	}
	r = session_open(&s, app, &args->targets, &scope, reterr);
	if (r >= 0 && brief)
		r = session_widen(&s, &scope, reterr);
	if (r >= 0)
		r = session_decide(&s, &args->assume, args->kernel, reterr);
	if (r >= 0 && app->quiet)
		r = answer_status(&s, args);
	else if (r >= 0 && args->summary)
		print_summary(&s);
	else if (r >= 0 && args->json)
		print_json(&s, args);
	else if (r >= 0)
		r = print_text(&s, args, reterr);
	session_close(&s);
	return r;
}

const struct command command_inspect = {
	.name = "inspect",
	.summary = "Show what VFIO decides about a device, why, and what to do",
	.operands = "[TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct inspect_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &kernel_fields, &inspection_fields,
							  &iommu_fields, &summary_fields, NULL },
};
