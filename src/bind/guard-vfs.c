/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A physical function with virtual functions in use, or with unused ones that nothing creates again: they
 * disappear when it loses its driver. */
#include <string.h>

#include "base/strbuf.h"
#include "facts/in-use.h"
#include "bind/guard.h"

enum { NAMED_MAX = 4 };

/* They are unused, but they would be gone after a bind and unbind. */
static void check_unused(struct guard_check *c, const struct in_use_device *d)
{
	const struct device *dev = c->device;

	if (!d->nr_vfs || !dev->driver || guard_is_vfio(dev) || driver_leaves_vfs(dev->driver))
		return;
	guard_found(c, ANSWER_UNKNOWN,
		    "cannot tell whether driver %s keeps the virtual functions (%zu) at its unbind <- %s",
		    dev->driver, d->nr_vfs, dev->name)
		->remedy = "write 0 to its sriov_numvfs first, and the old number afterwards";
}

static void check(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	struct strbuf names = { .arena = c->arena };
	size_t nr = 0;

	if (!d)
		return;
	if (!fact_is(&d->virtfns)) {
		guard_unread(c, &d->virtfns, "whether it has virtual functions");
		return;
	}
	for (size_t i = 0; i < d->nr_vfs; i++) {
		if (!fact_known(&d->vf_facts[i]))
			guard_unread(c, &d->vf_facts[i],
				     arena_printf(c->arena, "the driver of virtual function %s",
						  d->vfs[i]));
		if (!d->vf_drivers[i])
			continue;
		if (nr++ < NAMED_MAX)
			strbuf_printf(&names, "%s%s (%s)", names.len ? ", " : "", d->vfs[i],
				      d->vf_drivers[i]);
	}
	if (nr > NAMED_MAX)
		strbuf_printf(&names, " and %zu more", nr - NAMED_MAX);
	if (nr)
		guard_found(c, ANSWER_YES, "virtual functions %s <- %s", strbuf_get(&names),
			    c->device->name)
			->remedy = "unbind the virtual functions first";
	else
		check_unused(c, d);
}

const struct guard guard_vfs = {
	.name = "vfs",
	.protects = "virtual functions of this physical function that are on a driver",
	.check = check,
};
