/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/space.h"

#include <errno.h>

#include "uapi/abi.h"

static const char container_node[] = "/dev/vfio/vfio";
static const char iommufd_node[] = "/dev/iommu";

static bool is_ioas(const struct space *s)
{
	return s->path == PATH_IOMMUFD;
}

const char *space_object(const struct space *s)
{
	return s->path == PATH_IOMMUFD || s->path == PATH_COMPAT ? "iommufd" : "container";
}

int space_open(struct client *c, enum path_kind path, struct space *ret)
{
	bool iommufd = path == PATH_IOMMUFD || path == PATH_COMPAT;

	*ret = (struct space){ .client = c, .path = path, .fd = -EBADF };
	ret->fd = client_open(c, iommufd ? OP_OPEN_IOMMUFD : OP_OPEN_CONTAINER, space_object(ret),
			      iommufd ? iommufd_node : container_node);
	return ret->fd < 0 ? ret->fd : 0;
}

void space_close(struct space *s)
{
	client_close(s->client, &s->fd);
}

int space_check_extension(struct space *s, unsigned int id)
{
	if (is_ioas(s))
		return -ENOTTY;
	return client_op(s->client, OP_CHECK_EXTENSION, space_object(s), s->fd, VT_CHECK_EXTENSION,
			 (void *)(uintptr_t)id);
}

int space_set_iommu(struct space *s, unsigned int type)
{
	int r = client_op(s->client, OP_SET_IOMMU, space_object(s), s->fd, VT_SET_IOMMU,
			  (void *)(uintptr_t)type);

	if (r < 0)
		return r;
	s->type = type;
	return 0;
}

int space_alloc_ioas(struct space *s)
{
	struct vt_ioas_alloc alloc = { .size = sizeof(alloc) };
	int r = client_op(s->client, OP_IOAS_ALLOC, space_object(s), s->fd, VT_IOAS_ALLOC, &alloc);

	if (r < 0)
		return r;
	s->ioas_id = alloc.ioas_id;
	return 0;
}

static int map_dma(struct space *s, uint64_t iova, const void *vaddr, uint64_t size,
		   unsigned int prot)
{
	struct vt_map_dma map = {
		.argsz = sizeof(map),
		.flags = prot,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return client_op(s->client, OP_MAP_DMA, space_object(s), s->fd, VT_MAP_DMA, &map);
}

static int map_ioas(struct space *s, uint64_t iova, const void *vaddr, uint64_t size,
		    unsigned int prot)
{
	struct vt_ioas_map map = {
		.size = sizeof(map),
		.flags = VT_IOAS_FIXED_IOVA | (prot & VT_MAP_READ ? VT_IOAS_READABLE : 0U) |
			 (prot & VT_MAP_WRITE ? VT_IOAS_WRITEABLE : 0U),
		.ioas_id = s->ioas_id,
		.user_va = (uintptr_t)vaddr,
		.length = size,
		.iova = iova,
	};

	return client_op(s->client, OP_IOAS_MAP, space_object(s), s->fd, VT_IOAS_MAP, &map);
}

int space_map(struct space *s, uint64_t iova, const void *vaddr, uint64_t size, unsigned int prot)
{
	int r = is_ioas(s) ? map_ioas(s, iova, vaddr, size, prot)
			   : map_dma(s, iova, vaddr, size, prot);

	return r < 0 ? r : 0;
}

static int unmap_dma(struct space *s, uint32_t flags, uint64_t iova, uint64_t size, uint64_t *ret)
{
	struct vt_unmap_dma unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int r = client_op(s->client, OP_UNMAP_DMA, space_object(s), s->fd, VT_UNMAP_DMA, &unmap);

	if (r < 0)
		return r;
	if (ret)
		*ret = unmap.size;
	return 0;
}

static int unmap_ioas(struct space *s, uint64_t iova, uint64_t length, uint64_t *ret)
{
	struct vt_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = s->ioas_id,
		.iova = iova,
		.length = length,
	};
	int r = client_op(s->client, OP_IOAS_UNMAP, space_object(s), s->fd, VT_IOAS_UNMAP, &unmap);

	if (r < 0)
		return r;
	if (ret)
		*ret = unmap.length;
	return 0;
}

int space_unmap(struct space *s, uint64_t iova, uint64_t size, uint64_t *ret)
{
	return is_ioas(s) ? unmap_ioas(s, iova, size, ret) : unmap_dma(s, 0, iova, size, ret);
}

int space_unmap_all(struct space *s, uint64_t *ret)
{
	/* linux: drivers/iommu/iommufd/ioas.c: iommufd_ioas_unmap(): these two mean everything. */
	return is_ioas(s) ? unmap_ioas(s, 0, UINT64_MAX, ret)
			  : unmap_dma(s, VT_UNMAP_FLAG_ALL, 0, 0, ret);
}
