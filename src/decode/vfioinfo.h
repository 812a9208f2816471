/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VFIO answers about an address space and about a device, as plain structs: the client fills
 * them, a report shows them. The flags are those of the uAPI. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct space_range {
	uint64_t start, last; /* inclusive */
};

struct space_info {
	uint64_t page_sizes; /* bitmap of bytes; of an IOAS: the alignment only, see exact */
	bool page_sizes_exact;
	uint64_t alignment; /* bytes: of IOVA and size */
	struct space_range *ranges;
	size_t nr_ranges;
	bool has_ranges; /* false: the kernel did not tell (only mediated devices, no-IOMMU) */
	bool has_dma_avail;
	uint32_t dma_avail; /* mappings still possible */
	bool has_migration;
	uint64_t dirty_page_sizes, dirty_bitmap_max; /* bytes */
};

struct device_info {
	uint32_t flags; /* VT_DEVICE_... */
	uint32_t nr_regions, nr_irqs;
};

struct region_area {
	uint64_t offset, size; /* bytes, within the region */
};

struct region_info {
	uint32_t index, flags; /* VT_REGION_... */
	uint64_t size, offset; /* bytes; where it lies in the descriptor */
	bool sparse;           /* only areas may be mapped */
	struct region_area *areas;
	size_t nr_areas;
	bool has_type;
	uint32_t type, subtype;
	bool msix_mappable;
};

struct irq_info {
	uint32_t index, flags, count; /* VT_IRQ_... */
};
