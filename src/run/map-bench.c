/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/map-bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "uapi/abi.h"
#include "facts/memory.h"
#include "run/attach-hold.h"

/* A size whose rounds take longer gets fewer of them. */
enum { ROUNDS_MIN = 3, NS_MAX = 1000000000 };

struct bench {
	struct app *app;
	const struct map_args *args;
	struct map_bench_report *report;
	struct attached ac;
	struct irq release; /* REQ: the kernel wants the device back */
	enum memory_kind kind;
	struct memory memory;
	size_t page; /* bytes, of the processor */
	struct strbuf missing;
};

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool is_wanted(void *arg)
{
	struct bench *b = arg;

	if (!b->release.active)
		return false;
	(void)irq_collect(&b->release);
	return irq_total(&b->release) > 0;
}

/* ---- one size ---- */

/* The first place that is a multiple of its size, at most of 1 GiB, and not 0. */
static bool find_iova(const struct space_info *info, uint64_t size, uint64_t *ret)
{
	const uint64_t align = size < UINT64_C(1) << 30 ? size : UINT64_C(1) << 30;

	for (size_t i = 0; i < info->nr_ranges; i++) {
		const struct space_range *r = &info->ranges[i];
		uint64_t start = r->start < align ? align : (r->start + align - 1) & ~(align - 1);

		if (start >= r->start && start <= r->last && r->last - start >= size - 1) {
			*ret = start;
			return true;
		}
	}
	return false;
}

/* Maps and unmaps once; the time of each. */
static int one_round(struct bench *b, uint64_t iova, uint64_t size, uint64_t *map, uint64_t *unmap)
{
	struct space *s = &b->ac.attachment.space;
	const struct client *c = &b->ac.client;
	int r = space_map(s, iova, b->memory.address, size, VT_MAP_READ | VT_MAP_WRITE);

	if (r < 0)
		return r;
	*map = client_last(c)->ns;
	r = space_unmap(s, iova, size, NULL);
	*unmap = client_last(c)->ns;
	return r;
}

/* -ECANCELED when the kernel wants the device back. */
static int bench_size(struct bench *b, uint64_t size, struct map_cost_row *row)
{
	struct client *c = &b->ac.client;
	uint64_t wanted = b->args->count ? b->args->count : MAP_BENCH_ROUNDS, spent = 0, iova;
	uint64_t *map = arena_array(b->app->arena, wanted, sizeof(*map));
	uint64_t *unmap = arena_array(b->app->arena, wanted, sizeof(*unmap));
	size_t nr_outcomes = c->nr_outcomes;
	int r = find_iova(&b->ac.attachment.info, size, &iova) ? 0 : -ENOSPC;

	while (!r && row->rounds < wanted && (row->rounds < ROUNDS_MIN || spent < NS_MAX)) {
		if (is_wanted(b))
			return -ECANCELED;
		r = one_round(b, iova, size, &map[row->rounds], &unmap[row->rounds]);
		if (r < 0)
			break;
		spent += map[row->rounds] + unmap[row->rounds];
		row->rounds++;
		/* They are results, not steps. */
		c->nr_outcomes = nr_outcomes;
	}
	row->err = r < 0 ? -r : 0;
	if (!row->rounds)
		return 0;
	qsort(map, row->rounds, sizeof(*map), compare_ns);
	qsort(unmap, row->rounds, sizeof(*unmap), compare_ns);
	row->map = map_quantiles_of(map, row->rounds);
	row->unmap = map_quantiles_of(unmap, row->rounds);
	return 0;
}

/* ---- kinds of pages ---- */

static bool pool_has(struct bench *b, uint64_t page, uint64_t len)
{
	struct hugepages pool;

	hugepages_read(b->ac.session.root, b->app->arena, page, &pool);
	return pool.known && pool.free >= pool.reserved &&
	       (pool.free - pool.reserved) * page >= len;
}

/* The sizes of this kind of pages, the largest first; as far as there is memory. */
static size_t choose_sizes(struct bench *b, uint64_t page, uint64_t *ret)
{
	static const uint64_t all[] = { UINT64_C(1) << 30, 256 << 20, 32 << 20,
					2 << 20,           64 << 10,  4 << 10 };
	uint64_t available = 0;
	bool pool = b->kind == MEMORY_2M || b->kind == MEMORY_1G;
	size_t nr = 0;

	if (b->args->size) {
		ret[nr] = b->args->size;
		return b->args->size % page ? 0 : 1;
	}
	(void)memory_available(b->ac.session.root, &available);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] >= page && !(all[i] % b->page) && all[i] <= available / 4 &&
		    (!pool || pool_has(b, page, all[i])) && (pool || all[i] < UINT64_C(1) << 30))
			ret[nr++] = all[i];
	return nr;
}

static void leave_out(struct bench *b, const char *what, const char *why)
{
	strbuf_item(&b->missing, "; ", "%s (%s)", what, why);
}

/* The memory is there once, as large as the largest mapping. */
static int bench_kind(struct bench *b, enum memory_kind kind, struct failure **reterr)
{
	struct map_bench_report *m = b->report;
	uint64_t sizes[8], page = memory_kind_page(kind, b->page);
	size_t nr;
	int r;

	b->kind = kind;
	nr = choose_sizes(b, page, sizes);
	if (!nr) {
		leave_out(b, memory_kind_name(kind),
			  b->args->size ? "the size is not a multiple of such a page"
					: "no such pages are free");
		return 0;
	}
	r = memory_get(b->ac.client.sys, kind, sizes[0], b->page, is_wanted, b, &b->memory);
	if (r == -ENOMEM || r == -EINVAL) {
		leave_out(b, memory_kind_name(kind), "no such pages are free");
		return 0;
	}
	if (r < 0 && r != -ECANCELED)
		return client_failure(reterr, r, "no %" PRIu64 " bytes of memory in pages of %s",
				      sizes[0], memory_kind_name(kind));
	for (size_t i = nr; !r && i--;) {
		m->rows = arena_grow(b->app->arena, m->rows, m->nr_rows, sizeof(*m->rows));
		m->rows[m->nr_rows] = (struct map_cost_row){
			.path = path_kind_name(b->ac.path),
			.pages = memory_kind_name(kind),
			.size = sizes[i],
		};
		r = bench_size(b, sizes[i], &m->rows[m->nr_rows++]);
	}
	if (b->memory.whole_len)
		memory_put(b->ac.client.sys, &b->memory);
	return r;
}

static int bench_kinds(struct bench *b, struct failure **reterr)
{
	static const enum memory_kind kinds[] = { MEMORY_BASE, MEMORY_THP, MEMORY_2M, MEMORY_1G };
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(kinds); i++) {
		if (b->args->any_pages && b->args->pages != kinds[i])
			continue;
		if (kinds[i] == MEMORY_THP &&
		    thp_read(b->ac.session.root, b->app->arena) == THP_NEVER) {
			leave_out(b, "thp", "they are off");
			continue;
		}
		r = bench_kind(b, kinds[i], reterr);
	}
	if (r == -ECANCELED)
		return failure_set(reterr, r,
				   "%s: the kernel asks for it back: released at once, with the measurement incomplete",
				   b->ac.session.devices[0]->name);
	return r;
}

/* ---- paths ---- */

/* 0, also where the path refuses the device; or a negative errno. */
static int bench_attached(struct bench *b, bool asked, struct failure **reterr)
{
	const struct path_prediction *p = &b->ac.predictions[0].paths[VIEW_NOW][b->ac.path];
	int r;

	b->report->address = arena_strdup(b->app->arena, b->ac.session.devices[0]->name);
	if (!asked && p->answer != ANSWER_YES) {
		leave_out(b, path_kind_name(b->ac.path),
			  p->offered ? "it is not predicted to succeed" : "the kernel has none");
		return 0;
	}
	r = attached_attach(&b->ac, reterr);
	if (r < 0)
		return r;
	if (!attached_is_ready(&b->ac)) {
		leave_out(b, path_kind_name(b->ac.path),
			  "the kernel refuses it: see 'vfiotool attach'");
		return 0;
	}
	(void)hold_listen(&b->ac, 0, &b->release);
	r = bench_kinds(b, reterr);
	irq_close(&b->release);
	return r;
}

static bool same_use(struct bench *b, const struct memory_use *before, bool *ret_known)
{
	struct memory_use after;

	memory_use_read(b->ac.session.root, b->app->arena, &after);
	*ret_known = before->known && after.known;
	return before->locked == after.locked && before->pinned == after.pinned;
}

static int bench_path(struct bench *b, enum path_kind path, struct failure **reterr)
{
	struct attached_options o = b->args->acting;
	bool asked = o.has_path, known = false, same = false;
	struct memory_use before;
	int r;

	o.has_path = o.single = o.no_map = true;
	o.path = path;
	b->release = (struct irq){ 0 };
	b->page = 4096;
	r = attached_open(&b->ac, b->app, &o, reterr);
	if (r >= 0) {
		const struct fact *size = &b->ac.session.host->kernel.page_size;
		uint64_t page;

		if (fact_is(size) && !parse_u64(size->raw, 10, &page) && page)
			b->page = page;
		memory_use_read(b->ac.session.root, b->app->arena, &before);
		r = bench_attached(b, asked, reterr);
		attached_detach(&b->ac);
		same = same_use(b, &before, &known);
		b->report->known &= known;
		b->report->returned &= same;
	}
	attached_close(&b->ac);
	return r;
}

int map_bench(struct app *app, const struct map_args *args, struct map_bench_report *ret,
	      struct failure **reterr)
{
	static const enum path_kind paths[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };
	struct bench b = { .app = app, .args = args, .report = ret };
	int r = 0;

	*ret = (struct map_bench_report){ .known = true, .returned = true };
	b.missing.arena = app->arena;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(paths); i++)
		if (!args->acting.has_path || args->acting.path == paths[i])
			r = bench_path(&b, paths[i], reterr);
	if (r < 0)
		return r;
	ret->missing = b.missing.s;
	if (!ret->nr_rows)
		return failure_set_status(reterr, STATUS_NO, -ENODEV,
					  "%s: nothing could be measured: %s; see 'vfiotool inspect'",
					  ret->address ? ret->address : "the device",
					  ret->missing ? ret->missing
						       : "the path is not one that maps");
	return ret->known && !ret->returned ? STATUS_FAILED : STATUS_OK;
}
