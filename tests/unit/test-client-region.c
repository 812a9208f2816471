/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A region beside a device of a few lines, from the kernel's answer with its capability chain to each
 * access: sparse areas are mapped and what is between them, where an MSI-X table lies, never is. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/region.h"
#include "scene.h"

enum { DEVICE_FD = 5, PAGE = 4096, SIZE = 5 * PAGE, MAPS_MAX = 8 };

/* Where the kernel puts region 0 within the descriptor. */
#define BASE (UINT64_C(7) << 40)

struct area {
	uint64_t offset, size;
};

struct device {
	struct sys sys;
	uint8_t memory[SIZE]; /* of the region: the same behind mappings and accesses */
	uint32_t flags;
	const struct area *areas;
	uint32_t nr_areas;
	bool sparse;
	uint64_t size;
	struct {
		uint64_t offset;
		size_t len;
		int prot;
		void *memory;
	} maps[MAPS_MAX];
	unsigned int nr_maps, nr_open, nr_accesses;
	unsigned int refused_map; /* from 1; 0: none */
	struct arena *arena;
	struct client client;
	struct region region;
};

/* linux: drivers/vfio/vfio_main.c: vfio_info_cap_add(): id, version, where the next one begins. */
static void answer_caps(struct device *d, struct vt_region_info *info)
{
	uint8_t *cap = (uint8_t *)info + sizeof(*info);
	const uint16_t head[2] = { VT_REGION_CAP_SPARSE_MMAP, 1 };
	uint32_t len = 16 + d->nr_areas * 16;

	if (info->argsz < sizeof(*info) + len) {
		info->argsz = (uint32_t)sizeof(*info) + len;
		info->cap_offset = 0;
		return;
	}
	info->cap_offset = sizeof(*info);
	memset(cap, 0, 16);
	memcpy(cap, head, sizeof(head));
	memcpy(cap + 8, &d->nr_areas, sizeof(d->nr_areas));
	memcpy(cap + 16, d->areas, d->nr_areas * sizeof(*d->areas));
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct device *d = (struct device *)s;
	struct vt_region_info *info = arg;

	assert_int_equal(fd, DEVICE_FD);
	assert_int_equal(request, VT_DEVICE_GET_REGION_INFO);
	assert_int_equal(info->index, 0);
	info->flags = d->flags | (d->sparse ? VT_REGION_CAPS : 0);
	info->size = d->size;
	info->offset = BASE;
	if (d->sparse)
		answer_caps(d, info);
	return 0;
}

static int fake_mmap(struct sys *s, size_t len, int prot, int flags, int fd, uint64_t offset,
		     void **ret)
{
	struct device *d = (struct device *)s;

	assert_int_equal(fd, DEVICE_FD);
	assert_int_equal(flags, MAP_SHARED);
	assert_int_equal(len % PAGE, 0);
	assert_int_equal(offset % PAGE, 0);
	assert_true(offset >= BASE && d->nr_maps < MAPS_MAX);
	if (d->nr_maps + 1 == d->refused_map)
		return -EINVAL;
	*ret = d->memory + (offset - BASE);
	d->maps[d->nr_maps].offset = offset - BASE;
	d->maps[d->nr_maps].len = len;
	d->maps[d->nr_maps].prot = prot;
	d->maps[d->nr_maps++].memory = *ret;
	d->nr_open++;
	return 0;
}

static int fake_munmap(struct sys *s, void *addr, size_t len)
{
	struct device *d = (struct device *)s;

	for (unsigned int i = 0; i < d->nr_maps; i++) {
		if (d->maps[i].memory != addr)
			continue;
		/* The kernel takes whole pages away. */
		assert_int_equal((len + PAGE - 1) / PAGE * PAGE, d->maps[i].len);
		d->maps[i].memory = NULL;
		d->nr_open--;
		return 0;
	}
	fail_msg("something else is unmapped");
	return -EINVAL;
}

static ssize_t fake_pread(struct sys *s, int fd, void *buf, size_t len, uint64_t offset)
{
	struct device *d = (struct device *)s;

	assert_int_equal(fd, DEVICE_FD);
	assert_true(offset >= BASE && offset - BASE <= SIZE && len <= SIZE - (offset - BASE));
	d->nr_accesses++;
	memcpy(buf, d->memory + (offset - BASE), len);
	return (ssize_t)len;
}

static ssize_t fake_pwrite(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset)
{
	struct device *d = (struct device *)s;

	assert_int_equal(fd, DEVICE_FD);
	assert_true(offset >= BASE && offset - BASE <= SIZE && len <= SIZE - (offset - BASE));
	d->nr_accesses++;
	memcpy(d->memory + (offset - BASE), buf, len);
	return (ssize_t)len;
}

static uint64_t fake_now(struct sys *s)
{
	(void)s;
	return 1;
}

/* The table of MSI-X lies in the third page of five. */
static const struct area around_table[] = { { 0, 2 * PAGE }, { 3 * PAGE, 2 * PAGE } };

static void begin(struct device *d)
{
	static const struct sys_ops ops = {
		.ioctl = fake_ioctl,
		.mmap = fake_mmap,
		.munmap = fake_munmap,
		.pread = fake_pread,
		.pwrite = fake_pwrite,
		.now_ns = fake_now,
	};

	*d = (struct device){
		.sys = { .ops = &ops },
		.flags = VT_REGION_READ | VT_REGION_WRITE | VT_REGION_MMAP,
		.size = SIZE,
	};
	for (size_t i = 0; i < SIZE; i++)
		d->memory[i] = (uint8_t)(i / PAGE + 1);
	d->arena = arena_new();
	client_init(&d->client, &d->sys, d->arena);
}

static void open_region(struct device *d, const struct area *areas, uint32_t nr)
{
	d->areas = areas;
	d->nr_areas = nr;
	d->sparse = areas != NULL;
	assert_int_equal(region_open(&d->client, "0000:01:00.0", DEVICE_FD, 0, &d->region), 0);
}

static void end(struct device *d)
{
	region_close(&d->region);
	assert_int_equal(d->nr_open, 0);
	region_close(&d->region);
	arena_free(d->arena);
}

static void expect_map(const struct device *d, unsigned int i, uint64_t offset, size_t len)
{
	assert_true(i < d->nr_maps);
	assert_int_equal(d->maps[i].offset, offset);
	assert_int_equal(d->maps[i].len, len);
}

/* Reads and writes at @offset, and whether that went through a mapping. */
static void expect_access(struct device *d, uint64_t offset, unsigned int width, bool mapped)
{
	unsigned int before = d->nr_accesses;
	uint64_t value = 0;

	assert_int_equal(region_mapped(&d->region, offset, width) != NULL, mapped);
	assert_int_equal(region_get(&d->region, offset, width, &value), 0);
	assert_int_equal(value & 0xff, d->memory[offset]);
	assert_int_equal(region_put(&d->region, offset, width, value), 0);
	assert_int_equal(d->nr_accesses - before, mapped ? 0 : 2);
}

/* ---- sparse areas ---- */

static void test_region_sparse_areas_are_told(struct device *d)
{
	open_region(d, around_table, 2);
	assert_true(d->region.info.sparse);
	assert_int_equal(d->region.info.nr_areas, 2);
	assert_int_equal(d->region.info.areas[1].offset, 3 * PAGE);
	assert_int_equal(d->region.info.areas[1].size, 2 * PAGE);
	/* Nothing is mapped unasked. */
	assert_int_equal(d->nr_maps, 0);
	expect_access(d, 0, 4, false);
}

static void test_region_table_between_areas_is_not_mapped(struct device *d)
{
	open_region(d, around_table, 2);
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	assert_int_equal(d->nr_maps, 2);
	expect_map(d, 0, 0, 2 * PAGE);
	expect_map(d, 1, 3 * PAGE, 2 * PAGE);
	assert_int_equal(d->maps[0].prot, PROT_READ | PROT_WRITE);
	expect_access(d, 0, 4, true);
	expect_access(d, 2 * PAGE - 8, 8, true);
	expect_access(d, 2 * PAGE, 4, false);
	expect_access(d, 3 * PAGE - 8, 8, false);
	expect_access(d, 3 * PAGE, 1, true);
	expect_access(d, SIZE - 2, 2, true);
}

/* Of each area the pages that matter. */
static void test_region_maps_no_more_than_is_asked_for(struct device *d)
{
	open_region(d, around_table, 2);
	assert_int_equal(region_map(&d->region, PAGE + 8, 4, PAGE), 0);
	assert_int_equal(d->nr_maps, 1);
	expect_map(d, 0, PAGE, PAGE);
	assert_int_equal(region_map(&d->region, 2 * PAGE, PAGE, PAGE), 0);
	assert_int_equal(d->nr_maps, 1);
	assert_int_equal(region_map(&d->region, 2 * PAGE + 8, 2 * PAGE, PAGE), 0);
	assert_int_equal(d->nr_maps, 2);
	expect_map(d, 1, 3 * PAGE, 2 * PAGE);
	expect_access(d, 0, 4, false);
	expect_access(d, PAGE, 4, true);
}

static void test_region_sparse_without_areas(struct device *d)
{
	open_region(d, around_table, 0);
	assert_true(d->region.info.sparse);
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	assert_int_equal(d->nr_maps, 0);
	expect_access(d, 0, 4, false);
}

/* An area that ends within a page: the page is mapped, and the rest of it is not used. */
static void test_region_area_that_ends_within_a_page(struct device *d)
{
	static const struct area areas[] = { { 0, PAGE + 6 } };

	open_region(d, areas, 1);
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	expect_map(d, 0, 0, 2 * PAGE);
	expect_access(d, PAGE + 4, 2, true);
	expect_access(d, PAGE + 4, 4, false);
	expect_access(d, PAGE + 8, 4, false);
}

/* Nothing of these can be mapped by pages, or lies in the region. */
static void test_region_areas_that_make_no_sense(struct device *d)
{
	static const struct area areas[] = {
		{ 8, PAGE }, { SIZE, PAGE }, { UINT64_MAX - 7, 16 }, { UINT64_MAX, UINT64_MAX },
		{ PAGE, 0 },
	};

	open_region(d, areas, ARRAY_SIZE(areas));
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	assert_int_equal(d->nr_maps, 0);
}

static void test_region_area_that_leaves_the_region(struct device *d)
{
	static const struct area areas[] = { { 4 * PAGE, UINT64_MAX } };

	open_region(d, areas, 1);
	assert_int_equal(region_map(&d->region, 0, UINT64_MAX, PAGE), 0);
	assert_int_equal(d->nr_maps, 1);
	expect_map(d, 0, 4 * PAGE, PAGE);
}

/* ---- without sparse areas ---- */

static void test_region_whole(struct device *d)
{
	open_region(d, NULL, 0);
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	assert_int_equal(d->nr_maps, 1);
	expect_map(d, 0, 0, SIZE);
	expect_access(d, 2 * PAGE, 4, true);
}

/* Smaller than a page: the page is had, and no more of it is used than there is. */
static void test_region_smaller_than_a_page(struct device *d)
{
	uint64_t value;

	open_region(d, NULL, 0);
	d->region.info.size = 64;
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	expect_map(d, 0, 0, PAGE);
	expect_access(d, 56, 8, true);
	assert_int_equal(region_get(&d->region, 64, 4, &value), -ERANGE);
	assert_int_equal(region_put(&d->region, 64, 4, 0), -ERANGE);
}

static void test_region_that_may_not_be_mapped(struct device *d)
{
	open_region(d, around_table, 2);
	d->region.info.flags &= ~(uint32_t)VT_REGION_MMAP;
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), 0);
	assert_int_equal(d->nr_maps, 0);
	expect_access(d, 0, 8, false);
}

static void test_region_read_only_is_mapped_so(struct device *d)
{
	open_region(d, NULL, 0);
	d->region.info.flags &= ~(uint32_t)VT_REGION_WRITE;
	assert_int_equal(region_map(&d->region, 0, PAGE, PAGE), 0);
	assert_int_equal(d->maps[0].prot, PROT_READ);
}

/* One area may not be mapped: none is, and everything goes through the descriptor. */
static void test_region_refused_map_undoes_the_others(struct device *d)
{
	open_region(d, around_table, 2);
	d->refused_map = 2;
	assert_int_equal(region_map(&d->region, 0, SIZE, PAGE), -EINVAL);
	assert_int_equal(d->nr_open, 0);
	expect_access(d, 0, 4, false);
}

static void test_region_of_no_size(struct device *d)
{
	struct region other;

	open_region(d, NULL, 0);
	d->size = 0;
	assert_int_equal(region_open(&d->client, "0000:01:00.0", DEVICE_FD, 0, &other), -ENOENT);
}
