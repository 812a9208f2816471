/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map: chooses pages, IOVAs and requests, and predicts their results. */
#include <errno.h>
#include <inttypes.h>

#include "facts/memory.h"
#include "run/map.h"

/* ---- pages ---- */

enum { DEFAULT_SIZE = 2 << 20 };

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + (to - 1)) & ~(to - 1);
}

static bool pool_has(struct map_run *run, uint64_t page, uint64_t len)
{
	struct hugepages pool;

	if (!len || len & (page - 1))
		return false;
	hugepages_read(run->acting.session.root, run->app->arena, page, &pool);
	return pool.known && pool.free >= pool.reserved && pool.free - pool.reserved >= len / page;
}

/* The largest reserved pages that fit the mappings: fewer pages to pin, and larger entries in the IOMMU's
 * page tables. */
static void choose_automatically(struct map_run *run, uint64_t total)
{
	static const char reserved[] = "reserved, and the mappings are multiples of it";
	struct mapping_report *m = &run->report;
	enum thp_mode mode;

	for (enum memory_kind kind = MEMORY_1G; kind >= MEMORY_2M; kind--) {
		uint64_t page = memory_kind_page(kind, run->page);

		if (run->size & (page - 1) || !pool_has(run, page, total))
			continue;
		run->kind = kind;
		m->kind_because = reserved;
		return;
	}
	run->kind = MEMORY_BASE;
	m->kind_because = "smaller than a huge page";
	if (total < memory_kind_page(MEMORY_THP, run->page))
		return;
	m->kind_because = "no huge pages are reserved, and transparent huge pages are off";
	mode = thp_read(run->acting.session.root, run->app->arena);
	if (mode == THP_NEVER)
		return;
	run->kind = MEMORY_THP;
	m->kind_because = mode == THP_UNKNOWN ? "the huge pages of this host were not read"
					      : "no huge pages are reserved";
}

static int check_pool(struct map_run *run, uint64_t total, struct failure **reterr)
{
	uint64_t page = memory_kind_page(run->kind, run->page), wanted = total / page;
	const char *name = memory_kind_name(run->kind);
	struct hugepages pool;

	hugepages_read(run->acting.session.root, run->app->arena, page, &pool);
	if (pool.total_fact.state == FACT_ABSENT)
		return failure_set(reterr, -EINVAL,
				   "this kernel has no %s pages: %s does not exist; use another size for --pages",
				   name, pool.path);
	if (!pool.known || pool.free < pool.reserved || pool.free - pool.reserved >= wanted)
		return 0;
	return failure_set(reterr, -ENOMEM,
			   "%" PRIu64 " page%s of %s wanted and %" PRIu64 " of %" PRIu64
			   " free: echo %" PRIu64 " > %s",
			   wanted, wanted == 1 ? "" : "s", name, pool.free - pool.reserved,
			   pool.total, pool.total - (pool.free - pool.reserved) + wanted,
			   pool.path);
}

static int check_available(struct map_run *run, uint64_t total, struct failure **reterr)
{
	uint64_t available;

	if (memory_available(run->acting.session.root, &available) < 0 || total <= available)
		return 0;
	return failure_set(reterr, -ENOMEM,
			   "%s of memory are needed and %s are available: use a smaller --size or --count",
			   mapping_bytes_text(run->app->arena, total),
			   mapping_bytes_text(run->app->arena, available));
}

int map_choose_pages(struct map_run *run, struct failure **reterr)
{
	const struct map_args *args = run->args;
	struct mapping_report *m = &run->report;
	uint64_t nr = args->nr_iovas ? args->nr_iovas : 1, unit, total;

	run->size = args->size ? args->size : DEFAULT_SIZE;
	if (!args->size && args->any_pages && memory_kind_page(args->pages, run->page) > run->size)
		run->size = memory_kind_page(args->pages, run->page);
	if (__builtin_mul_overflow(nr, args->count, &nr) || nr > MAP_COUNT_MAX)
		return failure_set_status(reterr, STATUS_USAGE, -E2BIG,
					  "more than %d mappings are not possible: use a smaller --count",
					  MAP_COUNT_MAX);
	run->nr_maps = nr;
	if (run->size > UINT64_MAX / 2 / nr)
		return failure_set_status(reterr, STATUS_USAGE, -ERANGE,
					  "%" PRIu64 " mappings of %" PRIu64
					  " bytes are more than any memory: use a smaller --size",
					  nr, run->size);
	run->stride = round_up(run->size, run->page);
	total = run->stride * nr;
	m->pages = args->any_pages ? memory_kind_name(args->pages) : "auto";
	run->kind = args->pages;
	if (!args->any_pages)
		choose_automatically(run, total);
	unit = memory_kind_page(run->kind, run->page);
	total = round_up(total, unit);
	m->kind = memory_kind_name(run->kind);
	m->memory_len = total;
	m->access = mapping_memory_names[args->memory];
	if (run->kind == MEMORY_2M || run->kind == MEMORY_1G)
		return check_pool(run, total, reterr);
	return check_available(run, total, reterr);
}

/* ---- IOVAs ---- */

/* Places for mappings within one usable range. */
struct slots {
	uint64_t first, nr; /* IOVA of the first one */
};

struct grid {
	struct slots *slots;
	size_t nr;
	uint64_t step; /* bytes from one to the next */
	uint64_t total;
};

/* Page 0 stays free: a device that reads address 0 by mistake is found out that way. */
static void make_grid(struct map_run *run, struct grid *ret)
{
	const struct iova_prediction *p = &run->space.ranges;
	static const struct iova_range anywhere = { 0, UINT64_MAX >> 1 };
	const struct iova_range *ranges = p->nr_ranges ? p->ranges : &anywhere;
	uint64_t align = run->space.alignment ? run->space.alignment : run->page;
	uint64_t page = memory_kind_page(run->kind, run->page);

	if (page > align && run->size >= page)
		align = page;
	*ret = (struct grid){ .step = round_up(run->size, align) };
	ret->nr = p->nr_ranges ? p->nr_ranges : 1;
	ret->slots = arena_array(run->app->arena, ret->nr, sizeof(*ret->slots));
	for (size_t i = 0; i < ret->nr; i++) {
		uint64_t first = ranges[i].start ? ranges[i].start : 1;
		uint64_t len;

		if (first > UINT64_MAX - (align - 1))
			continue;
		first = round_up(first, align);
		if (first > ranges[i].last || ranges[i].last - first < run->size - 1)
			continue;
		len = ranges[i].last - first - (run->size - 1);
		ret->slots[i] = (struct slots){ first, len / ret->step + 1 };
		ret->total += ret->slots[i].nr;
	}
}

static uint64_t grid_iova(const struct grid *g, uint64_t slot)
{
	size_t i = 0;

	while (slot >= g->slots[i].nr)
		slot -= g->slots[i++].nr;
	return g->slots[i].first + slot * g->step;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Visits 0 to nr - 1, each once, in an order that hardware cannot predict from two of them. */
static uint64_t shuffled(uint64_t i, uint64_t nr)
{
	uint64_t factor = (nr / 2 + nr / 8) | 1;

	while (common_divisor(factor, nr) != 1)
		factor += 2;
	return i * factor % nr;
}

static uint64_t slot_of(const struct map_run *run, const struct grid *g, uint64_t i)
{
	uint64_t nr = run->nr_maps;

	switch (run->args->layout) {
	case MAP_SPREAD:
		return g->total >= 2 * nr - 1 ? 2 * i : i;
	case MAP_SCATTER:
		return shuffled(i, nr) * (g->total / nr);
	default:
		return i;
	}
}

static struct mapping_step *add_step(struct map_run *run, enum mapping_ask ask, uint64_t iova,
				     uint64_t size)
{
	struct mapping_report *m = &run->report;

	m->steps = arena_grow(run->app->arena, m->steps, m->nr_steps, sizeof(*m->steps));
	m->steps[m->nr_steps] = (struct mapping_step){
		.request = { .ask = ask,
			     .iova = iova,
			     .size = size,
			     .memory_alignment = run->page },
		.match = true,
	};
	return &m->steps[m->nr_steps++];
}

static void add_map(struct map_run *run, uint64_t iova)
{
	struct mapping_step *s = add_step(run, MAPPING_MAP, iova, run->size);

	s->request.memory = run->args->memory;
	s->request.prot = run->args->prot ? run->args->prot : MAPPING_READ | MAPPING_WRITE;
}

static int plan_anywhere(struct map_run *run, struct failure **reterr)
{
	struct slots free = { run->size, UINT32_MAX };
	uint64_t step = round_up(run->size, run->page);
	struct grid grid;

	make_grid(run, &grid);
	/* If there is no space to map into, the prediction says so. */
	if (run->acting.path == PATH_NOIOMMU || run->space.ranges.answer != ANSWER_YES)
		grid = (struct grid){ .slots = &free, .nr = 1, .step = step, .total = free.nr };
	if (grid.total < run->nr_maps)
		return failure_set_status(reterr, STATUS_NO, -ENOSPC,
					  "%s: the usable IOVAs have room for %" PRIu64
					  " mappings of %" PRIu64
					  " bytes, and %zu are wanted: use a smaller --size or --count",
					  run->device->name, grid.total, run->size, run->nr_maps);
	for (uint64_t i = 0; i < run->nr_maps; i++)
		add_map(run, grid_iova(&grid, slot_of(run, &grid, i)));
	return 0;
}

static int plan_at(struct map_run *run, uint64_t iova, struct failure **reterr)
{
	for (uint64_t k = 0; k < run->args->count; k++) {
		uint64_t at;

		/* No mapping can begin past 2^64; one that ends there is left for the kernel to refuse. */
		if (__builtin_add_overflow(iova, k * run->size, &at))
			return failure_set_status(reterr, STATUS_USAGE, -ERANGE,
						  "--iova=0x%" PRIx64 " and %" PRIu64
						  " more mappings go past 2^64: use a smaller one",
						  iova, k);
		add_map(run, at);
	}
	return 0;
}

int map_plan(struct map_run *run, struct failure **reterr)
{
	const struct map_args *args = run->args;
	int r = 0;

	if (!args->nr_iovas)
		r = plan_anywhere(run, reterr);
	for (size_t i = 0; i < args->nr_iovas && r >= 0; i++)
		r = plan_at(run, args->iovas[i], reterr);
	for (size_t i = 0; i < args->nr_unmaps; i++)
		add_step(run, MAPPING_UNMAP, args->unmaps[i].iova, args->unmaps[i].size);
	if (args->unmap_all)
		add_step(run, MAPPING_UNMAP_ALL, 0, 0);
	return r;
}

void map_predict(struct map_run *run, size_t *ret_refused, size_t *ret_unknown)
{
	struct mapping_space s = run->space;
	struct mapping_report *m = &run->report;

	s.set = (struct mapping_set){ 0 };
	*ret_refused = *ret_unknown = 0;
	for (size_t i = 0; i < m->nr_steps; i++) {
		struct mapping_step *step = &m->steps[i];

		mapping_predict(&s, &step->request, run->app->arena, &step->predicted);
		*ret_refused += step->predicted.answer == ANSWER_NO;
		*ret_unknown += step->predicted.answer == ANSWER_UNKNOWN;
		mapping_apply(&s, &step->request, step->predicted.answer != ANSWER_NO);
	}
	mapping_space_done(&s);
}
