/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live system calls. */
#include "client/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "base/macro.h"

static int live_open(struct sys *s vt_unused, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int live_close(struct sys *s vt_unused, int fd)
{
	return close(fd) < 0 ? -errno : 0;
}

static int live_ioctl(struct sys *s vt_unused, int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static int live_mmap(struct sys *s vt_unused, size_t len, int prot, int flags, int fd,
		     uint64_t offset, void **ret)
{
	void *p = mmap(NULL, len, prot, flags, fd, (off_t)offset);

	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	return 0;
}

static int live_munmap(struct sys *s vt_unused, void *addr, size_t len)
{
	return munmap(addr, len) < 0 ? -errno : 0;
}

static int live_mprotect(struct sys *s vt_unused, void *addr, size_t len, int prot)
{
	return mprotect(addr, len, prot) < 0 ? -errno : 0;
}

static int live_madvise(struct sys *s vt_unused, void *addr, size_t len, int advice)
{
	return madvise(addr, len, advice) < 0 ? -errno : 0;
}

static ssize_t live_read(struct sys *s vt_unused, int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : n;
}

static ssize_t live_pread(struct sys *s vt_unused, int fd, void *buf, size_t len, uint64_t offset)
{
	ssize_t n = pread(fd, buf, len, (off_t)offset);

	return n < 0 ? -errno : n;
}

static ssize_t live_pwrite(struct sys *s vt_unused, int fd, const void *buf, size_t len,
			   uint64_t offset)
{
	ssize_t n = pwrite(fd, buf, len, (off_t)offset);

	return n < 0 ? -errno : n;
}

static int live_eventfd(struct sys *s vt_unused)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int live_poll(struct sys *s vt_unused, struct pollfd *fds, size_t nr, int timeout_ms)
{
	int n = poll(fds, nr, timeout_ms);

	return n < 0 ? -errno : n;
}

static uint64_t live_now_ns(struct sys *s vt_unused)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

/* A pipe that memory was lent to holds references to its pages, and pages with such references do not move.
 * linux: fs/splice.c: vmsplice_to_pipe(); mm/migrate.c: folio_migrate_mapping(). */
static int live_hold_pages(struct sys *s vt_unused, void *addr, size_t len, int ret[2])
{
	struct iovec area = { .iov_base = addr, .iov_len = len };
	ssize_t n;
	int err;

	if (pipe2(ret, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* One slot for each page; there are 16 if this fails. */
	(void)fcntl(ret[1], F_SETPIPE_SZ, (int)len);
	n = vmsplice(ret[1], &area, 1, 0);
	if (n == (ssize_t)len)
		return 0;
	err = n < 0 ? -errno : -ENOSPC;
	close(ret[0]);
	close(ret[1]);
	return err;
}

#ifdef __x86_64__
/* MOVDIR64B: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2B; CPUID leaf 7, ECX bit 28.
 * Its code is written out for assemblers that do not know it. */
static int live_submit(struct sys *s vt_unused, volatile void *to, const void *from)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(c & 1U << 28))
		return -EOPNOTSUPP;
	__asm__ volatile(".byte 0x66, 0x0f, 0x38, 0xf8, 0x02" /* movdir64b (%%rdx), %%rax */
			 :
			 : "a"(to), "d"(from)
			 : "memory");
	return 0;
}
#else
static int live_submit(struct sys *s vt_unused, volatile void *to vt_unused,
		       const void *from vt_unused)
{
	return -EOPNOTSUPP;
}
#endif

static const struct sys_ops live_ops = {
	.open = live_open,
	.close = live_close,
	.ioctl = live_ioctl,
	.mmap = live_mmap,
	.munmap = live_munmap,
	.madvise = live_madvise,
	.mprotect = live_mprotect,
	.read = live_read,
	.pread = live_pread,
	.pwrite = live_pwrite,
	.eventfd = live_eventfd,
	.poll = live_poll,
	.now_ns = live_now_ns,
	.hold_pages = live_hold_pages,
	.submit = live_submit,
};

/* A first call costs time before it reaches the kernel (pages of the program, addresses that the linker
 * looks up). This call takes that time, so that no request is charged with it. */
static void warm_up(struct sys *s)
{
	live_now_ns(s);
	live_ioctl(s, live_open(s, "", O_RDWR), 0, NULL);
}

struct sys *sys_live(void)
{
	static struct sys live = { .ops = &live_ops };
	static bool warm;

	if (!warm)
		warm_up(&live);
	warm = true;
	return &live;
}
