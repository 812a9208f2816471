/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware tables that describe IOMMUs: DMAR (VT-d), IVRS (AMD), VIOT (virtio-iommu). Each walk is
 * bounded by the table, and by a limit. A table may lack its last byte when that was a newline, because
 * sysroot_read() removes a trailing one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

enum { ACPI_STRUCTURES_MAX = 4096, ACPI_SCOPES_MAX = 256 };

/* VT-d specification, 'DMA Remapping Reporting Structure', flags. */
enum {
	ACPI_DMAR_INTR_REMAP = 1 << 0,
	ACPI_DMAR_X2APIC_OPT_OUT = 1 << 1,
	ACPI_DMAR_PLATFORM_OPT_IN = 1 << 2,
};

/* One device by its place: a bus to start at and a path of device and function from there. */
struct acpi_scope {
	uint8_t type; /* 1 endpoint, 2 bridge, 3 IO-APIC, 4 HPET, 5 named device */
	uint8_t id;   /* of an IO-APIC or HPET */
	uint8_t bus;
	uint8_t nr_path;
	struct {
		uint8_t device, function;
	} path[8];
};

struct acpi_drhd {
	uint16_t segment;
	uint64_t base;
	bool include_all;
	struct acpi_scope *scopes;
	size_t nr_scopes;
};

struct acpi_rmrr {
	uint16_t segment;
	uint64_t start, last; /* inclusive */
	struct acpi_scope *scopes;
	size_t nr_scopes;
};

struct acpi_dmar {
	uint8_t width; /* host address bits */
	uint8_t flags;
	struct acpi_drhd *drhds;
	size_t nr_drhds;
	struct acpi_rmrr *rmrrs;
	size_t nr_rmrrs;
};

/* Arrays in @a. 0, or -EBADMSG. linux: drivers/iommu/intel/dmar.c: parse_dmar_table(). */
vt_must_check int acpi_dmar_parse(struct span table, struct arena *a, struct acpi_dmar *ret);

/* AMD IOMMU specification, 'I/O Virtualization Reporting Structure'. */
struct acpi_ivhd {
	uint8_t type;   /* 0x10 0x11 0x40 */
	uint16_t devid; /* bus << 8 | device << 3 | function of the unit */
	uint16_t segment;
	uint64_t base;
	uint64_t efr; /* of types 0x11 and 0x40, as the firmware says; 0 for type 0x10 */
	/* The IO-APICs this block lists, by their ids; without its IO-APIC, remapping stays off. */
	uint8_t *ioapics;
	size_t nr_ioapics;
};

struct acpi_ivmd {
	uint8_t type;  /* 0x20 all, 0x21 one device, 0x22 a range */
	uint8_t flags; /* bit 0 unity, bit 3 exclusion */
	uint16_t devid, last_devid;
	uint64_t start, len; /* bytes */
};

struct acpi_ivrs {
	uint32_t info; /* bit 0 EFR valid, bit 1 DMA remap, bits 15-21 address width */
	struct acpi_ivhd *ivhds;
	size_t nr_ivhds;
	struct acpi_ivmd *ivmds;
	size_t nr_ivmds;
};

/* Arrays in @a. 0, or -EBADMSG. linux: drivers/iommu/amd/init.c. */
vt_must_check int acpi_ivrs_parse(struct span table, struct arena *a, struct acpi_ivrs *ret);

/* The features of all units that the kernel knows before it reads their registers: what the blocks of the newest type have in
 * common, or 0. linux: drivers/iommu/amd/init.c: early_iommu_features_init(), get_global_efr(). */
uint64_t acpi_ivrs_efr(const struct acpi_ivrs *ivrs);

/* Whether a range holds the function @bdf (bus << 8 | device << 3 | function) of @segment.
 * 0, or -EBADMSG. linux: drivers/acpi/viot.c: viot_pci_dev_iommu_init(). */
vt_must_check int acpi_viot_covers(struct span table, uint16_t segment, uint16_t bdf, bool *ret);
