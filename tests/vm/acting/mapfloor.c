/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under 'vfiotool map': the same mappings made by bare requests, and nothing else.
 *     mapfloor container GROUP-NODE DEVICE KIND SIZE COUNT IOVA
 *     mapfloor iommufd CDEV-NODE DEVICE KIND SIZE COUNT IOVA
 * COUNT mappings of SIZE bytes, one behind the other from IOVA on, of anonymous memory: KIND 4K, thp or 2M. Prints the
 * nanoseconds of having the memory, of mapping, of unmapping.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../prober/uapi.h"

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int must(int ret, const char *what)
{
	if (ret >= 0)
		return ret;
	perror(what);
	exit(1);
}

static void attach_container(const char *node, const char *device, int *fd)
{
	int group = must(open(node, O_RDWR | O_CLOEXEC), node);

	*fd = must(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), "/dev/vfio/vfio");
	must(ioctl(group, PR_GROUP_SET_CONTAINER, fd), "GROUP_SET_CONTAINER");
	must(ioctl(*fd, PR_SET_IOMMU, PR_TYPE1V2), "SET_IOMMU");
	must(ioctl(group, PR_GROUP_GET_DEVICE_FD, device), "GROUP_GET_DEVICE_FD");
}

static uint32_t attach_iommufd(const char *node, int *fd)
{
	struct pr_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct pr_bind bind = { .argsz = sizeof(bind) };
	struct pr_attach attach = { .argsz = sizeof(attach) };
	int cdev = must(open(node, O_RDWR | O_CLOEXEC), node);

	*fd = bind.iommufd = must(open("/dev/iommu", O_RDWR | O_CLOEXEC), "/dev/iommu");
	must(ioctl(cdev, PR_BIND_IOMMUFD, &bind), "BIND_IOMMUFD");
	must(ioctl(*fd, PR_IOAS_ALLOC, &alloc), "IOAS_ALLOC");
	attach.pt_id = alloc.ioas_id;
	must(ioctl(cdev, PR_ATTACH_IOMMUFD_PT, &attach), "ATTACH_IOMMUFD_PT");
	return alloc.ioas_id;
}

/* Aligned to 2 MiB, written once. */
static char *memory(const char *kind, uint64_t len)
{
	uint64_t slack = 2 << 20;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *ret;

	if (!strcmp(kind, "2M"))
		flags |= MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, slack = 0;
	ret = mmap(NULL, len + slack, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (ret == MAP_FAILED)
		must(-1, "mmap");
	if (slack)
		ret = (char *)(((uintptr_t)ret + slack) & ~(uintptr_t)(slack - 1));
	madvise(ret, len, strcmp(kind, "thp") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	if (madvise(ret, len, 23 /* MADV_POPULATE_WRITE */) < 0)
		for (uint64_t i = 0; i < len; i += 4096)
			((volatile char *)ret)[i] = 0;
	return ret;
}

int main(int argc, char **argv)
{
	uint64_t size, count, iova, times[4];
	uint32_t ioas = 0;
	bool iommufd;
	char *buffer;
	int fd;

	if (argc != 8)
		return 64;
	size = strtoull(argv[5], NULL, 0);
	count = strtoull(argv[6], NULL, 0);
	iova = strtoull(argv[7], NULL, 0);
	iommufd = !strcmp(argv[1], "iommufd");
	if (iommufd)
		ioas = attach_iommufd(argv[2], &fd);
	else
		attach_container(argv[2], argv[3], &fd);
	times[0] = now();
	buffer = memory(argv[4], size * count);
	times[1] = now();
	for (uint64_t i = 0; i < count; i++) {
		struct pr_map map = { sizeof(map), PR_MAP_READ_WRITE, (uintptr_t)buffer + i * size,
				      iova + i * size, size };
		struct pr_ioas_map io = {
			sizeof(io), PR_IOAS_MAP_FIXED_RW, ioas, 0, (uintptr_t)buffer + i * size,
			size,       iova + i * size
		};

		must(iommufd ? ioctl(fd, PR_IOAS_MAP, &io) : ioctl(fd, PR_MAP_DMA, &map), "map");
	}
	times[2] = now();
	for (uint64_t i = 0; i < count; i++) {
		struct pr_unmap unmap = { sizeof(unmap), 0, iova + i * size, size };
		struct pr_ioas_unmap io = { sizeof(io), ioas, iova + i * size, size };

		must(iommufd ? ioctl(fd, PR_IOAS_UNMAP, &io) : ioctl(fd, PR_UNMAP_DMA, &unmap),
		     "unmap");
	}
	times[3] = now();
	printf("%llu %llu %llu\n", (unsigned long long)(times[1] - times[0]),
	       (unsigned long long)(times[2] - times[1]),
	       (unsigned long long)(times[3] - times[2]));
	return 0;
}
