/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an address space reports about itself: IOMMU_GET_INFO with its chain, IOAS_IOVA_RANGES. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "uapi/abi.h"
#include "decode/vfiocap.h"
#include "client/space.h"

enum {
	INFO_GUESS = 512,     /* bytes; enough for most chains at once */
	RANGES_MAX = 1 << 16, /* ranges that are believed */
	TRIES_MAX = 4,        /* ranges may come between asking for their number and for them */
};

static uint64_t lowest_bit(uint64_t bits)
{
	return bits & -bits;
}

/* linux: drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_add_cap(). */
static int read_ranges(const struct vfiocap *cap, struct arena *a, struct space_info *ret)
{
	uint32_t nr;

	/* Once, and all in the answer: before room is made for what a chain that loops repeats. */
	if (ret->has_ranges || vfiocap_pairs(cap, RANGES_MAX, &nr) < 0)
		return -EBADMSG;
	ret->ranges = arena_array(a, nr, sizeof(*ret->ranges));
	for (uint32_t i = 0; i < nr; i++)
		vfiocap_pair(cap, i, &ret->ranges[i].start, &ret->ranges[i].last);
	ret->nr_ranges = nr;
	ret->has_ranges = true;
	return 0;
}

static int read_cap(const struct vfiocap *cap, struct arena *a, struct space_info *ret)
{
	switch (cap->id) {
	case VT_IOMMU_CAP_IOVA_RANGE:
		return read_ranges(cap, a, ret);
	case VT_IOMMU_CAP_MIGRATION:
		ret->has_migration = true;
		if (vfiocap_u64(cap, 8, &ret->dirty_page_sizes) < 0)
			return -EBADMSG;
		return vfiocap_u64(cap, 16, &ret->dirty_bitmap_max);
	case VT_IOMMU_CAP_DMA_AVAIL:
		ret->has_dma_avail = true;
		return vfiocap_u32(cap, 0, &ret->dma_avail);
	default:
		return 0;
	}
}

static int read_info(const struct vt_iommu_info *info, size_t len, struct arena *a,
		     struct space_info *ret)
{
	struct vfiocap_walk walk;
	struct vfiocap cap;
	int r;

	if (info->flags & VT_IOMMU_INFO_PGSIZES) {
		ret->page_sizes = info->iova_pgsizes;
		ret->page_sizes_exact = true;
		ret->alignment = lowest_bit(info->iova_pgsizes);
	}
	if (!(info->flags & VT_IOMMU_INFO_CAPS))
		return 0;
	vfiocap_begin(&walk, info, len, sizeof(*info), info->cap_offset);
	while ((r = vfiocap_next(&walk, &cap)) > 0) {
		r = read_cap(&cap, a, ret);
		if (r < 0)
			return r;
	}
	return r;
}

/* linux: drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_get_info(). */
static int container_info(struct space *s, struct space_info *ret)
{
	const struct vt_iommu_info ask = { 0 };
	void *info;
	size_t len;
	int r = client_ask(s->client, OP_IOMMU_GET_INFO, space_object(s), s->fd, VT_IOMMU_GET_INFO,
			   &ask, sizeof(ask), INFO_GUESS, &info, &len);

	return r < 0 ? r : read_info(info, len, s->client->arena, ret);
}

/* linux: drivers/iommu/iommufd/ioas.c: iommufd_ioas_iova_ranges(). */
static int ioas_info(struct space *s, struct space_info *ret)
{
	struct arena *a = s->client->arena;
	uint32_t room = 16;

	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		struct vt_iova_range *ranges = arena_array(a, room, sizeof(*ranges));
		struct vt_ioas_iova_ranges ask = {
			.size = sizeof(ask),
			.ioas_id = s->ioas_id,
			.num_iovas = room,
			.allowed_iovas = (uintptr_t)ranges,
		};
		int r = client_op(s->client, OP_IOAS_IOVA_RANGES, space_object(s), s->fd,
				  VT_IOAS_IOVA_RANGES, &ask);

		if (r == -EMSGSIZE && ask.num_iovas > room && ask.num_iovas <= RANGES_MAX) {
			room = ask.num_iovas;
			continue;
		}
		if (r < 0)
			return r;
		if (ask.num_iovas > room)
			return -EBADMSG;
		ret->ranges = arena_array(a, ask.num_iovas, sizeof(*ret->ranges));
		for (uint32_t k = 0; k < ask.num_iovas; k++)
			ret->ranges[k] = (struct space_range){ ranges[k].start, ranges[k].last };
		ret->nr_ranges = ask.num_iovas;
		ret->has_ranges = true;
		ret->alignment = ask.iova_alignment;
		ret->page_sizes = ask.iova_alignment;
		return 0;
	}
	return -EBADMSG;
}

int space_info(struct space *s, struct space_info *ret)
{
	struct space_info info = { 0 };
	int r = s->path == PATH_IOMMUFD ? ioas_info(s, &info) : container_info(s, &info);

	if (r < 0)
		return r;
	s->page_size = info.alignment;
	*ret = info;
	return 0;
}
