/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dirty pages beside a kernel of a few lines, whose device writes to one page of four: a tracking table
 * of iommufd from its making to its end, with every request failing in turn, and a container. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dirty.h"
#include "scene.h"

enum { SPACE_FD = 5, DEVICE_FD = 6, DEVID = 2, IOAS = 3, HWPT = 4 };

#define PAGE UINT64_C(4096)

struct kernel {
	struct sys sys;
	unsigned int calls, fails_at; /* counted from 1; 0: none fails */
	uint32_t attached;            /* the table that the device is on */
	bool table, tracking, tracks;
	uint64_t asked; /* bytes of the ranges that a bitmap was given for */
	struct arena *arena;
	struct client client;
	struct space space;
	struct attach_target target;
	struct attached_device device;
};

/* One bit of four in the bitmap of [@iova, @iova + @size). */
static void write_bits(struct kernel *k, uint64_t data, uint64_t iova, uint64_t size, uint64_t page)
{
	uint64_t *bits = (uint64_t *)(uintptr_t)data;

	assert_int_equal(page, PAGE);
	for (uint64_t i = 0; i < size / page; i++)
		if ((iova / page + i) % 4 == 0)
			bits[i / 64] |= UINT64_C(1) << i % 64;
	k->asked += size;
}

static int answer_hwpt(struct kernel *k, unsigned long request, void *arg)
{
	struct vt_hwpt_alloc *alloc = arg;
	const struct vt_hwpt_set_dirty_tracking *set = arg;
	const struct vt_hwpt_get_dirty_bitmap *get = arg;
	const struct vt_iommu_destroy *destroy = arg;

	switch (request) {
	case VT_HWPT_ALLOC:
		assert_int_equal(alloc->flags, VT_HWPT_DIRTY_TRACKING);
		assert_int_equal(alloc->dev_id, DEVID);
		assert_int_equal(alloc->pt_id, IOAS);
		if (!k->tracks)
			return -EOPNOTSUPP;
		alloc->out_hwpt_id = HWPT;
		k->table = true;
		return 0;
	case VT_HWPT_SET_DIRTY_TRACKING:
		assert_int_equal(set->hwpt_id, HWPT);
		assert_int_equal(k->attached, HWPT);
		k->tracking = set->flags & VT_HWPT_DIRTY_ENABLE;
		return 0;
	case VT_HWPT_GET_DIRTY_BITMAP:
		assert_true(k->tracking);
		write_bits(k, get->data, get->iova, get->length, get->page_size);
		return 0;
	default:
		assert_int_equal(request, VT_IOMMU_DESTROY);
		assert_int_equal(destroy->id, HWPT);
		/* linux: drivers/iommu/iommufd/main.c: a table in use stays. */
		if (k->attached == HWPT)
			return -EBUSY;
		k->table = false;
		return 0;
	}
}

static int answer_pages(struct kernel *k, const struct vt_dirty_bitmap *ask)
{
	const struct vt_dirty_bitmap_get *get = (const void *)ask;

	if (ask->flags == VT_DIRTY_GET_BITMAP) {
		assert_true(k->tracking);
		assert_true(get->bitmap.size * 8 >= get->size / get->bitmap.pgsize);
		write_bits(k, get->bitmap.data, get->iova, get->size, get->bitmap.pgsize);
		return 0;
	}
	assert_true(ask->flags == VT_DIRTY_START || ask->flags == VT_DIRTY_STOP);
	k->tracking = ask->flags == VT_DIRTY_START;
	return 0;
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct kernel *k = (struct kernel *)s;
	struct vt_hw_info *info = arg;

	if (++k->calls == k->fails_at)
		return -ENOMEM;
	if (request == VT_DEVICE_ATTACH_IOMMUFD_PT) {
		assert_int_equal(fd, DEVICE_FD);
		k->attached = ((const struct vt_attach_pt *)arg)->pt_id;
		return 0;
	}
	assert_int_equal(fd, SPACE_FD);
	if (request == VT_GET_HW_INFO) {
		info->out_capabilities = k->tracks ? VT_HW_CAP_DIRTY_TRACKING : 0;
		return 0;
	}
	if (request == VT_DIRTY_PAGES)
		return answer_pages(k, arg);
	return answer_hwpt(k, request, arg);
}

static uint64_t fake_now(struct sys *s)
{
	(void)s;
	return 1;
}

static void begin(struct kernel *k)
{
	static const struct sys_ops ops = { .ioctl = fake_ioctl, .now_ns = fake_now };

	*k = (struct kernel){ .sys = { .ops = &ops }, .attached = IOAS, .tracks = true };
	k->arena = arena_new();
	client_init(&k->client, &k->sys, k->arena);
	k->target = (struct attach_target){ .name = "0000:01:00.0" };
	k->space = (struct space){
		.client = &k->client, .path = PATH_IOMMUFD, .fd = SPACE_FD, .ioas_id = IOAS
	};
	k->device = (struct attached_device){
		.target = &k->target, .fd = DEVICE_FD, .devid = DEVID, .hwpt_id = IOAS
	};
}

/* Nothing is left of the tracking. */
static void end(struct kernel *k)
{
	assert_int_equal(k->attached, IOAS);
	assert_false(k->table);
	assert_false(k->tracking);
	arena_free(k->arena);
}

/* ---- good runs ---- */

static void count_one_of_four(enum path_kind path, uint64_t iova, uint64_t pages, uint64_t want)
{
	struct kernel k;
	struct dirty d;
	uint64_t dirty = 0;

	begin(&k);
	k.space.path = path;
	assert_int_equal(dirty_start(&k.space, &k.device, &d), 0);
	assert_int_equal(dirty_count(&d, iova, pages * PAGE, PAGE, &dirty), 0);
	assert_int_equal(dirty, want);
	assert_int_equal(k.asked, pages * PAGE);
	assert_int_equal(dirty_stop(&d), 0);
	/* Once more is nothing. */
	k.fails_at = k.calls + 1;
	assert_int_equal(dirty_stop(&d), 0);
	end(&k);
}

static void test_dirty_counts(void)
{
	static const enum path_kind paths[] = { PATH_IOMMUFD, PATH_CONTAINER };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		count_one_of_four(paths[i], 0x100000, 16, 4);
		count_one_of_four(paths[i], 0x101000, 3, 0);
		count_one_of_four(paths[i], 0x101000, 1, 0);
		count_one_of_four(paths[i], 0x104000, 1, 1);
		count_one_of_four(paths[i], 0x100000, 1000, 250);
	}
}

/* Of iommufd in pieces, the last of them shorter; of a container at once. */
static void test_dirty_counts_more_than_one_bitmap(void)
{
	count_one_of_four(PATH_IOMMUFD, 0, (UINT64_C(1) << 20) + 5, (1 << 18) + 2);
	count_one_of_four(PATH_CONTAINER, 0, (UINT64_C(1) << 20) + 5, (1 << 18) + 2);
}

/* The device moves to the tracking table, and back before that is destroyed. */
static void test_dirty_order_of_requests(struct kernel *k)
{
	static const enum op want[] = {
		OP_HWPT_ALLOC,
		OP_ATTACH_IOMMUFD_PT,
		OP_HWPT_SET_DIRTY_TRACKING,
		OP_HWPT_GET_DIRTY_BITMAP,
		OP_HWPT_SET_DIRTY_TRACKING,
		OP_ATTACH_IOMMUFD_PT,
		OP_IOMMU_DESTROY,
	};
	struct dirty d;
	uint64_t dirty = 0;

	assert_int_equal(dirty_start(&k->space, &k->device, &d), 0);
	assert_int_equal(dirty_count(&d, 0, PAGE, PAGE, &dirty), 0);
	assert_int_equal(dirty_stop(&d), 0);
	assert_int_equal(k->client.nr_outcomes, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(k->client.outcomes[i].op, want[i]);
}

/* ---- refusals ---- */

static void test_dirty_capability(struct kernel *k)
{
	assert_int_equal(dirty_can_track(&k->space, &k->device), 1);
	k->tracks = false;
	assert_int_equal(dirty_can_track(&k->space, &k->device), 0);
	k->fails_at = k->calls + 1;
	assert_int_equal(dirty_can_track(&k->space, &k->device), -ENOMEM);
}

static void test_dirty_hardware_that_cannot(struct kernel *k)
{
	struct dirty d;

	k->tracks = false;
	assert_int_equal(dirty_start(&k->space, &k->device, &d), -EOPNOTSUPP);
	assert_int_equal(k->calls, 1);
	assert_int_equal(dirty_stop(&d), 0);
	assert_int_equal(k->calls, 1);
}

/* Each request of the beginning fails: what was made is taken back. */
static void test_dirty_start_fails_at_each_request(void)
{
	for (unsigned int at = 1; at <= 3; at++) {
		struct kernel k;
		struct dirty d;

		begin(&k);
		k.fails_at = at;
		assert_int_equal(dirty_start(&k.space, &k.device, &d), -ENOMEM);
		assert_int_equal(k.calls, at);
		assert_int_equal(dirty_stop(&d), 0);
		end(&k);
	}
}

/* Each request of the end fails: the others are made all the same, and the first errno is told. */
static void test_dirty_stop_fails_at_each_request(void)
{
	for (unsigned int at = 1; at <= 3; at++) {
		struct kernel k;
		struct dirty d;

		begin(&k);
		assert_int_equal(dirty_start(&k.space, &k.device, &d), 0);
		k.fails_at = k.calls + at;
		assert_int_equal(dirty_stop(&d), -ENOMEM);
		assert_int_equal(k.calls, 6);
		/* What could not be ended ends with the descriptors. */
		assert_int_equal(k.tracking, at == 1);
		assert_int_equal(k.attached, at == 2 ? HWPT : IOAS);
		assert_int_equal(k.table, at != 1);
		arena_free(k.arena);
	}
}

static void test_dirty_bitmap_is_refused(struct kernel *k)
{
	struct dirty d;
	uint64_t dirty = 0;

	assert_int_equal(dirty_start(&k->space, &k->device, &d), 0);
	k->fails_at = k->calls + 1;
	assert_int_equal(dirty_count(&d, 0, 4 * PAGE, PAGE, &dirty), -ENOMEM);
	assert_int_equal(dirty, 0);
	assert_int_equal(dirty_stop(&d), 0);
}
