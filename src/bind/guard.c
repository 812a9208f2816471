/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/guard.h"

#include <stdarg.h>
#include <string.h>

#include "base/macro.h"
#include "facts/in-use.h"

static const struct guard *const guards[] = {
	&guard_disk, &guard_network, &guard_session, &guard_display, &guard_console,  &guard_vfs,
	&guard_held, &guard_locked,  &guard_vm,      &guard_open,    &guard_platform,
};

const struct guard *const *guards_all(size_t *nr)
{
	*nr = ARRAY_SIZE(guards);
	return guards;
}

struct guard_finding *guard_found(struct guard_check *c, enum answer answer, const char *fmt, ...)
{
	struct guard_finding *f;
	va_list ap;

	c->findings = arena_grow(c->arena, c->findings, c->nr_findings, sizeof(*c->findings));
	f = &c->findings[c->nr_findings++];
	*f = (struct guard_finding){ .guard = c->guard, .answer = answer };
	va_start(ap, fmt);
	f->evidence = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	return f;
}

bool guard_is_vfio(const struct device *d)
{
	if (fact_is(&d->vfio_dev) || !fact_known(&d->driver_fact))
		return true;
	return driver_is_vfio(d->driver);
}

void guard_unread(struct guard_check *c, const struct fact *fact, const char *what)
{
	guard_found(c, ANSWER_UNKNOWN, "cannot tell %s%s%s", what, fact->err ? ": " : "",
		    fact->err ? strerror(fact->err) : "");
}

const struct in_use_device *guard_usage(struct guard_check *c)
{
	const struct in_use_device *d = in_use_find(c->host->usage, c->device);

	if (!d)
		guard_found(c, ANSWER_UNKNOWN, "the use of the device was not read");
	else if (!d->path)
		guard_unread(c, &d->link, "where it is in sysfs");
	return d && d->path ? d : NULL;
}

int guards_check(struct sysroot *root, const struct host *host, const struct device *dev,
		 struct arena *a, struct guard_finding **ret, size_t *ret_nr)
{
	struct guard_check c = { .root = root, .host = host, .device = dev, .arena = a };

	for (size_t i = 0; i < ARRAY_SIZE(guards); i++) {
		c.guard = guards[i];
		guards[i]->check(&c);
	}
	*ret = c.findings;
	*ret_nr = c.nr_findings;
	return 0;
}
