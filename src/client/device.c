/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/device.h"

#include <errno.h>

#include "client/abi.h"
#include "decode/vfiocap.h"

enum {
	INFO_MAX = 1 << 20,  /* bytes of an answer that are believed */
	AREAS_MAX = 1 << 12, /* areas that are believed */
	TRIES_MAX = 4,
};

int device_info_get(struct client *c, const char *object, int fd, struct device_info *ret)
{
	struct vt_device_info info = { .argsz = sizeof(info) };
	int r = client_op(c, OP_DEVICE_GET_INFO, object, fd, VT_DEVICE_GET_INFO, &info);

	if (r < 0)
		return r;
	*ret = (struct device_info){
		.flags = info.flags,
		.nr_regions = info.num_regions,
		.nr_irqs = info.num_irqs,
	};
	return 0;
}

/* linux: include/uapi/linux/vfio.h: struct vfio_region_info_cap_sparse_mmap. */
static int read_sparse(const struct vfiocap *cap, struct arena *a, struct region_info *ret)
{
	uint32_t nr;

	/* Once, and all in the answer: before room is made for what a chain that loops repeats. */
	if (ret->sparse || vfiocap_u32(cap, 0, &nr) < 0 || nr > AREAS_MAX ||
	    nr > cap->len / sizeof(*ret->areas))
		return -EBADMSG;
	ret->sparse = true;
	ret->areas = arena_array(a, nr, sizeof(*ret->areas));
	for (uint32_t i = 0; i < nr; i++)
		if (vfiocap_u64(cap, 8 + (size_t)i * 16, &ret->areas[i].offset) < 0 ||
		    vfiocap_u64(cap, 16 + (size_t)i * 16, &ret->areas[i].size) < 0)
			return -EBADMSG;
	ret->nr_areas = nr;
	return 0;
}

static int read_cap(const struct vfiocap *cap, struct arena *a, struct region_info *ret)
{
	switch (cap->id) {
	case VT_REGION_CAP_SPARSE_MMAP:
		return read_sparse(cap, a, ret);
	case VT_REGION_CAP_TYPE:
		ret->has_type = true;
		if (vfiocap_u32(cap, 0, &ret->type) < 0)
			return -EBADMSG;
		return vfiocap_u32(cap, 4, &ret->subtype);
	case VT_REGION_CAP_MSIX_MAPPABLE:
		ret->msix_mappable = true;
		return 0;
	default:
		return 0;
	}
}

static int read_region(const struct vt_region_info *info, size_t len, struct arena *a,
		       struct region_info *ret)
{
	struct vfiocap_walk walk;
	struct vfiocap cap;
	int r;

	*ret = (struct region_info){
		.index = info->index,
		.flags = info->flags,
		.size = info->size,
		.offset = info->offset,
	};
	if (!(info->flags & VT_REGION_CAPS))
		return 0;
	vfiocap_begin(&walk, info, len, sizeof(*info), info->cap_offset);
	while ((r = vfiocap_next(&walk, &cap)) > 0) {
		r = read_cap(&cap, a, ret);
		if (r < 0)
			return r;
	}
	return r;
}

int device_region_get(struct client *c, const char *object, int fd, uint32_t index,
		      struct region_info *ret)
{
	size_t len = sizeof(struct vt_region_info);

	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		struct vt_region_info *info = arena_alloc(c->arena, len);
		int r;

		info->argsz = (uint32_t)len;
		info->index = index;
		r = client_op(c, OP_DEVICE_GET_REGION_INFO, object, fd, VT_DEVICE_GET_REGION_INFO,
			      info);
		if (r < 0)
			return r;
		if (info->argsz <= len)
			return read_region(info, len, c->arena, ret);
		if (info->argsz > INFO_MAX)
			return -EBADMSG;
		len = info->argsz;
	}
	return -EBADMSG;
}

int device_irq_get(struct client *c, const char *object, int fd, uint32_t index,
		   struct irq_info *ret)
{
	struct vt_irq_info info = { .argsz = sizeof(info), .index = index };
	int r = client_op(c, OP_DEVICE_GET_IRQ_INFO, object, fd, VT_DEVICE_GET_IRQ_INFO, &info);

	if (r < 0)
		return r;
	*ret = (struct irq_info){ .index = index, .flags = info.flags, .count = info.count };
	return 0;
}
