/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/region.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "uapi/abi.h"

int region_open(struct client *c, const char *object, int fd, uint32_t index, struct region *ret)
{
	struct region_info info;
	int r = device_region_get(c, object, fd, index, &info);

	if (r < 0)
		return r;
	if (!info.size)
		return -ENOENT;
	*ret = (struct region){ .client = c, .object = object, .fd = fd, .info = info };
	return 0;
}

/* Whole pages are mapped, and no more of them is used than [@offset, @offset + @size).
 * linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_mmap(). */
static int map_area(struct region *r, uint64_t offset, uint64_t size, size_t page_size)
{
	struct client *c = r->client;
	unsigned int flags = r->info.flags;
	int prot = (flags & VT_REGION_READ ? PROT_READ : 0) |
		   (flags & VT_REGION_WRITE ? PROT_WRITE : 0);
	uint64_t start = c->sys->ops->now_ns(c->sys);
	void *memory;
	int ret;

	if (!size || offset % page_size || size > SIZE_MAX - page_size)
		return 0;
	ret = c->sys->ops->mmap(c->sys, (size + page_size - 1) / page_size * page_size, prot,
				MAP_SHARED, r->fd, r->info.offset + offset, &memory);
	client_record(c, OP_REGION_MMAP, r->object, ret, c->sys->ops->now_ns(c->sys) - start);
	if (ret < 0)
		return ret;
	r->windows = arena_grow(c->arena, r->windows, r->nr_windows, sizeof(*r->windows));
	r->windows[r->nr_windows++] = (struct region_window){ offset, size, memory };
	return 0;
}

/* The part of @area to map for [@offset, @offset + @size): from a page's beginning to a page's end or the
 * end of the area, never past the region. Empty when they do not meet. */
static struct region_area meet(const struct region *r, struct region_area area, uint64_t offset,
			       uint64_t size, size_t page_size)
{
	struct region_area ret = { 0 };
	uint64_t end, last;

	if (area.offset >= r->info.size || !size || offset >= r->info.size)
		return ret;
	if (area.size > r->info.size - area.offset)
		area.size = r->info.size - area.offset;
	if (size > r->info.size - offset)
		size = r->info.size - offset;
	end = area.offset + area.size;
	last = offset + size - 1;
	if (!area.size || end <= offset || last < area.offset)
		return ret;
	/* No more than is asked for: a BAR may have gigabytes. */
	last -= last % page_size;
	if (last < end && end - last > page_size)
		end = last + page_size;
	offset -= offset % page_size;
	ret.offset = area.offset > offset ? area.offset : offset;
	ret.size = end - ret.offset;
	return ret;
}

int region_map(struct region *r, uint64_t offset, uint64_t size, size_t page_size)
{
	const struct region_area whole = { 0, r->info.size };
	const struct region_area *areas = r->info.sparse ? r->info.areas : &whole;
	size_t nr = r->info.sparse ? r->info.nr_areas : 1;
	int ret = 0;

	if (!(r->info.flags & VT_REGION_MMAP))
		return 0;
	for (size_t i = 0; !ret && i < nr; i++) {
		struct region_area part = meet(r, areas[i], offset, size, page_size);

		ret = map_area(r, part.offset, part.size, page_size);
	}
	if (ret < 0)
		region_close(r);
	return ret;
}

void region_close(struct region *r)
{
	for (size_t i = 0; i < r->nr_windows; i++)
		r->client->sys->ops->munmap(r->client->sys, (void *)r->windows[i].memory,
					    r->windows[i].size);
	r->nr_windows = 0;
}

static bool inside(const struct region *r, uint64_t offset, size_t len)
{
	return offset <= r->info.size && len <= r->info.size - offset;
}

ssize_t region_pread(const struct region *r, uint64_t offset, void *buf, size_t len)
{
	struct sys *sys = r->client->sys;
	ssize_t n;

	if (!inside(r, offset, len))
		return -ERANGE;
	do
		n = sys->ops->pread(sys, r->fd, buf, len, r->info.offset + offset);
	while (n == -EINTR);
	return n;
}

static ssize_t region_pwrite(const struct region *r, uint64_t offset, const void *buf, size_t len)
{
	struct sys *sys = r->client->sys;
	ssize_t n;

	if (!inside(r, offset, len))
		return -ERANGE;
	do
		n = sys->ops->pwrite(sys, r->fd, buf, len, r->info.offset + offset);
	while (n == -EINTR);
	return n;
}

volatile void *region_mapped(const struct region *r, uint64_t offset, unsigned int width)
{
	for (size_t i = 0; i < r->nr_windows; i++) {
		const struct region_window *w = &r->windows[i];

		if (w->size >= width && offset >= w->offset &&
		    offset - w->offset <= w->size - width)
			return (volatile char *)w->memory + (offset - w->offset);
	}
	return NULL;
}

static int check(const struct region *r, uint64_t offset, unsigned int width)
{
	if ((width != 1 && width != 2 && width != 4 && width != 8) || offset % width)
		return -EINVAL;
	return inside(r, offset, width) ? 0 : -ERANGE;
}

/* PCI registers are little endian, on a device's side of the bus and in VFIO's answers. */
int region_get(const struct region *r, uint64_t offset, unsigned int width, uint64_t *ret)
{
	int err = check(r, offset, width);
	uint64_t raw = 0;
	const volatile void *p;
	ssize_t n;

	if (err < 0)
		return err;
	p = region_mapped(r, offset, width);
	if (!p) {
		n = region_pread(r, offset, &raw, width);
		if (n < 0)
			return (int)n;
		if ((size_t)n != width)
			return -EIO;
		*ret = le64toh(raw);
		return 0;
	}
	switch (width) {
	case 1:
		*ret = *(const volatile uint8_t *)p;
		return 0;
	case 2:
		*ret = le16toh(*(const volatile uint16_t *)p);
		return 0;
	case 4:
		*ret = le32toh(*(const volatile uint32_t *)p);
		return 0;
	default:
		*ret = le64toh(*(const volatile uint64_t *)p);
		return 0;
	}
}

int region_put(const struct region *r, uint64_t offset, unsigned int width, uint64_t value)
{
	int err = check(r, offset, width);
	uint64_t raw = htole64(value);
	volatile void *p;
	ssize_t n;

	if (err < 0)
		return err;
	p = region_mapped(r, offset, width);
	if (!p) {
		n = region_pwrite(r, offset, &raw, width);
		if (n < 0)
			return (int)n;
		return (size_t)n == width ? 0 : -EIO;
	}
	switch (width) {
	case 1:
		*(volatile uint8_t *)p = (uint8_t)value;
		return 0;
	case 2:
		*(volatile uint16_t *)p = htole16((uint16_t)value);
		return 0;
	case 4:
		*(volatile uint32_t *)p = htole32((uint32_t)value);
		return 0;
	default:
		*(volatile uint64_t *)p = htole64(value);
		return 0;
	}
}
