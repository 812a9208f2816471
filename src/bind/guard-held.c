/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process has the device or its group open through VFIO: the unbind would wait for it without end, and a
 * virtual machine would lose its device. */
#include <string.h>

#include "base/parse.h"
#include "bind/guard.h"

/* "PID COMM" lines of a node's holders. */
static void add_holders(struct guard_check *c, const struct node *n)
{
	struct span rest = { n->holders.raw, n->holders.len }, line, word;

	while (parse_line(&rest, &line)) {
		struct guard_finding *f;
		uint32_t pid = 0;

		if (!parse_word(&line, &word) ||
		    parse_u32(arena_strndup(c->arena, word.s, word.len), 10, &pid) < 0)
			continue;
		while (line.len && *line.s == ' ') {
			line.s++;
			line.len--;
		}
		f = guard_found(c, ANSWER_YES, "%s is open in process %u (%.*s)", n->path, pid,
				(int)line.len, line.s);
		f->pid = (pid_t)pid;
		f->command = arena_strndup(c->arena, line.s, line.len);
		f->remedy =
			arena_printf(c->arena, "end process %u (%s), or make it close the device",
				     pid, f->command);
	}
}

static void look_at(struct guard_check *c, const struct node *n)
{
	if (!n->path || n->stat.state == FACT_ABSENT || n->stat.state == FACT_UNREAD)
		return;
	if (fact_is(&n->holders))
		add_holders(c, n);
	else if (n->holders.state != FACT_UNREAD && n->holders.state != FACT_ABSENT)
		guard_found(c, ANSWER_UNKNOWN, "cannot tell which process has %s open: %s", n->path,
			    strerror(n->holders.err));
	if (n->hidden_processes)
		guard_found(c, ANSWER_UNKNOWN,
			    "%u processes could not be inspected; one may have %s open",
			    n->hidden_processes, n->path);
}

static void check(struct guard_check *c)
{
	const struct device *d = c->device;

	look_at(c, &d->cdev);
	/* A group node names no device: its holder may have any of them. */
	if (d->group && guard_is_vfio(d)) {
		look_at(c, &d->group->node);
		look_at(c, &d->group->noiommu_node);
	}
}

const struct guard guard_held = {
	.name = "held",
	.protects = "virtual machine or other program that has the device open through VFIO",
	.check = check,
};
