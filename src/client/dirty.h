/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages the device wrote: of a container (type1 counts everything pinned as written), or of an
 * IOMMU that tracks (a table of iommufd made for it). */
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
/* Begins to track: DIRTY_PAGES, or HWPT_ALLOC, ATTACH_IOMMUFD_PT and HWPT_SET_DIRTY_TRACKING, which
 * keeps what is mapped. On failure @ret is to be stopped all the same.
 * linux: drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_dirty_pages(). */
int dirty_start(struct space *s, struct attached_device *device, struct dirty *ret);
/* Adds the dirty pages of [@iova, @iova + @size) to *@ret; @page is the smallest page of the IOMMU. The
 * range cuts no mapping. Asks in pieces where the bitmap would be too large. */
int dirty_count(struct dirty *d, uint64_t iova, uint64_t size, uint64_t page, uint64_t *ret);
/* Ends the tracking and puts the device back on the table of its IOAS. The first errno, or 0. */
int dirty_stop(struct dirty *d);
