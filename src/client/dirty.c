/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/dirty.h"

#include <errno.h>

#include "uapi/abi.h"

/* Bits asked for at a time: 64 KiB of bitmap. */
enum { BITS_MAX = 1 << 19 };

static bool is_ioas(const struct space *s)
{
	return s->path == PATH_IOMMUFD;
}

int dirty_can_track(struct space *s, const struct attached_device *device)
{
	struct vt_hw_info info = { .size = sizeof(info), .dev_id = device->devid };
	int r = client_op(s->client, OP_GET_HW_INFO, device->target->name, s->fd, VT_GET_HW_INFO,
			  &info);

	if (r < 0)
		return r;
	return info.out_capabilities & VT_HW_CAP_DIRTY_TRACKING ? 1 : 0;
}

/* ---- containers ---- */

static int dirty_pages(struct space *s, uint32_t flags)
{
	struct vt_dirty_bitmap ask = { .argsz = sizeof(ask), .flags = flags };

	return client_op(s->client, OP_DIRTY_PAGES, space_object(s), s->fd, VT_DIRTY_PAGES, &ask);
}

static int get_pages(struct space *s, uint64_t iova, uint64_t size, uint64_t page, uint64_t *bits,
		     uint64_t len)
{
	struct vt_dirty_bitmap_get ask = {
		.head = { .argsz = sizeof(ask), .flags = VT_DIRTY_GET_BITMAP },
		.iova = iova,
		.size = size,
		.bitmap = { .pgsize = page, .size = len, .data = (uintptr_t)bits },
	};

	return client_op(s->client, OP_DIRTY_PAGES, space_object(s), s->fd, VT_DIRTY_PAGES, &ask);
}

/* ---- iommufd ---- */

static int attach_table(struct dirty *d, uint32_t id)
{
	struct vt_attach_pt attach = { .argsz = sizeof(attach), .pt_id = id };

	return client_op(d->space->client, OP_ATTACH_IOMMUFD_PT, d->device->target->name,
			 d->device->fd, VT_DEVICE_ATTACH_IOMMUFD_PT, &attach);
}

static int set_tracking(struct dirty *d, uint32_t flags)
{
	struct vt_hwpt_set_dirty_tracking ask = {
		.size = sizeof(ask),
		.flags = flags,
		.hwpt_id = d->hwpt_id,
	};

	return client_op(d->space->client, OP_HWPT_SET_DIRTY_TRACKING, space_object(d->space),
			 d->space->fd, VT_HWPT_SET_DIRTY_TRACKING, &ask);
}

static int start_table(struct dirty *d)
{
	struct space *s = d->space;
	struct vt_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = VT_HWPT_DIRTY_TRACKING,
		.dev_id = d->device->devid,
		.pt_id = s->ioas_id,
	};
	int r = client_op(s->client, OP_HWPT_ALLOC, space_object(s), s->fd, VT_HWPT_ALLOC, &alloc);

	if (r < 0)
		return r;
	d->hwpt_id = alloc.out_hwpt_id;
	r = attach_table(d, d->hwpt_id);
	return r < 0 ? r : set_tracking(d, VT_HWPT_DIRTY_ENABLE);
}

static int stop_table(struct dirty *d)
{
	struct vt_iommu_destroy destroy = { .size = sizeof(destroy), .id = d->hwpt_id };
	int ret = d->tracking ? set_tracking(d, 0) : 0, r;

	if (!d->hwpt_id)
		return 0;
	r = attach_table(d, d->space->ioas_id);
	ret = ret < 0 ? ret : r;
	r = client_op(d->space->client, OP_IOMMU_DESTROY, space_object(d->space), d->space->fd,
		      VT_IOMMU_DESTROY, &destroy);
	d->hwpt_id = 0;
	return ret < 0 ? ret : r;
}

static int get_table(struct dirty *d, uint64_t iova, uint64_t size, uint64_t page, uint64_t *bits)
{
	struct vt_hwpt_get_dirty_bitmap ask = {
		.size = sizeof(ask),
		.hwpt_id = d->hwpt_id,
		.flags = VT_HWPT_DIRTY_NO_CLEAR,
		.iova = iova,
		.length = size,
		.page_size = page,
		.data = (uintptr_t)bits,
	};

	return client_op(d->space->client, OP_HWPT_GET_DIRTY_BITMAP, space_object(d->space),
			 d->space->fd, VT_HWPT_GET_DIRTY_BITMAP, &ask);
}

/* ---- either ---- */

int dirty_start(struct space *s, struct attached_device *device, struct dirty *ret)
{
	int r;

	*ret = (struct dirty){ .space = s, .device = device };
	r = is_ioas(s) ? start_table(ret) : dirty_pages(s, VT_DIRTY_START);
	if (r < 0)
		return r;
	ret->tracking = true;
	return 0;
}

int dirty_stop(struct dirty *d)
{
	int r = 0;

	if (!d->space)
		return 0;
	if (is_ioas(d->space))
		r = stop_table(d);
	else if (d->tracking)
		r = dirty_pages(d->space, VT_DIRTY_STOP);
	d->tracking = false;
	return r;
}

/* A container is asked about the whole range: a piece would cut a mapping. */
static uint64_t piece_of(const struct dirty *d, uint64_t size, uint64_t page)
{
	uint64_t most = page * BITS_MAX;

	return is_ioas(d->space) && size > most ? most : size;
}

int dirty_count(struct dirty *d, uint64_t iova, uint64_t size, uint64_t page, uint64_t *ret)
{
	uint64_t piece, words = (piece_of(d, size, page) / page + 63) / 64;
	uint64_t *bits;
	struct arena *a = arena_new();
	int r = 0;

	bits = arena_array(a, words, sizeof(*bits));
	for (; size && r >= 0; iova += piece, size -= piece) {
		piece = piece_of(d, size, page);
		for (uint64_t i = 0; i < words; i++)
			bits[i] = 0;
		r = is_ioas(d->space)
			    ? get_table(d, iova, piece, page, bits)
			    : get_pages(d->space, iova, piece, page, bits, words * sizeof(*bits));
		for (uint64_t i = 0; i < words && r >= 0; i++)
			*ret += (unsigned int)__builtin_popcountll(bits[i]);
	}
	arena_free(a);
	return r < 0 ? r : 0;
}
