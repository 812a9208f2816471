/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages the device wrote: through a container (type1 reports every pinned page as written), or
 * through an IOMMU that tracks writes (iommufd makes a table for that). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/attach.h"

struct dirty {
	struct space *space; /* borrowed */
	/* iommufd: the one that moves to the tracking table; borrowed */
	struct attached_device *device;
	uint32_t hwpt_id; /* iommufd: the tracking table; 0: none */
	bool tracking;
};

/* Whether the IOMMU behind an attached device of iommufd tracks (GET_HW_INFO): 1, 0, or a negative
 * errno. Not for a container. linux: drivers/iommu/iommufd/device.c: iommufd_get_hw_info(). */
int dirty_can_track(struct space *s, const struct attached_device *device);
/* Begins to track: DIRTY_PAGES, or HWPT_ALLOC, ATTACH_IOMMUFD_PT and HWPT_SET_DIRTY_TRACKING, which keeps
 * what is mapped. The caller stops @ret even after a failure. linux: drivers/vfio/vfio_iommu_type1.c:
 * vfio_iommu_type1_dirty_pages(). */
int dirty_start(struct space *s, struct attached_device *device, struct dirty *ret);
/* Adds the dirty pages of [@iova, @iova + @size) to *@ret; @page is the smallest page of the IOMMU. The
 * range must not cut a mapping. Asks in pieces where the bitmap would be too large. */
int dirty_count(struct dirty *d, uint64_t iova, uint64_t size, uint64_t page, uint64_t *ret);
/* Ends the tracking and puts the device back on the table of its IOAS. The first errno, or 0. */
int dirty_stop(struct dirty *d);
