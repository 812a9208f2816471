/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, groups and units of a tree; what targets lead to. */
#include <errno.h>

#include "base/strbuf.h"
#include "facts/load.h"
#include "facts/target.h"
#include "scene.h"

/* Two functions of one slot in a group, a bridge alone, a platform device behind the same unit, and
 * one that has nothing to do with any of it. */
static void make_host(const struct tree *x)
{
	tree_intel_unit(x, "dmar0");
	tree_add(x, .name = "0000:01:00.0", .driver = "vfio-pci", .group = "2", .unit = "dmar0");
	tree_add(x, .name = "0000:01:00.1", .driver = "igb", .group = "2", .unit = "dmar0");
	tree_add(x, .name = "0000:00:1c.0", .driver = "pcieport", .group = "1", .unit = "dmar0",
		 .id = "8086:A110", .class = "60400");
	tree_add(x, .name = "10000:e1:00.0", .id = "144D:A808", .class = "10802");
	tree_add(x, .bus = "platform", .name = "edu-dma.0", .group = "3", .unit = "dmar0");
	tree_add(x, .bus = "platform", .name = "serial8250");
	tree_attribute(x, "0000:00:1c.0", "secondary_bus_number", "1\n");
	tree_attribute(x, "0000:01:00.1", "sriov_numvfs", "4\n");
	tree_group_attribute(x, "1", "type", "DMA\n");
	tree_group_attribute(x, "2", "type", "DMA-FQ\n");
	tree_group_attribute(x, "2", "reserved_regions",
			     "0x00000000fee00000 0x00000000feefffff msi\n");
	tree_group_attribute(x, "3", "reserved_regions", "nonsense\n");
}

static void test_load_everything_in_order(struct tree *x)
{
	static const char *const names[] = { "0000:00:1c.0", "0000:01:00.0", "0000:01:00.1",
					     "10000:e1:00.0", "edu-dma.0" };
	struct host *h;

	make_host(x);
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->nr_devices, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(h->devices[i]->name, names[i]);
		assert_ptr_equal(host_find_device(h, h->devices[i]->bus_name, names[i]),
				 h->devices[i]);
		assert_ptr_equal(host_find_device(h, NULL, names[i]), h->devices[i]);
	}
	assert_null(host_find_device(h, "pci", "edu-dma.0"));
	assert_null(host_find_device(h, NULL, "serial8250"));
	assert_int_equal(h->nr_groups, 3);
	assert_int_equal(h->nr_iommus, 1);
	assert_null(host_find_group(h, 7));
}

static void test_load_device_facts(struct tree *x)
{
	struct device *d;
	struct host *h;

	make_host(x);
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	d = tree_find(h, "0000:01:00.1");
	assert_int_equal(d->bus, BUS_PCI);
	assert_string_equal(d->sysfs, "/sys/bus/pci/devices/0000:01:00.1");
	assert_string_equal(d->driver, "igb");
	assert_string_equal(d->driver_fact.path, "/sys/bus/pci/devices/0000:01:00.1/uevent");
	assert_true(d->has_ids);
	assert_int_equal(d->vendor, 0x8086);
	assert_int_equal(d->device_id, 0x1521);
	assert_int_equal(d->subvendor, 0x1af4);
	assert_int_equal(d->class_code, 0x20000);
	assert_int_equal(d->is_bridge, TRI_NO);
	assert_int_equal(d->numvfs, 4);
	assert_int_equal(d->group->id, 2);
	assert_string_equal(d->iommu->name, "dmar0");
	assert_int_equal(d->physfn_link.state, FACT_ABSENT);
	assert_int_equal(d->vfio_dev.state, FACT_ABSENT);
	assert_int_equal(d->loaded, DEVICE_ALL);
	d = tree_find(h, "0000:00:1c.0");
	assert_int_equal(d->is_bridge, TRI_YES);
	assert_int_equal(d->sriov_numvfs.state, FACT_ABSENT);
	d = tree_find(h, "10000:e1:00.0");
	assert_null(d->driver);
	assert_int_equal(d->driver_fact.state, FACT_ABSENT);
	assert_null(d->group);
	assert_int_equal(d->group_link.state, FACT_ABSENT);
	assert_null(d->iommu);
	d = tree_find(h, "edu-dma.0");
	assert_int_equal(d->bus, BUS_PLATFORM);
	assert_false(d->has_ids);
	assert_string_equal(d->modalias.raw, "platform:edu-dma.0");
	assert_int_equal(d->software_node.state, FACT_ABSENT);
	assert_int_equal(d->is_bridge, TRI_UNKNOWN);
}

static void test_load_group_facts(struct tree *x)
{
	struct group *g;
	struct host *h;

	make_host(x);
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	g = host_find_group(h, 2);
	assert_string_equal(g->type.raw, "DMA-FQ");
	assert_int_equal(g->name.state, FACT_ABSENT);
	assert_int_equal(g->regions_err, 0);
	assert_int_equal(g->nr_regions, 1);
	assert_int_equal(g->regions[0].type, RESV_MSI);
	assert_string_equal(g->members_list.raw, "0000:01:00.0\n0000:01:00.1");
	assert_int_equal(g->nr_members, 2);
	assert_string_equal(g->members[1]->name, "0000:01:00.1");
	assert_int_equal(g->node.stat.state, FACT_ABSENT);
	g = host_find_group(h, 3);
	assert_int_equal(g->regions_err, -EBADMSG);
	assert_null(g->regions);
	assert_string_equal(g->reserved_regions.raw, "nonsense");
	g = host_find_group(h, 1);
	assert_int_equal(g->regions_err, -ENODATA);
	assert_int_equal(g->reserved_regions.state, FACT_ABSENT);
}

static void test_load_unit_facts(struct tree *x)
{
	struct iommu_unit *u;
	struct host *h;

	make_host(x);
	tree_put(x, "sys/class/iommu/ivhd0/amd-iommu/features", "25bf732fa2295afe:10\n");
	tree_put(x, "sys/class/iommu/ivhd0/amd-iommu/cap", "xyz\n");
	tree_put(x, "sys/class/iommu/ivhd1/amd-iommu/features", "f0:f00\n");
	tree_link(x, "../../../bus/virtio/drivers/virtio_iommu", "sys/devices/virtio9/driver");
	tree_put(x, "sys/devices/virtio9/features", "1110000\n");
	tree_link(x, "../../../devices/virtio9", "sys/class/iommu/0000:00:09.0/device");
	tree_put(x, "sys/class/iommu/smmu3.0x2b400000/x", "");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->nr_iommus, 5);
	u = h->iommus[0];
	assert_string_equal(u->name, "0000:00:09.0");
	assert_int_equal(u->kind, IOMMU_KIND_VIRTIO);
	assert_string_equal(u->driver.raw, "virtio_iommu");
	assert_true(u->has_virtio && u->virtio == 0x7);
	u = h->iommus[1];
	assert_int_equal(u->kind, IOMMU_KIND_INTEL);
	assert_true(u->has_cap && u->has_ecap);
	assert_true(u->cap == UINT64_C(0xd2008c222f0686));
	assert_int_equal(u->ecap, 0xf00f4a);
	assert_string_equal(u->version.raw, "1:0");
	u = h->iommus[2];
	assert_int_equal(u->kind, IOMMU_KIND_AMD);
	assert_true(u->has_efr && u->has_efr2);
	assert_int_equal(u->efr2, 0x10);
	assert_false(u->has_cap);
	assert_int_equal(u->cap_fact.state, FACT_FAILED);
	assert_int_equal(u->cap_fact.err, EBADMSG);
	assert_false(h->iommus[3]->has_efr);
	assert_string_equal(h->iommus[3]->features.raw, "f0:f00");
	assert_int_equal(h->iommus[4]->kind, IOMMU_KIND_SMMU_V3);
}

/* A group that no PCI device and no unit leads to is found through its own list. */
static void test_load_group_of_other_devices_only(struct tree *x)
{
	struct host *h;

	make_host(x);
	tree_add(x, .bus = "fsl-mc", .name = "dprc.2", .group = "9");
	h = tree_load(x, x->sysroot, &(struct scope){ 0, DEVICE_BASE, 0 }, NULL);
	assert_int_equal(tree_find(h, "dprc.2")->bus, BUS_FSL_MC);
	assert_int_equal(tree_find(h, "dprc.2")->group->id, 9);
}

static void test_load_platform_device_on_a_vfio_driver(struct tree *x)
{
	struct host *h;

	make_host(x);
	tree_add(x, .bus = "platform", .name = "fff51000.ethernet", .driver = "vfio-platform");
	tree_put(x, "sys/bus/platform/drivers/vfio-platform/bind", "");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_string_equal(tree_find(h, "fff51000.ethernet")->driver, "vfio-platform");
	assert_null(host_find_device(h, NULL, "bind"));
}

/* ---- targets ---- */

static void test_load_one_device_with_its_group(struct tree *x)
{
	struct target t;
	struct device **selected;
	struct host *h;
	size_t nr;

	make_host(x);
	h = tree_load(x, x->sysroot, &(struct scope){ HOST_ALL, DEVICE_ALL, DEVICE_BASE },
		      (const char *[]){ "01:00.0", NULL });
	assert_int_equal(h->nr_devices, 2);
	assert_int_equal(tree_find(h, "0000:01:00.0")->loaded, DEVICE_ALL);
	assert_int_equal(tree_find(h, "0000:01:00.1")->loaded, DEVICE_BASE);
	assert_int_equal(tree_find(h, "0000:01:00.1")->sriov_numvfs.state, FACT_UNREAD);
	assert_int_equal(h->nr_groups, 1);
	assert_int_equal(h->groups[0]->nr_members, 2);
	/* The long lists stay unread: the device has a group. */
	assert_int_equal(h->groups_list.state, FACT_UNREAD);
	assert_int_equal(h->iommus[0]->devices_list.state, FACT_UNREAD);
	assert_true(h->iommus[0]->has_cap);
	assert_int_equal(target_parse(x->arena, "01:00.0", &t, NULL), 0);
	selected = host_select(h, x->arena, &t, 1, &nr);
	assert_int_equal(nr, 1);
	assert_string_equal(selected[0]->name, "0000:01:00.0");
}

static void test_load_device_without_group_asks_for_any(struct tree *x)
{
	struct host *h;

	make_host(x);
	h = tree_load(x, x->sysroot, tree_scope(), (const char *[]){ "10000:e1:00.0", NULL });
	assert_int_equal(h->nr_devices, 1);
	assert_string_equal(h->groups_list.raw, "1\n2\n3");
}

static void assert_selects(struct tree *x, const char *text, const char *const *names)
{
	struct host *h = tree_load(x, x->sysroot, tree_scope(), (const char *[]){ text, NULL });
	struct device **selected;
	struct target t;
	size_t nr, i;

	assert_int_equal(target_parse(x->arena, text, &t, NULL), 0);
	selected = host_select(h, x->arena, &t, 1, &nr);
	for (i = 0; names[i]; i++) {
		if (i >= nr || strcmp(selected[i]->name, names[i]))
			fail_msg("'%s' does not select %s", text, names[i]);
		assert_int_equal(selected[i]->loaded, DEVICE_ALL);
	}
	assert_int_equal(nr, i);
}

static void test_load_every_form_of_target(struct tree *x)
{
	make_host(x);
	tree_link(x, "../../devices/pci0000:00/0000:01:00.1/net/eth7", "sys/class/net/eth7");
	tree_link(x, "../../../0000:01:00.1",
		  "sys/devices/pci0000:00/0000:01:00.1/net/eth7/device");
	tree_link(x, "../../../../../class/net",
		  "sys/devices/pci0000:00/0000:01:00.1/net/eth7/subsystem");
	tree_link(x, "../../devices/pci0000:00/0000:01:00.0/vfio-dev/vfio3",
		  "sys/class/vfio-dev/vfio3");
	tree_put(x, "sys/devices/pci0000:00/0000:01:00.0/vfio-dev/vfio3/dev", "511:3\n");
	assert_selects(x, "0000:01:00.1", (const char *[]){ "0000:01:00.1", NULL });
	assert_selects(x, "01:00", (const char *[]){ "0000:01:00.0", "0000:01:00.1", NULL });
	assert_selects(x, "platform:edu-dma.0", (const char *[]){ "edu-dma.0", NULL });
	assert_selects(x, "group:3", (const char *[]){ "edu-dma.0", NULL });
	assert_selects(x, "group:2", (const char *[]){ "0000:01:00.0", "0000:01:00.1", NULL });
	assert_selects(x, "144d:", (const char *[]){ "10000:e1:00.0", NULL });
	assert_selects(x, "8086:1521", (const char *[]){ "0000:01:00.0", "0000:01:00.1", NULL });
	assert_selects(x, "eth7", (const char *[]){ "0000:01:00.1", NULL });
	assert_selects(x, "/sys/class/net/eth7/device", (const char *[]){ "0000:01:00.1", NULL });
	assert_selects(x, "/sys/bus/pci/devices/0000:00:1c.0",
		       (const char *[]){ "0000:00:1c.0", NULL });
	assert_selects(x, "vfio3", (const char *[]){ "0000:01:00.0", NULL });
}

static void test_load_unknown_targets(struct tree *x)
{
	make_host(x);
	tree_link(x, "loop", "sys/class/net/loop");
	tree_dir(x, "sys/class/net/lo");
	assert_load_fails(x, x->sysroot, "0000:05:00.0", -ENOENT, STATUS_NO_TARGET,
			  "'0000:05:00.0'");
	assert_load_fails(x, x->sysroot, "05:00", -ENOENT, STATUS_NO_TARGET, "slot");
	assert_load_fails(x, x->sysroot, "platform:none", -ENOENT, STATUS_NO_TARGET,
			  "no such device");
	assert_load_fails(x, x->sysroot, "group:77", -ENOENT, STATUS_NO_TARGET,
			  "no such IOMMU group");
	assert_load_fails(x, x->sysroot, "1234:5678", -ENOENT, STATUS_NO_TARGET, "ids");
	assert_load_fails(x, x->sysroot, "eth9", -ENOENT, STATUS_NO_TARGET, "eth9");
	assert_load_fails(x, x->sysroot, "loop", -ENOENT, STATUS_NO_TARGET, "cannot be resolved");
	assert_load_fails(x, x->sysroot, "vfio9", -ENOENT, STATUS_NO_TARGET, "VFIO");
	assert_load_fails(x, x->sysroot, "/sys/class/net", -ENOENT, STATUS_NO_TARGET, "behind");
	assert_load_fails(x, x->sysroot, "/sys/none", -ENOENT, STATUS_NO_TARGET,
			  "cannot be resolved");
	assert_load_fails(x, x->sysroot, "/sys/kernel/iommu_groups/2", -EINVAL, STATUS_USAGE,
			  "group:2");
	assert_load_fails(x, x->sysroot, "/sys/../../secret", -ENOENT, STATUS_NO_TARGET,
			  "cannot be resolved");
}

/* Each step of such a path once took memory for all of it: 3 GB for a capture of 160 KB. */
static void test_load_path_longer_than_paths_are(struct tree *x)
{
	enum { LONG = 40000 };
	struct sysroot *root = NULL;
	struct strbuf text = { .arena = x->arena };

	strbuf_printf(&text, "{\"vfiotool-capture\":1}\n");
	strbuf_printf(&text, "[\"link\",\"/sys\",null,\"EINVAL\"]\n");
	strbuf_printf(&text, "[\"link\",\"/sys/class\",null,\"EINVAL\"]\n");
	strbuf_printf(&text, "[\"link\",\"/sys/class/net\",null,\"EINVAL\"]\n");
	strbuf_printf(&text, "[\"link\",\"/sys/class/net/eth0\",\"%0*d/", LONG, 0);
	for (unsigned int i = 0; i < LONG; i++)
		strbuf_printf(&text, "./");
	strbuf_printf(&text, "\"]\n[\"link\",\"/sys/class/net/%0*d\",null,\"EINVAL\"]\n", LONG, 0);
	tree_put(x, "capture", strbuf_get(&text));
	assert_int_equal(sysroot_open(arena_printf(x->arena, "%s/capture", x->root), &root, NULL),
			 0);
	assert_load_fails(x, root, "eth0", -ENOENT, STATUS_NO_TARGET, "cannot be resolved");
	sysroot_close(root);
}

static void test_load_what_is_no_host(struct tree *x)
{
	struct failure *why = NULL;
	struct host *h = NULL;

	assert_int_equal(host_load(x->sysroot, tree_scope(), NULL, 0, &h, &why), -ENOENT);
	assert_null(h);
	assert_non_null(strstr(why->text, "sys/bus"));
	failure_free(why);
}

/* ---- VFs ---- */

/* A verdict needs the regions of a group, not its default domain; why devices share it needs neither. */
static void test_load_parts_of_groups(struct tree *x)
{
	static const unsigned int rest = HOST_ALL & ~(unsigned int)HOST_GROUP_TYPES;
	struct group *g;

	make_host(x);
	g = host_find_group(tree_load(x, x->sysroot,
				      &(struct scope){ rest, DEVICE_BASE, DEVICE_BASE }, NULL),
			    2);
	assert_int_equal(g->type.state, FACT_UNREAD);
	assert_int_equal(g->name.state, FACT_ABSENT);
	assert_int_equal(g->nr_regions, 1);
	g = host_find_group(tree_load(x, x->sysroot,
				      &(struct scope){ HOST_GROUPS, DEVICE_BASE, DEVICE_BASE },
				      NULL),
			    2);
	assert_int_equal(g->type.state, FACT_UNREAD);
	assert_int_equal(g->name.state, FACT_ABSENT);
	assert_int_equal(g->reserved_regions.state, FACT_UNREAD);
	assert_int_equal(g->nr_members, 2);
}

static void test_load_vf_brings_its_pf(struct tree *x)
{
	struct device *vf;
	struct host *h;

	make_host(x);
	tree_add(x, .name = "0000:01:10.0", .group = "8", .unit = "dmar0");
	tree_link(x, "../0000:01:00.0", "sys/devices/pci0000:00/0000:01:10.0/physfn");
	h = tree_load(x, x->sysroot, &(struct scope){ HOST_ALL, DEVICE_ALL, 0 },
		      (const char *[]){ "01:10.0", NULL });
	vf = tree_find(h, "0000:01:10.0");
	assert_ptr_equal(vf->physfn, tree_find(h, "0000:01:00.0"));
	assert_string_equal(vf->physfn->driver, "vfio-pci");
	/* Its group is known by the link, and not asked further. */
	assert_int_equal(vf->physfn->group->members_list.state, FACT_UNREAD);
	assert_int_equal(vf->physfn->group->type.state, FACT_UNREAD);
	assert_int_equal(h->nr_devices, 2);
}

/* ---- attributes that no kernel would write, and things that go while they are read ---- */

static void test_absurd_attributes(struct tree *x)
{
	static char huge[1 << 20];
	const struct device *d;
	struct host *h;

	memset(huge, 'A', sizeof(huge) - 1);
	for (unsigned int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "0000:01:00.%u", i);
		tree_add(x, .name = name, .group = "4");
	}
	tree_attribute(x, "0000:01:00.0", "uevent", "");
	tree_attribute(x, "0000:01:00.1", "uevent", huge);
	tree_attribute(x, "0000:01:00.2", "uevent", "\x01\xff\n=\n\n===\nPCI_ID\n");
	tree_remove(x, "sys/devices/pci0000:00/0000:01:00.3/uevent");
	tree_dir(x, "sys/devices/pci0000:00/0000:01:00.3/uevent");
	tree_remove(x, "sys/devices/pci0000:00/0000:01:00.4/uevent");
	tree_link(x, "uevent", "sys/devices/pci0000:00/0000:01:00.4/uevent");
	tree_link(x, "../nothing", "sys/devices/pci0000:00/0000:01:00.4/driver");
	tree_attribute(x, "0000:01:00.0", "sriov_numvfs", "many\n");
	tree_group_attribute(x, "4", "reserved_regions", huge);
	tree_put(x, "sys/kernel/iommu_groups/x/y", "");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->nr_devices, 5);
	d = tree_find(h, "0000:01:00.0");
	assert_int_equal(d->driver_fact.state, FACT_ABSENT);
	assert_false(d->has_ids);
	assert_int_equal(d->sriov_numvfs.err, EBADMSG);
	d = tree_find(h, "0000:01:00.1");
	assert_int_equal(d->uevent.err, EFBIG);
	/* There is no driver link: that much the system said. */
	assert_int_equal(d->driver_fact.state, FACT_ABSENT);
	assert_int_equal(d->is_bridge, TRI_UNKNOWN);
	assert_false(tree_find(h, "0000:01:00.2")->has_ids);
	assert_int_equal(tree_find(h, "0000:01:00.3")->uevent.err, EISDIR);
	d = tree_find(h, "0000:01:00.4");
	assert_int_equal(d->uevent.err, ELOOP);
	assert_string_equal(d->driver, "nothing");
	assert_int_equal(h->nr_groups, 1);
	assert_int_equal(h->groups[0]->nr_members, 5);
	assert_int_equal(h->groups[0]->regions_err, -EBADMSG);
}

/* A device that goes while it is read: its directory is named, and everything in it is gone. */
static void test_vanished_device(struct tree *x)
{
	const struct device *d;
	struct host *h;

	tree_add(x, .name = "0000:01:00.0", .group = "4");
	tree_link(x, "../../../devices/pci0000:00/0000:02:00.0",
		  "sys/bus/pci/devices/0000:02:00.0");
	tree_link(x, "../../../../devices/platform/gone", "sys/kernel/iommu_groups/4/devices/gone");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	d = tree_find(h, "0000:02:00.0");
	assert_int_equal(d->uevent.state, FACT_ABSENT);
	/* Not 'no driver': there is no device to have one. */
	assert_int_equal(d->driver_fact.state, FACT_FAILED);
	assert_int_equal(d->is_bridge, TRI_UNKNOWN);
	d = tree_find(h, "gone");
	assert_string_equal(d->bus_name, "unknown");
	assert_int_equal(d->bus, BUS_OTHER);
	assert_int_equal(d->driver_fact.state, FACT_FAILED);
}

/* A group whose directory went between the link and the list. */
static void test_vanished_group(struct tree *x)
{
	struct host *h;

	tree_add(x, .name = "0000:01:00.0");
	tree_link(x, "../../../kernel/iommu_groups/9",
		  "sys/devices/pci0000:00/0000:01:00.0/iommu_group");
	h = tree_load(x, x->sysroot, tree_scope(), (const char *[]){ "01:00.0", NULL });
	assert_int_equal(h->nr_groups, 1);
	assert_int_equal(h->groups[0]->members_list.state, FACT_ABSENT);
	assert_int_equal(h->groups[0]->type.state, FACT_ABSENT);
	assert_int_equal(h->groups[0]->nr_members, 1);
	assert_int_equal(h->groups[0]->regions_err, -ENODATA);
}
