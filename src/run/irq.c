/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/irq.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/region.h"
#include "model/intx.h"

enum {
	FILES_SPARE = 64, /* descriptors beside the eventfds */
	COMMAND = 0x04,   /* of the configuration space */
	COMMAND_DISABLE_INTX = 1 << 10,
};

/* One descriptor per vector: raises the soft limit up to the hard limit. */
static void allow_files(size_t nr)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= nr + FILES_SPARE)
		return;
	limit.rlim_cur = limit.rlim_max < nr + FILES_SPARE ? limit.rlim_max : nr + FILES_SPARE;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Whether the device's own register holds INTx back, and the loopback with it. linux:
 * drivers/vfio/pci/vfio_pci_intrs.c: vfio_send_intx_eventfd(): virq_disabled. */
static bool is_intx_disabled(const struct irq_work *w)
{
	struct region config;
	uint64_t command;

	if (region_open(&w->ac->client, w->device->target->name, w->device->fd, VT_PCI_CONFIG,
			&config) < 0 ||
	    region_get(&config, COMMAND, 2, &command) < 0)
		return false;
	return command & COMMAND_DISABLE_INTX;
}

/* What an errno of SET_IRQS means here. */
static const char *refusal_text(uint32_t index, int err)
{
	switch (err) {
	case EMFILE:
		return "this process may not open one descriptor per vector: raise 'ulimit -n'";
	case ENODEV:
		return index == VT_PCI_INTX ? "its interrupt line is not connected"
					    : "the kernel has no way to deliver it";
	case EBUSY:
		return index == VT_PCI_INTX
			       ? "its interrupt line is shared with a driver that does not share it"
			       : "the vectors are in use";
	case ENOSPC:
		return "the host has no interrupt vector left";
	case ENOTTY:
		return "the kernel does not deliver it for this device";
	case EINVAL:
		return "the kernel reports an invalid request";
	default:
		return strerror(err);
	}
}

/* Whether the line can be had is known before; that of the other kinds is not. */
static void predict(const struct irq_work *w, struct irq_kind_row *ret)
{
	struct intx_prediction p;

	if (ret->index != VT_PCI_INTX)
		return;
	p = intx_predict(w->dev, w->ac->arena);
	ret->predicted = p.answer;
	ret->predicted_err = p.err;
	ret->because = p.because;
}

static void compare(struct irq_kind_row *k)
{
	if (k->predicted != ANSWER_UNKNOWN)
		k->match = k->err == k->predicted_err ? MATCH_YES : MATCH_NO;
}

/* Fewer when the host has no more vectors and the user gave no number. */
static int open_vectors(const struct irq_work *w, const struct irq_info *info, struct irq *irq,
			struct irq_kind_row *ret)
{
	struct client *c = &w->ac->client;
	size_t nr = w->nr_wanted ? w->nr_wanted : info->count;
	int r;

	allow_files(nr);
	r = irq_open(c, w->device->target->name, w->device->fd, info->index, nr, irq);
	if (r > 0 && (size_t)r < nr) {
		ret->because =
			arena_printf(w->ac->arena, "the host gives only %d of %zu vectors", r, nr);
		if (!w->nr_wanted)
			r = irq_open(c, w->device->target->name, w->device->fd, info->index,
				     (size_t)r, irq);
	}
	if (!r)
		return 0;
	ret->result = IRQ_REFUSED;
	ret->err = r < 0 ? -r : ENOSPC;
	if (r < 0 && (ret->predicted != ANSWER_NO || ret->predicted_err != -r))
		ret->because = refusal_text(info->index, -r);
	return -ret->err;
}

/* Each vector alone, --count times; its latency is that of the first time. */
static int trigger_each(const struct irq_work *w, struct irq *irq, struct irq_vector_row *rows)
{
	struct sys *sys = w->ac->client.sys;

	for (size_t i = 0; i < irq->nr_vectors; i++) {
		for (uint64_t t = 0; t < w->times; t++) {
			uint64_t start = sys->ops->now_ns(sys);
			int r = irq_trigger(irq, i, 1);

			if (r < 0)
				return r;
			rows[i].triggered++;
			r = irq_wait(irq, i, 1, rows[i].triggered, w->timeout_ms, w->release);
			if (r < 0 && r != -ETIMEDOUT)
				return r;
			/* One lost: the others would be waited for as long. */
			if (r == -ETIMEDOUT)
				break;
			if (!t) {
				rows[i].has_latency = true;
				rows[i].latency_ns = irq->vectors[i].arrived_ns - start;
			}
		}
	}
	return 0;
}

/* All of them in one request. */
static int trigger_all(const struct irq_work *w, struct irq *irq, struct irq_vector_row *rows)
{
	uint64_t want = UINT64_MAX;
	int r = irq_trigger(irq, 0, irq->nr_vectors);

	if (r < 0)
		return r;
	for (size_t i = 0; i < irq->nr_vectors; i++) {
		rows[i].triggered++;
		want = rows[i].triggered < want ? rows[i].triggered : want;
	}
	r = irq_wait(irq, 0, irq->nr_vectors, want, w->timeout_ms, w->release);
	return r == -ETIMEDOUT ? 0 : r;
}

static int loop_back(const struct irq_work *w, struct irq *irq, struct irq_kind_row *ret)
{
	struct irq_vector_row *rows = arena_array(w->ac->arena, irq->nr_vectors, sizeof(*rows));
	bool all = true, more = false;
	int r = trigger_each(w, irq, rows);

	if (!r)
		r = trigger_all(w, irq, rows);
	if (!r)
		r = irq_collect(irq);
	for (size_t i = 0; i < irq->nr_vectors; i++) {
		rows[i].vector = (uint32_t)i;
		rows[i].arrived = irq->vectors[i].count;
		all &= rows[i].arrived >= rows[i].triggered;
		more |= rows[i].arrived > rows[i].triggered;
	}
	ret->vectors = rows;
	ret->nr_vectors = irq->nr_vectors;
	ret->result = all ? IRQ_DELIVERED : IRQ_LOST;
	/* INTx may be asserted already; without bus mastering a device sends no message. */
	if (all && more)
		ret->because = "more signals arrived than were triggered: the device raised some";
	return r;
}

int irq_work_kind(const struct irq_work *w, const struct irq_info *info, struct irq_kind_row *ret,
		  struct failure **reterr)
{
	struct client *c = &w->ac->client;
	struct irq irq;
	int r;

	ret->index = info->index;
	ret->has = info->count;
	if (!info->count)
		return 0;
	/* linux: drivers/vfio/vfio_main.c: vfio_set_irqs_validate_and_prepare(). */
	if (w->nr_wanted > info->count) {
		ret->result = IRQ_REFUSED;
		ret->err = EINVAL;
		ret->because =
			"the device has fewer vectors; the kernel would refuse more (not tried)";
		return 0;
	}
	predict(w, ret);
	r = open_vectors(w, info, &irq, ret);
	compare(ret);
	if (r < 0) {
		irq_close(&irq);
		return 0;
	}
	ret->set_up = (uint32_t)irq.nr_vectors;
	c->silent = true;
	r = loop_back(w, &irq, ret);
	if (!r && ret->result == IRQ_LOST && info->index == VT_PCI_INTX && is_intx_disabled(w)) {
		ret->result = IRQ_SILENT;
		ret->because =
			"INTx is disabled in its command register, so the kernel signals none";
	}
	if (!r && w->raise) {
		struct irq_raised_row *raised =
			arena_new_object(w->ac->arena, struct irq_raised_row);

		irq_raise_by_device(w, &irq, raised);
		ret->raised = raised;
	}
	c->silent = false;
	irq_close(&irq);
	if (r == -ECANCELED)
		return failure_set(reterr, r,
				   "%s: the kernel asks for it back: released at once, with the test of %s incomplete",
				   w->device->target->name, ret->name);
	if (r < 0)
		return client_failure(reterr, r, "%s: %s cannot be triggered and counted",
				      w->device->target->name, ret->name);
	return 0;
}
