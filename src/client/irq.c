/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/irq.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"

const char *irq_index_name(uint32_t index)
{
	static const char *const names[VT_PCI_NR_IRQS] = {
		[VT_PCI_INTX] = "intx", [VT_PCI_MSI] = "msi", [VT_PCI_MSIX] = "msix",
		[VT_PCI_ERR] = "err",   [VT_PCI_REQ] = "req",
	};

	return index < ARRAY_SIZE(names) ? names[index] : NULL;
}

static bool is_single(const struct irq *irq)
{
	return irq->index == VT_PCI_ERR || irq->index == VT_PCI_REQ;
}

/* One SET_IRQS for @count vectors from @start on, with @size bytes of @data behind the header. */
static int set_irqs(struct irq *irq, uint32_t flags, size_t start, size_t count, const void *data,
		    size_t size)
{
	size_t len = sizeof(struct vt_irq_set) + size;
	struct vt_irq_set *set = arena_alloc(irq->client->arena, len);

	*set = (struct vt_irq_set){
		.argsz = (uint32_t)len,
		.flags = flags,
		.index = irq->index,
		.start = (uint32_t)start,
		.count = (uint32_t)count,
	};
	if (size)
		memcpy(set + 1, data, size);
	return client_op(irq->client, OP_DEVICE_SET_IRQS, irq->object, irq->fd, VT_DEVICE_SET_IRQS,
			 set);
}

static int open_eventfds(struct irq *irq, size_t nr)
{
	struct sys *sys = irq->client->sys;

	irq->vectors = arena_array(irq->client->arena, nr, sizeof(*irq->vectors));
	irq->polled = arena_array(irq->client->arena, nr + 1, sizeof(*irq->polled));
	for (size_t i = 0; i < nr; i++) {
		int fd = sys->ops->eventfd(sys);

		if (fd < 0)
			return fd;
		irq->vectors[irq->nr_vectors++] = (struct irq_vector){ .eventfd = fd };
	}
	return 0;
}

int irq_open(struct client *c, const char *object, int fd, uint32_t index, size_t nr,
	     struct irq *ret)
{
	int32_t *fds;
	int r;

	*ret = (struct irq){ .client = c, .object = object, .fd = fd, .index = index };
	if (nr > IRQ_VECTORS_MAX)
		return -E2BIG;
	r = open_eventfds(ret, nr);
	if (r < 0) {
		irq_close(ret);
		return r;
	}
	fds = arena_array(c->arena, nr, sizeof(*fds));
	for (size_t i = 0; i < nr; i++)
		fds[i] = ret->vectors[i].eventfd;
	r = set_irqs(ret, VT_IRQ_SET_DATA_EVENTFD | VT_IRQ_SET_ACTION_TRIGGER, 0, nr, fds,
		     nr * sizeof(*fds));
	if (r)
		irq_close(ret);
	else
		ret->active = true;
	return r;
}

void irq_close(struct irq *irq)
{
	static const int32_t none = -1;

	/* The device may be gone, and then there is nothing to release: the outcome shows that. */
	if (irq->active && is_single(irq))
		set_irqs(irq, VT_IRQ_SET_DATA_EVENTFD | VT_IRQ_SET_ACTION_TRIGGER, 0, 1, &none,
			 sizeof(none));
	else if (irq->active)
		set_irqs(irq, VT_IRQ_SET_DATA_NONE | VT_IRQ_SET_ACTION_TRIGGER, 0, 0, NULL, 0);
	irq->active = false;
	for (size_t i = irq->nr_vectors; i--;)
		client_close(irq->client, &irq->vectors[i].eventfd);
	irq->nr_vectors = 0;
}

int irq_unmask(struct irq *irq)
{
	return set_irqs(irq, VT_IRQ_SET_DATA_NONE | VT_IRQ_SET_ACTION_UNMASK, 0, 1, NULL, 0);
}

int irq_trigger(struct irq *irq, size_t first, size_t nr)
{
	return set_irqs(irq, VT_IRQ_SET_DATA_NONE | VT_IRQ_SET_ACTION_TRIGGER, first, nr, NULL, 0);
}

static int collect_one(struct irq *irq, struct irq_vector *v, uint64_t now)
{
	struct sys *sys = irq->client->sys;
	uint64_t count;
	ssize_t n;

	do
		n = sys->ops->read(sys, v->eventfd, &count, sizeof(count));
	while (n == -EINTR);
	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return (int)n;
	if ((size_t)n != sizeof(count))
		return -EIO;
	v->count += count;
	v->arrived_ns = now;
	return 0;
}

int irq_collect(struct irq *irq)
{
	struct sys *sys = irq->client->sys;
	uint64_t now = sys->ops->now_ns(sys);

	for (size_t i = 0; i < irq->nr_vectors; i++) {
		int r = collect_one(irq, &irq->vectors[i], now);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool have_all(const struct irq *irq, size_t first, size_t nr, uint64_t want)
{
	for (size_t i = first; i < first + nr; i++)
		if (irq->vectors[i].count < want)
			return false;
	return true;
}

/* Reads what poll() found. @polled has an entry for each vector and one for the release. */
static int take(struct irq *irq, const struct pollfd *polled)
{
	struct sys *sys = irq->client->sys;
	uint64_t now = sys->ops->now_ns(sys);

	for (size_t i = 0; i < irq->nr_vectors; i++) {
		int r = polled[i].revents ? collect_one(irq, &irq->vectors[i], now) : 0;

		if (r < 0)
			return r;
	}
	return polled[irq->nr_vectors].revents ? -ECANCELED : 0;
}

int irq_wait(struct irq *irq, size_t first, size_t nr, uint64_t want, unsigned int timeout_ms,
	     int release)
{
	struct sys *sys = irq->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + timeout_ms * UINT64_C(1000000);
	struct pollfd *polled = irq->polled;

	if (first > irq->nr_vectors || nr > irq->nr_vectors - first)
		return -ERANGE;
	for (size_t i = 0; i < irq->nr_vectors; i++)
		polled[i] = (struct pollfd){ .fd = irq->vectors[i].eventfd, .events = POLLIN };
	polled[irq->nr_vectors] = (struct pollfd){ .fd = release, .events = POLLIN };
	while (!have_all(irq, first, nr, want)) {
		uint64_t now = sys->ops->now_ns(sys), left_ms;
		int r;

		if (now >= end)
			return -ETIMEDOUT;
		left_ms = (end - now + 999999) / 1000000;
		r = sys->ops->poll(sys, polled, irq->nr_vectors + 1,
				   left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (r < 0 && r != -EINTR)
			return r;
		r = r > 0 ? take(irq, polled) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

uint64_t irq_total(const struct irq *irq)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < irq->nr_vectors; i++)
		ret += irq->vectors[i].count;
	return ret;
}
