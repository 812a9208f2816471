/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address space for the DMA of a device: a container (type1, or iommufd behind it), an IOAS of iommufd,
 * or none at all (no-IOMMU). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/vfioinfo.h"
#include "client/client.h"

struct space {
	struct client *client; /* borrowed */
	enum path_kind path;
	int fd;             /* container or iommufd; closed by space_close() */
	unsigned int type;  /* of SET_IOMMU, 0 before and for an IOAS */
	uint32_t ioas_id;   /* iommufd and compat; 0: none */
	uint64_t page_size; /* bytes, the smallest that can be mapped; 0 before space_info() */
};

/* "container" or "iommufd": the object of its outcomes. */
const char *space_object(const struct space *s);
/* OPEN_CONTAINER or OPEN_IOMMUFD. 0, or a negative errno. */
int space_open(struct client *c, enum path_kind path, struct space *ret);
void space_close(struct space *s);
/* What CHECK_EXTENSION answers, a negative errno included. Not for an IOAS (-ENOTTY). */
int space_check_extension(struct space *s, unsigned int id);
/* SET_IOMMU. linux: drivers/vfio/container.c: vfio_ioctl_set_iommu(). */
int space_set_iommu(struct space *s, unsigned int type);
/* IOAS_ALLOC. linux: drivers/iommu/iommufd/ioas.c: iommufd_ioas_alloc_ioctl(). */
int space_alloc_ioas(struct space *s);
/* IOMMU_GET_INFO or IOAS_IOVA_RANGES, again with a larger buffer where the kernel wants one; arrays in
 * the client's arena. -EBADMSG for a chain of capabilities that loops or leaves its buffer, -ENOTTY
 * in no-IOMMU mode. */
int space_info(struct space *s, struct space_info *ret);
/* Maps @size bytes at @vaddr to @iova, for reading and writing as VT_MAP_READ and VT_MAP_WRITE say. Returns
 * refusals as the kernel gives them. linux: drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map();
 * drivers/iommu/iommufd/ioas.c: iommufd_ioas_map(). */
int space_map(struct space *s, uint64_t iova, const void *vaddr, uint64_t size, unsigned int prot);
/* Unmaps [@iova, @iova + @size); @ret (may be NULL) gets the bytes that were mapped there. */
int space_unmap(struct space *s, uint64_t iova, uint64_t size, uint64_t *ret);
/* Unmaps everything in one request; -EINVAL where type1 has no such flag (before 5.12). */
int space_unmap_all(struct space *s, uint64_t *ret);
