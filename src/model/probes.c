/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/probes.h"

#include <errno.h>
#include <string.h>

#include "uapi/abi.h"

static bool none_has(const struct kernels *k, enum trait trait)
{
	for (enum release r = 0; r < NR_RELEASES; r++)
		if (k->releases & RELEASE_BIT(r) && kernels_have(k, r, trait) != TRI_NO)
			return false;
	return true;
}

static struct probe_prediction refused(int err)
{
	return (struct probe_prediction){ ANSWER_NO, err };
}

/* Only a physical function has a token: vfio_pci_vf_init(). */
static struct probe_prediction token(const struct device *dev)
{
	if (fact_is(&dev->sriov_numvfs))
		return (struct probe_prediction){ ANSWER_YES, 0 };
	return dev->sriov_numvfs.state == FACT_ABSENT ? refused(ENOTTY)
						      : (struct probe_prediction){ 0 };
}

/* A variant driver may have any of them. Features and the folder vfio-dev came in the same release, 6.1. */
struct probe_prediction probe_predict_feature(const struct kernels *k, const struct device *dev,
					      uint32_t index)
{
	const struct probe_prediction unknown = { 0 }, yes = { ANSWER_YES, 0 };

	if (!dev->driver || strcmp(dev->driver, "vfio-pci") != 0)
		return unknown;
	switch (index) {
	case VT_FEATURE_PCI_VF_TOKEN:
		return token(dev);
	case VT_FEATURE_LOW_POWER_ENTRY:
	case VT_FEATURE_LOW_POWER_ENTRY_WAKEUP:
	case VT_FEATURE_LOW_POWER_EXIT:
		return fact_is(&dev->vfio_dev) ? yes : unknown;
	case VT_FEATURE_DMA_BUF:
		/* CONFIG_PCI_P2PDMA decides as well, and whether the platform can. */
		return none_has(k, TRAIT_DMA_BUF) ? refused(ENOTTY) : unknown;
	default:
		return refused(ENOTTY);
	}
}

struct probe_prediction probe_predict_hw_info(const struct device *dev)
{
	bool intel = dev->iommu && dev->iommu->kind == IOMMU_KIND_INTEL;

	return (struct probe_prediction){ intel ? ANSWER_YES : ANSWER_UNKNOWN, 0 };
}

struct probe_prediction probe_predict_table(const struct device *dev, uint32_t flags,
					    enum tristate tracks)
{
	const struct iommu_unit *u = dev->iommu;

	if (flags == VT_HWPT_DIRTY_TRACKING && tracks == TRI_YES)
		return (struct probe_prediction){ ANSWER_YES, 0 };
	if (flags == VT_HWPT_DIRTY_TRACKING && tracks == TRI_NO)
		return refused(EOPNOTSUPP);
	/* VT-d 11.4.3: ECAP.NEST. */
	if (flags == VT_HWPT_NEST_PARENT && u && u->kind == IOMMU_KIND_INTEL && u->has_ecap &&
	    !(u->ecap >> 26 & 1))
		return refused(EOPNOTSUPP);
	return (struct probe_prediction){ 0 };
}
