/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes and who holds them, through captures written out here. */
#include <errno.h>

#include "sysroot/sysroot.h"
#include "facts/load.h"
#include "scene.h"

static void test_node_of_a_group_and_its_holders(struct tree *x)
{
	struct host *h =
		tree_replay(x,
			    "[\"list\",\"/dev/vfio\",\"12\\nvfio\"]\n"
			    "[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
			    "[\"access\",\"/dev/vfio/12\",\"-\"]\n"
			    "[\"stat\",\"/dev/vfio/vfio\",\"char 0666 0 0 10:196\"]\n"
			    "[\"access\",\"/dev/vfio/vfio\",\"rw\"]\n"
			    "[\"stat\",\"/dev/iommu\",null,\"ENOENT\"]\n"
			    "[\"ask\",\"/proc/*/fd\",\"hidden 3\\n/dev/vfio/12 411 qemu-system-x86\\n"
			    "/dev/vfio/vfio 411 qemu-system-x86\\nvfio-device 412 a b\\n"
			    "/dev/vfio/120 5 other\"]\n");
	const struct group *g = host_find_group(h, 12);

	assert_string_equal(g->node.path, "/dev/vfio/12");
	assert_int_equal(g->node.mode, 0600);
	assert_int_equal(g->node.major, 240);
	assert_int_equal(g->node.minor, 7);
	assert_string_equal(g->node.access.raw, "-");
	assert_string_equal(g->node.holders.raw, "411 qemu-system-x86");
	assert_int_equal(g->node.hidden_processes, 3);
	assert_string_equal(h->device_holders.raw, "412 a b");
	assert_int_equal(g->noiommu_node.stat.state, FACT_ABSENT);
	assert_int_equal(g->noiommu_node.holders.state, FACT_UNREAD);
	assert_string_equal(h->vfio_node.holders.raw, "411 qemu-system-x86");
	assert_int_equal(h->iommu_node.stat.state, FACT_ABSENT);
}

static void test_node_nobody_holds(struct tree *x)
{
	struct host *h = tree_replay(x, "[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
					"[\"ask\",\"/proc/*/fd\",\"hidden 0\"]\n");

	/* The list of /dev/vfio is not in this capture: the node itself is asked. */
	assert_int_equal(host_find_group(h, 12)->node.stat.state, FACT_PRESENT);
	assert_int_equal(host_find_group(h, 12)->node.holders.state, FACT_PRESENT);
	assert_string_equal(host_find_group(h, 12)->node.holders.raw, "");
}

static void test_node_with_absurd_stat(struct tree *x)
{
	struct host *h = tree_replay(x, "[\"stat\",\"/dev/vfio/12\",\"char what\"]\n");

	assert_int_equal(host_find_group(h, 12)->node.stat.state, FACT_FAILED);
	assert_int_equal(host_find_group(h, 12)->node.stat.err, EBADMSG);
}

static void test_node_of_a_device(struct tree *x)
{
	struct host *h =
		tree_replay(x,
			    "[\"list\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev\",\"vfio3\"]\n"
			    "[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio3/dev\",\"511:3\"]\n"
			    "[\"list\",\"/dev/vfio/devices\",\"vfio3\"]\n"
			    "[\"stat\",\"/dev/vfio/devices/vfio3\",\"char 0660 0 36 511:3\"]\n");
	const struct device *d = h->devices[0];

	assert_string_equal(d->cdev_name, "vfio3");
	assert_string_equal(d->cdev_devno.raw, "511:3");
	assert_string_equal(d->cdev.path, "/dev/vfio/devices/vfio3");
	assert_int_equal(d->cdev.gid, 36);
}

/* 6.1 has the class device and no character device. */
static void test_node_of_a_device_without_cdev(struct tree *x)
{
	struct host *h =
		tree_replay(x,
			    "[\"list\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev\",\"vfio3\"]\n"
			    "[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio3/dev\",null,"
			    "\"ENOENT\"]\n");

	assert_string_equal(h->devices[0]->cdev_name, "vfio3");
	assert_int_equal(h->devices[0]->cdev_devno.state, FACT_ABSENT);
	assert_null(h->devices[0]->cdev.path);
}
