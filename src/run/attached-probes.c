/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to attached devices that change nothing, each beside what the model knows. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "model/probes.h"
#include "client/probe.h"
#include "run/attached.h"

/* ---- GET_HW_INFO ---- */

static const char *type_text(uint32_t type, struct arena *a)
{
	static const char *const names[] = {
		[VT_HW_INFO_NONE] = "none",     [VT_HW_INFO_INTEL] = "intel",
		[VT_HW_INFO_SMMUV3] = "smmuv3", [VT_HW_INFO_TEGRA_CMDQV] = "tegra-cmdqv",
		[VT_HW_INFO_AMD] = "amd",
	};

	return type < ARRAY_SIZE(names) ? names[type] : arena_printf(a, "%u", type);
}

static enum match same(bool known, bool equal)
{
	return !known ? MATCH_OPEN : equal ? MATCH_YES : MATCH_NO;
}

static void take_intel(const struct hw_info *info, const struct iommu_unit *u, struct arena *a,
		       struct hw_info_row *ret)
{
	struct vt_hw_info_intel r;

	memcpy(&r, info->data, sizeof(r));
	iommu_row_add(&ret->iommu, a, IOMMUREG_INTEL_CAP, r.cap);
	iommu_row_add(&ret->iommu, a, IOMMUREG_INTEL_ECAP, r.ecap);
	iommureg_sum_intel(r.cap, r.ecap, &ret->iommu.summary);
	ret->as_sysfs = same(u && u->kind == IOMMU_KIND_INTEL && u->has_cap && u->has_ecap,
			     u && u->cap == r.cap && u->ecap == r.ecap);
}

static void take_amd(const struct hw_info *info, const struct iommu_unit *u, struct arena *a,
		     struct hw_info_row *ret)
{
	struct vt_hw_info_amd r;

	memcpy(&r, info->data, sizeof(r));
	iommu_row_add(&ret->iommu, a, IOMMUREG_AMD_EFR, r.efr);
	iommu_row_add(&ret->iommu, a, IOMMUREG_AMD_EFR2, r.efr2);
	iommureg_sum_amd(0, r.efr, &ret->iommu.summary);
	/* The kernel may hide what it does not support: fewer bits are right, too. */
	ret->as_sysfs = same(u && u->has_efr, u && !(r.efr & ~u->efr));
}

static void take_smmu(const struct hw_info *info, struct arena *a, struct hw_info_row *ret)
{
	struct vt_hw_info_smmuv3 r;

	memcpy(&r, info->data, sizeof(r));
	for (unsigned int i = 0; i < ARRAY_SIZE(r.idr); i++)
		iommu_row_add(&ret->iommu, a, (enum iommureg_kind)(IOMMUREG_SMMU_IDR0 + i),
			      r.idr[i]);
	iommu_row_add(&ret->iommu, a, IOMMUREG_SMMU_IIDR, r.iidr);
	iommu_row_add(&ret->iommu, a, IOMMUREG_SMMU_AIDR, r.aidr);
	iommureg_sum_smmu(r.idr, &ret->iommu.summary);
}

static const struct hw_info_row *describe_hw(const struct hw_info *info, const struct device *dev,
					     struct arena *a)
{
	struct hw_info_row *ret = arena_new_object(a, struct hw_info_row);

	*ret = (struct hw_info_row){
		.type = type_text(info->type, a),
		.dirty_tracking = info->capabilities & VT_HW_CAP_DIRTY_TRACKING,
		.pasid_exec = info->capabilities & VT_HW_CAP_PASID_EXEC,
		.pasid_priv = info->capabilities & VT_HW_CAP_PASID_PRIV,
		.ats_not_supported = info->capabilities & VT_HW_CAP_ATS_NOT_SUPPORTED,
		.pasid_bits = info->pasid_log2,
	};
	if (info->type == VT_HW_INFO_INTEL && info->len >= sizeof(struct vt_hw_info_intel))
		take_intel(info, dev->iommu, a, ret);
	else if (info->type == VT_HW_INFO_AMD && info->len >= sizeof(struct vt_hw_info_amd))
		take_amd(info, dev->iommu, a, ret);
	else if (info->type == VT_HW_INFO_SMMUV3 && info->len >= sizeof(struct vt_hw_info_smmuv3))
		take_smmu(info, a, ret);
	return ret;
}

/* ---- all of them ---- */

static const struct table_probe {
	const char *what;
	uint32_t flags;
} tables[] = {
	{ NULL, 0 },
	{ "NEST_PARENT", VT_HWPT_NEST_PARENT },
	{ "DIRTY_TRACKING", VT_HWPT_DIRTY_TRACKING },
	{ "PASID", VT_HWPT_PASID },
};

static const struct feature_probe {
	const char *what;
	uint32_t index, ops;
} features[] = {
	{ "PCI_VF_TOKEN", VT_FEATURE_PCI_VF_TOKEN, VT_FEATURE_SET },
	{ "MIGRATION", VT_FEATURE_MIGRATION, VT_FEATURE_GET },
	{ "MIG_DEVICE_STATE", VT_FEATURE_MIG_DEVICE_STATE, VT_FEATURE_GET | VT_FEATURE_SET },
	{ "MIG_DATA_SIZE", VT_FEATURE_MIG_DATA_SIZE, VT_FEATURE_GET },
	{ "DMA_LOGGING", VT_FEATURE_DMA_LOGGING_START, VT_FEATURE_SET },
	{ "LOW_POWER_ENTRY", VT_FEATURE_LOW_POWER_ENTRY, VT_FEATURE_SET },
	{ "LOW_POWER_ENTRY_WITH_WAKEUP", VT_FEATURE_LOW_POWER_ENTRY_WAKEUP, VT_FEATURE_SET },
	{ "LOW_POWER_EXIT", VT_FEATURE_LOW_POWER_EXIT, VT_FEATURE_SET },
	{ "BUS_MASTER", VT_FEATURE_BUS_MASTER, VT_FEATURE_SET },
	{ "DMA_BUF", VT_FEATURE_DMA_BUF, VT_FEATURE_GET },
};

struct asking {
	struct attached *ac;
	const struct attached_device *from;
	const struct device *dev;
	struct attach_probes *probes;
};

static void note(struct asking *q, const char *request, const char *what,
		 struct probe_prediction predicted, int r)
{
	struct probe_row *row = &q->probes->rows[q->probes->nr_rows++];

	*row = (struct probe_row){ .request = request, .what = what, .err = r < 0 ? -r : 0 };
	row->answer = predicted.answer;
	row->predicted_err = predicted.err;
	row->match = same(predicted.answer != ANSWER_UNKNOWN,
			  predicted.answer == ANSWER_YES ? !row->err : row->err == predicted.err);
}

static void ask_iommu(struct asking *q)
{
	struct attachment *at = &q->ac->attachment;
	enum tristate tracks = TRI_UNKNOWN;
	struct hw_info info;
	int r = probe_hw_info(at, q->from, &info);

	note(q, "GET_HW_INFO", NULL, probe_predict_hw_info(q->dev), r);
	if (!r) {
		q->probes->hw = describe_hw(&info, q->dev, q->ac->arena);
		tracks = q->probes->hw->dirty_tracking ? TRI_YES : TRI_NO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		note(q, "HWPT_ALLOC", tables[i].what,
		     probe_predict_table(q->dev, tables[i].flags, tracks),
		     probe_hwpt(at, q->from, tables[i].flags));
}

static void ask_device(struct asking *q)
{
	struct attachment *at = &q->ac->attachment;
	const struct kernels *k = &q->ac->session.report.kernels;
	uint64_t flags;

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		note(q, "DEVICE_FEATURE", features[i].what,
		     probe_predict_feature(k, q->dev, features[i].index),
		     probe_feature(at, q->from, features[i].index, features[i].ops));
	if (probe_migration(at, q->from, &flags) < 0)
		return;
	q->probes->migrates = true;
	q->probes->stop_copy = flags & VT_MIGRATION_STOP_COPY;
	q->probes->p2p = flags & VT_MIGRATION_P2P;
	q->probes->pre_copy = flags & VT_MIGRATION_PRE_COPY;
}

static bool all_agree(const struct attach_probes *p)
{
	for (size_t i = 0; i < p->nr_rows; i++)
		if (p->rows[i].match == MATCH_NO)
			return false;
	return !p->hw || p->hw->as_sysfs != MATCH_NO;
}

void attached_probe(struct attached *ac)
{
	struct sys *sys = ac->client.sys;

	for (size_t i = 0; ac->view.attached && i < ac->view.nr_devices; i++) {
		struct attach_device_view *d = &ac->view.devices[i];
		struct asking q = {
			.ac = ac,
			.from = &ac->attachment.devices[i],
			.dev = d->device,
			.probes = arena_new_object(ac->arena, struct attach_probes),
		};
		uint64_t start = sys->ops->now_ns(sys);

		q.probes->rows =
			arena_array(ac->arena, 1 + ARRAY_SIZE(tables) + ARRAY_SIZE(features),
				    sizeof(*q.probes->rows));
		if (ac->path == PATH_IOMMUFD)
			ask_iommu(&q);
		ask_device(&q);
		q.probes->ns = sys->ops->now_ns(sys) - start;
		d->probes = q.probes;
		if (!all_agree(q.probes))
			ac->view.match = d->match = MATCH_NO;
	}
}
