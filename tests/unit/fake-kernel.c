/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "fake-kernel.h"
#include "scene.h"

enum { PAGE = 4096 };

static bool lies(const struct fake_kernel *k, unsigned int lie)
{
	return k->lies & lie;
}

int fake_fails(struct fake_kernel *k, const char *call)
{
	k->calls++;
	k->now_ns += 1000;
	if (!k->fail_at || k->calls < k->fail_at || k->calls >= k->fail_at + k->fail_times)
		return 0;
	k->failed_call = call;
	return -k->fail_with;
}

/* ---- descriptors ---- */

struct fake_fd *fake_get(struct fake_kernel *k, int fd)
{
	if (fd >= FAKE_FD_FIRST && fd < FAKE_FD_FIRST + FAKE_FDS_MAX &&
	    k->fds[fd - FAKE_FD_FIRST].file != FAKE_CLOSED)
		return &k->fds[fd - FAKE_FD_FIRST];
	fake_wrong(k, "a descriptor is used that is not open");
	return NULL;
}

int fake_new_fd(struct fake_kernel *k, enum fake_file file, unsigned int group)
{
	for (int i = 0; i < FAKE_FDS_MAX; i++) {
		if (k->fds[i].file != FAKE_CLOSED)
			continue;
		k->fds[i] = (struct fake_fd){ .file = file, .group = group, .space = -1 };
		return FAKE_FD_FIRST + i;
	}
	return -EMFILE;
}

size_t fake_kernel_open(const struct fake_kernel *k)
{
	size_t ret = 0;

	for (int i = 0; i < FAKE_FDS_MAX; i++)
		ret += k->fds[i].file != FAKE_CLOSED;
	return ret;
}

void fake_kernel_done(const struct fake_kernel *k)
{
	if (k->misuse)
		fail_msg("%s", k->misuse);
	assert_int_equal(fake_kernel_open(k), 0);
	assert_int_equal(k->nr_mapped, 0);
	assert_int_equal(k->nr_memory, 0);
}

static int open_group(struct fake_kernel *k, unsigned int group)
{
	int fd;

	if (k->group_open[group])
		return -EBUSY;
	fd = fake_new_fd(k, lies(k, FAKE_GROUP_IS_NONE) ? FAKE_OTHER : FAKE_GROUP, group);
	k->group_open[group] = fd >= 0;
	return fd;
}

static int do_open(struct sys *s, const char *path, int flags vt_unused)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, NULL);

	if (err) {
		k->failed_path = path;
		return err;
	}
	if (!strcmp(path, "/dev/vfio/vfio"))
		return fake_new_fd(k, FAKE_CONTAINER, 0);
	if (!strcmp(path, "/dev/iommu"))
		return fake_new_fd(k, FAKE_IOMMUFD, 0);
	if (!strcmp(path, "/dev/vfio/1") || !strcmp(path, "/dev/vfio/2"))
		return open_group(k, (unsigned int)(path[10] - '0'));
	if (!strncmp(path, "/dev/vfio/devices/", 18))
		return fake_new_fd(k, lies(k, FAKE_DEVICE_IS_NONE) ? FAKE_OTHER : FAKE_DEVICE, 0);
	return -ENOENT;
}

/* A space is gone when the last that uses it is, and what is mapped in it with it. */
static int do_close(struct sys *s, int fd)
{
	struct fake_kernel *k = fake_of(s);
	struct fake_fd *f = fake_get(k, fd);

	if (!f)
		return -EBADF;
	if (f->file == FAKE_GROUP || f->file == FAKE_OTHER)
		k->group_open[f->group] = false;
	if (f->file == FAKE_CONTAINER || f->file == FAKE_IOMMUFD)
		k->nr_mapped = 0;
	if (f->file == FAKE_DEVICE)
		memset(k->irqs, 0, sizeof(k->irqs));
	for (size_t i = 0; f->file == FAKE_EVENTFD && i < ARRAY_SIZE(k->irqs); i++)
		if (k->irqs[i] == fd)
			k->irqs[i] = 0;
	f->file = FAKE_CLOSED;
	return 0;
}

/* ---- what a space tells ---- */

struct chain {
	struct vt_cap_header header;
	uint32_t nr, reserved;
	struct vt_iova_range ranges[2];
	struct vt_cap_header second;
	uint32_t avail, pad;
};

static void put_chain(const struct fake_kernel *k, struct vt_iommu_info *info)
{
	struct chain chain = {
		.header = { VT_IOMMU_CAP_IOVA_RANGE, 1, sizeof(*info) + 48 },
		.nr = lies(k, FAKE_INFO_MANY)   ? 1000
		      : lies(k, FAKE_NO_RANGES) ? 0
						: 2,
		.ranges = { { 0, 0xfedfffff }, { 0xfef00000, 0x7fffffffff } },
		.second = { VT_IOMMU_CAP_DMA_AVAIL, 1, 0 },
		.avail = 65535,
	};

	if (lies(k, FAKE_INFO_LOOPS))
		chain.second.next = sizeof(*info);
	if (lies(k, FAKE_INFO_LEAVES))
		chain.second.next = 0x100000;
	info->flags |= VT_IOMMU_INFO_CAPS;
	info->cap_offset = sizeof(*info);
	memcpy(info + 1, &chain, sizeof(chain));
}

static int iommu_info(struct fake_kernel *k, const struct fake_fd *f, struct vt_iommu_info *info)
{
	uint32_t room = info->argsz, need = sizeof(*info) + sizeof(struct chain);

	if (!f->iommu)
		return -EINVAL;
	memset(info, 0, room);
	info->flags = VT_IOMMU_INFO_PGSIZES;
	info->iova_pgsizes = 0x40201000;
	info->argsz = lies(k, FAKE_INFO_GROWS) ? room + 8 : need;
	if (room >= need)
		put_chain(k, info);
	return 0;
}

static int ioas_ranges(const struct fake_kernel *k, struct vt_ioas_iova_ranges *ask)
{
	static const struct vt_iova_range ranges[] = { { 0, 0xfedfffff },
						       { 0xfef00000, 0x7fffffffff } };
	uint32_t room = ask->num_iovas;

	ask->num_iovas = lies(k, FAKE_INFO_GROWS)  ? room + 1
			 : lies(k, FAKE_NO_RANGES) ? 0
						   : ARRAY_SIZE(ranges);
	ask->iova_alignment = PAGE;
	if (ask->num_iovas > room)
		return -EMSGSIZE;
	memcpy((void *)(uintptr_t)ask->allowed_iovas, ranges, /* NOLINT */
	       ask->num_iovas * sizeof(*ranges));
	return 0;
}

/* ---- containers ---- */

static bool has_groups(const struct fake_kernel *k, int fd)
{
	for (int i = 0; i < FAKE_FDS_MAX; i++)
		if (k->fds[i].file == FAKE_GROUP && k->fds[i].space == fd)
			return true;
	return false;
}

/* By REQ, when somebody listens. */
static void want_back(struct fake_kernel *k)
{
	if (k->irqs[VT_PCI_REQ])
		fake_get(k, k->irqs[VT_PCI_REQ])->signals++;
}

static int map(struct fake_kernel *k, uint64_t iova, uint64_t size)
{
	if (!size || (iova | size) & (PAGE - 1))
		return -EINVAL;
	for (size_t i = 0; i < k->nr_mapped; i++)
		if (iova < k->mapped[i].iova + k->mapped[i].size && k->mapped[i].iova < iova + size)
			return -EEXIST;
	if (k->nr_mapped == FAKE_MAPPED_MAX)
		return -ENOSPC;
	k->mapped[k->nr_mapped].iova = iova;
	k->mapped[k->nr_mapped++].size = size;
	if (k->nr_mapped == k->wanted_at)
		want_back(k);
	return 0;
}

/* What lies in the range; one mapping is cut by nobody who knows what was mapped. */
static int unmap(struct fake_kernel *k, uint64_t iova, uint64_t *size)
{
	uint64_t bytes = 0;

	for (size_t i = k->nr_mapped; i--;) {
		if (k->mapped[i].iova < iova ||
		    k->mapped[i].iova + k->mapped[i].size - iova > *size)
			continue;
		bytes += k->mapped[i].size;
		k->mapped[i] = k->mapped[--k->nr_mapped];
	}
	if (!bytes)
		fake_wrong(k, "what is not mapped is unmapped");
	*size = bytes;
	return 0;
}

static int unmap_dma(struct fake_kernel *k, struct vt_unmap_dma *ask)
{
	if (!(ask->flags & VT_UNMAP_FLAG_ALL))
		return unmap(k, ask->iova, &ask->size);
	if (ask->iova || ask->size)
		return -EINVAL;
	ask->size = UINT64_MAX;
	return unmap(k, 0, &ask->size);
}

/* As type1 of 6.6 does. */
static int check_extension(const struct fake_fd *f, uintptr_t id)
{
	switch (id) {
	case VT_TYPE1_IOMMU:
	case VT_TYPE1v2_IOMMU:
	case VT_TYPE1_NESTING_IOMMU:
	case VT_UNMAP_ALL:
		return 1;
	case VT_UPDATE_VADDR:
		return f->iommu;
	default:
		return 0;
	}
}

/* Of a container, or of an iommufd that stands for one. */
static int container_ioctl(struct fake_kernel *k, int fd, struct fake_fd *f, unsigned long request,
			   void *arg)
{
	switch (request) {
	case VT_GET_API_VERSION:
		return lies(k, FAKE_API_VERSION) ? 1 : 0;
	case VT_CHECK_EXTENSION:
		return check_extension(f, (uintptr_t)arg);
	case VT_SET_IOMMU:
		if (f->iommu || !has_groups(k, fd))
			fake_wrong(k, "SET_IOMMU without a group, or again");
		f->iommu = true;
		return 0;
	case VT_IOMMU_GET_INFO:
		return iommu_info(k, f, arg);
	case VT_MAP_DMA:
		if (!f->iommu)
			return -EINVAL;
		return map(k, ((struct vt_map_dma *)arg)->iova, ((struct vt_map_dma *)arg)->size);
	case VT_UNMAP_DMA:
		return unmap_dma(k, arg);
	default:
		return -ENOTTY;
	}
}

static int iommufd_ioctl(struct fake_kernel *k, int fd, struct fake_fd *f, unsigned long request,
			 void *arg)
{
	switch (request) {
	case VT_IOAS_ALLOC:
		f->ioas = ((struct vt_ioas_alloc *)arg)->ioas_id = 7;
		return 0;
	case VT_IOAS_IOVA_RANGES:
		return ioas_ranges(k, arg);
	case VT_IOAS_MAP:
		return map(k, ((struct vt_ioas_map *)arg)->iova,
			   ((struct vt_ioas_map *)arg)->length);
	case VT_IOAS_UNMAP:
		return unmap(k, ((struct vt_ioas_unmap *)arg)->iova,
			     &((struct vt_ioas_unmap *)arg)->length);
	default:
		return container_ioctl(k, fd, f, request, arg);
	}
}

/* ---- groups and devices ---- */

static int device_fd(struct fake_kernel *k, const struct fake_fd *f, const char *name)
{
	bool mine = f->group == 1 ? !strncmp(name, "0000:01:00.", 11)
				  : !strncmp(name, "0000:02:00.", 11);

	if (f->space < 0 || !mine)
		return -ENODEV;
	return fake_new_fd(k, lies(k, FAKE_DEVICE_IS_NONE) ? FAKE_OTHER : FAKE_DEVICE, 0);
}

static int group_ioctl(struct fake_kernel *k, struct fake_fd *f, unsigned long request, void *arg)
{
	const struct fake_fd *space;

	switch (request) {
	case VT_GROUP_GET_STATUS:
		((struct vt_group_status *)arg)->flags = VT_GROUP_VIABLE;
		return 0;
	case VT_GROUP_SET_CONTAINER:
		space = fake_get(k, *(int32_t *)arg);
		if (!space || (space->file != FAKE_CONTAINER && space->file != FAKE_IOMMUFD))
			return -EINVAL;
		if (f->space >= 0)
			fake_wrong(k, "a group joins twice");
		f->space = *(int32_t *)arg;
		return 0;
	case VT_GROUP_GET_DEVICE_FD:
		return device_fd(k, f, arg);
	default:
		return -ENOTTY;
	}
}

static int region_info(const struct fake_kernel *k, struct vt_region_info *info)
{
	struct vt_cap_header loop = { VT_REGION_CAP_MSIX_MAPPABLE, 1, sizeof(*info) };
	uint32_t room = info->argsz;

	if (info->index >= VT_PCI_NR_REGIONS)
		return -EINVAL;
	info->flags = VT_REGION_READ | VT_REGION_WRITE;
	info->size = info->index == VT_PCI_CONFIG ? sizeof(k->config) : info->index ? 0 : 0x20000;
	info->offset = (uint64_t)info->index << 40;
	info->cap_offset = 0;
	info->argsz = sizeof(*info);
	if (info->index || !lies(k, FAKE_REGION_LOOPS))
		return 0;
	info->flags |= VT_REGION_CAPS;
	info->argsz = sizeof(*info) + sizeof(loop);
	if (room < info->argsz)
		return 0;
	info->cap_offset = sizeof(*info);
	memcpy(info + 1, &loop, sizeof(loop));
	return 0;
}

static int bind_iommufd(struct fake_kernel *k, struct fake_fd *f, struct vt_bind_iommufd *bind)
{
	const struct fake_fd *space = fake_get(k, bind->iommufd);

	if (!space || space->file != FAKE_IOMMUFD || bind->argsz < VT_BIND_SIZE_6_6)
		return -EINVAL;
	if (f->space >= 0)
		fake_wrong(k, "a device is bound twice");
	f->space = bind->iommufd;
	bind->devid = 3;
	return 0;
}

static int device_ioctl(struct fake_kernel *k, struct fake_fd *f, unsigned long request, void *arg)
{
	struct vt_device_info *info = arg;
	struct vt_irq_info *irq = arg;

	switch (request) {
	case VT_DEVICE_BIND_IOMMUFD:
		return bind_iommufd(k, f, arg);
	case VT_DEVICE_ATTACH_IOMMUFD_PT:
		if (f->space < 0 || ((struct vt_attach_pt *)arg)->pt_id != 7)
			return -EINVAL;
		((struct vt_attach_pt *)arg)->pt_id = 9;
		return 0;
	case VT_DEVICE_GET_INFO:
		info->flags = VT_DEVICE_PCI | (k->no_reset ? 0 : VT_DEVICE_RESET_FLAG);
		info->num_regions = lies(k, FAKE_REGIONS_MANY) ? UINT32_MAX : VT_PCI_NR_REGIONS;
		info->num_irqs = VT_PCI_NR_IRQS;
		return 0;
	case VT_DEVICE_GET_REGION_INFO:
		return region_info(k, arg);
	case VT_DEVICE_GET_IRQ_INFO:
		irq->flags = VT_IRQ_EVENTFD;
		irq->count = irq->index != VT_PCI_ERR;
		return 0;
	default:
		return fake_device_act(k, request, arg);
	}
}

/* ---- the table ---- */

static int do_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct fake_kernel *k = fake_of(s);
	struct fake_fd *f = fake_get(k, fd);
	int err = fake_fails(k, NULL);

	if (!f)
		return -EBADF;
	if (err) {
		k->failed_request = request;
		if (request == VT_DEVICE_SET_IRQS)
			k->failed_irqs = *(const struct vt_irq_set *)arg;
		return err;
	}
	switch (f->file) {
	case FAKE_CONTAINER:
		return container_ioctl(k, fd, f, request, arg);
	case FAKE_IOMMUFD:
		return iommufd_ioctl(k, fd, f, request, arg);
	case FAKE_GROUP:
		return group_ioctl(k, f, request, arg);
	case FAKE_DEVICE:
		return device_ioctl(k, f, request, arg);
	default:
		return -ENOTTY;
	}
}

static int do_mmap(struct sys *s, size_t len, int prot vt_unused, int flags vt_unused,
		   int fd vt_unused, uint64_t offset vt_unused, void **ret)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "mmap");

	if (err)
		return err;
	*ret = aligned_alloc(PAGE, len);
	if (!*ret)
		return -ENOMEM;
	k->nr_memory++;
	return 0;
}

static int do_munmap(struct sys *s, void *addr, size_t len vt_unused)
{
	fake_of(s)->nr_memory--;
	free(addr);
	return 0;
}

/* Huge pages it has none of, and all memory is there from the start. */
static int do_madvise(struct sys *s, void *addr vt_unused, size_t len vt_unused,
		      int advice vt_unused)
{
	struct fake_kernel *k = fake_of(s);

	if (k->wanted_advice && !--k->wanted_advice)
		want_back(k);
	return fake_fails(k, "madvise");
}

/* Only noted: the test itself may still write the memory. */
static int do_mprotect(struct sys *s, void *addr vt_unused, size_t len vt_unused, int prot)
{
	struct fake_kernel *k = fake_of(s);
	int err = fake_fails(k, "mprotect");

	if (!err)
		k->protection = prot;
	return err;
}

static uint64_t do_now(struct sys *s)
{
	return fake_of(s)->now_ns;
}

void fake_kernel_init(struct fake_kernel *k)
{
	static const struct sys_ops ops = {
		.open = do_open,
		.close = do_close,
		.ioctl = do_ioctl,
		.mmap = do_mmap,
		.munmap = do_munmap,
		.madvise = do_madvise,
		.mprotect = do_mprotect,
		.read = fake_read,
		.pread = fake_pread,
		.pwrite = fake_pwrite,
		.eventfd = fake_eventfd,
		.poll = fake_poll,
		.now_ns = do_now,
	};
	/* Vendor and device, memory decoded, revision and class, and BAR0. */
	static const uint8_t config[] = { 0x86, 0x80, 0x21, 0x15, 0x02, 0x00, 0x10,
					  0x00, 0x01, 0x00, 0x00, 0x02, 0x00, 0x00,
					  0x00, 0x00, 0x00, 0x00, 0x00, 0xfe };

	*k = (struct fake_kernel){ .sys = { .ops = &ops }, .fail_times = 1 };
	memcpy(k->config, config, sizeof(config));
}
