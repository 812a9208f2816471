/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map: sends the requests and records the results. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "uapi/abi.h"
#include "facts/memory.h"
#include "client/dirty.h"
#include "run/attach-hold.h"
#include "run/map.h"

/* Up to this many requests are timed one by one; more are timed together. */
enum { TIMED_MAX = 16, VERIFIED_MAX = 64 };

/* After this many requests or bytes, check whether the kernel wants the device back. */
enum { LOOK_REQUESTS = 256, LOOK_BYTES = 64 << 20 };

/* ---- moments and checks ---- */

static void take_moment(struct map_run *run, size_t which)
{
	static const char *const names[NR_MAPPING_MOMENTS] = { "before", "mapped", "after" };
	struct mapping_moment *m = &run->report.moments[which];
	struct memory_use use;
	struct space_info info;

	memory_use_read(run->acting.session.root, run->app->arena, &use);
	*m = (struct mapping_moment){
		.when = names[which],
		.known = use.known,
		.locked = use.locked,
		.pinned = use.pinned,
	};
	run->report.nr_moments = which + 1;
	if (!run->acting.opened || !run->acting.view.attached || run->acting.path == PATH_NOIOMMU ||
	    run->acting.path == PATH_IOMMUFD)
		return;
	if (space_info(&run->acting.attachment.space, &info) == 0 &&
	    run->space.path == PATH_CONTAINER) {
		m->has_left = info.has_dma_avail;
		m->left = info.dma_avail;
	}
}

static void add_check(struct map_run *run, const char *id, enum answer answer, const char *because)
{
	struct mapping_report *m = &run->report;

	m->checks = arena_grow(run->app->arena, m->checks, m->nr_checks, sizeof(*m->checks));
	m->checks[m->nr_checks++] = (struct mapping_check){ id, answer, because };
}

void map_take_info(struct map_run *run)
{
	const struct space_info *info = &run->acting.attachment.info;
	struct mapping_space *s = &run->space;
	struct space *space = &run->acting.attachment.space;
	struct arena *a = run->app->arena;

	if (s->path == PATH_NOIOMMU)
		return;
	s->ranges = (struct iova_prediction){ .answer = ANSWER_YES };
	s->ranges.ranges = arena_array(a, info->nr_ranges, sizeof(*s->ranges.ranges));
	for (size_t i = 0; i < info->nr_ranges; i++)
		s->ranges.ranges[i] =
			(struct iova_range){ info->ranges[i].start, info->ranges[i].last };
	s->ranges.nr_ranges = info->nr_ranges;
	s->alignment = info->alignment;
	run->report.page_sizes = info->page_sizes_exact ? info->page_sizes : 0;
	if (s->path != PATH_CONTAINER)
		return;
	s->avail_known = info->has_dma_avail;
	s->avail = info->dma_avail;
	/* Kernels before 5.10 do not report it. */
	if (run->args->unmap_all)
		s->unmap_all = space_check_extension(space, VT_UNMAP_ALL) > 0 ? TRI_YES : TRI_NO;
}

/* ---- the kernel's wish ---- */

/* An unbind or unplug of the device waits until it is closed. */
static bool is_wanted(struct map_run *run)
{
	struct mapping_report *m = &run->report;
	size_t asked = 0;

	if (run->wanted || !run->release.active)
		return run->wanted;
	(void)irq_collect(&run->release);
	if (!irq_total(&run->release))
		return false;
	run->wanted = true;
	for (size_t i = 0; i < m->nr_steps; i++)
		asked += m->steps[i].asked;
	log_write(LOG_LEVEL_WARNING, "%s: the kernel asks for it back: released at once",
		  run->device->name);
	add_check(run, "completed", ANSWER_NO,
		  arena_printf(run->app->arena,
			       "the device was released after %zu of %zu requests, because the kernel asked for it",
			       asked, m->nr_steps));
	return true;
}

/* The same before a request of @size bytes. Many requests are quick, so it checks only when *@left is used
 * up, which is 0 before the first. */
static bool is_wanted_now(struct map_run *run, uint64_t size, uint64_t *left)
{
	uint64_t cost = size < LOOK_BYTES ? size + LOOK_BYTES / LOOK_REQUESTS : LOOK_BYTES;

	if (cost < *left) {
		*left -= cost;
		return false;
	}
	*left = LOOK_BYTES;
	return is_wanted(run);
}

/* The kernel uses its eventfd until the device is closed. */
static void close_release(struct map_run *run)
{
	run->release.active = false;
	if (run->release.client)
		irq_close(&run->release);
}

/* ---- requests ---- */

static bool ended_as_predicted(const struct mapping_step *s)
{
	const struct mapping_prediction *p = &s->predicted;

	switch (p->answer) {
	case ANSWER_YES:
		return !s->err && (!p->bytes_known || p->bytes == s->bytes);
	case ANSWER_NO:
		return s->err && (!p->err || p->err == s->err);
	default:
		return true;
	}
}

static int ask(struct map_run *run, const struct mapping_step *s, size_t index, uint64_t *ret_bytes)
{
	const struct mapping_request *q = &s->request;
	struct space *space = &run->acting.attachment.space;
	const char *memory = run->memory.address;
	unsigned int prot = (q->prot & MAPPING_READ ? VT_MAP_READ : 0U) |
			    (q->prot & MAPPING_WRITE ? VT_MAP_WRITE : 0U);

	switch (q->ask) {
	case MAPPING_UNMAP:
		return space_unmap(space, q->iova, q->size, ret_bytes);
	case MAPPING_UNMAP_ALL:
		return space_unmap_all(space, ret_bytes);
	default:
		return space_map(space, q->iova, memory + index * run->stride, q->size, prot);
	}
}

static uint64_t now(const struct map_run *run)
{
	return run->acting.client.sys->ops->now_ns(run->acting.client.sys);
}

/* Sends steps [@from, @to). Adds the bytes mapped or unmapped to *@bytes, and their time to *@ns: only the
 * requests when they are few, else the whole loop, because reading the clock around each would cost more
 * than the loop. False after a result against the prediction, or when the kernel wants the device back. */
static bool ask_steps(struct map_run *run, size_t from, size_t to, bool certain, uint64_t *bytes,
		      uint64_t *ns)
{
	struct mapping_report *m = &run->report;
	bool timed = to - from <= TIMED_MAX, good = true;
	uint64_t start = now(run), requests_ns = 0, left = 0;

	run->acting.client.silent = !timed;
	for (size_t i = from; i < to && good; i++) {
		struct mapping_step *s = &m->steps[i];
		int r;

		if (is_wanted_now(run, s->request.size, &left))
			break;

		if (!certain)
			mapping_predict(&run->space, &s->request, run->app->arena, &s->predicted);
		r = ask(run, s, i, &s->bytes);
		s->ns = timed ? client_last(&run->acting.client)->ns : 0;
		requests_ns += s->ns;
		s->asked = true;
		s->err = r < 0 ? -r : 0;
		s->match = good = ended_as_predicted(s);
		if (!certain)
			mapping_apply(&run->space, &s->request, !s->err);
		if (!s->err)
			*bytes += s->request.ask == MAPPING_MAP ? s->request.size : s->bytes;
	}
	run->acting.client.silent = false;
	*ns += timed ? requests_ns : now(run) - start;
	return good;
}

/* The set is updated outside the measured time. */
static void note_steps(struct map_run *run, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (run->report.steps[i].asked)
			mapping_apply(&run->space, &run->report.steps[i].request,
				      !run->report.steps[i].err);
}

/* Unmaps what is left, each mapping as it was mapped. */
static void add_leftovers(struct map_run *run)
{
	struct mapping_report *m = &run->report;

	for (size_t i = 0; i < run->nr_maps; i++) {
		const struct mapping_request map = m->steps[i].request;
		uint64_t iova, size;

		if (!m->steps[i].asked || m->steps[i].err ||
		    !mapping_set_find(&run->space.set, map.iova, map.iova, &iova, &size) ||
		    iova != map.iova || size != map.size)
			continue;
		m->steps = arena_grow(run->app->arena, m->steps, m->nr_steps, sizeof(*m->steps));
		m->steps[m->nr_steps] = (struct mapping_step){
			.request = { .ask = MAPPING_UNMAP, .iova = iova, .size = size },
			.match = true,
		};
		m->nr_steps++;
	}
}

static void predict_steps(struct map_run *run, size_t from)
{
	struct mapping_report *m = &run->report;

	for (size_t i = from; i < m->nr_steps; i++)
		mapping_predict(&run->space, &m->steps[i].request, run->app->arena,
				&m->steps[i].predicted);
}

/* Steps that unmap, timed. */
static bool unmap_steps(struct map_run *run, size_t from, size_t to, bool certain)
{
	bool good = ask_steps(run, from, to, certain, &run->report.unmapped, &run->report.unmap_ns);

	if (certain)
		note_steps(run, from, to);
	return good;
}

/* ---- dirty pages ---- */

static void count_dirty(struct map_run *run, struct dirty *d)
{
	struct mapping_report *m = &run->report;
	int r = 0;

	m->dirty_page = run->space.alignment;
	for (size_t i = 0; i < run->nr_maps && r >= 0; i++) {
		const struct mapping_request *q = &m->steps[i].request;

		if (m->steps[i].asked && !m->steps[i].err)
			r = dirty_count(d, q->iova, q->size, m->dirty_page, &m->dirty_pages);
	}
	if (r < 0)
		add_check(run, "dirty-bitmap", ANSWER_NO,
			  arena_printf(run->app->arena, "the bitmap was refused: %s",
				       errno_name(-r)));
}

static void track_dirty(struct map_run *run)
{
	struct attached_device *device = &run->acting.attachment.devices[0];
	struct space *space = &run->acting.attachment.space;
	struct mapping_step *s = &run->report.dirty;
	struct dirty d;
	int r;

	run->report.dirty_asked = true;
	*s = (struct mapping_step){ .request = { .ask = MAPPING_DIRTY }, .match = true };
	if (run->acting.path == PATH_IOMMUFD) {
		r = dirty_can_track(space, device);
		run->space.dirty_tracking = r < 0 ? TRI_UNKNOWN : r ? TRI_YES : TRI_NO;
	}
	mapping_predict(&run->space, &s->request, run->app->arena, &s->predicted);
	s->asked = true;
	r = dirty_start(space, device, &d);
	s->err = r < 0 ? -r : 0;
	s->match = ended_as_predicted(s);
	run->report.match &= s->match;
	if (r >= 0)
		count_dirty(run, &d);
	r = dirty_stop(&d);
	if (r < 0)
		add_check(run, "dirty-stop", ANSWER_NO, "dirty tracking could not be stopped");
}

/* ---- verifying ---- */

/* A mapped range cannot be mapped again. */
static void verify_mapped(struct map_run *run)
{
	struct mapping_report *m = &run->report;
	size_t seen = 0, missing = 0,
	       nr = run->nr_maps < VERIFIED_MAX ? run->nr_maps : VERIFIED_MAX;

	run->acting.client.silent = true;
	for (size_t i = 0; i < nr; i++) {
		const struct mapping_request *q = &m->steps[i].request;
		uint64_t last = q->iova + (q->size - run->page);
		int r;

		if (!m->steps[i].asked || m->steps[i].err)
			continue;
		seen++;
		r = space_map(&run->acting.attachment.space, last, run->memory.address, run->page,
			      VT_MAP_READ);
		missing += r != -EEXIST;
		if (r >= 0)
			(void)space_unmap(&run->acting.attachment.space, last, run->page, NULL);
	}
	run->acting.client.silent = false;
	if (seen)
		add_check(run, "mapped", missing ? ANSWER_NO : ANSWER_YES,
			  arena_printf(run->app->arena,
				       "%zu of %zu mappings exist: a second mapping of their last page gave EEXIST",
				       seen - missing, seen));
}

static void verify_counts(struct map_run *run)
{
	const struct mapping_moment *before = &run->report.moments[MAPPING_BEFORE];
	const struct mapping_moment *at = &run->report.moments[MAPPING_MAPPED];
	const struct mapping_limit *l = &run->space.limit;
	uint64_t pinned = at->pinned - before->pinned, locked = at->locked - before->locked;
	uint64_t rose = run->space.path == PATH_CONTAINER ? locked : pinned;
	size_t nr = run->space.set.nr;

	if (at->known && before->known && !l->pins_nothing)
		add_check(run, "pinned", rose == run->report.mapped ? ANSWER_YES : ANSWER_NO,
			  arena_printf(run->app->arena,
				       "%" PRIu64 " bytes were mapped, and %s rose by %" PRIu64,
				       run->report.mapped,
				       run->space.path == PATH_CONTAINER ? "VmLck" : "VmPin",
				       rose));
	if (at->has_left && before->has_left)
		add_check(run, "mappings-left",
			  before->left - at->left == nr ? ANSWER_YES : ANSWER_NO,
			  arena_printf(run->app->arena,
				       "%zu mappings were made, and the number left fell by %" PRIu64,
				       nr, before->left - at->left));
}

/* ---- the whole ---- */

static bool is_wanted_back(void *run)
{
	return is_wanted(run);
}

/* -ECANCELED when the kernel wants the device back before all memory is there. */
static int get_memory(struct map_run *run, struct failure **reterr)
{
	struct mapping_report *m = &run->report;
	static const enum memory_access access_of[NR_MAPPING_MEMORIES] = {
		[MAPPING_MEMORY_OWN] = MEMORY_OWN,
		[MAPPING_MEMORY_READ_ONLY] = MEMORY_READ_ONLY,
		[MAPPING_MEMORY_NONE] = MEMORY_NO_ACCESS,
	};
	struct memory_kind_seen seen;
	int r = memory_get(run->acting.client.sys, run->kind, m->memory_len, run->page,
			   is_wanted_back, run, &run->memory);

	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return client_failure(reterr, r, "no %" PRIu64 " bytes of memory in pages of %s",
				      m->memory_len, m->kind);
	r = memory_restrict(run->acting.client.sys, &run->memory, access_of[run->args->memory]);
	if (r < 0)
		return client_failure(reterr, r, "the memory cannot be made %s", m->access);
	m->memory_len = run->memory.len;
	m->memory_ns = run->memory.ns;
	memory_seen(run->acting.session.root, run->app->arena, run->memory.address, run->memory.len,
		    &seen);
	m->memory_seen = seen.known;
	m->memory_page = seen.page;
	m->memory_huge = seen.anon_huge;
	return 0;
}

static bool do_maps(struct map_run *run, bool certain)
{
	struct mapping_report *m = &run->report;
	bool good = ask_steps(run, 0, run->nr_maps, certain, &m->mapped, &m->map_ns);

	if (certain)
		note_steps(run, 0, run->nr_maps);
	return good;
}

static void look_at_mapped(struct map_run *run)
{
	if (run->args->verify) {
		verify_mapped(run);
		verify_counts(run);
	}
	if (run->args->dirty)
		track_dirty(run);
}

int map_do(struct map_run *run, bool certain, struct failure **reterr)
{
	struct mapping_report *m = &run->report;
	size_t planned = m->nr_steps;
	bool good;
	int r;

	(void)hold_listen(&run->acting, 0, &run->release);
	r = get_memory(run, reterr);
	if (r < 0 && r != -ECANCELED)
		return r;
	take_moment(run, MAPPING_BEFORE);
	if (r < 0)
		return 0;
	good = do_maps(run, certain);
	take_moment(run, MAPPING_MAPPED);
	if (!is_wanted(run))
		look_at_mapped(run);
	if (good && !is_wanted(run))
		good = unmap_steps(run, run->nr_maps, planned, certain);
	/* A device that the kernel wants back is closed, which unmaps everything. */
	if (!is_wanted(run)) {
		add_leftovers(run);
		predict_steps(run, planned);
		good &= unmap_steps(run, planned, m->nr_steps, true);
	}
	m->match &= good;
	return 0;
}

/* Pinned memory must be as before. */
static void check_returned(struct map_run *run)
{
	const struct mapping_moment *before = &run->report.moments[MAPPING_BEFORE];
	const struct mapping_moment *after = &run->report.moments[MAPPING_AFTER];

	if (!before->known || !after->known)
		add_check(run, "returned", ANSWER_UNKNOWN, "pinned memory could not be read");
	else if (before->locked == after->locked && before->pinned == after->pinned)
		add_check(run, "returned", ANSWER_YES, "locked and pinned memory are as before");
	else
		add_check(run, "returned", ANSWER_NO,
			  arena_printf(run->app->arena,
				       "%" PRIu64 " bytes stay locked and %" PRIu64
				       " pinned that were not before",
				       after->locked - before->locked,
				       after->pinned - before->pinned));
}

void map_end(struct map_run *run)
{
	if (run->ended)
		return;
	run->ended = true;
	attached_detach(&run->acting);
	close_release(run);
	if (run->memory.whole_len)
		memory_put(run->acting.client.sys, &run->memory);
	if (run->report.nr_moments) {
		take_moment(run, MAPPING_AFTER);
		check_returned(run);
	}
}
