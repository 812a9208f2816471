/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uapi/driver.h"

#include <string.h>

#include "base/macro.h"

static const struct {
	const char *name;
	enum bus bus;
} buses[] = {
	{ "pci", BUS_PCI },       { "platform", BUS_PLATFORM }, { "amba", BUS_AMBA },
	{ "fsl-mc", BUS_FSL_MC }, { "cdx", BUS_CDX },           { "ap", BUS_AP },
	{ "ccw", BUS_CCW },       { "css", BUS_CCW },           { "mdev", BUS_MDEV },
};

enum bus bus_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(buses); i++)
		if (!strcmp(name, buses[i].name))
			return buses[i].bus;
	return BUS_OTHER;
}

const char *bus_name_get(size_t index)
{
	return index < ARRAY_SIZE(buses) ? buses[index].name : NULL;
}

#define GENERAL(name, bus_name, id)                                                                \
	{                                                                                          \
		name, bus_name, BUS_##id, DRIVER_VFIO, .general = true, .module = MODULE_VFIO_##id \
	}
#define PARENT(name, bus_name, id)                                          \
	{                                                                   \
		name, bus_name, BUS_##id, DRIVER_MAYBE_VFIO, .parent = true \
	}
#define VARIANT(name)                             \
	{                                         \
		name, "pci", BUS_PCI, DRIVER_VFIO \
	}
#define MEDIATED(name)                              \
	{                                           \
		name, "mdev", BUS_MDEV, DRIVER_VFIO \
	}

/* VFIO's: linux: driver_managed_dma in drivers/vfio/, 6.1 to 7.3; before 5.19 those that register with
 * vfio. */
static const struct driver_row drivers[] = {
	GENERAL("vfio-pci", "pci", PCI),
	GENERAL("vfio-platform", "platform", PLATFORM),
	GENERAL("vfio-amba", "amba", AMBA),
	GENERAL("vfio-fsl-mc", "fsl-mc", FSL_MC),
	GENERAL("vfio-cdx", "cdx", CDX),
	PARENT("vfio_ap", "ap", AP),
	PARENT("vfio_ccw", "css", CCW),
	VARIANT("mlx5_vfio_pci"),
	VARIANT("hisi_acc_vfio_pci"),
	VARIANT("pds_vfio_pci"),
	VARIANT("virtio_vfio_pci"),
	VARIANT("qat_vfio_pci"),
	VARIANT("xe-vfio-pci"),
	VARIANT("xe_vfio_pci"),
	VARIANT("nvgrace_gpu_vfio_pci"),
	VARIANT("ism_vfio_pci"),
	MEDIATED("vfio_mdev"),
	MEDIATED("vfio_ccw_mdev"),
	MEDIATED("vfio_ap_mdev"),
	{ "pci-stub", "pci", BUS_PCI, DRIVER_STUB, .leaves_vfs = true },
	{ "pci-pf-stub", "pci", BUS_PCI, DRIVER_HOST, .leaves_vfs = true },
	{ "nvme", "pci", BUS_PCI, DRIVER_HOST, .leaves_vfs = true },
	{ "pcieport", "pci", BUS_PCI, DRIVER_PORT },
};

const struct driver_row *driver_get(size_t index)
{
	return index < ARRAY_SIZE(drivers) ? &drivers[index] : NULL;
}

static const struct driver_row *driver_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(drivers[i].name, name))
			return &drivers[i];
	return NULL;
}

enum driver_kind driver_kind(const char *name)
{
	const struct driver_row *d = driver_find(name);

	return d ? d->kind : strstr(name, "vfio") ? DRIVER_MAYBE_VFIO : DRIVER_HOST;
}

bool driver_leaves_vfs(const char *name)
{
	const struct driver_row *d = driver_find(name);

	return d && d->leaves_vfs;
}

bool driver_is_vfio(const char *name)
{
	enum driver_kind kind = name ? driver_kind(name) : DRIVER_HOST;

	return kind == DRIVER_VFIO || kind == DRIVER_MAYBE_VFIO;
}

const struct driver_row *driver_of_bus(enum bus bus)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i].general && drivers[i].bus == bus)
			return &drivers[i];
	return NULL;
}
