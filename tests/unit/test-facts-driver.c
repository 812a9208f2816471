/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What drivers and devices are asked outside of a snapshot. */
#include <errno.h>

#include "facts/driver.h"
#include "sysroot/sysroot.h"
#include "scene.h"

#define DEVICE "sys/bus/pci/devices/0000:01:00.0"

/* vfio-pci is loaded, pcieport built in with a link all the same, and e1000e built in without one. */
static void make_drivers(const struct tree *x)
{
	tree_dir(x, "sys/bus/pci/drivers/vfio-pci");
	tree_dir(x, "sys/bus/pci/drivers/pcieport");
	tree_dir(x, "sys/bus/pci/drivers/e1000e");
	tree_link(x, "../../../../module/vfio_pci", "sys/bus/pci/drivers/vfio-pci/module");
	tree_link(x, "../../../../module/pcieportdrv", "sys/bus/pci/drivers/pcieport/module");
	tree_put(x, "sys/module/vfio_pci/initstate", "live\n");
	tree_dir(x, "sys/module/pcieportdrv");
	tree_dir(x, "sys/module/vfio_pci/drivers/platform:other");
	tree_dir(x, "sys/module/vfio_pci/drivers/pci:vfio-pci");
	tree_dir(x, "sys/module/vfio_pci/drivers/pci");
}

static void test_driver_exists_on_its_bus(struct tree *x)
{
	make_drivers(x);
	assert_true(driver_exists(x->sysroot, x->arena, "pci", span_of("vfio-pci")));
	assert_false(driver_exists(x->sysroot, x->arena, "pci", span_of("vfio")));
	assert_false(driver_exists(x->sysroot, x->arena, "platform", span_of("vfio-pci")));
	/* The name is as long as the span says. */
	assert_true(driver_exists(x->sysroot, x->arena, "pci",
				  (struct span){ "e1000e and more", strlen("e1000e") }));
}

static void test_driver_list_names_all(struct tree *x)
{
	make_drivers(x);
	assert_text(driver_list(x->sysroot, x->arena, "pci"), "e1000e\npcieport\nvfio-pci");
	assert_refused(driver_list(x->sysroot, x->arena, "amba"), FACT_ABSENT, ENOENT);
}

static void test_driver_module_only_where_it_was_loaded(struct tree *x)
{
	make_drivers(x);
	assert_string_equal(driver_module(x->sysroot, x->arena, "pci", "vfio-pci"), "vfio_pci");
	assert_null(driver_module(x->sysroot, x->arena, "pci", "pcieport"));
	assert_null(driver_module(x->sysroot, x->arena, "pci", "e1000e"));
	assert_null(driver_module(x->sysroot, x->arena, "pci", "none"));
}

static void test_driver_of_module_is_of_the_bus(struct tree *x)
{
	make_drivers(x);
	assert_string_equal(driver_of_module(x->sysroot, x->arena, "pci", "vfio_pci"), "vfio-pci");
	assert_string_equal(driver_of_module(x->sysroot, x->arena, "platform", "vfio_pci"),
			    "other");
	assert_null(driver_of_module(x->sysroot, x->arena, "plat", "vfio_pci"));
	assert_null(driver_of_module(x->sysroot, x->arena, "pci", "pcieportdrv"));
}

static void test_device_read_driver_is_the_name(struct tree *x)
{
	struct fact f;

	tree_link(x, "../../../../bus/pci/drivers/nvme", DEVICE "/driver");
	f = device_read_driver(x->sysroot, x->arena, "pci", "0000:01:00.0");
	assert_text(f, "nvme");
	tree_remove(x, DEVICE "/driver");
	f = device_read_driver(x->sysroot, x->arena, "pci", "0000:01:00.0");
	assert_refused(f, FACT_ABSENT, ENOENT);
	/* Not a link: nobody knows what that means. */
	tree_put(x, DEVICE "/driver", "nvme");
	f = device_read_driver(x->sysroot, x->arena, "pci", "0000:01:00.0");
	assert_refused(f, FACT_FAILED, EINVAL);
}

static void test_device_has_vfio_dev_by_its_folder(struct tree *x)
{
	tree_put(x, DEVICE "/modalias", "pci:v00008086\n");
	assert_false(device_has_vfio_dev(x->sysroot, x->arena, "pci", "0000:01:00.0"));
	assert_text(device_read_modalias(x->sysroot, x->arena, "pci", "0000:01:00.0"),
		    "pci:v00008086");
	tree_dir(x, DEVICE "/vfio-dev/vfio0");
	assert_true(device_has_vfio_dev(x->sysroot, x->arena, "pci", "0000:01:00.0"));
	assert_false(device_has_vfio_dev(x->sysroot, x->arena, "pci", "0000:02:00.0"));
	assert_refused(device_read_modalias(x->sysroot, x->arena, "pci", "0000:02:00.0"),
		       FACT_ABSENT, ENOENT);
}
