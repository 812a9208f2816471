/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several machines that want one device or group, and a device that is given twice. */
#include "model/check-vm.h"

static void check_pair(struct check *c, const struct check_machine *a, const struct check_device *x,
		       const struct check_machine *b, const struct check_device *y)
{
	if (!x->dev || !y->dev)
		return;
	check_at(c, b, y->as->line, y->name);
	if (x->dev == y->dev)
		check_say(c, CHECK_FAIL,
			  a == b ? "%s is given twice; first on line %u of %s"
				 : "%s is given to two machines; the other is on line %u of %s",
			  y->name, x->as->line, a->file);
	else if (a != b && x->dev->group && x->dev->group == y->dev->group)
		check_say(c, CHECK_FAIL,
			  "%s shares group %u with %s of another machine (line %u of %s): one at a time can run",
			  y->name, y->dev->group->id, x->name, x->as->line, a->file);
	c->next = (struct check_result){ 0 };
}

void check_vm_shared(struct check *c, const struct check_machine *machines, size_t nr)
{
	for (size_t b = 0; b < nr; b++)
		for (size_t y = 0; y < machines[b].nr_devices; y++)
			for (size_t a = 0; a <= b; a++) {
				const size_t end = a == b ? y : machines[a].nr_devices;

				for (size_t x = 0; x < end; x++)
					check_pair(c, &machines[a], &machines[a].devices[x],
						   &machines[b], &machines[b].devices[y]);
			}
}
