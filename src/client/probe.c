/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/probe.h"

#include <string.h>

#include "uapi/abi.h"

/* An ioctl that does not count as a step. */
static int ask(struct attachment *at, enum op op, const char *object, int fd, unsigned long request,
	       void *arg)
{
	struct client *c = at->client;
	size_t nr_outcomes = c->nr_outcomes;
	bool silent = c->silent;
	int r;

	c->silent = true;
	r = client_op(c, op, object, fd, request, arg);
	c->silent = silent;
	c->nr_outcomes = nr_outcomes;
	return r;
}

int probe_hw_info(struct attachment *at, const struct attached_device *d, struct hw_info *ret)
{
	struct vt_hw_info info = {
		.size = sizeof(info),
		.dev_id = d->devid,
		.data_len = sizeof(ret->data),
		.data_uptr = (uintptr_t)ret->data,
	};
	int r;

	memset(ret, 0, sizeof(*ret));
	r = ask(at, OP_GET_HW_INFO, d->target->name, at->space.fd, VT_GET_HW_INFO, &info);
	if (r < 0)
		return r;
	ret->type = info.out_data_type;
	/* The kernel says how much it has, which may be more than there is room for. */
	ret->len = info.data_len < sizeof(ret->data) ? info.data_len : (uint32_t)sizeof(ret->data);
	ret->capabilities = info.out_capabilities;
	ret->pasid_log2 = info.out_max_pasid_log2;
	return 0;
}

int probe_hwpt(struct attachment *at, const struct attached_device *d, uint32_t flags)
{
	struct vt_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = flags,
		.dev_id = d->devid,
		.pt_id = at->space.ioas_id,
	};
	struct vt_iommu_destroy destroy = { .size = sizeof(destroy) };
	int r = ask(at, OP_HWPT_ALLOC, d->target->name, at->space.fd, VT_HWPT_ALLOC, &alloc);

	if (r < 0)
		return r;
	destroy.id = alloc.out_hwpt_id;
	r = ask(at, OP_IOMMU_DESTROY, d->target->name, at->space.fd, VT_IOMMU_DESTROY, &destroy);
	return r < 0 ? r : 0;
}

int probe_feature(struct attachment *at, const struct attached_device *d, uint32_t index,
		  uint32_t flags)
{
	struct vt_device_feature f = {
		.argsz = sizeof(f),
		.flags = index | flags | VT_FEATURE_PROBE,
	};
	int r = ask(at, OP_DEVICE_FEATURE, d->target->name, d->fd, VT_DEVICE_FEATURE, &f);

	return r < 0 ? r : 0;
}

int probe_migration(struct attachment *at, const struct attached_device *d, uint64_t *ret)
{
	struct vt_feature_migration f = {
		.head = { .argsz = sizeof(f), .flags = VT_FEATURE_MIGRATION | VT_FEATURE_GET },
	};
	int r = ask(at, OP_DEVICE_FEATURE, d->target->name, d->fd, VT_DEVICE_FEATURE, &f);

	*ret = f.flags;
	return r < 0 ? r : 0;
}
