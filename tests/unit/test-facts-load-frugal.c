/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of a whole host reads less: what it does not read, other files told it. The values are those of the
 * thorough load. */
#include <errno.h>

#include "facts/load.h"
#include "scene.h"

enum { LIST_PARTS = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_VFIO };

static struct host *load_list(struct tree *x, bool frugal)
{
	const struct scope scope = { HOST_ALL, LIST_PARTS, LIST_PARTS, frugal };

	return tree_load(x, x->sysroot, &scope, NULL);
}

static const char *text_of(const struct fact *f)
{
	const char *slash = f->raw ? strrchr(f->raw, '/') : NULL;

	return slash ? slash + 1 : f->raw ? f->raw : "";
}

static void expect_same_fact(const struct fact *a, const struct fact *b)
{
	assert_int_equal(a->state, b->state);
	/* Of a link only where it leads counts, not by which way. */
	assert_string_equal(text_of(a), text_of(b));
}

static void expect_same_device(const struct device *a, const struct device *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->bus_name, b->bus_name);
	assert_string_equal(a->sysfs, b->sysfs);
	expect_same_fact(&a->uevent, &b->uevent);
	expect_same_fact(&a->driver_fact, &b->driver_fact);
	expect_same_fact(&a->group_link, &b->group_link);
	expect_same_fact(&a->iommu_link, &b->iommu_link);
	expect_same_fact(&a->sriov_numvfs, &b->sriov_numvfs);
	expect_same_fact(&a->physfn_link, &b->physfn_link);
	expect_same_fact(&a->vfio_dev, &b->vfio_dev);
	expect_same_fact(&a->power_status, &b->power_status);
	assert_string_equal(a->cdev_name ? a->cdev_name : "", b->cdev_name ? b->cdev_name : "");
	assert_int_equal(a->is_bridge, b->is_bridge);
	assert_int_equal(a->numvfs, b->numvfs);
	assert_int_equal(a->nr_vfs, b->nr_vfs);
	assert_int_equal(a->class_code, b->class_code);
	assert_string_equal(a->physfn ? a->physfn->name : "", b->physfn ? b->physfn->name : "");
	assert_string_equal(a->iommu ? a->iommu->name : "", b->iommu ? b->iommu->name : "");
	assert_int_equal(a->group ? (int)a->group->id : -1, b->group ? (int)b->group->id : -1);
}

static void expect_same_group(const struct group *a, const struct group *b)
{
	assert_int_equal(a->id, b->id);
	expect_same_fact(&a->type, &b->type);
	expect_same_fact(&a->name, &b->name);
	assert_int_equal(a->members_list.state, b->members_list.state);
	assert_string_equal(a->members_list.raw, b->members_list.raw);
	assert_int_equal(a->members_list.len, b->members_list.len);
	assert_int_equal(a->nr_regions, b->nr_regions);
	assert_int_equal(a->regions_err, b->regions_err);
	assert_int_equal(a->nr_members, b->nr_members);
	for (size_t i = 0; i < a->nr_members; i++)
		assert_string_equal(a->members[i]->name, b->members[i]->name);
}

static void expect_same_hosts(struct tree *x)
{
	struct host *frugal = load_list(x, true), *whole = load_list(x, false);

	assert_int_equal(frugal->nr_devices, whole->nr_devices);
	for (size_t i = 0; i < whole->nr_devices; i++)
		expect_same_device(frugal->devices[i], whole->devices[i]);
	assert_int_equal(frugal->nr_groups, whole->nr_groups);
	for (size_t i = 0; i < whole->nr_groups; i++)
		expect_same_group(frugal->groups[i], whole->groups[i]);
	assert_int_equal(frugal->nr_iommus, whole->nr_iommus);
}

/* A NIC with two virtual functions, a port, two functions that share a group, two units. */
static void make_host(const struct tree *x)
{
	tree_intel_unit(x, "dmar0");
	tree_intel_unit(x, "dmar1");
	tree_add(x, .name = "0000:00:1c.0", .driver = "pcieport", .group = "1", .unit = "dmar0",
		 .class = "60400");
	tree_attribute(x, "0000:00:1c.0", "secondary_bus_number", "1\n");
	tree_add(x, .name = "0000:01:00.0", .driver = "igb", .group = "2", .unit = "dmar0");
	tree_attribute(x, "0000:01:00.0", "sriov_numvfs", "2\n");
	for (unsigned int i = 0; i < 2; i++) {
		const char *name = i ? "0000:01:10.1" : "0000:01:10.0";
		char path[128];

		tree_add(x, .name = name, .driver = i ? "igbvf" : NULL, .group = i ? "4" : "3",
			 .unit = "dmar0");
		tree_link(x, "../0000:01:00.0",
			  tree_path(path, "sys/devices/pci0000:00/%s/physfn", name));
	}
	tree_add(x, .name = "0000:02:00.0", .group = "5", .unit = "dmar1");
	tree_add(x, .name = "0000:02:00.1", .driver = "ahci", .group = "5", .unit = "dmar1");
	tree_group_attribute(x, "2", "type", "DMA-FQ\n");
	tree_group_attribute(x, "5", "reserved_regions",
			     "0x00000000fee00000 0x00000000feefffff msi\n");
}

static void test_frugal_load_is_the_same(struct tree *x)
{
	struct host *h;

	make_host(x);
	expect_same_hosts(x);
	h = load_list(x, true);
	/* And it was frugal: the list of the unit told, not the device's link. */
	assert_string_equal(tree_find(h, "0000:02:00.0")->iommu_link.path,
			    "/sys/class/iommu/dmar1/devices");
	assert_string_equal(tree_find(h, "0000:02:00.0")->group->members_list.raw,
			    "0000:02:00.0\n0000:02:00.1");
	assert_int_equal(tree_find(h, "0000:01:00.0")->numvfs, 2);
}

/* Some device without an IOMMU, some of another bus, some in a group that spans two of them. */
static void test_frugal_load_of_a_mixed_host(struct tree *x)
{
	make_host(x);
	tree_add(x, .name = "0000:03:00.0", .driver = "nvme");
	tree_add(x, .bus = "platform", .name = "edu-dma.0", .group = "5", .unit = "dmar1");
	expect_same_hosts(x);
}

/* A bridge of another class may have any header, and a uevent without a class tells none. */
static void test_frugal_load_of_odd_bridges(struct tree *x)
{
	make_host(x);
	tree_add(x, .name = "0000:04:00.0", .group = "6", .unit = "dmar0", .class = "60700");
	tree_attribute(x, "0000:04:00.0", "secondary_bus_number", "5\n");
	tree_add(x, .name = "0000:04:00.1", .group = "6", .unit = "dmar0", .class = "zz");
	expect_same_hosts(x);
}

/* What a unit lists and the bus does not have is no device of the host. */
static void test_frugal_load_when_a_unit_lists_more(struct tree *x)
{
	struct host *h;

	make_host(x);
	tree_link(x, "../../../../../pci0000:00/0000:99:00.0",
		  "sys/devices/virtual/iommu/dmar0/devices/0000:99:00.0");
	h = load_list(x, true);
	assert_null(host_find_device(h, "pci", "0000:99:00.0"));
	expect_same_hosts(x);
}

/* Many devices of few drivers: the drivers list them, and a modalias tells what the uevent would. */
static void test_frugal_load_by_lists_of_drivers(struct tree *x)
{
	struct host *h;

	make_host(x);
	for (unsigned int i = 0; i < 16; i++) {
		char name[16];

		snprintf(name, sizeof(name), "0000:05:%02u.%u", i / 8, i % 8);
		tree_add(x, .name = name, .driver = "ixgbe", .group = "7", .unit = "dmar0",
			 .id = "8086:10FB", .class = "20000");
		tree_attribute(x, name, "modalias",
			       i == 7 ? "nonsense\n"
				      : "pci:v00008086d000010FBsv00001028sd00000602bc02sc00i00\n");
	}
	h = load_list(x, true);
	assert_string_equal(tree_find(h, "0000:05:00.0")->uevent.path,
			    "/sys/bus/pci/devices/0000:05:00.0/modalias");
	assert_string_equal(tree_find(h, "0000:05:00.0")->driver, "ixgbe");
	assert_int_equal(tree_find(h, "0000:05:00.0")->device_id, 0x10fb);
	assert_int_equal(tree_find(h, "0000:05:00.0")->class_code, 0x020000);
	assert_string_equal(tree_find(h, "0000:05:00.7")->uevent.path,
			    "/sys/bus/pci/devices/0000:05:00.7/uevent");
	assert_string_equal(tree_find(h, "0000:05:00.7")->driver, "ixgbe");
}

/* A device of which the driver of its vendor made a VFIO device. */
static void make_vendor(const struct tree *x)
{
	make_host(x);
	tree_put(x, "sys/devices/pci0000:00/0000:02:00.1/vfio-dev/vfio0/dev", "510:0\n");
	tree_put(x, "sys/devices/pci0000:00/0000:02:00.1/power/runtime_status", "suspended\n");
}

static void expect_vendor(struct tree *x, const char *cdev)
{
	struct host *h = load_list(x, true);

	assert_string_equal(tree_find(h, "0000:02:00.1")->cdev_name, cdev);
	assert_null(tree_find(h, "0000:01:00.0")->cdev_name);
	assert_int_equal(tree_find(h, "0000:01:00.0")->vfio_dev.state, FACT_ABSENT);
	expect_same_hosts(x);
}

static void test_class_names_the_devices_of_vendors(struct tree *x)
{
	make_vendor(x);
	tree_link(x, "../../devices/pci0000:00/0000:02:00.1/vfio-dev/vfio0",
		  "sys/class/vfio-dev/vfio0");
	expect_vendor(x, "vfio0");
}

/* Not every tree has the class. */
static void test_node_of_a_group_leads_to_the_devices_of_vendors(struct tree *x)
{
	make_vendor(x);
	tree_put(x, "dev/vfio/5", "");
	expect_vendor(x, "vfio0");
}

/* Of many devices those are asked that may have it off; one that has makes all be asked. */
static void test_power_of_many_devices(struct tree *x)
{
	struct host *h;
	char name[32];

	make_host(x);
	for (unsigned int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "0000:03:%02x.%u", i / 8, i % 8);
		tree_device(x, &(struct tree_device){ .name = name });
	}
	tree_attribute(x, "0000:02:00.1", "power/runtime_status", "active\n");
	tree_attribute(x, "0000:01:10.0", "power/runtime_status", "active\n");
	h = load_list(x, true);
	assert_int_equal(tree_find(h, "0000:02:00.1")->power_status.state, FACT_UNREAD);
	assert_string_equal(tree_find(h, "0000:01:10.0")->power_status.raw, "active");
	assert_int_equal(tree_find(h, "0000:01:10.1")->power_status.state, FACT_UNREAD);
	tree_attribute(x, "0000:01:10.0", "power/runtime_status", "unsupported\n");
	tree_attribute(x, "0000:01:10.0", "power/runtime_active_time", "0\n");
	h = load_list(x, true);
	assert_string_equal(tree_find(h, "0000:02:00.1")->power_status.raw, "active");
	assert_string_equal(tree_find(h, "0000:01:10.0")->power_active_time.raw, "0");
}

/* The table of a VT-d firmware with a unit, and with memory for a device. VT-d specification, 8.1, 8.4. */
static void put_dmar(const struct tree *x, bool rmrr)
{
	unsigned char table[48 + 16 + 32] = "DMAR";
	unsigned char *at = table + 48;

	table[36] = 45;
	at[2] = 16; /* DRHD */
	at[16] = 1; /* RMRR without a scope: 4 KiB at 4 GiB */
	at[18] = 24;
	at[28] = 1;
	at[36] = 1;
	at[33] = 0x0f;
	at[32] = 0xff;
	table[4] = rmrr ? 48 + 16 + 24 : 48 + 16;
	tree_put_bytes(x, "sys/firmware/acpi/tables/DMAR", (const char *)table, table[4]);
}

/* Where the firmware reserves no memory, no group is asked for its regions. */
static void test_frugal_load_without_reserved_memory(struct tree *x)
{
	const struct group *g;
	struct host *h;

	make_host(x);
	tree_group_attribute(x, "5", "reserved_regions",
			     "0x00000000fee00000 0x00000000feefffff msi\n");
	put_dmar(x, false);
	h = load_list(x, true);
	g = host_find_group(h, 5);
	assert_int_equal(g->regions_err, 0);
	assert_int_equal(g->nr_regions, 0);
	assert_string_equal(g->reserved_regions.path, "/sys/firmware/acpi/tables/DMAR");
	h = load_list(x, false);
	assert_int_equal(host_find_group(h, 5)->nr_regions, 1);
	put_dmar(x, true);
	h = load_list(x, true);
	assert_int_equal(host_find_group(h, 5)->nr_regions, 1);
	assert_int_equal(host_find_group(h, 1)->regions_err, -ENODATA);
}
