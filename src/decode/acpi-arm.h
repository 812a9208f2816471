/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware tables of Arm machines: MADT (which interrupt controllers there are) and IORT (which root complex sends
 * its DMA through which SMMU, and its message interrupts to which ITS). Each walk is bounded by the table, and by a
 * limit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

/* ACPI specification, 'Multiple APIC Description Table'. */
struct acpi_madt {
	unsigned int gic_version; /* of the distributor; 0: not told, or no distributor */
	uint32_t *its;            /* identifiers of the translators, those of GICv5 included */
	size_t nr_its;
	size_t nr_msi_frames; /* GICv2m */
};

/* 0, or -EBADMSG. */
vt_must_check int acpi_madt_parse(struct span table, struct arena *a, struct acpi_madt *ret);

/* IO Remapping Table, Arm DEN0049. */
struct acpi_iort_smmu {
	uint64_t base;
	/* Its table walks are coherent: COHACC override of an SMMUv3, coherent walk of an older one. */
	bool coherent;
	size_t at; /* of its node */
};

struct acpi_iort_root {
	uint32_t segment;
	bool canwbs; /* its writes can be made write-back shareable */
	size_t at;   /* of its node */
};

struct acpi_iort {
	struct span table;
	struct acpi_iort_smmu *smmus;
	size_t nr_smmus;
	struct acpi_iort_root *roots;
	size_t nr_roots;
};

/* 0, or -EBADMSG. */
vt_must_check int acpi_iort_parse(struct span table, struct arena *a, struct acpi_iort *ret);
/* The first root complex of @segment, as the kernel takes it, or NULL. */
const struct acpi_iort_root *acpi_iort_root(const struct acpi_iort *iort, uint32_t segment);
/* The SMMU that the DMA of requester @rid below @root goes through, or NULL. */
const struct acpi_iort_smmu *acpi_iort_smmu_of(const struct acpi_iort *iort,
					       const struct acpi_iort_root *root, uint32_t rid);
/* Whether the messages of requester @rid below @root go to an ITS, and its identifier. */
bool acpi_iort_its(const struct acpi_iort *iort, const struct acpi_iort_root *root, uint32_t rid,
		   uint32_t *ret);
