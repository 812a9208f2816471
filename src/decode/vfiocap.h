/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chains of capabilities that VFIO answers carry behind their fixed part. Pure: bytes in, one
 * capability after the other out; a chain that loops, goes backwards into the fixed part or leaves
 * the buffer is refused. linux: drivers/vfio/vfio_main.c: vfio_info_cap_add(). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct vfiocap {
	uint16_t id, version;
	const uint8_t *data; /* behind the header, in the buffer */
	size_t len;          /* bytes that may be read there: up to the end of the buffer */
};

struct vfiocap_walk {
	const uint8_t *buffer;
	size_t len;        /* bytes of the buffer that the kernel filled */
	size_t fixed;      /* bytes of the fixed part */
	uint32_t next;     /* offset of the next header, 0 at the end */
	unsigned int left; /* capabilities that may still come before it must be a loop */
};

/* @offset is the answer's cap_offset, 0 when there is no chain. */
void vfiocap_begin(struct vfiocap_walk *w, const void *buffer, size_t len, size_t fixed,
		   uint32_t offset);
/* 1 with the next capability in @ret, 0 at the end, -EBADMSG for a chain that makes no sense. */
int vfiocap_next(struct vfiocap_walk *w, struct vfiocap *ret);
/* A value @at bytes behind the header of @c: 0, or -EBADMSG when it is not inside. Native byte order: the
 * kernel and the tool are of one machine. */
/* The number of pairs of 64-bit numbers after the count at the start of @c; -EBADMSG when there are more
 * than @max or not all are inside. linux: include/uapi/linux/vfio.h: struct
 * vfio_region_info_cap_sparse_mmap, struct vfio_iommu_type1_info_cap_iova_range. */
int vfiocap_pairs(const struct vfiocap *c, uint32_t max, uint32_t *ret);
/* Pair @index of them, which is inside. */
void vfiocap_pair(const struct vfiocap *c, uint32_t index, uint64_t *ret_first,
		  uint64_t *ret_second);
int vfiocap_u32(const struct vfiocap *c, size_t at, uint32_t *ret);
int vfiocap_u64(const struct vfiocap *c, size_t at, uint64_t *ret);
