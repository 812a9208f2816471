/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device whose unbind waits for a process that has it open through VFIO. It shows no driver, and binding it
 * waits for that process as well.
 * linux: drivers/base/dd.c: device_release_driver_internal(), drivers/vfio/vfio_main.c:
 * vfio_unregister_group_dev(). */
#include <string.h>

#include "facts/in-use.h"
#include "bind/guard.h"

static bool node_is(const struct node *n, const struct in_use_open *o)
{
	return n->path && fact_is(&n->stat) && o->kind == 'c' && n->major == o->major &&
	       n->minor == o->minor;
}

/* From 6.6 on the node of a device that is being unbound is removed; its holder keeps it open. */
static bool is_deleted_node(const struct in_use_open *o)
{
	static const char place[] = "/dev/vfio/devices/", end[] = "\\040(deleted)";
	size_t len = strlen(o->node);

	return o->kind == 'c' && !strncmp(o->node, place, sizeof(place) - 1) &&
	       len >= sizeof(end) - 1 && !strcmp(o->node + len - (sizeof(end) - 1), end);
}

struct look {
	const struct in_use_open *device; /* has this device open, as newer kernels report */
	/* has its group, or some VFIO device without a node, open */
	const struct in_use_open *group;
	/* writes to a file that takes a driver away or gives one */
	const struct in_use_open *writer;
};

static void look(const struct guard_check *c, const struct in_use_device *d, struct look *ret)
{
	const struct in_use *u = c->host->usage;
	const struct group *g = c->device->group;
	size_t len = strlen(c->device->bus_name);

	for (size_t i = 0; i < u->nr_opens; i++) {
		const struct in_use_open *o = &u->opens[i];

		if (o->kind == 'v' && in_use_is_below(d, o->path))
			ret->device = o;
		else if (is_deleted_node(o) ||
			 (g && (node_is(&g->node, o) || node_is(&g->noiommu_node, o))))
			ret->group = o;
		else if (o->kind == 'w' && !strncmp(o->node, "/sys/bus/", 9) &&
			 !strncmp(o->node + 9, c->device->bus_name, len) && o->node[9 + len] == '/')
			ret->writer = o;
		else if (o->kind == 'w' && strncmp(o->node, "/sys/bus/", 9) != 0 && d->path &&
			 in_use_is_below(d, o->path))
			ret->writer = o;
	}
}

static const char *asked_by(const struct guard_check *c, const struct look *k)
{
	return k->writer ? arena_printf(c->arena, "; process %u (%s) waits in a write to %s",
					k->writer->pid, k->writer->comm, k->writer->node)
			 : "";
}

static void say_holder(struct guard_check *c, const struct look *k,
		       const struct in_use_open *holder)
{
	struct guard_finding *f =
		guard_found(c, ANSWER_YES,
			    "an unbind of the device waits for process %u (%s)%s%s%s", holder->pid,
			    holder->comm, holder->kind == 'c' ? ", which has " : "",
			    holder->kind == 'c' ? arena_printf(c->arena, "%s open", holder->node)
						: "",
			    asked_by(c, k));

	f->pid = (pid_t)holder->pid;
	f->command = holder->comm;
	f->remedy = arena_printf(c->arena, "end process %u (%s), or make it close the device",
				 holder->pid, holder->comm);
}

static void check(struct guard_check *c)
{
	const struct in_use_device *d = in_use_find(c->host->usage, c->device);
	struct look k = { 0 };

	if (!d || c->device->driver_fact.state != FACT_ABSENT)
		return;
	look(c, d, &k);
	if (k.device) {
		say_holder(c, &k, k.device);
	} else if (c->device->locked && k.group) {
		say_holder(c, &k, k.group);
	} else if (c->device->locked) {
		guard_found(c, ANSWER_YES,
			    "the kernel has it locked: an unbind or bind of it has not finished%s",
			    asked_by(c, &k))
			->remedy =
			"wait until it has finished; 'dmesg' may show what a driver waits for";
	} else if (k.writer && k.group) {
		struct guard_finding *f =
			guard_found(c, ANSWER_UNKNOWN,
				    "process %u (%s) waits in a write to %s, perhaps for this device: process %u (%s) has %s open",
				    k.writer->pid, k.writer->comm, k.writer->node, k.group->pid,
				    k.group->comm, k.group->node);

		f->pid = (pid_t)k.group->pid;
		f->command = k.group->comm;
		f->remedy =
			arena_printf(c->arena, "end process %u (%s), or make it close the device",
				     k.group->pid, k.group->comm);
	}
}

const struct guard guard_locked = {
	.name = "locked",
	.protects =
		"an unbind that would block: another unbind of the device already waits for a process",
	.check = check,
};
