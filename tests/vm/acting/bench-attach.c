/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 'vfiotool attach --path=container' asks of the kernel, and nothing else, in one process: prints the
 * nanoseconds of each request in order. Numbers and layouts are the uAPI's. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#define REQUEST(nr) (';' << 8 | (nr))

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

static int ask(int fd, unsigned int nr, void *arg)
{
	uint64_t start = now();

	return done(ioctl(fd, REQUEST(nr), arg), start);
}

static int get(const char *path)
{
	uint64_t start = now();

	return done(open(path, O_RDWR | O_CLOEXEC), start);
}

int main(int argc, char **argv)
{
	static uint32_t info[128], device[6];
	uint32_t status[2] = { sizeof(status) };
	int container, group, fd;

	if (argc != 3)
		return 64;
	container = get("/dev/vfio/vfio");
	ask(container, 100, NULL);
	group = get(argv[1]);
	ask(group, 103, status);
	ask(group, 104, &container);
	ask(container, 102, (void *)3);
	info[0] = sizeof(info);
	ask(container, 112, info);

	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t map[4] = { 3ULL << 32 | sizeof(map), (uintptr_t)page, 4096, 4096 };
	uint64_t unmap[3] = { sizeof(unmap), 4096, 4096 };
	ask(container, 113, map);
	ask(container, 114, unmap);
	fd = ask(group, 106, argv[2]);
	info[0] = sizeof(info);
	ask(container, 112, info);
	device[0] = sizeof(device);
	ask(fd, 107, device);
	puts("");
	return 0;
}
