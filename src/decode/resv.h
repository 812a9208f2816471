/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A group's reserved_regions attribute: "START LAST TYPE" lines.
 * linux: drivers/iommu/iommu.c: iommu_group_show_resv_regions(). */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

/* linux: drivers/iommu/iommu.c: iommu_group_resv_type_string[]. */
enum resv_type { RESV_OTHER = 0, RESV_DIRECT, RESV_DIRECT_RELAXABLE, RESV_RESERVED, RESV_MSI };

struct resv_region {
	uint64_t start, last; /* inclusive */
	enum resv_type type;
	const char *type_text;
};

enum { RESV_REGIONS_MAX = 4096 };

/* Regions in @a, sorted by start, then last. A type that this list does not name is RESV_OTHER with its
 * text. 0; -EBADMSG when a line is not understood (a start behind its last included), -E2BIG past
 * RESV_REGIONS_MAX. */
vt_must_check int resv_parse(struct span text, struct arena *a, struct resv_region **ret,
			     size_t *ret_nr);
