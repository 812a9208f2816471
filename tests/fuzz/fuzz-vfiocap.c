/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of capabilities as the kernel puts them behind an answer; and the answers of IOMMU_GET_INFO and
 * DEVICE_GET_REGION_INFO that carry them, as the client reads them. The first byte chooses. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "uapi/abi.h"
#include "decode/vfiocap.h"
#include "client/device.h"
#include "client/space.h"
#include "fuzz.h"

struct answer {
	struct sys sys;
	const uint8_t *data;
	size_t len;
};

/* What a kernel that answers these bytes to everything would do. */
static int answer_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	const struct answer *a = (const struct answer *)(const void *)s;
	uint32_t room;

	(void)fd;
	(void)request;
	memcpy(&room, arg, sizeof(room));
	if (a->len < sizeof(room))
		return -EINVAL;
	memcpy(arg, a->data, a->len < room ? a->len : room);
	return 0;
}

static uint64_t answer_now(struct sys *s)
{
	(void)s;
	return 0;
}

static void ask_client(const uint8_t *data, size_t len, bool region)
{
	static const struct sys_ops ops = { .ioctl = answer_ioctl, .now_ns = answer_now };
	struct answer a = { .sys = { .ops = &ops }, .data = data, .len = len };
	struct arena *arena = arena_new();
	struct client c;
	int r;

	client_init(&c, &a.sys, arena);
	if (region) {
		struct region_info info = { 0 };

		r = device_region_get(&c, "x", 3, 0, &info);
		must(r || !info.nr_areas || info.areas);
	} else {
		struct space s = { .client = &c, .path = PATH_CONTAINER, .fd = 3 };
		struct space_info info = { 0 };

		r = space_info(&s, &info);
		must(r || !info.nr_ranges || info.ranges);
		must(r || !info.nr_ranges || info.has_ranges);
	}
	must(r == 0 || r == -EBADMSG || r == -EINVAL);
	arena_free(arena);
}

static void walk(const uint8_t *data, size_t len)
{
	struct vfiocap_walk w;
	struct vfiocap cap;
	unsigned int nr = 0;
	uint32_t offset, number;
	uint64_t large;
	int r;

	if (len < sizeof(offset))
		return;
	memcpy(&offset, data, sizeof(offset));
	vfiocap_begin(&w, data, len, sizeof(offset), offset);
	while ((r = vfiocap_next(&w, &cap)) > 0) {
		must(++nr <= len);
		must(cap.data >= data && cap.data + cap.len == data + len);
		must((vfiocap_u32(&cap, 0, &number) == 0) == (cap.len >= 4));
		must((vfiocap_u64(&cap, 8, &large) == 0) == (cap.len >= 16));
		must(vfiocap_u64(&cap, SIZE_MAX, &large) == -EBADMSG);
		if (!vfiocap_pairs(&cap, UINT32_MAX, &number) && number)
			vfiocap_pair(&cap, number - 1, &large, &large);
	}
	must(r == 0 || r == -EBADMSG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	if (data[0] % 3 == 0)
		walk(data + 1, len - 1);
	else
		ask_client(data + 1, len - 1, data[0] % 3 == 1);
	return 0;
}
