/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dirty pages of the mock's domains, for mock_iommu.c alone: a mark on each mapped page that would have
 * been written.
 */
#pragma once

/* As if devices had written to one page of each @written: those whose IOVA is a multiple. */
#define DIRTY XA_MARK_0

static int mock_set_dirty_tracking(struct iommu_domain *domain, bool enabled)
{
	struct mock_domain *mock = to_mock(domain);
	unsigned long index;
	void *page;

	xa_for_each(&mock->pages, index, page) if (enabled && written && !(index % written))
		xa_set_mark(&mock->pages, index, DIRTY);
	else xa_clear_mark(&mock->pages, index, DIRTY);
	return 0;
}

static int mock_read_dirty(struct iommu_domain *domain, unsigned long iova, size_t size,
			   unsigned long flags, struct iommu_dirty_bitmap *bitmap)
{
	struct mock_domain *mock = to_mock(domain);
	unsigned long index, last = (iova + (size - 1)) >> UNIT_SHIFT;
	void *page;

	xa_for_each_range(&mock->pages, index, page, iova >> UNIT_SHIFT, last)
	{
		if (!xa_get_mark(&mock->pages, index, DIRTY))
			continue;
		if (!(flags & IOMMU_DIRTY_NO_CLEAR))
			xa_clear_mark(&mock->pages, index, DIRTY);
		iommu_dirty_bitmap_record(bitmap, index << UNIT_SHIFT,
					  1UL << (xa_to_value(page) & (UNIT_SIZE - 1)));
	}
	return 0;
}

static const struct iommu_dirty_ops mock_dirty_ops = {
	.set_dirty_tracking = mock_set_dirty_tracking,
	.read_and_clear_dirty = mock_read_dirty,
};
