/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an admin needs to reach the host: the boot display, the keyboard and the terminal of the console. */
#include <string.h>

#include "facts/in-use.h"
#include "bind/guard.h"

static void check_display(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);

	if (!d)
		return;
	if (fact_is(&d->boot_vga)) {
		if (!strcmp(d->boot_vga.raw, "1"))
			guard_found(c, ANSWER_YES, "the display that the host booted with <- %s",
				    c->device->name);
		return;
	}
	/* Only VGA controllers have the attribute.
	 * linux: drivers/pci/pci-sysfs.c: pci_dev_attrs_are_visible(). */
	if (c->device->bus == BUS_PCI && d->boot_vga.state != FACT_ABSENT)
		guard_unread(c, &d->boot_vga,
			     "whether it is the display that the host booted with");
}

static void check_console(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	const struct in_use *u = c->host->usage;

	if (!d)
		return;
	for (size_t i = 0; i < u->nr_consoles; i++)
		if (in_use_is_below(d, u->consoles[i].path))
			guard_found(c, ANSWER_YES, "%s %s <- %s",
				    u->consoles[i].keyboard ? "keyboard" : "console",
				    u->consoles[i].name, c->device->name);
	/* A kernel without input devices or a console has no such file. */
	if (!fact_known(&u->inputs_fact))
		guard_unread(c, &u->inputs_fact, "which keyboards there are");
	if (!fact_known(&u->consoles_fact))
		guard_unread(c, &u->consoles_fact, "which terminals are a console");
}

const struct guard guard_display = {
	.name = "display",
	.protects = "the display that the host booted with",
	.check = check_display,
};

const struct guard guard_console = {
	.name = "console",
	.protects = "the keyboard or terminal of the console",
	.check = check_console,
};
