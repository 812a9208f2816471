/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that change nothing, beside a kernel of a few lines: what is asked, what comes back, that no table is left and no
 * step is recorded; what the model knows of the answers. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "model/probes.h"
#include "client/probe.h"
#include "fake-host.h"
#include "scene.h"

enum { SPACE_FD = 5, DEVICE_FD = 6, DEVID = 2, IOAS = 3, HWPT = 4 };

struct probed {
	struct sys sys;
	int err;       /* of every request; 0: it is answered */
	uint32_t more; /* bytes that the kernel has beyond the caller's room */
	bool stays;    /* a table cannot be destroyed */
	unsigned int tables;
	struct vt_device_feature feature; /* that was asked for */
	uint32_t flags;                   /* of the last table */
	struct arena *arena;
	struct client client;
	struct attach_target target;
	struct attached_device device;
	struct attachment at;
};

static int answer_info(struct probed *k, struct vt_hw_info *info)
{
	const struct vt_hw_info_intel regs = { .cap = 0x11, .ecap = 0x22 };

	assert_int_equal(info->size, sizeof(*info));
	assert_int_equal(info->dev_id, DEVID);
	assert_true(info->data_len >= sizeof(regs));
	memcpy((void *)(uintptr_t)info->data_uptr, &regs, sizeof(regs));
	info->data_len = sizeof(regs) + k->more;
	info->out_data_type = VT_HW_INFO_INTEL;
	info->out_max_pasid_log2 = 20;
	info->out_capabilities = VT_HW_CAP_DIRTY_TRACKING | VT_HW_CAP_PASID_EXEC;
	return 0;
}

static int answer_space(struct probed *k, unsigned long request, void *arg)
{
	struct vt_hwpt_alloc *alloc = arg;

	if (request == VT_GET_HW_INFO)
		return answer_info(k, arg);
	if (request == VT_HWPT_ALLOC) {
		assert_int_equal(alloc->dev_id, DEVID);
		assert_int_equal(alloc->pt_id, IOAS);
		k->flags = alloc->flags;
		alloc->out_hwpt_id = HWPT;
		k->tables++;
		return 0;
	}
	assert_int_equal(request, VT_IOMMU_DESTROY);
	assert_int_equal(((const struct vt_iommu_destroy *)arg)->id, HWPT);
	if (k->stays)
		return -EBUSY;
	k->tables--;
	return 0;
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct probed *k = (struct probed *)s;
	struct vt_feature_migration *f = arg;

	if (k->err)
		return -k->err;
	if (fd == SPACE_FD)
		return answer_space(k, request, arg);
	assert_int_equal(fd, DEVICE_FD);
	assert_int_equal(request, VT_DEVICE_FEATURE);
	k->feature = f->head;
	/* A probe has no data. */
	if (f->head.flags & VT_FEATURE_PROBE)
		assert_int_equal(f->head.argsz, sizeof(f->head));
	else
		f->flags = VT_MIGRATION_STOP_COPY | VT_MIGRATION_P2P;
	return 0;
}

static uint64_t fake_now(struct sys *s)
{
	(void)s;
	return 1;
}

static void begin(struct probed *k)
{
	static const struct sys_ops ops = { .ioctl = fake_ioctl, .now_ns = fake_now };

	*k = (struct probed){ .sys = { .ops = &ops }, .arena = arena_new() };
	client_init(&k->client, &k->sys, k->arena);
	k->target = (struct attach_target){ .name = "0000:01:00.0" };
	k->device =
		(struct attached_device){ .target = &k->target, .fd = DEVICE_FD, .devid = DEVID };
	k->at.client = &k->client;
	k->at.space = (struct space){
		.client = &k->client, .path = PATH_IOMMUFD, .fd = SPACE_FD, .ioas_id = IOAS
	};
}

/* Nothing is left, and nothing counts as a step. */
static void end(struct probed *k)
{
	assert_int_equal(k->tables, 0);
	assert_int_equal(k->client.nr_outcomes, 0);
	assert_false(k->client.silent);
	arena_free(k->arena);
}

static void test_probe_hw_info(void)
{
	struct probed k;
	struct hw_info info;
	struct vt_hw_info_intel regs;

	begin(&k);
	assert_int_equal(probe_hw_info(&k.at, &k.device, &info), 0);
	assert_int_equal(info.type, VT_HW_INFO_INTEL);
	assert_int_equal(info.len, sizeof(regs));
	memcpy(&regs, info.data, sizeof(regs));
	assert_true(regs.cap == 0x11 && regs.ecap == 0x22);
	assert_int_equal(info.pasid_log2, 20);
	assert_int_equal(info.capabilities, 3);
	/* A kernel that has more than there is room for. */
	k.more = 1000;
	assert_int_equal(probe_hw_info(&k.at, &k.device, &info), 0);
	assert_int_equal(info.len, HW_INFO_DATA_MAX);
	k.err = EOPNOTSUPP;
	assert_int_equal(probe_hw_info(&k.at, &k.device, &info), -EOPNOTSUPP);
	end(&k);
}

static void test_probe_tables_go_again(void)
{
	struct probed k;

	begin(&k);
	assert_int_equal(probe_hwpt(&k.at, &k.device, VT_HWPT_NEST_PARENT), 0);
	assert_int_equal(k.flags, VT_HWPT_NEST_PARENT);
	assert_int_equal(k.tables, 0);
	k.stays = true;
	assert_int_equal(probe_hwpt(&k.at, &k.device, 0), -EBUSY);
	k.tables = 0;
	k.err = EOPNOTSUPP;
	assert_int_equal(probe_hwpt(&k.at, &k.device, VT_HWPT_PASID), -EOPNOTSUPP);
	end(&k);
}

static void test_probe_features(void)
{
	struct probed k;
	uint64_t flags;

	begin(&k);
	assert_int_equal(probe_feature(&k.at, &k.device, VT_FEATURE_LOW_POWER_EXIT, VT_FEATURE_SET),
			 0);
	assert_int_equal(k.feature.flags,
			 VT_FEATURE_LOW_POWER_EXIT | VT_FEATURE_SET | VT_FEATURE_PROBE);
	assert_int_equal(probe_migration(&k.at, &k.device, &flags), 0);
	assert_int_equal(k.feature.flags, VT_FEATURE_MIGRATION | VT_FEATURE_GET);
	assert_int_equal(flags, VT_MIGRATION_STOP_COPY | VT_MIGRATION_P2P);
	k.err = ENOTTY;
	assert_int_equal(probe_feature(&k.at, &k.device, VT_FEATURE_DMA_BUF, VT_FEATURE_GET),
			 -ENOTTY);
	assert_int_equal(probe_migration(&k.at, &k.device, &flags), -ENOTTY);
	end(&k);
}

/* ---- the model ---- */

static void expect(struct probe_prediction p, enum answer answer, int err)
{
	assert_int_equal(p.answer, answer);
	assert_int_equal(p.err, err);
}

static struct probe_prediction feature(struct host *h, uint64_t releases, uint32_t index)
{
	return probe_predict_feature(fake_kernels(h, releases), h->devices[0], index);
}

static void test_probe_predicts_features(void)
{
	struct host *h = fake_host();
	struct device *d = fake_pci(h, "0000:01:00.0", fake_group(h, 1), NULL, "vfio-pci");

	d->sriov_numvfs = fake_absent(h, "sriov_numvfs");
	expect(feature(h, ONLY(6_12), VT_FEATURE_MIGRATION), ANSWER_NO, ENOTTY);
	expect(feature(h, ONLY(6_12), VT_FEATURE_DMA_LOGGING_START), ANSWER_NO, ENOTTY);
	expect(feature(h, ONLY(6_12), VT_FEATURE_PCI_VF_TOKEN), ANSWER_NO, ENOTTY);
	expect(feature(h, ONLY(6_12), VT_FEATURE_DMA_BUF), ANSWER_NO, ENOTTY);
	/* It may be built without. */
	expect(feature(h, ONLY(7_3), VT_FEATURE_DMA_BUF), ANSWER_UNKNOWN, 0);
	expect(feature(h, ONLY(6_12) | ONLY(7_3), VT_FEATURE_DMA_BUF), ANSWER_UNKNOWN, 0);
	d->vfio_dev = fake_present(h, "vfio-dev", "vfio0");
	expect(feature(h, ONLY(6_12), VT_FEATURE_LOW_POWER_ENTRY), ANSWER_YES, 0);
	d->vfio_dev = fake_absent(h, "vfio-dev");
	expect(feature(h, ONLY(6_0), VT_FEATURE_LOW_POWER_ENTRY), ANSWER_UNKNOWN, 0);
	d->sriov_numvfs = fake_present(h, "sriov_numvfs", "0");
	expect(feature(h, ONLY(6_12), VT_FEATURE_PCI_VF_TOKEN), ANSWER_YES, 0);
	d->sriov_numvfs = fake_denied(h, "sriov_numvfs");
	expect(feature(h, ONLY(6_12), VT_FEATURE_PCI_VF_TOKEN), ANSWER_UNKNOWN, 0);
	/* A variant may migrate it. */
	device_set_driver(d, "mlx5_vfio_pci");
	expect(feature(h, ONLY(6_12), VT_FEATURE_MIGRATION), ANSWER_UNKNOWN, 0);
	fake_free(h);
}

static void test_probe_predicts_tables(void)
{
	struct host *h = fake_host();
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct device *d = fake_pci(h, "0000:01:00.0", fake_group(h, 1), u, "vfio-pci");

	expect(probe_predict_hw_info(d), ANSWER_YES, 0);
	expect(probe_predict_table(d, VT_HWPT_DIRTY_TRACKING, TRI_YES), ANSWER_YES, 0);
	expect(probe_predict_table(d, VT_HWPT_DIRTY_TRACKING, TRI_NO), ANSWER_NO, EOPNOTSUPP);
	expect(probe_predict_table(d, VT_HWPT_DIRTY_TRACKING, TRI_UNKNOWN), ANSWER_UNKNOWN, 0);
	u->has_ecap = false;
	expect(probe_predict_table(d, VT_HWPT_NEST_PARENT, TRI_NO), ANSWER_UNKNOWN, 0);
	u->has_ecap = true;
	u->ecap = 0;
	expect(probe_predict_table(d, VT_HWPT_NEST_PARENT, TRI_NO), ANSWER_NO, EOPNOTSUPP);
	u->ecap = 1 << 26;
	expect(probe_predict_table(d, VT_HWPT_NEST_PARENT, TRI_NO), ANSWER_UNKNOWN, 0);
	u->kind = IOMMU_KIND_VIRTIO;
	expect(probe_predict_hw_info(d), ANSWER_UNKNOWN, 0);
	fake_free(h);
}
