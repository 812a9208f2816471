/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runtime power management of PCI devices. Reading its attributes wakes no device. */
#include <string.h>

#include "facts/loader.h"

static bool says(const struct fact *f, const char *word)
{
	return fact_is(f) && f->raw && !strcmp(f->raw, word);
}

static bool is_odd(const struct device *d)
{
	return says(&d->power_status, "unsupported") || says(&d->power_status, "error");
}

void power_load(struct loader *l, struct device *d)
{
	if (d->bus != BUS_PCI || d->power_status.state != FACT_UNREAD)
		return;
	d->power_status = read_at(l, d->sysfs, "power/runtime_status");
	if (!is_odd(d))
		return;
	d->power_control = read_at(l, d->sysfs, "power/control");
	d->power_active_time = read_at(l, d->sysfs, "power/runtime_active_time");
	d->power_suspended_time = read_at(l, d->sysfs, "power/runtime_suspended_time");
	d->power_state = read_at(l, d->sysfs, "power_state");
}

void powers_load(struct loader *l)
{
	enum { FEW = 64 };
	bool all = l->nr_slots <= FEW;

	if (!l->scope.frugal || !(l->scope.device_parts & DEVICE_VFIO))
		return;
	for (size_t i = 0; i < l->nr_slots; i++) {
		struct device *d = &l->slots[i]->dev;
		/* A device is the first member of its slot. */
		struct device_slot *physfn = (struct device_slot *)d->physfn;

		/* The virtual functions of one device are alike. */
		if (!all && !device_is_vfio(d) && (!physfn || physfn->power_asked))
			continue;
		if (physfn)
			physfn->power_asked = true;
		power_load(l, d);
		/* Where a kernel leaves it off for one, it may for others. */
		all |= is_odd(d);
	}
	for (size_t i = 0; all && i < l->nr_slots; i++)
		if (l->slots[i]->dev.is_bridge != TRI_YES)
			power_load(l, &l->slots[i]->dev);
}
