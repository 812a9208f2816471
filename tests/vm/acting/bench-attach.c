/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What 'vfiotool attach' asks of the kernel, and nothing else, in one process:
 *     bench-attach container GROUP-NODE DEVICE
 *     bench-attach iommufd CDEV-NODE
 * Prints the nanoseconds of each request in order.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "../prober/uapi.h"

enum {
	PAGE = 4096,
	RANGES = 32,
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static int done(int ret, uint64_t start)
{
	uint64_t ns = now() - start;

	if (ret < 0) {
		perror("bench-attach");
		exit(1);
	}
	printf("%llu ", (unsigned long long)ns);
	return ret;
}

static int ask(int fd, unsigned long request, const void *arg)
{
	uint64_t start = now();

	return done(ioctl(fd, request, arg), start);
}

static int get(const char *path)
{
	uint64_t start = now();

	return done(open(path, O_RDWR | O_CLOEXEC), start);
}

static void by_container(const char *node, const char *name, char *page)
{
	static uint32_t info[128], device[6];
	struct pr_group_status status = { .argsz = sizeof(status) };
	struct pr_map map = { sizeof(map), PR_MAP_READ_WRITE, (uintptr_t)page, PAGE, PAGE };
	struct pr_unmap unmap = { sizeof(unmap), 0, PAGE, PAGE };
	int container, group, fd;

	container = get("/dev/vfio/vfio");
	ask(container, PR_GET_API_VERSION, NULL);
	group = get(node);
	ask(group, PR_GROUP_GET_STATUS, &status);
	ask(group, PR_GROUP_SET_CONTAINER, &container);
	ask(container, PR_SET_IOMMU, (void *)(uintptr_t)PR_TYPE1V2);
	info[0] = sizeof(info);
	ask(container, PR_IOMMU_GET_INFO, info);
	ask(container, PR_MAP_DMA, &map);
	ask(container, PR_UNMAP_DMA, &unmap);
	fd = ask(group, PR_GROUP_GET_DEVICE_FD, name);
	info[0] = sizeof(info);
	ask(container, PR_IOMMU_GET_INFO, info);
	device[0] = sizeof(device);
	ask(fd, PR_DEVICE_GET_INFO, device);
}

static void by_iommufd(const char *node, char *page)
{
	static uint32_t device[6];
	static struct pr_iova_range ranges[RANGES];
	struct pr_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct pr_bind bind = { .argsz = sizeof(bind) };
	struct pr_attach attach = { .argsz = sizeof(attach) };
	struct pr_ioas_ranges may = { .size = sizeof(may),
				      .nr = RANGES,
				      .ranges = (uintptr_t)ranges };
	struct pr_ioas_map map = { .size = sizeof(map), .flags = PR_IOAS_MAP_FIXED_RW };
	struct pr_ioas_unmap unmap = { .size = sizeof(unmap), .iova = PAGE, .length = PAGE };
	int cdev = get(node), iommufd = get("/dev/iommu");

	bind.iommufd = iommufd;
	ask(cdev, PR_BIND_IOMMUFD, &bind);
	ask(iommufd, PR_IOAS_ALLOC, &alloc);
	attach.pt_id = may.ioas_id = map.ioas_id = unmap.ioas_id = alloc.ioas_id;
	ask(cdev, PR_ATTACH_IOMMUFD_PT, &attach);
	ask(iommufd, PR_IOAS_IOVA_RANGES, &may);
	map.user_va = (uintptr_t)page;
	map.iova = map.length = PAGE;
	ask(iommufd, PR_IOAS_MAP, &map);
	ask(iommufd, PR_IOAS_UNMAP, &unmap);
	device[0] = sizeof(device);
	ask(cdev, PR_DEVICE_GET_INFO, device);
}

int main(int argc, char **argv)
{
	/* The page is there before it is mapped, as vfiotool's is: else its first touch falls on MAP_DMA. */
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (page == MAP_FAILED)
		return 1;
	if (argc == 4 && !strcmp(argv[1], "container"))
		by_container(argv[2], argv[3], page);
	else if (argc == 3 && !strcmp(argv[1], "iommufd"))
		by_iommufd(argv[2], page);
	else
		return 64;
	puts("");
	return 0;
}
