/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the pages that a device writes are not tracked. */
#include <errno.h>

#include "model/mapping.h"
#include "model/rules.h"

static const struct rule_site dirty_version_sites[] = {
	{ ALWAYS, C, OP_DIRTY_PAGES, EACCES, 0,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_dirty_pages()" },
};

/* linux: vfio_iommu_type1.c: vfio_iommu_type1_dirty_pages(). */
static void rule_dirty_version(struct eval *e)
{
	if (e->mapping->space->version_1)
		eval_refuses(e, "version 1 of type1 cannot track dirty pages");
	else
		eval_passes(e, "version 2 of type1 tracks dirty pages");
}

static const struct rule_site dirty_compat_sites[] = {
	{ FROM(IOMMUFD), X, OP_DIRTY_PAGES, ENOTTY, 0,
	  "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_ioctl()" },
};

/* linux: iommufd/vfio_compat.c: iommufd_vfio_ioctl(). */
static void rule_dirty_compat(struct eval *e)
{
	eval_refuses(e, "iommufd behind /dev/vfio/vfio has no VFIO_IOMMU_DIRTY_PAGES");
	eval_remedy(e, "use --path iommufd, where the IOMMU can track");
}

static const struct rule_site dirty_hardware_sites[] = {
	{ FROM(CDEV), I, OP_HWPT_ALLOC, EOPNOTSUPP, 0,
	  "drivers/iommu/iommufd/hw_pagetable.c: iommufd_hwpt_paging_alloc()" },
};

/* linux: iommufd/hw_pagetable.c: iommufd_hwpt_paging_alloc(): IOMMU_CAP_DIRTY_TRACKING. */
static void rule_dirty_hardware(struct eval *e)
{
	enum tristate has = e->mapping->space->dirty_tracking;

	if (has == TRI_YES)
		eval_passes(e, "the IOMMU tracks dirty pages");
	else if (has == TRI_NO)
		eval_refuses(e, "the IOMMU does not track dirty pages (GET_HW_INFO)");
	else
		eval_unknown(e,
			     "cannot tell before an attach whether the IOMMU tracks dirty pages");
}

static const struct rule rules[] = {
	{ "dirty-version", "version 1 of type1 cannot track dirty pages",
	  SITES(dirty_version_sites), rule_dirty_version, "use TYPE1v2", .request = true },
	{ "dirty-compat", "a container provided by iommufd cannot track dirty pages",
	  SITES(dirty_compat_sites), rule_dirty_compat, "use the iommufd path", .request = true },
	{ "dirty-hardware", "the IOMMU does not track dirty pages", SITES(dirty_hardware_sites),
	  rule_dirty_hardware, "no setting helps", .request = true },
};

const struct rule_table rules_dirty = RULE_TABLE(rules);
