/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/proof-peer.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/proof-run.h"

/* PCI Local Bus 3.0, 6.2. */
enum {
	CONFIG_COMMAND = 0x04,
	CONFIG_BAR = 0x10,
	COMMAND_MEMORY = 1 << 1,
	BAR_IO = 1 << 0,
	BAR_TYPE = 3 << 1,
	BAR_TYPE_64 = 2 << 1,
	BAR_FLAGS = 0xf,
	PATTERN = 0x5a,
};

static const struct {
	const char *name, *title;
} claims[NR_PEER_CLAIMS] = {
#define X(id, name, title) { name, title },
	PEER_CLAIM_LIST(X)
#undef X
};

const char *peer_claim_name(enum peer_claim id)
{
	return claims[id].name;
}

const char *peer_claim_title(enum peer_claim id)
{
	return claims[id].title;
}

unsigned int proof_peer_bar(uint16_t vendor, uint16_t device)
{
	/* QEMU: docs/specs/ivshmem-spec.rst: BAR 2 is the shared memory. */
	return vendor == 0x1af4 && device == 0x1110 ? 2 : DMA_TEST_BARS;
}

/* The first page of the peer's BAR. */
struct window {
	const struct proof_peer *peer;
	struct region config, bar;
	uint64_t command; /* as it was */
	bool touched, has_bar;
	volatile uint8_t *memory;
	size_t size;
	uint8_t *before; /* what it held; arena */
	uint64_t bus;    /* its address there; 0: unknown */
};

struct ask {
	struct proof_run *run;
	struct window *window;
	struct claim *ret;
};

static void answer(const struct ask *q, enum claim_answer answer, const char *fmt, ...)
	vt_printf(3, 4);

static void answer(const struct ask *q, enum claim_answer answer, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	q->ret->evidence = arena_vprintf(q->run->request->client->arena, fmt, ap);
	va_end(ap);
	q->ret->answer = answer;
}

/* ---- the BAR ---- */

/* Memory of a device is read and written as registers are: no more than the word that is asked for. */
static void copy_in(struct window *w, const uint8_t *from)
{
	for (size_t i = 0; i < w->size; i += 4) {
		uint32_t word;

		memcpy(&word, from + i, sizeof(word));
		*(volatile uint32_t *)(volatile void *)(w->memory + i) = word;
	}
}

static void copy_out(const struct window *w, uint8_t *to)
{
	for (size_t i = 0; i < w->size; i += 4) {
		uint32_t word = *(const volatile uint32_t *)(const volatile void *)(w->memory + i);

		memcpy(to + i, &word, sizeof(word));
	}
}

static void fill(struct window *w, uint8_t *scratch)
{
	memset(scratch, PATTERN, w->size);
	copy_in(w, scratch);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* linux: drivers/vfio/pci/vfio_pci_config.c: vfio_config_init() shows the real addresses. */
static int find_bus(struct window *w)
{
	uint64_t low = 0, high = 0;
	uint64_t at = CONFIG_BAR + 4 * (uint64_t)w->peer->bar;
	int r = region_get(&w->config, at, 4, &low);

	if (!r && (low & BAR_TYPE) == BAR_TYPE_64 && w->peer->bar + 1 < DMA_TEST_BARS)
		r = region_get(&w->config, at + 4, 4, &high);
	if (!r && !(low & BAR_IO))
		w->bus = (low & ~(uint64_t)BAR_FLAGS) | high << 32;
	return r;
}

static int open_config(struct client *c, struct window *w)
{
	int r = region_open(c, w->peer->object, w->peer->fd, VT_PCI_CONFIG, &w->config);

	if (!r)
		r = region_get(&w->config, CONFIG_COMMAND, 2, &w->command);
	if (!r)
		r = find_bus(w);
	if (!r && !(w->command & COMMAND_MEMORY)) {
		w->touched = true;
		r = region_put(&w->config, CONFIG_COMMAND, 2, w->command | COMMAND_MEMORY);
	}
	return r;
}

static int open_window(struct client *c, struct window *w, struct failure **reterr)
{
	const char *object = w->peer->object;
	int r = open_config(c, w);

	if (r < 0)
		return client_failure(reterr, r, "%s: cannot let it decode its memory", object);
	r = region_open(c, object, w->peer->fd, VT_PCI_BAR0 + w->peer->bar, &w->bar);
	w->has_bar = !r;
	if (!r)
		r = region_map(&w->bar, 0, w->size, w->size);
	if (!r) {
		w->memory = region_mapped(&w->bar, 0, 8);
		if (!w->memory || !region_mapped(&w->bar, w->size - 8, 8))
			r = -ENXIO;
	}
	if (r < 0)
		return client_failure(reterr, r, "%s: cannot map a page of BAR %u", object,
				      w->peer->bar);
	w->before = arena_alloc(c->arena, w->size);
	copy_out(w, w->before);
	return 0;
}

static void close_window(struct window *w)
{
	if (w->before)
		copy_in(w, w->before);
	if (w->has_bar)
		region_close(&w->bar);
	if (w->touched)
		(void)region_put(&w->config, CONFIG_COMMAND, 2, w->command);
}

/* ---- the claims ---- */

/* New patterns everywhere, then a store to @iova. How many bytes of the BAR are other ones in *@changed, and in
 * *@rest how many of them behind what is stored. */
static int store(const struct ask *q, uint64_t iova, size_t *changed, size_t *rest)
{
	struct proof_run *p = q->run;
	uint8_t *bytes = arena_alloc(p->request->client->arena, q->window->size);
	int r;

	q->ret->has_iova = true;
	q->ret->iova = iova;
	fill(q->window, bytes);
	proof_memory_fill(&p->memory);
	faults_skip(&p->faults);
	r = run_store(p, iova);
	copy_out(q->window, bytes);
	*changed = *rest = 0;
	for (size_t i = 0; i < q->window->size; i++) {
		*changed += bytes[i] != PATTERN;
		*rest += i >= p->test.kind->transfer && bytes[i] != PATTERN;
	}
	/* New data each time is known by what it took the place of. */
	if (!p->test.kind->fresh && *changed &&
	    memcmp(bytes, p->payload, p->test.kind->transfer) != 0)
		*rest = *changed;
	return r;
}

static void ask_mapped(const struct ask *q, uint64_t iova)
{
	struct proof_run *p = q->run;
	size_t len = p->test.kind->transfer, changed, rest;
	const char *elsewhere;
	int r = store(q, iova, &changed, &rest);

	elsewhere = proof_memory_changed(&p->memory);
	if (elsewhere)
		answer(q, CLAIM_NO, "told to write to %#llx: %s", (unsigned long long)iova,
		       elsewhere);
	else if (rest)
		answer(q, CLAIM_NO,
		       "told to write %zu bytes to %#llx: %zu other bytes of BAR %u changed", len,
		       (unsigned long long)iova, rest, q->window->peer->bar);
	else if (!changed)
		answer(q, run_was_told(r) ? CLAIM_NO : CLAIM_UNKNOWN,
		       "told to write to %#llx, where BAR %u is mapped: it does not arrive (%s)",
		       (unsigned long long)iova, q->window->peer->bar, p->test.said);
	else
		answer(q, CLAIM_YES, "%zu bytes arrived in BAR %u, which was mapped at %#llx", len,
		       q->window->peer->bar, (unsigned long long)iova);
}

/* @words: what the address is. */
static void ask_out_of_reach(const struct ask *q, uint64_t iova, const char *words)
{
	struct proof_run *p = q->run;
	size_t changed, rest;
	const char *elsewhere;
	int r = store(q, iova, &changed, &rest);

	elsewhere = proof_memory_changed(&p->memory);
	if (changed)
		answer(q, CLAIM_NO, "told to write to %#llx, %s: %zu bytes of it changed",
		       (unsigned long long)iova, words, changed);
	else if (elsewhere)
		answer(q, CLAIM_NO, "told to write to %#llx: %s", (unsigned long long)iova,
		       elsewhere);
	else if (!run_was_told(r))
		answer(q, CLAIM_UNKNOWN, "the request to write to %#llx failed: %s",
		       (unsigned long long)iova, p->test.said);
	else {
		q->ret->fault =
			faults_wait(&p->faults, iova, p->test.kind->transfer, FAULT_TIMEOUT_MS);
		answer(q, CLAIM_YES, "told to write to %#llx, %s: none of %zu bytes changed (%s)",
		       (unsigned long long)iova, words,
		       q->window->size + proof_memory_compared(&p->memory), p->test.said);
	}
}

/* Where it is mapped, and there once more after that. */
static void ask_mapping(struct proof_run *p, struct window *w, struct claim *ret)
{
	uint64_t iova = p->iova[AREA_BEHIND], unmapped = 0;
	struct ask q = { p, w, &ret[PEER_MAPPED] };
	int r = space_map(p->request->space, iova, (const void *)w->memory, p->page,
			  VT_MAP_READ | VT_MAP_WRITE);

	if (r < 0) {
		for (unsigned int i = PEER_MAPPED; i <= PEER_UNMAPPED; i++) {
			q.ret = &ret[i];
			answer(&q, CLAIM_UNTRIED, "the kernel does not map a BAR on path %s (%s)",
			       path_kind_name(p->request->space->path), errno_name(r));
		}
		return;
	}
	ask_mapped(&q, iova);
	r = space_unmap(p->request->space, iova, p->page, &unmapped);
	q.ret = &ret[PEER_UNMAPPED];
	if (r < 0 || unmapped != p->page)
		answer(&q, CLAIM_UNKNOWN, "the kernel does not unmap it (%s)", errno_name(r));
	else if (ret[PEER_MAPPED].answer != CLAIM_YES)
		answer(&q, CLAIM_UNKNOWN, "this would tell nothing: it is not reached when mapped");
	else
		ask_out_of_reach(&q, iova, "where it was mapped before");
}

/* Past the IOMMU, as switches without ACS let it through. Behind one that translates, the address is one that was
 * never mapped. */
static void ask_bus(struct proof_run *p, struct window *w, struct claim *ret)
{
	const struct ask q = { p, w, ret };
	unsigned int bits = p->address_bits;

	if (!w->bus || w->bus % p->page)
		answer(&q, CLAIM_UNTRIED, "its address on the bus is not known");
	else if (bits < 64 && w->bus >> bits)
		answer(&q, CLAIM_UNTRIED,
		       "%#llx lies beyond the %u address bits of %s; if it has more, pass them with --address-bits",
		       (unsigned long long)w->bus, bits, p->request->object);
	else if (w->bus >= p->iova[AREA_FRONT] &&
		 w->bus - p->iova[AREA_FRONT] < NR_AREAS * (uint64_t)p->page)
		answer(&q, CLAIM_UNTRIED, "memory of the proof is mapped at the same address");
	else
		ask_out_of_reach(&q, w->bus, "its address on the bus");
}

static void ask_all(struct proof_run *p, struct window *w, struct claim *ret)
{
	struct sys *sys = p->request->client->sys;
	uint64_t start = sys->ops->now_ns(sys), middle;

	if (!claim_transfers(p)) {
		for (unsigned int i = 0; i < NR_PEER_CLAIMS; i++)
			ret[i] = (struct claim){
				.answer = CLAIM_UNKNOWN,
				.evidence =
					arena_printf(p->request->client->arena,
						     "%s does not move data as told: %s",
						     p->request->object,
						     p->proof->claims[CLAIM_DEVICE_WRITE].evidence),
			};
		return;
	}
	ask_mapping(p, w, ret);
	middle = sys->ops->now_ns(sys);
	ret[PEER_MAPPED].ns = middle - start;
	if (!p->gone && !p->released)
		ask_bus(p, w, &ret[PEER_BUS]);
	ret[PEER_BUS].ns = sys->ops->now_ns(sys) - middle;
}

int proof_peer(const struct proof_request *request, const struct proof_peer *peer,
	       struct claim ret[NR_PEER_CLAIMS], struct failure **reterr)
{
	struct window w = { .peer = peer };
	struct proof_run run;
	struct proof proof;
	int r = run_begin(&run, request, &proof, reterr);

	for (unsigned int i = 0; i < NR_PEER_CLAIMS; i++)
		ret[i] = (struct claim){ .evidence = "what comes before it failed" };
	w.size = run.page;
	if (!r)
		r = open_window(request->client, &w, reterr);
	if (!r)
		ask_all(&run, &w, ret);
	if (!r)
		r = run_check(&run, reterr);
	/* The device is silent before the BAR gets back what it held. */
	run_end(&run);
	close_window(&w);
	return r;
}
