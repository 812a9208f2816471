/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "facts/load.h"
#include "scene.h"

static void test_interrupts_of_a_tree(struct tree *x)
{
	const struct device *d;
	struct host *h;

	tree_add(x, .name = "0000:01:00.0", .driver = "igb");
	tree_put(x, "proc/interrupts",
		 "   CPU0 CPU1\n 1: 5 6 IR-IO-APIC 1-edge x\n 24: 1 2 IR-PCI-MSI 0-edge y\n");
	for (unsigned int i = 0; i < 9; i++) {
		char path[128];

		tree_put(x, tree_path(path, "sys/kernel/irq/%u/chip_name", 40 + i),
			 "IR-PCI-MSIX-0000:01:00.0\n");
		tree_attribute(x, "0000:01:00.0", tree_path(path, "msi_irqs/%u", 40 + i), "msix\n");
	}
	tree_attribute(x, "0000:01:00.0", "msi_irqs/none", "");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->interrupts.nr_chips, 2);
	assert_string_equal(h->interrupts.chips[1], "IR-PCI-MSI");
	assert_int_equal(h->interrupts.dmesg.state, FACT_UNREAD);
	d = h->devices[0];
	/* A few prove the chip; a network card has a hundred. */
	assert_int_equal(d->nr_irqs, 4);
	assert_int_equal(d->irqs[0].irq, 40);
	assert_string_equal(d->irqs[3].chip.raw, "IR-PCI-MSIX-0000:01:00.0");
}

static void test_interrupts_unreadable(struct tree *x)
{
	struct host *h;

	tree_add(x, .name = "0000:01:00.0");
	tree_put(x, "proc/interrupts", "what is this\n");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->interrupts.proc.state, FACT_FAILED);
	assert_int_equal(h->interrupts.proc.err, EBADMSG);
	assert_int_equal(h->interrupts.nr_chips, 0);
	assert_int_equal(h->devices[0]->msi_irqs.state, FACT_ABSENT);
}
