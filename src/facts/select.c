/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices of a snapshot the targets mean. */
#include <string.h>

#include "facts/load.h"

static bool target_covers(const struct host *h, const struct target *t, const struct device *d)
{
	size_t len;

	switch (t->kind) {
	case TARGET_PCI:
	case TARGET_NAMED:
		return !strcmp(d->bus_name, t->bus) && !strcmp(d->name, t->name);
	case TARGET_SLOT:
		len = strlen(t->name);
		return d->bus == BUS_PCI && !strncmp(d->name, t->name, len) && d->name[len] == '.';
	case TARGET_GROUP:
		return d->group && d->group->id == t->group;
	case TARGET_IDS:
	case TARGET_CLASS:
		return d->has_ids && target_covers_ids(t, d->vendor, d->device_id, d->class_code);
	case TARGET_CDEV:
	case TARGET_PATH:
	case TARGET_CLASS_DEVICE:
		for (size_t i = 0; i < h->nr_matches; i++)
			if (h->matches[i].device == d && !strcmp(h->matches[i].text, t->text))
				return true;
		return false;
	case TARGET_NONE:
	default:
		return false;
	}
}

struct device **host_select(const struct host *h, struct arena *a, const struct target *targets,
			    size_t nr_targets, size_t *ret_nr)
{
	struct device **ret = arena_array(a, h->nr_devices, sizeof(struct device *));
	bool *taken = arena_array(a, h->nr_devices, sizeof(*taken));
	size_t nr = 0;

	for (size_t i = 0; !nr_targets && i < h->nr_devices; i++)
		ret[nr++] = h->devices[i];
	for (size_t t = 0; t < nr_targets; t++) {
		for (size_t i = 0; i < h->nr_devices; i++) {
			if (taken[i] || !target_covers(h, &targets[t], h->devices[i]))
				continue;
			taken[i] = true;
			ret[nr++] = h->devices[i];
		}
	}
	*ret_nr = nr;
	return ret;
}
