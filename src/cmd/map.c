/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map: maps memory for a device, unmaps it, and compares result and cost with the prediction. */
#include "run/map.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "facts/memory.h"
#include "report/json.h"
#include "cli/config.h"
#include "run/map-bench.h"
#include "cmd/commands.h"

enum {
	OPT_IOVA = OPT_COMMAND_FIRST,
	OPT_SIZE,
	OPT_PAGES,
	OPT_COUNT,
	OPT_PROT,
	OPT_LAYOUT,
	OPT_MEMORY,
	OPT_UNMAP,
	OPT_UNMAP_ALL,
	OPT_DIRTY,
	OPT_VERIFY,
	OPT_ANYWAY,
	OPT_DRY_RUN,
	OPT_BENCH,
	OPT_CSV,
};

/* ---- arguments ---- */

static error_t parse_pages(struct parse *p, struct map_args *args, const char *arg)
{
	const char *names[NR_MEMORY_KINDS + 1];
	unsigned int kind = 0;
	error_t err;

	for (unsigned int k = 0; k < NR_MEMORY_KINDS; k++)
		names[k] = memory_kind_name((enum memory_kind)k);
	names[NR_MEMORY_KINDS] = "auto";
	err = parse_choice(p, "pages", arg, names, ARRAY_SIZE(names), &kind);
	args->any_pages = kind < NR_MEMORY_KINDS;
	args->pages = args->any_pages ? (enum memory_kind)kind : MEMORY_BASE;
	return err;
}

static error_t parse_prot(struct parse *p, struct map_args *args, const char *arg)
{
	static const char *const names[] = { "r", "w", "rw" };
	unsigned int prot = 0;
	error_t err = parse_choice(p, "protection", arg, names, ARRAY_SIZE(names), &prot);

	args->prot = prot + 1;
	return err;
}

static error_t parse_layout(struct parse *p, struct map_args *args, const char *arg)
{
	static const char *const names[] = { "contiguous", "spread", "scatter" };
	unsigned int layout = 0;
	error_t err = parse_choice(p, "layout", arg, names, ARRAY_SIZE(names), &layout);

	args->layout = (enum map_layout)layout;
	return err;
}

static error_t parse_memory(struct parse *p, struct map_args *args, const char *arg)
{
	unsigned int memory = 0;
	error_t err;

	err = parse_choice(p, "memory", arg, mapping_memory_names, NR_MAPPING_MEMORIES, &memory);
	args->memory = (enum mapping_memory)memory;
	return err;
}

static error_t parse_bytes(struct parse *p, const char *what, const char *arg, uint64_t *ret)
{
	int r = parse_size(arg, ret);

	if (r == -ERANGE)
		return parse_fail(p, "%s '%s' does not fit 64 bits", what, arg);
	if (r < 0)
		return parse_fail(p,
				  "%s '%s' is not a number of bytes: write digits or 0x, with K, M, G, T or P after them",
				  what, arg);
	return 0;
}

static error_t check_size(struct parse *p, const char *what, const char *arg, uint64_t size)
{
	if (!size)
		return parse_fail(p, "%s '%s' is too small: a mapping has at least one byte", what,
				  arg);
	if (size == UINT64_MAX)
		return parse_fail(p, "%s '%s' is larger than any mapping", what, arg);
	return 0;
}

static error_t parse_length(struct parse *p, struct map_args *args, const char *arg)
{
	error_t err = parse_bytes(p, "size", arg, &args->size);

	return err ? err : check_size(p, "size", arg, args->size);
}

static error_t parse_iova(struct parse *p, struct map_args *args, const char *arg)
{
	uint64_t iova;
	error_t err = parse_bytes(p, "IOVA", arg, &iova);

	if (err)
		return err;
	args->iovas = arena_grow(p->app->arena, args->iovas, args->nr_iovas, sizeof(iova));
	args->iovas[args->nr_iovas++] = iova;
	return 0;
}

static error_t parse_count(struct parse *p, struct map_args *args, const char *arg)
{
	if (parse_u64(arg, 0, &args->count) < 0 || !args->count || args->count > MAP_COUNT_MAX)
		return parse_fail(p, "count '%s' must be a number from 1 to %d", arg,
				  MAP_COUNT_MAX);
	return 0;
}

/* IOVA:SIZE */
static error_t parse_unmap(struct parse *p, struct map_args *args, const char *arg)
{
	const char *colon = strchr(arg, ':'), *iova;
	struct map_range range;
	error_t err;

	if (!colon)
		return parse_fail(p, "'--unmap=%s' has no size: --unmap=IOVA:SIZE", arg);
	iova = arena_strndup(p->app->arena, arg, (size_t)(colon - arg));
	err = parse_bytes(p, "IOVA", iova, &range.iova);
	if (!err)
		err = parse_bytes(p, "size", colon + 1, &range.size);
	if (!err)
		err = check_size(p, "size", colon + 1, range.size);
	if (err)
		return err;
	args->unmaps = arena_grow(p->app->arena, args->unmaps, args->nr_unmaps, sizeof(range));
	args->unmaps[args->nr_unmaps++] = range;
	return 0;
}

/* Whether @args ask for requests that --bench does not make. */
static bool has_other_work(const struct map_args *args)
{
	return args->nr_iovas || args->nr_unmaps || args->unmap_all || args->dirty ||
	       args->verify || args->anyway || args->dry_run || args->layout || args->memory ||
	       args->prot;
}

static error_t check_args(struct parse *p, struct map_args *args)
{
	if (!args->count && !args->bench)
		args->count = 1;
	if (args->csv && !args->bench)
		return parse_fail(p, "--csv is for --bench: use --json");
	if (args->csv && args->acting.json)
		return parse_fail(p, "--csv and --json exclude each other");
	if (args->bench && has_other_work(args))
		return parse_fail(p,
				  "--bench goes with --path, --pages, --size and --count only: it chooses the rest");
	if (args->acting.targets.nr != 1)
		return parse_fail(p,
				  args->acting.targets.nr
					  ? "map takes one target: give one at a time"
					  : "no target: name a device, 'vfiotool list' shows them");
	if (args->layout && args->nr_iovas)
		return parse_fail(p,
				  "--layout places IOVAs that vfiotool chooses: leave out --iova or --layout");
	return 0;
}

static error_t parse_flag(struct parse *p, struct map_args *args, int key, struct argp_state *state)
{
	switch (key) {
	case OPT_UNMAP_ALL:
		args->unmap_all = true;
		return 0;
	case OPT_DIRTY:
		args->dirty = true;
		return 0;
	case OPT_VERIFY:
		args->verify = true;
		return 0;
	case OPT_ANYWAY:
		args->anyway = true;
		return 0;
	case OPT_DRY_RUN:
		args->dry_run = true;
		return 0;
	case OPT_BENCH:
		args->bench = true;
		return 0;
	case OPT_CSV:
		args->csv = true;
		return 0;
	case ARGP_KEY_END:
		return p && !p->asked ? check_args(p, args) : 0;
	default:
		return command_parse_default(key, state);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct map_args *args = p ? p->args : NULL;

	switch (key) {
	case OPT_IOVA:
		return parse_iova(p, args, arg);
	case OPT_SIZE:
		return parse_length(p, args, arg);
	case OPT_PAGES:
		return parse_pages(p, args, arg);
	case OPT_COUNT:
		return parse_count(p, args, arg);
	case OPT_PROT:
		return parse_prot(p, args, arg);
	case OPT_LAYOUT:
		return parse_layout(p, args, arg);
	case OPT_MEMORY:
		return parse_memory(p, args, arg);
	case OPT_UNMAP:
		return parse_unmap(p, args, arg);
	default:
		return parse_flag(p, args, key, state);
	}
}

static const struct argp_option options[] = {
	{ "iova", OPT_IOVA, "IOVA", 0, "map at this IOVA; may be repeated", 1 },
	{ "size", OPT_SIZE, "SIZE", 0, "size of each mapping: 64K, 2M (default), 1G", 1 },
	{ "pages", OPT_PAGES, "PAGES", 0, "pages of the memory: 4K, 2M, 1G, thp or auto (default)",
	  1 },
	{ "count", OPT_COUNT, "N", 0, "number of mappings, one after the other at each IOVA", 1 },
	{ "prot", OPT_PROT, "PROT", 0, "access of the device: r, w or rw (default)", 1 },
	{ "layout", OPT_LAYOUT, "LAYOUT", 0,
	  "place of chosen IOVAs: contiguous, spread (with gaps) or scatter", 1 },
	{ "memory", OPT_MEMORY, "MEMORY", 0,
	  "access of the caller: own (default), read-only or none", 1 },
	{ "unmap", OPT_UNMAP, "IOVA:SIZE", 0, "then unmap this range; may be repeated", 1 },
	{ "unmap-all", OPT_UNMAP_ALL, NULL, 0, "then unmap everything in one request", 1 },
	{ "dirty", OPT_DIRTY, NULL, 0, "track dirty pages while mapped, and count them", 1 },
	{ "verify", OPT_VERIFY, NULL, 0, "verify that everything is mapped, as far as can be seen",
	  1 },
	{ "anyway", OPT_ANYWAY, NULL, 0,
	  "also send requests that the kernel is predicted to refuse", 1 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0,
	  "predict only: attach and map nothing; also of a capture", 1 },
	{ "bench", OPT_BENCH, NULL, 0,
	  "time mappings of each path, kind of pages and size; --count rounds of each", 1 },
	{ "csv", OPT_CSV, NULL, 0, "with --bench: CSV", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = attached_children };

/* ---- the run ---- */

static uint64_t page_of(const struct host *h)
{
	const struct fact *size = &h->kernel.page_size;
	uint64_t ret;

	if (fact_is(size) && size->raw && parse_u64(size->raw, 10, &ret) == 0 && ret)
		return ret;
	return 4096;
}

/* What the host reports before the first VFIO request. */
static void predict_space(struct map_run *run)
{
	struct session *s = &run->acting.session;

	run->device = run->report.device = s->devices[0];
	run->page = page_of(s->host);
	mapping_space_predict(s->host, &s->assumptions, &run->acting.predictions[0],
			      run->acting.path, run->app->arena, &run->space);
	run->report.path = run->acting.path;
	run->report.path_because = run->acting.path_because;
	run->report.space = &run->space;
	run->report.match = true;
}

/* What is locked right now, not when the snapshot was taken. */
static void read_locked(struct map_run *run)
{
	struct memory_use use;

	if (run->space.path == PATH_IOMMUFD)
		return;
	memory_use_read(run->acting.session.root, run->app->arena, &use);
	run->space.locked_known = use.known;
	run->space.locked = use.locked;
}

static uint64_t limit_needed(const struct map_run *run)
{
	uint64_t ret = run->space.locked;

	if (run->space.limit.exempt || run->space.limit.pins_nothing)
		return 0;
	for (size_t i = 0; i < run->nr_maps; i++)
		if (__builtin_add_overflow(ret, run->size, &ret))
			return UINT64_MAX;
	return ret;
}

static bool any_refused(const struct mapping_report *m)
{
	for (size_t i = 0; i < m->nr_steps; i++)
		if (m->steps[i].err)
			return true;
	return false;
}

static bool any_check(const struct mapping_report *m, enum answer answer)
{
	for (size_t i = 0; i < m->nr_checks; i++)
		if (m->checks[i].answer == answer)
			return true;
	return false;
}

static int conclude(struct mapping_report *m, size_t refused, size_t unknown)
{
	if (!m->nr_moments) {
		m->result = refused ? "refused" : "predicted";
		return refused ? STATUS_NO : unknown ? STATUS_UNKNOWN : STATUS_OK;
	}
	if (!m->match) {
		m->result = "differs";
		return STATUS_DIFFER;
	}
	if (any_check(m, ANSWER_NO)) {
		m->result = "failed";
		return STATUS_FAILED;
	}
	m->result = any_refused(m) ? "refused" : "mapped";
	return any_refused(m) ? STATUS_NO : STATUS_OK;
}

static int print(struct map_run *run, struct failure **reterr)
{
	struct json_doc doc;

	if (!run->args->acting.json)
		return run->app->quiet ? 0
				       : mapping_report_print(&run->report, &run->app->out, reterr);
	json_doc_begin(&doc, run->app->out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_row(&doc, &mapping_report_fields, &run->report);
	json_doc_end(&doc);
	return 0;
}

/* For --dry-run: whether there would be an address space to map into. A document says so by its result, and by the
 * step that would be refused. */
static int check_path(struct map_run *run, struct failure **reterr)
{
	struct attached *ac = &run->acting;
	const struct path_prediction *p = &ac->predictions[0].paths[VIEW_NOW][ac->path];
	const struct compare_devices devices = { ac->predictions, 1, ac->path };

	if (p->answer != ANSWER_NO)
		return 0;
	if (run->args->acting.json) {
		ac->view.rows =
			compare_outcomes(&devices, NULL, 0, run->app->arena, &ac->view.nr_rows);
		run->report.attach = &ac->view;
		run->report.result = "refused";
		return STATUS_NO;
	}
	return failure_set_status(reterr, STATUS_NO, -EPERM, "%s: %s would be refused: %s%s%s",
				  run->device->name, path_kind_name(ac->path),
				  p->because ? p->because : "the kernel has no such path",
				  p->remedy ? "; " : "", p->remedy ? p->remedy : "");
}

static int attach(struct map_run *run, struct failure **reterr)
{
	int r;

	if (run->args->dry_run)
		return check_path(run, reterr);
	r = attached_attach(&run->acting, reterr);
	run->report.attach = &run->acting.view;
	if (r >= 0 && run->acting.view.attached)
		map_take_info(run);
	return r;
}

/* Plans, predicts, and sends the requests where allowed. The exit status. */
static int act(struct map_run *run, struct failure **reterr)
{
	size_t refused = 0, unknown = 0;
	int r;

	read_locked(run);
	r = map_choose_pages(run, reterr);
	if (r >= 0)
		r = map_plan(run, reterr);
	if (r < 0)
		return r;
	map_predict(run, &refused, &unknown);
	run->report.needed = limit_needed(run);
	if (!run->args->dry_run && (!refused || run->args->anyway))
		r = map_do(run, !refused && !unknown, reterr);
	map_end(run); /* anything left behind changes the conclusion */
	return r < 0 ? r : conclude(&run->report, refused, unknown);
}

int map_run(struct map_run *run, struct failure **reterr)
{
	int r, status;

	predict_space(run);
	r = attach(run, reterr);
	if (r >= 0 && run->args->dry_run && run->report.result) {
		status = r;
	} else if (r >= 0 && !run->args->dry_run && !run->acting.view.attached) {
		run->report.result = "refused";
		status = attached_status(&run->acting);
		run->report.match = status != STATUS_DIFFER;
	} else if (r >= 0) {
		r = status = act(run, reterr);
	}
	map_end(run);
	return r < 0 ? r : status;
}

static int print_bench(struct app *app, const struct map_args *args,
		       const struct map_bench_report *m, struct failure **reterr)
{
	struct output out = app->out;
	struct json_doc doc;

	if (!args->acting.json) {
		if (args->csv)
			out.format = FORMAT_CSV;
		return app->quiet ? 0 : map_bench_print(m, &out, reterr);
	}
	json_doc_begin(&doc, out.stream);
	json_doc_member(&doc, "schema", json_object_new_int(1));
	json_doc_member(&doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_row(&doc, &map_bench_fields, m);
	json_doc_end(&doc);
	return 0;
}

static int run_bench(struct app *app, const struct map_args *args, struct failure **reterr)
{
	struct map_bench_report m;
	int status = map_bench(app, args, &m, reterr);
	int r = status < 0 ? status : print_bench(app, args, &m, reterr);

	return r < 0 ? r : status;
}

static int run_map(struct app *app, void *data, struct failure **reterr)
{
	struct map_args *args = data;
	struct map_run run = { .app = app, .args = args };
	int r, status;

	if (args->bench)
		return run_bench(app, args, reterr);

	args->acting.single = args->acting.no_map = true;
	args->acting.only_predicts = args->dry_run;
	r = attached_open(&run.acting, app, &args->acting, reterr);
	if (r >= 0)
		r = status = map_run(&run, reterr);
	if (r >= 0)
		r = print(&run, reterr);
	mapping_space_done(&run.space);
	attached_close(&run.acting);
	return r < 0 ? r : status;
}

const struct command command_map = {
	.name = "map",
	.summary = "Map memory for a device and compare with the prediction",
	.operands = "TARGET",
	.argp = &argp,
	.args_size = sizeof(struct map_args),
	.run = run_map,
	.documents = (const struct field_table *const[]){ &mapping_report_fields, &map_bench_fields,
							  NULL },
};
