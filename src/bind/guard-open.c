/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that have nodes of the device open, such as the clients of a GPU or a getty on a serial card;
 * and virtual machines that have the device through VFIO. */
#include <string.h>

#include "facts/in-use.h"
#include "bind/guard.h"

static void say_hidden(struct guard_check *c)
{
	const struct in_use *u = c->host->usage;

	if (!fact_is(&u->opens_fact))
		guard_unread(c, &u->opens_fact, "which process has its device nodes open");
	else if (u->hidden_opens)
		guard_found(c, ANSWER_UNKNOWN,
			    "%u processes could not be inspected; one may have its device nodes open",
			    u->hidden_opens);
}

static void check_open(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	const struct in_use *u = c->host->usage;

	if (!d)
		return;
	for (size_t i = 0; i < u->nr_opens; i++) {
		const struct in_use_open *o = &u->opens[i];
		struct guard_finding *f;

		/* Disks and VFIO nodes have their own guards. */
		if (o->kind != 'c' || o->vfio || !in_use_is_below(d, o->path))
			continue;
		f = guard_found(c, ANSWER_YES, "process %u (%s) has %s open <- %s", o->pid, o->comm,
				o->node, c->device->name);
		f->pid = (pid_t)o->pid;
		f->command = o->comm;
		f->remedy = arena_printf(c->arena, "end process %u", o->pid);
	}
	if (fact_is(&c->device->driver_fact))
		say_hidden(c);
}

static bool node_is(const struct node *n, const struct in_use_open *o)
{
	return n->path && fact_is(&n->stat) && o->kind == 'c' && n->major == o->major &&
	       n->minor == o->minor;
}

static bool is_of_device(const struct device *d, const struct in_use_device *ud,
			 const struct in_use_open *o)
{
	if (o->kind == 'v')
		return in_use_is_below(ud, o->path);
	return node_is(&d->cdev, o) ||
	       (d->group && (node_is(&d->group->node, o) || node_is(&d->group->noiommu_node, o)));
}

/* Whether the same process has a group or a cdev open: then its device descriptor comes from that. */
static bool has_node(const struct in_use *u, unsigned int pid)
{
	for (size_t i = 0; i < u->nr_opens; i++)
		if (u->opens[i].pid == pid && u->opens[i].vfio && u->opens[i].kind == 'c')
			return true;
	return false;
}

static void check_vm(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	const struct in_use *u = c->host->usage;
	unsigned int last = 0;

	/* Only a device on a VFIO driver can be open through VFIO. */
	if (!d || !guard_is_vfio(c->device))
		return;
	for (size_t i = 0; i < u->nr_opens; i++) {
		const struct in_use_open *o = &u->opens[i];
		struct guard_finding *f;

		if (o->kind == 'v' && !o->path && !has_node(u, o->pid) &&
		    fact_is(&c->device->driver_fact)) {
			f = guard_found(c, ANSWER_UNKNOWN,
					"process %u (%s) has a VFIO device open, and this kernel does not report which one",
					o->pid, o->comm);
		} else if (o->machine && o->pid != last && is_of_device(c->device, d, o)) {
			last = o->pid;
			f = guard_found(c, ANSWER_YES, "virtual machine %s, process %u (%s) <- %s",
					o->machine, o->pid, o->comm, c->device->name);
			f->remedy = "remove the device from the virtual machine, or shut it down";
		} else {
			continue;
		}
		f->pid = (pid_t)o->pid;
		f->command = o->comm;
	}
}

const struct guard guard_open = {
	.name = "open",
	.protects =
		"program that has a device node open: a display server, a login on a serial line",
	.check = check_open,
};

const struct guard guard_vm = {
	.name = "vm",
	.protects = "virtual machine that has the device",
	.check = check_vm,
};
