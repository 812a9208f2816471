/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/load.h"

#include <errno.h>
#include <libkmod.h>
#include <string.h>

#include "base/macro.h"

static void be_quiet(void *data vt_unused, int priority vt_unused, const char *file vt_unused,
		     int line vt_unused, const char *fn vt_unused, const char *format vt_unused,
		     va_list args vt_unused)
{
}

static void unrefp(struct kmod_ctx **ctx)
{
	kmod_unref(*ctx);
}

static int explain(const char *name, int r, struct failure **reterr)
{
	/* kmod_module_probe_insert_module() returns a positive number when modprobe.d prevents the load. */
	if (r > 0)
		return failure_set_status(reterr, STATUS_DENIED, -EPERM,
					  "module %s is blacklisted in modprobe.d: load it with 'modprobe %s', or take the line away",
					  name, name);
	if (r == -EPERM || r == -EACCES)
		return failure_set_status(reterr, STATUS_DENIED, r,
					  "module %s cannot be loaded: %s; be root, or load it with 'modprobe %s' first",
					  name, strerror(-r), name);
	return failure_set(reterr, r, "module %s cannot be loaded: %s; 'dmesg' may tell why", name,
			   strerror(-r));
}

int client_load_module(const char *name, struct failure **reterr)
{
	vt_cleanup(unrefp) struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_list *list = NULL, *item;
	int r;

	if (!ctx)
		return failure_set(reterr, -ENOMEM,
				   "module %s cannot be looked up: libkmod has no memory; load it with 'modprobe %s'",
				   name, name);
	kmod_set_log_fn(ctx, be_quiet, NULL);
	r = kmod_module_new_from_lookup(ctx, name, &list);
	if (r < 0)
		return explain(name, r, reterr);
	if (!list)
		return failure_set(reterr, -ENOENT,
				   "there is no module %s for the running kernel: install the package with its modules, or build it with %s",
				   name, name);
	kmod_list_foreach(item, list)
	{
		struct kmod_module *m = kmod_module_get_module(item);

		r = kmod_module_probe_insert_module(m, KMOD_PROBE_APPLY_BLACKLIST_ALL, NULL, NULL,
						    NULL, NULL);
		kmod_module_unref(m);
		if (r)
			break;
	}
	kmod_module_unref_list(list);
	return r ? explain(name, r, reterr) : 0;
}
