/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events the targets of a user mean. */
#include <string.h>

#include "base/parse.h"
#include "facts/watch-internal.h"

static bool device_covered(const struct host *h, const struct target *t, const char *bus,
			   const char *name, const char *group)
{
	size_t len = t->name ? strlen(t->name) : 0;
	uint64_t id;

	switch (t->kind) {
	case TARGET_PCI:
	case TARGET_NAMED:
		return (!bus || !strcmp(bus, t->bus)) && !strcmp(name, t->name);
	case TARGET_SLOT:
		return (!bus || !strcmp(bus, "pci")) && !strncmp(name, t->name, len) &&
		       name[len] == '.';
	case TARGET_GROUP:
		return group && !parse_u64(group, 10, &id) && id == t->group;
	case TARGET_CDEV:
	case TARGET_PATH:
	case TARGET_CLASS_DEVICE:
		for (size_t i = 0; i < h->nr_matches; i++)
			if (!strcmp(h->matches[i].text, t->text) &&
			    !strcmp(h->matches[i].device->name, name) &&
			    (!bus || !strcmp(h->matches[i].device->bus_name, bus)))
				return true;
		return false;
	case TARGET_IDS:
	case TARGET_CLASS:
	case TARGET_NONE:
	default:
		return false;
	}
}

static bool is_in_group(const struct watch *w, const struct capability_answer *k, const char *group)
{
	for (size_t i = 0; i < w->nr_monitors; i++)
		if (!strcmp(k->told[i].group, group))
			return true;
	return false;
}

/* A group, or its node, is about each of its devices. */
static bool member_covered(const struct watch *w, const struct host *h, const struct target *t,
			   const char *group)
{
	for (size_t i = 0; i < w->nr_known; i++) {
		const struct capability_answer *k = &w->known[i];
		const struct device *d;

		if (!is_in_group(w, k, group))
			continue;
		if (device_covered(h, t, k->bus, k->name, group))
			return true;
		d = host_find_device(h, k->bus, k->name);
		if (d && d->has_ids && target_covers_ids(t, d->vendor, d->device_id, d->class_code))
			return true;
	}
	return false;
}

bool watch_covers(const struct watch *w, const struct host *h, const struct target *t,
		  const struct host_event *e)
{
	uint64_t id;

	/* What was lost may have been about anything. */
	if (!strcmp(e->object, "events"))
		return true;
	if (!strcmp(e->object, "device"))
		return device_covered(h, t, e->bus, e->name, e->group) ||
		       (e->has_ids && target_covers_ids(t, e->vendor, e->device_id, e->class_code));
	if (e->device && device_covered(h, t, NULL, e->device, e->group))
		return true;
	if (!e->group)
		return false;
	if (t->kind == TARGET_GROUP)
		return !parse_u64(e->group, 10, &id) && id == t->group;
	return member_covered(w, h, t, e->group);
}
