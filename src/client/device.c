/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/device.h"

#include <errno.h>

#include "uapi/abi.h"
#include "decode/vfiocap.h"

enum { AREAS_MAX = 1 << 12 }; /* areas that are believed */

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
	if (ret->sparse || vfiocap_pairs(cap, AREAS_MAX, &nr) < 0)
		return -EBADMSG;
	ret->sparse = true;
	ret->areas = arena_array(a, nr, sizeof(*ret->areas));
	ret->nr_areas = nr;
	for (uint32_t i = 0; i < nr; i++)
		vfiocap_pair(cap, i, &ret->areas[i].offset, &ret->areas[i].size);
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
	const struct vt_region_info ask = { .index = index };
	void *info;
	size_t len;
	int r = client_ask(c, OP_DEVICE_GET_REGION_INFO, object, fd, VT_DEVICE_GET_REGION_INFO,
			   &ask, sizeof(ask), sizeof(ask), &info, &len);

	return r < 0 ? r : read_region(info, len, c->arena, ret);
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
