/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof from its memory to its end. The claims are in proof-claims.c. */
#include "client/proof.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "uapi/abi.h"
#include "client/pagemap.h"
#include "client/proof-run.h"

static const struct {
	const char *name, *title;
} claims[NR_CLAIMS] = {
#define X(id, name, title) { name, title },
	CLAIM_LIST(X)
#undef X
};

const char *claim_name(enum claim_id id)
{
	return claims[id].name;
}

const char *claim_title(enum claim_id id)
{
	return claims[id].title;
}

enum claim_answer proof_answer(const struct proof *p)
{
	static const enum claim_id core[] = { CLAIM_DEVICE_WRITE, CLAIM_OUTSIDE,
					      CLAIM_AFTER_UNMAP };

	for (size_t i = 0; i < NR_CLAIMS; i++)
		if (p->claims[i].answer == CLAIM_NO)
			return CLAIM_NO;
	for (size_t i = 0; i < NR_CLAIMS; i++)
		if (p->claims[i].answer == CLAIM_UNKNOWN)
			return CLAIM_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(core); i++)
		if (p->claims[core[i]].answer != CLAIM_YES)
			return CLAIM_UNKNOWN;
	return CLAIM_YES;
}

void run_answer(struct proof_run *p, enum claim_id id, enum claim_answer answer, const char *fmt,
		...)
{
	struct claim *c = &p->proof->claims[id];
	va_list ap;

	va_start(ap, fmt);
	c->evidence = arena_vprintf(p->request->client->arena, fmt, ap);
	va_end(ap);
	c->answer = answer;
}

/* ---- transfers ---- */

bool run_was_told(int r)
{
	return r == 0 || r == -EIO || r == -ETIMEDOUT;
}

/* Whether the kernel wants the device back, because it is unplugged or loses its driver: then it must be
 * released at once. */
static bool is_released(struct proof_run *p)
{
	if (p->has_release && !irq_collect(&p->release) && irq_total(&p->release))
		p->released = true;
	return p->released;
}

static int run_transfer(struct proof_run *p, int (*move)(struct dma_test *, uint64_t),
			uint64_t iova)
{
	int r = 0;

	if (is_released(p)) {
		p->test.said = "the kernel asked for the device back";
		return -ECANCELED;
	}
	if (p->stale)
		r = p->test.kind->init(&p->test, NULL);
	if (r < 0) {
		p->gone |= r == -ENODEV;
		p->test.said =
			arena_printf(p->request->client->arena,
				     "the device could not be set up again: %s", p->test.said);
		return -ECANCELED;
	}
	r = move(&p->test, iova);
	p->stale = r < 0;
	p->gone |= r == -ENODEV;
	return r;
}

int run_store(struct proof_run *p, uint64_t iova)
{
	return run_transfer(p, p->test.kind->store, iova);
}

int run_load(struct proof_run *p, uint64_t iova)
{
	return run_transfer(p, p->test.kind->load, iova);
}

/* ---- mappings ---- */

int run_map(struct proof_run *p, enum area area, unsigned int prot)
{
	int r = space_map(p->request->space, p->iova[area], proof_memory_at(&p->memory, area),
			  p->page, prot);

	if (!r)
		p->mapped[area] = true;
	return r;
}

int run_unmap(struct proof_run *p, enum area area)
{
	uint64_t size = 0;
	int r = space_unmap(p->request->space, p->iova[area], p->page, &size);

	if (r < 0)
		return r;
	p->mapped[area] = false;
	return size == p->page ? 0 : -EREMOTEIO;
}

/* Room for all areas within one range of the space, not at its very start, and within what the device
 * can address. */
static int choose_iova(const struct proof_run *p, uint64_t *ret)
{
	const uint64_t low = p->request->low ? p->request->low : UINT64_C(1) << 20;
	const struct space_info *info = p->request->info;
	uint64_t need = NR_AREAS * (uint64_t)p->page;
	uint64_t last_of_device =
		p->address_bits < 64 ? (UINT64_C(1) << p->address_bits) - 1 : UINT64_MAX;

	for (size_t i = 0; i < info->nr_ranges; i++) {
		const struct space_range *r = &info->ranges[i];
		uint64_t start = r->start < low ? low : r->start;
		uint64_t last = r->last < last_of_device ? r->last : last_of_device;

		start = (start + p->page - 1) / p->page * p->page;
		if (start >= r->start && start <= last && last - start >= need - 1) {
			*ret = start;
			return 0;
		}
	}
	return -ENOSPC;
}

static int map_areas(struct proof_run *p, struct failure **reterr)
{
	unsigned int end = AREA_OWN + p->test.own_pages;
	uint64_t base;
	int r = choose_iova(p, &base);

	if (r < 0)
		return failure_set(reterr, r,
				   "%s: no room of %zu bytes for the proof in the IOVA ranges below 2^%u, which is what the device can address",
				   p->request->object, NR_AREAS * p->page, p->address_bits);
	for (unsigned int i = 0; i < NR_AREAS; i++)
		p->iova[i] = base + i * (uint64_t)p->page;
	for (unsigned int i = 0; !r && i < end; i++)
		if (i == AREA_SOURCE || i == AREA_TARGET || i >= AREA_OWN)
			r = run_map(p, (enum area)i, VT_MAP_READ | VT_MAP_WRITE);
	if (r < 0)
		return failure_set_status(reterr, STATUS_NO, r,
					  "%s: the kernel refused to map %zu bytes for the proof: %s",
					  p->request->object, p->page, errno_name(r));
	return 0;
}

/* Without translation the device uses physical addresses, so they must be right: a page that moved or an
 * address that the device cuts short would hit memory of another program. */
static int find_areas(struct proof_run *p, struct failure **reterr)
{
	struct client *c = p->request->client;
	unsigned int end = AREA_OWN + p->test.own_pages;
	int r = proof_memory_hold(&p->memory);

	for (unsigned int i = 0; !r && i < end; i++)
		r = pagemap_physical(c, proof_memory_at(&p->memory, (enum area)i), p->page,
				     &p->iova[i]);
	if (r < 0)
		return failure_set_status(reterr, STATUS_UNKNOWN, r,
					  "%s: vfiotool cannot find the physical address of its memory, which the device needs without an IOMMU: %s",
					  p->request->object,
					  r == -EPERM
						  ? "the kernel hides it from who lacks CAP_SYS_ADMIN"
						  : strerror(-r));
	for (unsigned int i = 0; i < end; i++)
		if (p->address_bits < 64 && p->iova[i] >> p->address_bits)
			return failure_set_status(reterr, STATUS_UNKNOWN, -ERANGE,
						  "%s: memory for the proof lies at %#llx, beyond the %u address bits of the device; if it has more, pass them with --address-bits",
						  p->request->object,
						  (unsigned long long)p->iova[i], p->address_bits);
	return 0;
}

/* ---- the whole ---- */

static int prepare(struct proof_run *p, struct failure **reterr)
{
	const struct proof_request *q = p->request;
	size_t page = q->page_size;
	int r;

	/* Larger than a page of the processor: an IOMMU with larger ones. */
	if (!q->untranslated && q->info->alignment > page)
		page = q->info->alignment;
	if (page > UINT32_C(1) << 24)
		return failure_set(reterr, -ENOTSUP,
				   "%s: the address space wants mappings of %zu bytes, too large for a proof",
				   q->object, page);
	p->page = page;
	p->address_bits = q->address_bits ? q->address_bits : q->driver->address_bits;
	r = proof_memory_open(q->client, page, q->seed, &p->memory);
	if (r < 0)
		return client_failure(reterr, r, "%s: no memory for the proof", q->object);
	p->test = (struct dma_test){
		.client = q->client,
		.kind = q->driver,
		.object = q->object,
		.fd = q->fd,
		.page_size = page,
		.untranslated = q->untranslated,
		.said = "",
	};
	p->has_release = !irq_open(q->client, q->object, q->fd, VT_PCI_REQ, 1, &p->release);
	if (!p->has_release)
		irq_close(&p->release);
	r = dma_test_begin(&p->test, reterr);
	/* Each page that is used is present and private. */
	memset(proof_memory_at(&p->memory, AREA_OWN), 0xff, p->test.own_pages * page);
	if (r >= 0)
		r = q->untranslated ? find_areas(p, reterr) : map_areas(p, reterr);
	for (unsigned int i = 0; i < p->test.own_pages; i++)
		p->test.own[i] = (struct dma_test_page){
			proof_memory_at(&p->memory, (enum area)(AREA_OWN + i)),
			p->iova[AREA_OWN + i],
		};
	if (r >= 0)
		r = dma_test_start(&p->test, reterr);
	p->gone = r == -ENODEV;
	return r;
}

typedef void claim_function(struct proof_run *p);

static void ask(struct proof_run *p, enum claim_id id, claim_function *f)
{
	struct sys *sys = p->request->client->sys;
	uint64_t start = sys->ops->now_ns(sys);

	if (p->gone || is_released(p))
		return;
	if (p->request->progress)
		p->request->progress(p->request->data, id);
	f(p);
	p->proof->claims[id].ns = sys->ops->now_ns(sys) - start;
}

static void ask_untranslated(struct proof_run *p)
{
	static const enum claim_id mapped[] = { CLAIM_OUTSIDE, CLAIM_READ_ONLY, CLAIM_AFTER_UNMAP,
						CLAIM_TEARDOWN };

	ask(p, CLAIM_PHYSICAL, claim_physical_untranslated);
	for (size_t i = 0; i < ARRAY_SIZE(mapped); i++)
		run_answer(p, mapped[i], CLAIM_UNTRIED,
			   "without an IOMMU a mapping stops nothing: all physical memory is in reach");
}

static void ask_all(struct proof_run *p)
{
	struct sys *sys = p->request->client->sys;
	uint64_t start = sys->ops->now_ns(sys);

	if (p->request->progress)
		p->request->progress(p->request->data, CLAIM_DEVICE_WRITE);
	if (!claim_transfers(p))
		return;
	p->proof->claims[CLAIM_DEVICE_WRITE].ns = sys->ops->now_ns(sys) - start;
	ask(p, CLAIM_INTERRUPT, claim_interrupt);
	if (p->request->untranslated) {
		ask_untranslated(p);
		return;
	}
	ask(p, CLAIM_OUTSIDE, claim_outside);
	ask(p, CLAIM_PHYSICAL, claim_physical);
	ask(p, CLAIM_READ_ONLY, claim_read_only);
	ask(p, CLAIM_AFTER_UNMAP, claim_after_unmap);
	ask(p, CLAIM_TEARDOWN, claim_teardown);
}

/* The device first, then what it could reach. */
void run_end(struct proof_run *p)
{
	const struct proof_request *q = p->request;

	dma_test_end(&p->test);
	if (p->has_release)
		irq_close(&p->release);
	p->has_release = false;
	p->proof->reset = -EOPNOTSUPP;
	/* Closing a device also resets it: skip this reset when the kernel waits for the device. */
	if (q->resettable && !p->gone && !p->released)
		p->proof->reset = client_op(q->client, OP_DEVICE_RESET, q->object, q->fd,
					    VT_DEVICE_RESET, NULL);
	for (unsigned int i = 0; i < NR_AREAS; i++)
		if (p->mapped[i])
			(void)run_unmap(p, (enum area)i);
	faults_close(&p->faults);
	proof_memory_close(&p->memory);
}

int run_begin(struct proof_run *p, const struct proof_request *request, struct proof *ret,
	      struct failure **reterr)
{
	*p = (struct proof_run){
		.request = request,
		.proof = ret,
		.memory = { .client = request->client, .held = { -EBADF, -EBADF } },
	};
	*ret = (struct proof){ 0 };
	for (unsigned int i = 0; i < NR_CLAIMS; i++)
		ret->claims[i].evidence = "what comes before it failed";
	ret->has_pinned = !proof_memory_pinned(request->client, &ret->pinned_before);
	faults_open(request->client, &p->faults);
	if (p->faults.fd < 0)
		ret->faults_hidden =
			arena_printf(request->client->arena, "/dev/kmsg cannot be read (%s)",
				     errno_name(p->faults.fd));
	return prepare(p, reterr);
}

int run_check(struct proof_run *p, struct failure **reterr)
{
	if (p->released)
		return failure_set(reterr, -ECANCELED,
				   "%s: the kernel asked for the device back, and the proof let it go",
				   p->request->object);
	if (p->gone)
		return failure_set(reterr, -ENODEV, "%s: the device went away: %s",
				   p->request->object, p->test.said);
	return 0;
}

int proof_run(const struct proof_request *request, struct proof *ret, struct failure **reterr)
{
	struct proof_run p;
	int r = run_begin(&p, request, ret, reterr);

	if (!r && ret->has_pinned)
		ret->has_pinned = !proof_memory_pinned(request->client, &ret->pinned_while);
	if (!r)
		ask_all(&p);
	if (!r)
		r = run_check(&p, reterr);
	run_end(&p);
	return r;
}
