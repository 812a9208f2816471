/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A physical function with virtual functions in use: they vanish when it loses its driver. */
#include <string.h>

#include "base/text.h"
#include "bind/guard.h"
#include "facts/usage.h"

enum { NAMED_MAX = 4 };

static void check(struct guard_check *c)
{
	const struct usage_device *d = guard_usage(c);
	struct text names = { .arena = c->arena };
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
			text_printf(&names, "%s%s (%s)", names.len ? ", " : "", d->vfs[i],
				    d->vf_drivers[i]);
	}
	if (nr > NAMED_MAX)
		text_printf(&names, " and %zu more", nr - NAMED_MAX);
	if (nr)
		guard_found(c, ANSWER_YES, "virtual functions %s <- %s", text_get(&names),
			    c->device->name)
			->remedy = "unbind the virtual functions first";
}

const struct guard guard_vfs = {
	.name = "vfs",
	.protects = "virtual functions that a driver has, of this physical function",
	.check = check,
};
