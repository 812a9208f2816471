/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each request is made of, byte by byte, and the order of all calls down to the last close. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/attach.h"
#include "sys-script.h"

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

static void test_attach_script_container(void **state)
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

	(void)state;
	run(lines, ARRAY_SIZE(lines), &virtual, PATH_CONTAINER, 0);
}

static void test_attach_script_iommufd(void **state)
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

	(void)state;
	run(lines, ARRAY_SIZE(lines), &plain, PATH_IOMMUFD, -ENOMEM);
}

static void test_attach_script_iommufd_with_token(void **state)
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

	(void)state;
	run(lines, ARRAY_SIZE(lines), &virtual, PATH_IOMMUFD, -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attach_script_container),
		cmocka_unit_test(test_attach_script_iommufd),
		cmocka_unit_test(test_attach_script_iommufd_with_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
