/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes a region of an attached device: through mappings where the kernel allows them (sparse
 * areas respected), by pread and pwrite elsewhere. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/device.h"

struct region_window {
	uint64_t offset, size; /* bytes, within the region; mapped are whole pages */
	volatile void *memory;
};

struct region {
	struct client *client; /* borrowed */
	const char *object;    /* the device, in outcomes */
	int fd;                /* of the device; borrowed */
	struct region_info info;
	struct region_window *windows; /* in the client's arena, unmapped by region_close() */
	size_t nr_windows;
};

/* Asks about region @index of @fd and maps nothing yet. As device_region_get(), and -ENOENT for a region
 * of no size. */
int region_open(struct client *c, const char *object, int fd, uint32_t index, struct region *ret);
/* Maps what may be mapped, as far as @offset and @size (bytes) of it matter. 0 also when no part may be
 * mapped: then all access goes through the descriptor. Negative errno of a refused REGION_MMAP, with
 * everything as before. */
int region_map(struct region *r, uint64_t offset, uint64_t size, size_t page_size);
void region_close(struct region *r);

/* @len bytes from @offset on into @buf through the descriptor, whatever is mapped. The bytes read
 * (fewer at the end of the region), or a negative errno; -ERANGE outside. */
ssize_t region_pread(const struct region *r, uint64_t offset, void *buf, size_t len);

/* A register of @width bytes (1, 2, 4 or 8), in the order of the processor, in one access where it is
 * mapped; through the descriptor the kernel may cut 8 bytes in two. 0, -EINVAL when it is not aligned,
 * -ERANGE outside, -EIO when bytes are missing, or the errno of the access. */
int region_get(const struct region *r, uint64_t offset, unsigned int width, uint64_t *ret);
int region_put(const struct region *r, uint64_t offset, unsigned int width, uint64_t value);
/* Where @width bytes at @offset are mapped; NULL: an access to them goes through the descriptor. */
volatile void *region_mapped(const struct region *r, uint64_t offset, unsigned int width);
