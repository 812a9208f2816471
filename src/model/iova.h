/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses a domain can map, and in which page sizes. */
#pragma once

#include "model/eval.h"

/* The ranges that VFIO_IOMMU_GET_INFO reports for a container that holds this group alone. */
void iova_predict(struct eval *e, struct iova_prediction *ret);
/* Whether @unit, a VT-d, may use scalable mode; false when it is certain that it does not. */
bool iova_may_be_scalable(struct eval *e, const struct iommu_unit *unit);
/* Whether an address below 4 GiB is left: every IOMMU reaches at least that far. */
bool iova_lowest_is_free(struct eval *e);
void page_sizes_predict(struct eval *e, struct page_sizes_prediction *ret);
/* @first-@last less the regions that VFIO takes out, for the tests. */
void iova_exclude(struct arena *a, uint64_t first, uint64_t last, const struct resv_region *regions,
		  size_t nr_regions, struct iova_prediction *ret);
