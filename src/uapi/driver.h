/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buses, and the drivers that matter for passthrough: their names, their bus and module, and their kind.
 * Only this table knows them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "uapi/module.h"

enum bus {
	BUS_OTHER = 0, /* a bus that VFIO does not support */
	BUS_PCI,
	BUS_PLATFORM,
	BUS_AMBA,
	BUS_FSL_MC,
	BUS_CDX,
	BUS_AP,
	BUS_CCW,
	BUS_MDEV,
	NR_BUSES,
};

enum bus bus_from_name(const char *name);
/* All names that bus_from_name() knows, a bus may have several; NULL at the end. */
const char *bus_name_get(size_t index);

enum driver_kind {
	DRIVER_HOST = 0,   /* any other */
	DRIVER_VFIO,       /* manages the DMA of its devices for VFIO */
	DRIVER_MAYBE_VFIO, /* has VFIO in its name */
	DRIVER_STUB,       /* does nothing with its devices */
	DRIVER_PORT,       /* of bridges, stays on them */
};

struct driver_row {
	const char *name, *bus_name;
	enum bus bus;
	enum driver_kind kind;
	bool general;          /* takes any device of its bus */
	bool parent;           /* makes mediated devices of its own */
	bool leaves_vfs;       /* of the physical functions that it is unbound from */
	enum module_id module; /* of a general driver */
};

enum driver_kind driver_kind(const char *name);
/* Whether @name is that of a VFIO driver, or may be; NULL is none. */
bool driver_is_vfio(const char *name);
/* Whether the virtual functions of a physical function stay when driver @name is unbound from it; most drivers
 * remove them, and of the others only these are known. linux: pci_disable_sriov() in igb_main.c:
 * igb_remove() and its kin; nvme/host/pci.c, pci-stub.c and pci-pf-stub.c leave them. */
bool driver_leaves_vfs(const char *name);
/* The VFIO driver that takes any device of @bus, or NULL. */
const struct driver_row *driver_of_bus(enum bus bus);
/* All rows; NULL at the end. */
const struct driver_row *driver_get(size_t index);
