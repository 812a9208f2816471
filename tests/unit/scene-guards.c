/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include "bind/guard.h"
#include "facts/load.h"

static const struct scope scope_guard = {
	.host_parts = HOST_USAGE | HOST_GROUPS | HOST_GROUP_NODES,
	.device_parts = DEVICE_ALL,
	.member_parts = DEVICE_ALL,
};

char *tree_guards(struct tree *x, struct sysroot *root, const char *name)
{
	struct host *h = tree_load(x, root, &scope_guard, (const char *[]){ name, NULL });
	struct guard_finding *f;
	char *ret = arena_strdup(x->arena, "");
	size_t nr;

	assert_int_equal(guards_check(root, h, tree_find(h, name), x->arena, &f, &nr), 0);
	for (size_t i = 0; i < nr; i++) {
		ret = arena_printf(x->arena, "%s%s %s %s", ret, f[i].guard->name,
				   f[i].answer == ANSWER_YES ? "yes" : "unknown", f[i].evidence);
		if (f[i].pid)
			ret = arena_printf(x->arena, "%s pid=%d", ret, (int)f[i].pid);
		ret = arena_printf(x->arena, "%s\n", ret);
	}
	return ret;
}

void tree_card(const struct tree *x)
{
	tree_add(x, .name = TREE_CARD, .driver = "nvme", .class = "10802");
	tree_put(x, "proc/self/mountinfo", "21 1 0:5 / /proc rw - proc proc rw\n");
	tree_put(x, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	tree_put(x, "proc/bus/input/devices", "");
	tree_put(x, "proc/consoles", "");
}

void assert_guards(struct tree *x, const char *name, const char *text)
{
	assert_string_equal(tree_guards(x, x->sysroot, name), text);
}
