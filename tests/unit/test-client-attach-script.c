/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each request is made of, byte by byte, and the order of all calls down to the last close. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/attach.h"
#include "scene.h"

/* ---- a script in the kernel's place: the calls that are expected, what they are given and what they answer ---- */

enum script_call { SCRIPT_OPEN, SCRIPT_IOCTL, SCRIPT_CLOSE, SCRIPT_MMAP, SCRIPT_MUNMAP };

struct script_line {
	enum script_call call;
	const char *path;      /* of an open */
	int fd;                /* of an ioctl or a close */
	unsigned long request; /* of an ioctl */
	/* The first bytes of what an ioctl is given, and what it leaves there; NULL: any, nothing. */
	const void *given, *left;
	size_t given_len, left_len;
	int ret; /* what the call returns, or a negative errno */
};

struct sys_script {
	struct sys sys;
	const struct script_line *lines;
	size_t nr, at;
	uint8_t page[8192]; /* what mmap gives; from an address that is a multiple of 4096 */
};

static const char *const names[] = { "open", "ioctl", "close", "mmap", "munmap" };

static struct sys_script *script(struct sys *s)
{
	return (struct sys_script *)(void *)s;
}

static const struct script_line *next(struct sys *sys, enum script_call call)
{
	struct sys_script *s = script(sys);

	if (s->at == s->nr)
		fail_msg("%s behind the end of the script", names[call]);
	if (s->lines[s->at].call != call)
		fail_msg("line %zu: %s instead of %s", s->at, names[call],
			 names[s->lines[s->at].call]);
	return &s->lines[s->at++];
}

static int do_open(struct sys *s, const char *path, int flags vt_unused)
{
	const struct script_line *line = next(s, SCRIPT_OPEN);

	assert_string_equal(path, line->path);
	return line->ret;
}

static int do_close(struct sys *s, int fd)
{
	const struct script_line *line = next(s, SCRIPT_CLOSE);

	assert_int_equal(fd, line->fd);
	return line->ret;
}

static int do_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	const struct script_line *line = next(s, SCRIPT_IOCTL);

	assert_int_equal(fd, line->fd);
	assert_int_equal(request, line->request);
	if (line->given)
		assert_memory_equal(arg, line->given, line->given_len);
	if (line->left)
		memcpy(arg, line->left, line->left_len);
	return line->ret;
}

static int do_mmap(struct sys *s, size_t len, int prot vt_unused, int flags vt_unused,
		   int fd vt_unused, uint64_t offset vt_unused, void **ret)
{
	const struct script_line *line = next(s, SCRIPT_MMAP);

	assert_true(len <= 4096);
	*ret = (void *)(((uintptr_t)script(s)->page + 4095) & ~(uintptr_t)4095); /* NOLINT */
	return line->ret;
}

static int do_munmap(struct sys *s, void *addr vt_unused, size_t len vt_unused)
{
	return next(s, SCRIPT_MUNMAP)->ret;
}

static uint64_t do_now(struct sys *s)
{
	return script(s)->at;
}

static void sys_script_init(struct sys_script *s, const struct script_line *lines, size_t nr)
{
	static const struct sys_ops ops = {
		.open = do_open,
		.close = do_close,
		.ioctl = do_ioctl,
		.mmap = do_mmap,
		.munmap = do_munmap,
		.now_ns = do_now,
	};

	*s = (struct sys_script){ .sys = { .ops = &ops }, .lines = lines, .nr = nr };
}

static void sys_script_end(const struct sys_script *s)
{
	if (s->at != s->nr)
		fail_msg("%zu lines of the script were not reached", s->nr - s->at);
}

/* ---- attaching ---- */

#define TOKEN "12345678-9abc-def0-1234-56789abcdef0"

static const struct attach_target plain = { "0000:01:00.0", 12, "/dev/vfio/12",
					    "/dev/vfio/devices/vfio3", NULL };
static const struct attach_target virtual = { "0000:01:00.0", 12, "/dev/vfio/12",
					      "/dev/vfio/devices/vfio3", TOKEN };

static void run(const struct script_line *lines, size_t nr, const struct attach_target *target,
		enum path_kind path, int want)
{
	struct attach_request request = {
		.path = path, .targets = target, .nr_targets = 1, .page_size = 4096
	};
	struct arena *a = arena_new();
	struct attachment at;
	struct sys_script s;
	struct client c;

	sys_script_init(&s, lines, nr);
	client_init(&c, &s.sys, a);
	assert_int_equal(attachment_open(&c, &request, &at, NULL), want);
	attachment_close(&at);
	sys_script_end(&s);
	arena_free(a);
}

#define OPENS(what, number)                                          \
	{                                                            \
		.call = SCRIPT_OPEN, .path = (what), .ret = (number) \
	}
#define CLOSES(number)                               \
	{                                            \
		.call = SCRIPT_CLOSE, .fd = (number) \
	}
#define ASKS(number, what, answer)                                                       \
	{                                                                                \
		.call = SCRIPT_IOCTL, .fd = (number), .request = (what), .ret = (answer) \
	}
#define GIVES(number, what, bytes)                                                         \
	{                                                                                  \
		.call = SCRIPT_IOCTL, .fd = (number), .request = (what), .given = (bytes), \
		.given_len = sizeof(*(bytes))                                              \
	}
#define GETS(number, what, bytes)                                                         \
	{                                                                                 \
		.call = SCRIPT_IOCTL, .fd = (number), .request = (what), .left = (bytes), \
		.left_len = sizeof(*(bytes))                                              \
	}

static void test_attach_script_container(void)
{
	static const int32_t container = 5;
	static const struct vt_iommu_info info = { .argsz = sizeof(info),
						   .flags = VT_IOMMU_INFO_PGSIZES,
						   .iova_pgsizes = 0x40201000 };
	/* Its address of memory is the test's. */
	static const struct {
		uint32_t argsz, flags;
	} map = { sizeof(struct vt_map_dma), VT_MAP_READ | VT_MAP_WRITE };
	static const struct vt_unmap_dma unmap = { .argsz = sizeof(unmap),
						   .iova = 4096,
						   .size = 4096 };
	static const char name[] = "0000:01:00.0 vf_token=" TOKEN;
	static const struct script_line lines[] = {
		OPENS("/dev/vfio/vfio", 5),
		ASKS(5, VT_GET_API_VERSION, 0),
		OPENS("/dev/vfio/12", 6),
		ASKS(6, VT_GROUP_GET_STATUS, 0),
		GIVES(6, VT_GROUP_SET_CONTAINER, &container),
		ASKS(5, VT_SET_IOMMU, 0),
		GETS(5, VT_IOMMU_GET_INFO, &info),
		{ .call = SCRIPT_MMAP },
		GIVES(5, VT_MAP_DMA, &map),
		GIVES(5, VT_UNMAP_DMA, &unmap),
		{ .call = SCRIPT_MUNMAP },
		{ .call = SCRIPT_IOCTL,
		  .fd = 6,
		  .request = VT_GROUP_GET_DEVICE_FD,
		  .given = name,
		  .given_len = sizeof(name),
		  .ret = 7 },
		GETS(5, VT_IOMMU_GET_INFO, &info),
		CLOSES(7),
		CLOSES(6),
		CLOSES(5),
	};

	run(lines, ARRAY_SIZE(lines), &virtual, PATH_CONTAINER, 0);
}

static void test_attach_script_iommufd(void)
{
	/* Without a token as short as 6.6 knew it. */
	static const struct {
		uint32_t argsz, flags;
		int32_t iommufd;
	} bind = { VT_BIND_SIZE_6_6, 0, 6 };
	static const struct vt_ioas_alloc allocated = { .size = sizeof(allocated), .ioas_id = 9 };
	static const struct vt_attach_pt attach = { .argsz = sizeof(attach), .pt_id = 9 };
	static const struct script_line lines[] = {
		OPENS("/dev/vfio/devices/vfio3", 5),
		OPENS("/dev/iommu", 6),
		GIVES(5, VT_DEVICE_BIND_IOMMUFD, &bind),
		GETS(6, VT_IOAS_ALLOC, &allocated),
		GIVES(5, VT_DEVICE_ATTACH_IOMMUFD_PT, &attach),
		ASKS(6, VT_IOAS_IOVA_RANGES, -ENOMEM),
		CLOSES(5),
		CLOSES(6),
	};

	run(lines, ARRAY_SIZE(lines), &plain, PATH_IOMMUFD, -ENOMEM);
}

static void test_attach_script_iommufd_with_token(void)
{
	static const struct {
		uint32_t argsz, flags;
		int32_t iommufd;
	} bind = { sizeof(struct vt_bind_iommufd), VT_BIND_TOKEN, 6 };
	static const struct script_line lines[] = {
		OPENS("/dev/vfio/devices/vfio3", 5),
		OPENS("/dev/iommu", 6),
		{ .call = SCRIPT_IOCTL,
		  .fd = 5,
		  .request = VT_DEVICE_BIND_IOMMUFD,
		  .given = &bind,
		  .given_len = sizeof(bind),
		  .ret = -EACCES },
		CLOSES(5),
		CLOSES(6),
	};

	run(lines, ARRAY_SIZE(lines), &virtual, PATH_IOMMUFD, -EACCES);
}
