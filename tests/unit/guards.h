/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all guards say about a device of a host that a test made. Include <cmocka.h> first. */
#pragma once

#include "bind/guard.h"
#include "fixture.h"
#include "hosttree.h"

static const struct scope scope_guard = {
	.host_parts = HOST_USAGE | HOST_GROUPS | HOST_GROUP_NODES,
	.device_parts = DEVICE_ALL,
	.member_parts = DEVICE_ALL,
};

/* What all guards say of @name, a line each: "disk yes EVIDENCE". */
static inline char *guards_say(struct fixture *x, struct sysroot *root, const char *name)
{
	struct host *h = load(x, root, &scope_guard, (const char *[]){ name, NULL });
	struct guard_finding *f;
	char *ret = arena_strdup(x->arena, "");
	size_t nr;

	assert_int_equal(guards_check(root, h, device(h, name), x->arena, &f, &nr), 0);
	for (size_t i = 0; i < nr; i++) {
		ret = arena_printf(x->arena, "%s%s %s %s", ret, f[i].guard->name,
				   f[i].answer == ANSWER_YES ? "yes" : "unknown", f[i].evidence);
		if (f[i].pid)
			ret = arena_printf(x->arena, "%s pid=%d", ret, (int)f[i].pid);
		ret = arena_printf(x->arena, "%s\n", ret);
	}
	host_free(h);
	return ret;
}
