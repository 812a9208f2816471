/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where PCI functions are, and what is read of their configuration space: of those that are awake, of a bridge's too, of
 * the other functions of a slot, below VMD; and of links that lie. */
#include <errno.h>
#include <limits.h>

#include "facts/load.h"
#include "scene.h"

#define ROOT "sys/devices/pci0000:00"
#define VMD  ROOT "/0000:00:0e.0/pci10000:e0"

static const struct scope scope = {
	.device_parts = DEVICE_BASE | DEVICE_PLACE,
	.member_parts = DEVICE_BASE | DEVICE_PLACE,
};

/* A function in @dir, with a configuration space of one port: PCI Express at 0x40. */
static void put(const struct tree *x, const char *dir, const char *name, const char *power)
{
	char path[PATH_MAX], target[PATH_MAX], config[256] = { 0x78, 0x56, 0x34, 0x12 };

	config[0x06] = 0x10;
	config[0x0e] = 1;
	config[0x19] = 1;
	config[0x34] = config[0x40] = 0x40;
	config[0x40] = 0x10;
	config[0x42] = 0x42;
	tree_put(x, tree_path(path, "%s/%s/uevent", dir, name),
		 "PCI_CLASS=60400\nPCI_ID=1234:5678\nPCI_SUBSYS_ID=0000:0000\n");
	tree_put_bytes(x, tree_path(path, "%s/%s/config", dir, name), config, sizeof(config));
	if (power)
		tree_put(x, tree_path(path, "%s/%s/power_state", dir, name), power);
	tree_link(x, tree_path(target, "../../../%s/%s", dir + 4, name),
		  tree_path(path, "sys/bus/pci/devices/%s", name));
}

static struct host *load(struct tree *x, const char *target)
{
	const char *const targets[] = { target, NULL };

	return tree_load(x, x->sysroot, &scope, target ? targets : NULL);
}

static void test_path(struct tree *x)
{
	struct host *h;
	struct device *card;

	put(x, ROOT, "0000:00:01.0", "D0");
	put(x, ROOT, "0000:00:01.1", "D0");
	put(x, ROOT, "0000:00:02.0", "D0");
	put(x, ROOT "/0000:00:01.0", "0000:01:00.0", "D0");
	put(x, ROOT "/0000:00:01.0", "0000:01:00.1", "D0");
	h = load(x, "0000:01:00.0");
	/* Its path, and the other functions on it. */
	assert_int_equal(h->nr_devices, 4);
	card = tree_find(h, "0000:01:00.0");
	assert_ptr_equal(card->place->bridge, tree_find(h, "0000:00:01.0"));
	assert_null(card->place->bridge->place->bridge);
	assert_true(fact_is(&tree_find(h, "0000:01:00.1")->place->config));
	assert_true(fact_is(&tree_find(h, "0000:00:01.1")->place->config));
	assert_int_equal(card->place->decoded.pcie, PCIGROUP_PRESENT);
	assert_int_equal(card->place->decoded.type, PCIE_ROOT_PORT);
	assert_string_equal(card->place->config.path, "/sys/bus/pci/devices/0000:01:00.0/config");
	h = load(x, NULL);
	assert_int_equal(h->nr_devices, 5);
	assert_true(fact_is(&tree_find(h, "0000:00:02.0")->place->config));
}

static void test_sleep(struct tree *x)
{
	struct host *h;

	put(x, ROOT, "0000:00:01.0", "D3cold");
	put(x, ROOT "/0000:00:01.0", "0000:01:00.0", "D0");
	put(x, ROOT, "0000:00:02.0", NULL);
	tree_put(x, ROOT "/0000:00:02.0/power/runtime_status", "suspended");
	put(x, ROOT, "0000:00:03.0", "unknown");
	tree_put(x, ROOT "/0000:00:03.0/power/runtime_status", "active");
	h = load(x, NULL);
	for (size_t i = 0; i < 3; i++) {
		const char *const names[] = { "0000:00:01.0", "0000:01:00.0", "0000:00:02.0" };

		assert_true(tree_find(h, names[i])->place->asleep);
		assert_int_equal(tree_find(h, names[i])->place->config.state, FACT_UNREAD);
	}
	assert_true(fact_is(&tree_find(h, "0000:00:03.0")->place->config));
}

static void test_vmd(struct tree *x)
{
	struct host *h;

	put(x, ROOT, "0000:00:0e.0", "D0");
	put(x, VMD, "10000:e0:1b.0", "D0");
	put(x, VMD "/10000:e0:1b.0", "10000:e1:00.0", "D0");
	h = load(x, "10000:e0:1b.0");
	assert_ptr_equal(tree_find(h, "10000:e0:1b.0")->place->dma, tree_find(h, "0000:00:0e.0"));
	assert_null(tree_find(h, "10000:e0:1b.0")->place->bridge);
}

static void test_lies(struct tree *x)
{
	struct host *h;

	/* A circle, a link that leads out, a file that is too short, one that is not there. */
	put(x, "sys/devices/0000:02:00.0", "0000:01:00.0", "D0");
	put(x, "sys/devices/0000:01:00.0", "0000:02:00.0", "D0");
	put(x, ROOT, "0000:00:01.0", "D0");
	tree_put(x, ROOT "/0000:00:01.0/config", "x");
	put(x, ROOT, "0000:00:02.0", "D0");
	tree_remove(x, ROOT "/0000:00:02.0/config");
	tree_put(x, "sys/bus/pci/devices/0000:00:03.0/uevent", "PCI_ID=1234:5678\n");
	h = load(x, NULL);
	assert_ptr_equal(tree_find(h, "0000:01:00.0")->place->bridge, tree_find(h, "0000:02:00.0"));
	assert_ptr_equal(tree_find(h, "0000:02:00.0")->place->bridge, tree_find(h, "0000:01:00.0"));
	assert_int_equal(tree_find(h, "0000:00:01.0")->place->config.err, ENODATA);
	assert_int_equal(tree_find(h, "0000:00:02.0")->place->config.state, FACT_ABSENT);
	assert_null(tree_find(h, "0000:00:03.0")->place->dir);
}

static void test_deep(struct tree *x)
{
	char dir[PATH_MAX] = "sys/devices/pci0000:00";
	struct host *h;

	for (unsigned int i = 0; i < 100; i++) {
		char name[32], above[PATH_MAX];

		snprintf(name, sizeof(name), "0000:%02x:00.0", i);
		put(x, dir, name, "D0");
		/* The name above is all that a path is asked for. */
		snprintf(above, sizeof(above), "sys/devices/%s", name);
		memcpy(dir, above, sizeof(dir));
	}
	h = load(x, "0000:63:00.0");
	assert_true(h->nr_devices < 100);
	assert_non_null(tree_find(h, "0000:63:00.0")->place->bridge);
}
