/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What notices look at is read where they are shown, and nowhere else. */
#include "facts/load.h"
#include "scene.h"

#define CARD "0000:02:00.0"

static struct host *load(struct tree *x, unsigned int parts)
{
	const struct scope scope = { parts & DEVICE_NOTICES ? HOST_NOTICES : 0, DEVICE_BASE | parts,
				     DEVICE_BASE };

	return tree_load(x, x->sysroot, &scope, NULL);
}

static void make(const struct tree *x)
{
	tree_device(x, &(struct tree_device){ .name = CARD, .driver = "vfio-pci", .group = "5" });
	tree_attribute(x, CARD, "resource", "0x1000 0x1fff 0x200\n");
	tree_attribute(x, CARD, "irq", "16\n");
	tree_attribute(x, CARD, "config", "\x86\x80\x0e\x10");
	tree_put(x, "sys/kernel/irq/16/actions", "uhci_hcd:usb1,i801_smbus\n");
	tree_put(x, "proc/iomem",
		 "0-ffff : PCI\n 1000-1fff : " CARD
		 "\n  1000-17ff : BOOTFB\n   1000-17ff : simpledrm\n 2000-2fff : x\n");
	tree_put(x, "sys/devices/system/node/has_memory", "0-1\n");
}

static void test_facts_of_notices(struct tree *x)
{
	struct host *h;
	const struct device *d;

	make(x);
	tree_attribute(x, CARD, "power/runtime_status", "active\n");
	h = load(x, DEVICE_NOTICES);
	d = tree_find(h, CARD);
	assert_int_equal(d->nr_claims, 2);
	assert_string_equal(d->claims[0].name, "BOOTFB");
	assert_string_equal(d->claims[0].range, "1000-17ff");
	assert_string_equal(d->claims[1].name, "simpledrm");
	assert_string_equal(h->node_memory.raw, "0-1");
	assert_string_equal(d->resource.raw, "0x1000 0x1fff 0x200");
	assert_string_equal(d->irq_actions.raw, "uhci_hcd:usb1,i801_smbus");
	assert_int_equal(d->reset.state, FACT_ABSENT);
	assert_int_equal(d->config.len, 4);
}

/* A read of the configuration space would resume it. */
static void test_device_that_sleeps_is_not_woken(struct tree *x)
{
	struct host *h;

	make(x);
	tree_attribute(x, CARD, "power/runtime_status", "suspended\n");
	h = load(x, DEVICE_NOTICES);
	assert_int_equal(tree_find(h, CARD)->config.state, FACT_UNREAD);
}

static void test_nothing_is_read_without_notices(struct tree *x)
{
	struct host *h;
	const struct device *d;

	make(x);
	h = load(x, DEVICE_VFIO);
	d = tree_find(h, CARD);
	assert_int_equal(h->iomem.state, FACT_UNREAD);
	assert_int_equal(d->resource.state, FACT_UNREAD);
	assert_int_equal(d->irq_actions.state, FACT_UNREAD);
	assert_int_equal(d->reset.state, FACT_UNREAD);
}
