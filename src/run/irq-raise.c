/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An interrupt that the device raises, instructed by a DMA test driver. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"
#include "run/irq.h"

/* The work area of the DMA test driver, in memory that the device reaches. */
struct pages {
	void *memory;
	uint64_t iova, size; /* bytes */
	bool mapped;
};

/* @size bytes in a range, not at its very start, that a device with @bits address bits drives. */
static int choose_iova(const struct space_info *info, uint64_t size, unsigned int bits,
		       uint64_t *ret)
{
	static const uint64_t low = UINT64_C(1) << 20;
	uint64_t last = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
	uint64_t unit = info->alignment ? info->alignment : 1;

	for (size_t i = 0; i < info->nr_ranges; i++) {
		const struct space_range *r = &info->ranges[i];
		uint64_t start = r->start < low ? low : r->start;
		uint64_t end = r->last < last ? r->last : last;

		if (start % unit && __builtin_add_overflow(start, unit - start % unit, &start))
			continue;
		if (start <= end && end - start >= size - 1) {
			*ret = start;
			return 0;
		}
	}
	return -ENOSPC;
}

static int map_pages(const struct irq_work *w, struct dma_test *x, struct pages *p)
{
	struct attachment *at = &w->ac->attachment;
	struct sys *sys = w->ac->client.sys;
	size_t page = w->ac->request.page_size;
	int r;

	/* The last one is for what a transfer brings. */
	p->size = (x->own_pages + 1) * (uint64_t)page;
	r = choose_iova(&at->info, p->size, x->kind->address_bits, &p->iova);
	if (!r)
		r = sys->ops->mmap(sys, p->size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, &p->memory);
	if (r < 0)
		return r;
	r = space_map(&at->space, p->iova, p->memory, p->size, VT_MAP_READ | VT_MAP_WRITE);
	p->mapped = !r;
	for (unsigned int i = 0; i < x->own_pages; i++)
		x->own[i] = (struct dma_test_page){ (uint8_t *)p->memory + i * page,
						    p->iova + i * page };
	return r;
}

static void unmap_pages(const struct irq_work *w, struct pages *p)
{
	struct sys *sys = w->ac->client.sys;

	if (p->mapped)
		(void)space_unmap(&w->ac->attachment.space, p->iova, p->size, NULL);
	if (p->memory)
		sys->ops->munmap(sys, p->memory, p->size);
}

/* Instructs the device and waits for its interrupt. */
static int raise_and_wait(const struct irq_work *w, struct dma_test *x, struct irq *irq,
			  uint64_t scratch, struct irq_raised_row *ret)
{
	struct sys *sys = w->ac->client.sys;
	uint64_t before, start;
	int r = irq_collect(irq);

	if (r < 0)
		return r;
	before = irq->vectors[0].count;
	start = sys->ops->now_ns(sys);
	r = x->kind->interrupt(x, scratch);
	if (r < 0) {
		ret->because =
			arena_printf(w->ac->arena, "instructing the device failed: %s", x->said);
		return r;
	}
	ret->raised = true;
	r = irq_wait(irq, 0, 1, before + 1, w->timeout_ms, w->release);
	if (x->kind->acknowledge)
		x->kind->acknowledge(x);
	/* INTx was masked when it came. */
	if (irq->index == VT_PCI_INTX)
		(void)irq_unmask(irq);
	if (r < 0) {
		ret->because = r == -ETIMEDOUT
				       ? arena_printf(w->ac->arena, "nothing arrived within %u ms",
						      w->timeout_ms)
				       : strerror(-r);
		return r;
	}
	ret->arrived = true;
	ret->latency_ns = irq->vectors[0].arrived_ns - start;
	return 0;
}

void irq_raise_by_device(const struct irq_work *w, struct irq *irq, struct irq_raised_row *ret)
{
	const struct device *dev = w->dev;
	const struct dma_driver *e =
		dev->has_ids ? dma_driver_find(dev->vendor, dev->device_id, dev->class_code) : NULL;
	struct dma_test x = {
		.client = &w->ac->client,
		.kind = e,
		.object = w->device->target->name,
		.fd = w->device->fd,
		.page_size = w->ac->request.page_size,
		.intx = irq->index == VT_PCI_INTX,
	};
	struct failure *failure = NULL;
	struct pages pages = { 0 };
	int r = 0;

	*ret = (struct irq_raised_row){ .driver = e ? e->name : NULL };
	if (!e) {
		ret->because = "there is no DMA test driver for this device";
		return;
	}
	if (e->own_pages && !w->ac->attachment.info.nr_ranges) {
		ret->because = "this path cannot map memory for it";
		return;
	}
	r = dma_test_begin(&x, &failure);
	if (!r && x.own_pages) {
		r = map_pages(w, &x, &pages);
		if (r < 0)
			ret->because = arena_printf(w->ac->arena, "cannot map memory for it: %s",
						    strerror(-r));
	}
	if (!r)
		r = dma_test_start(&x, &failure);
	if (!r)
		r = raise_and_wait(w, &x, irq, pages.iova + x.own_pages * x.page_size, ret);
	dma_test_end(&x);
	unmap_pages(w, &pages);
	if (r < 0 && failure)
		ret->because = arena_strdup(w->ac->arena, failure->text);
	failure_free(failure);
}
