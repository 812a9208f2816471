/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uapi/driver.h"
#include "scene.h"

static void test_driver_kinds(void)
{
	assert_int_equal(driver_kind("vfio-pci"), DRIVER_VFIO);
	assert_int_equal(driver_kind("mlx5_vfio_pci"), DRIVER_VFIO);
	assert_int_equal(driver_kind("vfio_ap_mdev"), DRIVER_VFIO);
	/* Makes mediated devices; holds its own devices as any host driver does. */
	assert_int_equal(driver_kind("vfio_ap"), DRIVER_MAYBE_VFIO);
	assert_int_equal(driver_kind("new_vfio_pci"), DRIVER_MAYBE_VFIO);
	assert_int_equal(driver_kind("pci-stub"), DRIVER_STUB);
	assert_int_equal(driver_kind("pcieport"), DRIVER_PORT);
	assert_int_equal(driver_kind("nvme"), DRIVER_HOST);
	assert_int_equal(driver_kind(""), DRIVER_HOST);
	assert_true(driver_leaves_vfs("nvme"));
	assert_false(driver_leaves_vfs("igb"));
}

static void test_driver_is_vfio_by_name(void)
{
	assert_true(driver_is_vfio("vfio-pci"));
	assert_true(driver_is_vfio("new_vfio_pci"));
	assert_false(driver_is_vfio("pci-stub"));
	assert_false(driver_is_vfio("e1000e"));
	assert_false(driver_is_vfio(NULL));
}

static void test_driver_of_a_bus(void)
{
	assert_string_equal(driver_of_bus(BUS_PCI)->name, "vfio-pci");
	assert_int_equal(driver_of_bus(BUS_PCI)->module, MODULE_VFIO_PCI);
	assert_string_equal(driver_of_bus(BUS_FSL_MC)->name, "vfio-fsl-mc");
	assert_int_equal(driver_of_bus(BUS_CDX)->module, MODULE_VFIO_CDX);
	assert_null(driver_of_bus(BUS_AP));
	assert_null(driver_of_bus(BUS_MDEV));
	assert_null(driver_of_bus(BUS_OTHER));
}

/* The rows name buses that are known, and are themselves found. */
static void test_driver_rows_agree(void)
{
	const struct driver_row *d;

	for (size_t i = 0; (d = driver_get(i)); i++) {
		assert_int_equal(bus_from_name(d->bus_name), d->bus);
		assert_int_equal(driver_kind(d->name), d->kind);
		if (d->kind == DRIVER_VFIO)
			assert_non_null(strstr(d->name, "vfio"));
	}
	assert_int_equal(bus_from_name("ccw"), bus_from_name("css"));
	assert_int_equal(bus_from_name("usb"), BUS_OTHER);
}

static void test_param_has_module_default_and_key(void)
{
	const struct param_row *p = param_get(PARAM_VFIO_PLATFORM_RESET_REQUIRED);

	assert_string_equal(p->name, "reset_required");
	assert_int_equal(p->module, MODULE_VFIO_PLATFORM);
	assert_int_equal(p->by_default, 1);
	assert_string_equal(p->key, "reset_required");
	assert_int_equal(param_get(PARAM_TYPE1_DMA_ENTRY_LIMIT)->by_default, 65535);
	assert_null(param_get(PARAM_VFIO_PCI_NOINTXMASK)->key);
	assert_int_equal(module_find("vfio_pci_core"), MODULE_VFIO_PCI_CORE);
	assert_int_equal(module_find("vfio"), MODULE_VFIO);
	assert_int_equal(module_find("e1000e"), NR_MODULES);
}
