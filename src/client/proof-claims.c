/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The claims of a proof: what the device is asked to do, and what memory looks like afterwards. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/irq.h"
#include "client/pagemap.h"
#include "client/proof-run.h"

static size_t transfer_size(const struct proof_run *p)
{
	return p->test.kind->transfer;
}

/* Data that is new each time is known by what it took the place of: few bytes are equal by chance. */
bool run_arrived(const struct proof_run *p, const struct proof_memory *m, enum area area)
{
	const uint8_t *is = proof_memory_at(m, area);
	const uint8_t *was = proof_memory_expected(m, area);
	size_t len = transfer_size(p), other = 0;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!p->test.kind->fresh)
		return !memcmp(is, p->payload, len);
	for (size_t i = 0; i < len; i++)
		other += is[i] != was[i];
	return other >= len - len / 4;
}

static bool arrived(const struct proof_run *p, enum area area)
{
	return run_arrived(p, &p->memory, area);
}

/* ---- what is mapped ---- */

/* A device that does not obey proves nothing about what it could reach. */
static bool failed(struct proof_run *p, const char *what, int r)
{
	if (r < 0)
		run_answer(p, CLAIM_DEVICE_WRITE, CLAIM_UNKNOWN, "told to %s: %s", what,
			   p->test.said);
	return r < 0;
}

static void answer_bounds(struct proof_run *p, bool wrote)
{
	const char *changed = proof_memory_changed(&p->memory);

	if (changed)
		run_answer(p, CLAIM_BOUNDS, CLAIM_NO, "told to write %zu bytes to the target: %s",
			   transfer_size(p), changed);
	else if (!wrote)
		run_answer(p, CLAIM_BOUNDS, CLAIM_UNKNOWN,
			   "none of %zu bytes has changed, but the device did not write as requested either",
			   proof_memory_compared(&p->memory));
	else
		run_answer(p, CLAIM_BOUNDS, CLAIM_YES,
			   "of %zu bytes around and in its pages only the %zu meant have changed",
			   proof_memory_compared(&p->memory), transfer_size(p));
}

/* A device that keeps what it reads: from the source to itself, from itself to the target. */
static bool transfer_through(struct proof_run *p)
{
	size_t len = transfer_size(p), same = 0;
	const uint8_t *target = proof_memory_at(&p->memory, AREA_TARGET);
	int r;

	p->payload = arena_memdup(p->request->client->arena,
				  proof_memory_expected(&p->memory, AREA_SOURCE), len);
	r = run_load(p, p->iova[AREA_SOURCE]);
	if (failed(p, "read", r))
		return false;
	r = run_store(p, p->iova[AREA_TARGET]);
	if (failed(p, "write", r))
		return false;
	if (!arrived(p, AREA_TARGET)) {
		for (size_t i = 0; i < len; i++)
			same += target[i] == p->payload[i];
		run_answer(p, CLAIM_DEVICE_WRITE, CLAIM_NO,
			   "of %zu bytes from %#llx only %zu arrived as they were at %#llx", len,
			   (unsigned long long)p->iova[AREA_SOURCE], same,
			   (unsigned long long)p->iova[AREA_TARGET]);
		return false;
	}
	run_answer(p, CLAIM_DEVICE_READ, CLAIM_YES,
		   "it read %zu bytes at %#llx, and what it wrote afterwards is the same", len,
		   (unsigned long long)p->iova[AREA_SOURCE]);
	run_answer(p, CLAIM_DEVICE_WRITE, CLAIM_YES,
		   "%zu bytes of a fresh pattern arrived at %#llx, each as it should be", len,
		   (unsigned long long)p->iova[AREA_TARGET]);
	return true;
}

/* A device that writes data about itself: it must write the same data twice, over two different patterns. One
 * whose data is fresh must replace both patterns. */
static bool transfer_twice(struct proof_run *p)
{
	size_t len = transfer_size(p);
	uint8_t *target = proof_memory_at(&p->memory, AREA_TARGET);
	const char *words;
	int r = run_store(p, p->iova[AREA_TARGET]);

	if (failed(p, "write", r))
		return false;
	words = p->test.said;
	if (p->test.kind->fresh ? !arrived(p, AREA_TARGET)
				: !p->test.kind->verify(&p->test, target)) {
		run_answer(p, CLAIM_DEVICE_WRITE, CLAIM_NO,
			   "it says that it wrote, and what is at %#llx is not of it: %s",
			   (unsigned long long)p->iova[AREA_TARGET], p->test.said);
		return false;
	}
	run_answer(p, CLAIM_DEVICE_READ, CLAIM_YES,
		   "it fetched the command from its queue at %#llx and answered to its number: %s",
		   (unsigned long long)p->iova[AREA_OWN], words);
	words = p->test.said;
	p->payload = arena_memdup(p->request->client->arena, target, len);
	proof_memory_fill(&p->memory);
	r = run_store(p, p->iova[AREA_TARGET]);
	if (failed(p, "write once more", r))
		return false;
	if (!arrived(p, AREA_TARGET)) {
		run_answer(p, CLAIM_DEVICE_WRITE, CLAIM_NO,
			   "asked twice, it did not write the %zu bytes to %#llx again", len,
			   (unsigned long long)p->iova[AREA_TARGET]);
		return false;
	}
	run_answer(p, CLAIM_DEVICE_WRITE, CLAIM_YES,
		   "%zu bytes arrived at %#llx, %s over two patterns; %s", len,
		   (unsigned long long)p->iova[AREA_TARGET],
		   p->test.kind->fresh ? "new ones" : "the same ones", words);
	return true;
}

bool claim_transfers(struct proof_run *p)
{
	static const enum claim_id both[] = { CLAIM_DEVICE_READ, CLAIM_DEVICE_WRITE };
	bool good = p->test.kind->load ? transfer_through(p) : transfer_twice(p);

	p->proof->claims[both[0]].has_iova = p->proof->claims[both[1]].has_iova = true;
	p->proof->claims[CLAIM_DEVICE_READ].iova =
		p->iova[p->test.kind->load ? AREA_SOURCE : AREA_OWN];
	p->proof->claims[CLAIM_DEVICE_WRITE].iova = p->iova[AREA_TARGET];
	/* This claim is about the target only; the other areas are another question. */
	proof_memory_accept(&p->memory, AREA_TARGET, transfer_size(p));
	if (!p->gone && !p->released)
		answer_bounds(p, good);
	return good;
}

/* ---- what is not ---- */

/* Asks the device to write to @iova, which must be out of its reach, and checks all memory. True when it
 * was, with the observation in *@ret; else the claim is answered. */
static bool out_of_reach(struct proof_run *p, enum claim_id id, uint64_t iova, const char **ret)
{
	struct claim *c = &p->proof->claims[id];
	const char *changed;
	int r;

	c->has_iova = true;
	c->iova = iova;
	proof_memory_fill(&p->memory);
	faults_skip(&p->faults);
	r = run_store(p, iova);
	changed = proof_memory_changed(&p->memory);
	if (changed) {
		run_answer(p, id, CLAIM_NO, "told to write to %#llx: %s", (unsigned long long)iova,
			   changed);
		return false;
	}
	if (!run_was_told(r)) {
		run_answer(p, id, CLAIM_UNKNOWN, "the request to write to %#llx failed: %s",
			   (unsigned long long)iova, p->test.said);
		return false;
	}
	c->fault = faults_wait(&p->faults, iova, transfer_size(p), FAULT_TIMEOUT_MS);
	*ret = arena_printf(p->request->client->arena,
			    "told to write to %#llx: none of %zu bytes changed (%s)",
			    (unsigned long long)iova, proof_memory_compared(&p->memory),
			    p->test.said);
	return true;
}

/* The counterpart: maps @area at @iova for a moment and asks the device for the same write. NULL when the
 * bytes arrive there, else what happened instead. */
static const char *reaches(struct proof_run *p, enum area area, uint64_t iova)
{
	struct arena *a = p->request->client->arena;
	uint64_t place = p->iova[area];
	const char *ret = NULL;
	int r;

	if (p->mapped[area])
		return "an earlier mapping of its counterpart cannot be taken away";
	proof_memory_fill(&p->memory);
	p->iova[area] = iova;
	r = run_map(p, area, VT_MAP_READ | VT_MAP_WRITE);
	if (r < 0) {
		p->iova[area] = place;
		return arena_printf(a, "it cannot be mapped (%s)", errno_name(r));
	}
	r = run_store(p, iova);
	if (!arrived(p, area))
		ret = arena_printf(a, "mapped, it is not reached either (%s)", p->test.said);
	else if (r < 0)
		ret = arena_printf(a, "mapped, it is reached, but %s", p->test.said);
	r = run_unmap(p, area);
	/* The end of the proof tries once more to unmap what stays mapped. */
	if (r < 0)
		return arena_printf(a, "it cannot be unmapped again (%s)", errno_name(r));
	p->iova[area] = place;
	return ret;
}

/* @seen, and that the device reaches the same address when it is mapped: without that it proves nothing. */
static void answer_with_counterpart(struct proof_run *p, enum claim_id id, const char *seen,
				    const char *missed)
{
	if (missed)
		run_answer(p, id, CLAIM_UNKNOWN, "%s; but this tells nothing: %s", seen, missed);
	else
		run_answer(p, id, CLAIM_YES, "%s; mapped, the same address is reached", seen);
}

void claim_outside(struct proof_run *p)
{
	const char *seen;

	if (out_of_reach(p, CLAIM_OUTSIDE, p->iova[AREA_BEHIND], &seen))
		answer_with_counterpart(p, CLAIM_OUTSIDE, seen,
					reaches(p, AREA_BEHIND, p->iova[AREA_BEHIND]));
}

/* ---- physical addresses ---- */

/* Not asked, because a permission or a suitable address is missing; else something failed. */
static void untried(struct proof_run *p, enum claim_id id, const char *what, int r)
{
	bool plain =
		r == -EPERM || r == -EACCES || r == -ERANGE || r == -EINVAL || r == -EOPNOTSUPP;

	run_answer(p, id, plain ? CLAIM_UNTRIED : CLAIM_UNKNOWN, "%s: %s", what,
		   r == -EPERM ? "the kernel hides it from who lacks CAP_SYS_ADMIN" : strerror(-r));
}

/* The counterpart comes first and shows a device that cuts addresses short: the address reaches the page
 * behind the buffer when that is mapped there. */
static void try_physical(struct proof_run *p, uint64_t address)
{
	const uint8_t *canary = proof_memory_at(&p->memory, AREA_CANARY);
	struct client *c = p->request->client;
	const char *seen, *missed = reaches(p, AREA_BEHIND, address);
	uint64_t after;
	int r;

	if (missed) {
		run_answer(p, CLAIM_PHYSICAL, CLAIM_UNTRIED,
			   "the canary lies at %#llx, which tells nothing here: %s",
			   (unsigned long long)address, missed);
		return;
	}
	if (!out_of_reach(p, CLAIM_PHYSICAL, address, &seen))
		return;
	r = pagemap_physical(c, canary, p->request->page_size, &after);
	if (r < 0 || after != address)
		run_answer(p, CLAIM_PHYSICAL, CLAIM_UNKNOWN,
			   "the canary moved away before the device wrote to it");
	else
		run_answer(p, CLAIM_PHYSICAL, CLAIM_YES,
			   "%s; the canary lies there in memory, and the same address is reached when mapped",
			   seen);
}

void claim_physical(struct proof_run *p)
{
	struct client *c = p->request->client;
	uint64_t address = 0;
	int r;

	/* Mapped for reading, at its own place, it stays where it is. */
	r = run_map(p, AREA_CANARY, VT_MAP_READ);
	if (r < 0) {
		untried(p, CLAIM_PHYSICAL, "the canary cannot be mapped", r);
		return;
	}
	r = pagemap_physical(c, proof_memory_at(&p->memory, AREA_CANARY), p->request->page_size,
			     &address);
	if (!r && address % p->page)
		r = -ERANGE;
	if (r < 0)
		untried(p, CLAIM_PHYSICAL, "where the canary lies in memory", r);
	else
		try_physical(p, address);
	(void)run_unmap(p, AREA_CANARY);
}

void claim_physical_untranslated(struct proof_run *p)
{
	const char *seen;

	if (out_of_reach(p, CLAIM_PHYSICAL, p->iova[AREA_CANARY], &seen))
		run_answer(p, CLAIM_PHYSICAL, CLAIM_UNKNOWN,
			   "%s; without an IOMMU it should have: something else stops the device",
			   seen);
}

/* ---- permissions, and the end of a mapping ---- */

void claim_read_only(struct proof_run *p)
{
	const char *seen = NULL, *missed;
	bool stopped;
	int r = run_map(p, AREA_SEALED, VT_MAP_READ);

	if (r < 0) {
		run_answer(p, CLAIM_READ_ONLY, CLAIM_UNTRIED,
			   "the kernel refuses a mapping for reading (%s)", errno_name(r));
		return;
	}
	stopped = out_of_reach(p, CLAIM_READ_ONLY, p->iova[AREA_SEALED], &seen);
	r = run_unmap(p, AREA_SEALED);
	if (!stopped)
		return;
	missed = r < 0 ? "its mapping cannot be taken away"
		       : reaches(p, AREA_SEALED, p->iova[AREA_SEALED]);
	if (missed)
		run_answer(p, CLAIM_READ_ONLY, CLAIM_UNKNOWN, "%s; but this tells nothing: %s",
			   seen, missed);
	else
		run_answer(p, CLAIM_READ_ONLY, CLAIM_YES,
			   "%s; mapped for writing, the same address is written", seen);
}

/* A device that keeps what it reads must not get at the page either. */
static bool still_read(struct proof_run *p)
{
	size_t len = transfer_size(p);

	proof_memory_fill(&p->memory);
	if (!run_was_told(run_load(p, p->iova[AREA_TARGET])) ||
	    !run_was_told(run_store(p, p->iova[AREA_SOURCE])))
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !memcmp(proof_memory_at(&p->memory, AREA_SOURCE),
		       proof_memory_expected(&p->memory, AREA_TARGET), len);
}

void claim_after_unmap(struct proof_run *p)
{
	const char *seen = NULL;
	int r = run_unmap(p, AREA_TARGET);

	if (r < 0) {
		run_answer(p, CLAIM_AFTER_UNMAP, CLAIM_UNKNOWN, "the kernel does not unmap (%s)",
			   errno_name(r));
		return;
	}
	if (!out_of_reach(p, CLAIM_AFTER_UNMAP, p->iova[AREA_TARGET], &seen))
		return;
	if (p->test.kind->load && still_read(p))
		run_answer(p, CLAIM_AFTER_UNMAP, CLAIM_NO,
			   "the device still reads the page that was mapped at %#llx",
			   (unsigned long long)p->iova[AREA_TARGET]);
	else
		run_answer(p, CLAIM_AFTER_UNMAP, CLAIM_YES, "%s; before, the device wrote there%s",
			   seen, p->test.kind->load ? "; nor is it read any more" : "");
}

/* What is pinned afterwards, in words. */
static const char *pinned_words(struct proof_run *p, bool *back)
{
	struct client *c = p->request->client;
	struct proof *proof = p->proof;

	*back = true;
	if (proof->has_pinned)
		proof->has_pinned = !proof_memory_pinned(c, &proof->pinned_after);
	if (!proof->has_pinned)
		return "what is pinned cannot be read";
	*back = proof->pinned_after <= proof->pinned_before;
	if (proof->pinned_while == proof->pinned_before)
		return "the kernel does not count what it pins for this process";
	return arena_printf(c->arena, "pinned: %llu KiB before, %llu while mapped, %llu now",
			    (unsigned long long)proof->pinned_before / 1024,
			    (unsigned long long)proof->pinned_while / 1024,
			    (unsigned long long)proof->pinned_after / 1024);
}

void claim_teardown(struct proof_run *p)
{
	size_t own = (p->test.own_pages > 1 ? p->test.own_pages - 1 : 0) * p->page;
	uint8_t *queues = proof_memory_at(&p->memory, AREA_OWN), *before;
	const char *seen = NULL, *pinned;
	bool back;
	int r = 0;

	/* Set up before, as it would not get far after. */
	if (p->stale)
		r = p->test.kind->init(&p->test, NULL);
	p->stale = r < 0;
	p->gone |= r == -ENODEV;
	if (r < 0) {
		run_answer(p, CLAIM_TEARDOWN, CLAIM_UNKNOWN,
			   "the device could not be set up again: %s", p->test.said);
		return;
	}
	for (unsigned int i = 0; !r && i < NR_AREAS; i++)
		if (p->mapped[i])
			r = run_unmap(p, (enum area)i);
	if (r < 0) {
		run_answer(p, CLAIM_TEARDOWN, CLAIM_UNKNOWN, "the kernel does not unmap (%s)",
			   errno_name(r));
		return;
	}
	/* The pages that the device answers to, behind the one it is asked by. */
	before = arena_memdup(p->request->client->arena, queues + p->page, own);
	if (!out_of_reach(p, CLAIM_TEARDOWN, p->iova[AREA_SOURCE], &seen))
		return;
	pinned = pinned_words(p, &back);
	if (memcmp(before, queues + p->page, own))
		run_answer(p, CLAIM_TEARDOWN, CLAIM_NO,
			   "the device still answers into its queue at %#llx",
			   (unsigned long long)p->iova[AREA_OWN + 1]);
	else
		run_answer(p, CLAIM_TEARDOWN, back ? CLAIM_YES : CLAIM_NO, "%s; %s", seen, pinned);
}

/* ---- interrupts ---- */

enum { INTERRUPT_TIMEOUT_MS = 5000 };

/* First one interrupt by the kernel's loopback: if none arrives afterwards, the device is the cause. */
static void raise_and_wait(struct proof_run *p, struct irq *irq)
{
	const char *name = irq_index_name(irq->index);
	bool looped =
		!irq_trigger(irq, 0, 1) && !irq_wait(irq, 0, 1, 1, INTERRUPT_TIMEOUT_MS, -EBADF);
	uint64_t before = irq->vectors[0].count;
	const char *loop = looped ? "so does the kernel's own (loopback)"
				  : "the kernel's own (loopback) does not";
	int r;

	/* Some devices raise none when they were set up before their vectors: QEMU's NVMe. */
	r = p->test.kind->init(&p->test, NULL);
	if (!r)
		r = p->test.kind->interrupt(&p->test, p->iova[AREA_TARGET]);
	p->stale = r < 0;
	p->gone |= r == -ENODEV;
	if (r < 0) {
		run_answer(p, CLAIM_INTERRUPT, CLAIM_UNKNOWN, "the request to raise one failed: %s",
			   p->test.said);
		return;
	}
	r = irq_wait(irq, 0, 1, before + 1, INTERRUPT_TIMEOUT_MS, -EBADF);
	if (!r)
		run_answer(p, CLAIM_INTERRUPT, CLAIM_YES, "%s vector 0 arrives; %s", name, loop);
	else if (r == -ETIMEDOUT)
		run_answer(p, CLAIM_INTERRUPT, looped ? CLAIM_NO : CLAIM_UNKNOWN,
			   "%s vector 0 did not arrive within %u ms; %s", name,
			   INTERRUPT_TIMEOUT_MS, loop);
	else
		run_answer(p, CLAIM_INTERRUPT, CLAIM_UNKNOWN,
			   "%s vector 0 cannot be waited for: %s", name, strerror(-r));
	if (p->test.kind->acknowledge)
		p->test.kind->acknowledge(&p->test);
}

void claim_interrupt(struct proof_run *p)
{
	const struct proof_request *q = p->request;
	const uint32_t kinds[] = { q->driver->irq_index, VT_PCI_MSIX, VT_PCI_MSI, VT_PCI_INTX };
	struct irq_info info = { 0 };
	uint32_t index = kinds[0];
	struct irq irq;
	int r;

	for (size_t i = 0; !info.count && i < ARRAY_SIZE(kinds); i++) {
		index = kinds[i];
		if (device_irq_get(q->client, q->object, q->fd, index, &info) < 0)
			info.count = 0;
	}
	if (!info.count) {
		run_answer(p, CLAIM_INTERRUPT, CLAIM_UNTRIED, "the device has no interrupt");
		return;
	}
	if (index == VT_PCI_INTX)
		(void)dma_test_let_intx(&p->test, true);
	r = irq_open(q->client, q->object, q->fd, index, 1, &irq);
	if (r)
		run_answer(p, CLAIM_INTERRUPT, CLAIM_UNKNOWN, "the kernel gives no %s vector: %s",
			   irq_index_name(index), r < 0 ? strerror(-r) : "there is none left");
	else
		raise_and_wait(p, &irq);
	irq_close(&irq);
	(void)dma_test_let_intx(&p->test, false);
}
