/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaching beside a kernel that answers well, beside one whose every call fails in turn, and beside one
 * that tells nonsense: each time the right request is named, and nothing stays open or mapped. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/attach.h"
#include "client/device.h"
#include "fake-kernel.h"
#include "scene.h"

/* What open(2) and the requests of VFIO and iommufd answer anywhere in the kernel. */
static const int errnos[] = {
	EPERM,  ENOENT, EIO,        ENXIO,      ENOMEM,  EACCES,    EFAULT,    EBUSY,  EEXIST,
	ENODEV, EINVAL, ENFILE,     EMFILE,     ENOTTY,  ENOSPC,    ERANGE,    EBADFD, EOVERFLOW,
	EAGAIN, EBADF,  EOPNOTSUPP, EADDRINUSE, ENOBUFS, ETIMEDOUT, ECANCELED,
};

static const struct attach_target targets[] = {
	{ "0000:01:00.0", 1, "/dev/vfio/1", "/dev/vfio/devices/vfio0", NULL },
	{ "0000:01:00.1", 1, "/dev/vfio/1", "/dev/vfio/devices/vfio1", NULL },
	{ "0000:02:00.0", 2, "/dev/vfio/2", "/dev/vfio/devices/vfio2", NULL },
};

static const unsigned int extensions[] = { VT_TYPE1_IOMMU, VT_TYPE1v2_IOMMU, VT_DMA_CC_IOMMU };

struct trial {
	struct fake_kernel kernel;
	struct client client;
	struct arena *arena;
	struct attachment at;
	struct failure *why;
	int r;
};

static void begin(struct trial *t)
{
	*t = (struct trial){ 0 };
	fake_kernel_init(&t->kernel);
	t->arena = arena_new();
	client_init(&t->client, &t->kernel.sys, t->arena);
}

static void attach(struct trial *t, enum path_kind path)
{
	const struct attach_request request = {
		.path = path,
		.targets = targets,
		.nr_targets = ARRAY_SIZE(targets),
		.page_size = 4096,
		.extensions = extensions,
		.nr_extensions = path == PATH_IOMMUFD ? 0 : ARRAY_SIZE(extensions),
	};

	t->r = attachment_open(&t->client, &request, &t->at, &t->why);
}

/* Everything is given back, and the kernel was treated well. */
static void end(struct trial *t)
{
	attachment_close(&t->at);
	fake_kernel_done(&t->kernel);
	failure_free(t->why);
	arena_free(t->arena);
}

/* ---- all is well ---- */

static void expect_ops(const struct trial *t, const enum op *ops, size_t nr)
{
	for (size_t i = 0; i < nr && i < t->client.nr_outcomes; i++)
		if (t->client.outcomes[i].op != ops[i])
			fail_msg("request %zu is %s, not %s", i, op_name(t->client.outcomes[i].op),
				 op_name(ops[i]));
	assert_int_equal(t->client.nr_outcomes, nr);
}

static void test_attach_container_in_order(struct trial *t)
{
	static const enum op ops[] = {
		OP_OPEN_CONTAINER,
		OP_GET_API_VERSION,
		OP_OPEN_GROUP,
		OP_GROUP_GET_STATUS,
		OP_OPEN_GROUP,
		OP_GROUP_GET_STATUS,
		OP_GROUP_SET_CONTAINER,
		OP_GROUP_SET_CONTAINER,
		OP_SET_IOMMU,
		OP_IOMMU_GET_INFO,
		OP_MAP_DMA,
		OP_UNMAP_DMA,
		OP_GROUP_GET_DEVICE_FD,
		OP_GROUP_GET_DEVICE_FD,
		OP_GROUP_GET_DEVICE_FD,
		OP_IOMMU_GET_INFO,
	};

	attach(t, PATH_CONTAINER);
	assert_int_equal(t->r, 0);
	expect_ops(t, ops, ARRAY_SIZE(ops));
	/* Two devices of one group share its descriptor: container, two groups, three devices. */
	assert_int_equal(fake_kernel_open(&t->kernel), 6);
	assert_int_equal(t->at.nr_groups, 2);
	assert_ptr_equal(t->at.devices[0].group, t->at.devices[1].group);
	assert_int_equal(t->at.info.nr_ranges, 2);
	assert_true(t->at.info.has_dma_avail);
	assert_int_equal(t->at.info.dma_avail, 65535);
	assert_int_equal(t->at.before[1], 1);
	assert_int_equal(t->at.after[2], 0);
}

static void test_attach_iommufd_in_order(struct trial *t)
{
	static const enum op ops[] = {
		OP_OPEN_CDEV,         OP_OPEN_CDEV,         OP_OPEN_CDEV,
		OP_OPEN_IOMMUFD,      OP_BIND_IOMMUFD,      OP_BIND_IOMMUFD,
		OP_BIND_IOMMUFD,      OP_IOAS_ALLOC,        OP_ATTACH_IOMMUFD_PT,
		OP_ATTACH_IOMMUFD_PT, OP_ATTACH_IOMMUFD_PT, OP_IOAS_IOVA_RANGES,
		OP_IOAS_MAP,          OP_IOAS_UNMAP,
	};

	attach(t, PATH_IOMMUFD);
	assert_int_equal(t->r, 0);
	expect_ops(t, ops, ARRAY_SIZE(ops));
	assert_int_equal(t->at.space.ioas_id, 7);
	assert_int_equal(t->at.devices[2].devid, 3);
	assert_int_equal(t->at.devices[2].hwpt_id, 9);
	assert_int_equal(t->at.info.alignment, 4096);
}

static void test_attach_noiommu_maps_nothing(struct trial *t)
{
	attach(t, PATH_NOIOMMU);
	assert_int_equal(t->r, 0);
	for (size_t i = 0; i < t->client.nr_outcomes; i++)
		assert_true(t->client.outcomes[i].op != OP_MAP_DMA);
}

/* ---- every call fails in turn ---- */

static bool names_request(const struct trial *t)
{
	static const struct {
		unsigned long request;
		enum op op;
	} all[] = {
		{ VT_GET_API_VERSION, OP_GET_API_VERSION },
		{ VT_GROUP_GET_STATUS, OP_GROUP_GET_STATUS },
		{ VT_GROUP_SET_CONTAINER, OP_GROUP_SET_CONTAINER },
		{ VT_SET_IOMMU, OP_SET_IOMMU },
		{ VT_IOMMU_GET_INFO, OP_IOMMU_GET_INFO },
		{ VT_MAP_DMA, OP_MAP_DMA },
		{ VT_UNMAP_DMA, OP_UNMAP_DMA },
		{ VT_GROUP_GET_DEVICE_FD, OP_GROUP_GET_DEVICE_FD },
		{ VT_DEVICE_BIND_IOMMUFD, OP_BIND_IOMMUFD },
		{ VT_IOAS_ALLOC, OP_IOAS_ALLOC },
		{ VT_DEVICE_ATTACH_IOMMUFD_PT, OP_ATTACH_IOMMUFD_PT },
		{ VT_IOAS_IOVA_RANGES, OP_IOAS_IOVA_RANGES },
		{ VT_IOAS_MAP, OP_IOAS_MAP },
		{ VT_IOAS_UNMAP, OP_IOAS_UNMAP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].op == t->at.refused)
			return all[i].request == t->kernel.failed_request;
	/* Of the nodes. */
	return t->kernel.failed_path &&
	       (t->at.refused == OP_OPEN_CONTAINER || t->at.refused == OP_OPEN_GROUP ||
		t->at.refused == OP_OPEN_CDEV || t->at.refused == OP_OPEN_IOMMUFD);
}

/* What one failure must look like; an extension's is only an answer. */
static void check_failure(const struct trial *t, int err)
{
	if (t->kernel.failed_request == VT_CHECK_EXTENSION) {
		assert_int_equal(t->r, 0);
		return;
	}
	assert_int_equal(t->r, -err);
	if (!t->kernel.failed_request && !t->kernel.failed_path) {
		assert_int_equal(t->at.refused, OP_NONE); /* mmap(2): the tool's own */
		assert_non_null(t->why);
		return;
	}
	if (!names_request(t))
		fail_msg("%s is said to be refused, but it was request 0x%lx",
			 op_name(t->at.refused), t->kernel.failed_request);
	assert_int_equal(t->at.refused_err, err);
	assert_non_null(t->at.refused_object);
	assert_null(t->why);
	assert_int_equal(client_last(&t->client)->err, err);
}

static unsigned int calls_of(enum path_kind path)
{
	struct trial t;
	unsigned int ret;

	begin(&t);
	attach(&t, path);
	ret = t.kernel.calls;
	end(&t);
	return ret;
}

static void test_attach_every_call_fails_in_turn(void)
{
	for (unsigned int path = 0; path < NR_PATHS; path++) {
		unsigned int calls = calls_of((enum path_kind)path);

		assert_true(calls > 10);
		for (unsigned int n = 1; n <= calls; n++)
			for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
				struct trial t;

				begin(&t);
				t.kernel.fail_at = n;
				t.kernel.fail_with = errnos[i];
				attach(&t, (enum path_kind)path);
				check_failure(&t, errnos[i]);
				end(&t);
			}
	}
}

static void test_attach_interrupted_calls_are_made_again(void)
{
	for (unsigned int path = 0; path < NR_PATHS; path++) {
		unsigned int calls = calls_of((enum path_kind)path);

		for (unsigned int n = 1; n <= calls; n++) {
			struct trial t;

			begin(&t);
			t.kernel.fail_at = n;
			t.kernel.fail_times = 3;
			t.kernel.fail_with = EINTR;
			attach(&t, (enum path_kind)path);
			/* mmap(2) is never interrupted. */
			if (t.kernel.failed_request || t.kernel.failed_path)
				assert_int_equal(t.r, 0);
			end(&t);
		}
	}
}

/* ---- nonsense ---- */

/* The attachment fails by itself, with a text that holds @text. */
static void expect_failure(unsigned int lies, enum path_kind path, int err, const char *text)
{
	struct trial t;

	begin(&t);
	t.kernel.lies = lies;
	attach(&t, path);
	assert_int_equal(t.r, err);
	assert_int_equal(t.at.refused, OP_NONE);
	assert_non_null(t.why);
	if (!strstr(t.why->text, text))
		fail_msg("'%s' does not say '%s'", t.why->text, text);
	end(&t);
}

static void expect_refusal(unsigned int lies, enum path_kind path, enum op op, int err)
{
	struct trial t;

	begin(&t);
	t.kernel.lies = lies;
	attach(&t, path);
	assert_int_equal(t.r, -err);
	assert_string_equal(op_name(t.at.refused), op_name(op));
	assert_int_equal(t.at.refused_err, err);
	end(&t);
}

static void test_attach_other_api_version(void)
{
	expect_failure(FAKE_API_VERSION, PATH_CONTAINER, -EPROTO, "container: VFIO API version 1");
	expect_failure(FAKE_API_VERSION, PATH_COMPAT, -EPROTO, "iommufd: VFIO API version 1");
}

static void test_attach_chains_that_make_no_sense(void)
{
	expect_failure(FAKE_INFO_LOOPS, PATH_CONTAINER, -EBADMSG, "loop or leave");
	expect_failure(FAKE_INFO_LEAVES, PATH_CONTAINER, -EBADMSG, "loop or leave");
	expect_failure(FAKE_INFO_MANY, PATH_COMPAT, -EBADMSG, "loop or leave");
	expect_failure(FAKE_INFO_GROWS, PATH_CONTAINER, -EBADMSG, "loop or leave");
	expect_failure(FAKE_INFO_GROWS, PATH_IOMMUFD, -EBADMSG, "loop or leave");
}

static void test_attach_nothing_can_be_mapped(void)
{
	expect_failure(FAKE_NO_RANGES, PATH_CONTAINER, -ENOSPC, "no IOVA");
	expect_failure(FAKE_NO_RANGES, PATH_IOMMUFD, -ENOSPC, "no IOVA");
}

static void test_attach_descriptors_that_are_something_else(void)
{
	expect_refusal(FAKE_GROUP_IS_NONE, PATH_CONTAINER, OP_GROUP_GET_STATUS, ENOTTY);
	expect_refusal(FAKE_DEVICE_IS_NONE, PATH_IOMMUFD, OP_BIND_IOMMUFD, ENOTTY);
}

static void test_attach_device_descriptor_that_is_none(struct trial *t)
{
	struct device_info info;

	t->kernel.lies = FAKE_DEVICE_IS_NONE;
	attach(t, PATH_CONTAINER);
	assert_int_equal(t->r, 0);
	assert_int_equal(device_info_get(&t->client, "x", t->at.devices[0].fd, &info), -ENOTTY);
}

static void test_attach_region_chain_that_loops(struct trial *t)
{
	struct region_info info;

	t->kernel.lies = FAKE_REGION_LOOPS;
	attach(t, PATH_CONTAINER);
	assert_int_equal(device_region_get(&t->client, "x", t->at.devices[0].fd, 0, &info),
			 -EBADMSG);
	assert_int_equal(device_region_get(&t->client, "x", t->at.devices[0].fd, 1, &info), 0);
	assert_int_equal(device_region_get(&t->client, "x", t->at.devices[0].fd, 99, &info),
			 -EINVAL);
}

/* ---- VF tokens ---- */

static void test_attach_tokens_have_one_form(void)
{
	static const char *const bad[] = {
		"",
		"12345678-9abc-def0-1234-56789abcdef",
		"12345678-9abc-def0-1234-56789abcdef01",
		"123456789-abc-def0-1234-56789abcdef0",
		"g2345678-9abc-def0-1234-56789abcdef0",
		"12345678_9abc_def0_1234_56789abcdef0",
	};
	static const uint8_t want[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0,
					  0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0 };
	uint8_t token[16];

	assert_int_equal(attach_parse_token("12345678-9abc-DEF0-1234-56789abcdef0", token), 0);
	assert_memory_equal(token, want, sizeof(want));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(attach_parse_token(bad[i], token), -EINVAL);
}
