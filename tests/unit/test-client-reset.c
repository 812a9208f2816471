/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hot resets against a kernel that lists what it is told to, and refuses what the real one does. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/reset.h"
#include "scene.h"

enum { DEVICE_FD = 5, GROUP_FD = 20, DEVICES_MAX = 300 };

struct kernel {
	struct sys sys;
	struct vt_hot_reset_device devices[DEVICES_MAX];
	uint32_t nr, flags;
	uint32_t claims;    /* a count that it claims to have filled, or 0 */
	unsigned int again; /* times it says EAGAIN */
	bool no_space;      /* says ENOSPC whatever the room */
	unsigned int asked, resets;
	int32_t fds[8];
	uint32_t nr_fds;
};

static int list(struct kernel *k, struct vt_hot_reset_info *info)
{
	size_t room = (info->argsz - sizeof(*info)) / sizeof(k->devices[0]);

	k->asked++;
	if (k->again) {
		k->again--;
		return -EAGAIN;
	}
	info->count = k->nr;
	if (k->nr > room || k->no_space)
		return -ENOSPC;
	memcpy(info + 1, k->devices, k->nr * sizeof(k->devices[0]));
	info->flags = k->flags;
	if (k->claims)
		info->count = k->claims;
	return 0;
}

static int fake_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	struct kernel *k = (struct kernel *)s;
	const struct vt_hot_reset *reset = arg;

	assert_int_equal(fd, DEVICE_FD);
	if (request == VT_DEVICE_RESET)
		return -EINVAL;
	if (request == VT_DEVICE_GET_PCI_HOT_RESET_INFO)
		return k->nr ? list(k, arg) : -ENODEV;
	assert_int_equal(request, VT_DEVICE_PCI_HOT_RESET);
	assert_true(reset->count <= ARRAY_SIZE(k->fds));
	k->resets++;
	k->nr_fds = reset->count;
	memcpy(k->fds, reset + 1, reset->count * sizeof(k->fds[0]));
	return 0;
}

static uint64_t fake_now(struct sys *s)
{
	(void)s;
	return 0;
}

static const struct sys_ops ops = { .ioctl = fake_ioctl, .now_ns = fake_now };

struct fixture {
	struct kernel kernel;
	struct arena *arena;
	struct client client;
	struct attached_group groups[2];
	struct attach_target target;
	struct attached_device device;
	struct attachment at;
	struct reset_scope scope;
};

/* One device is attached, with groups 7 and 9. */
static void begin(struct fixture *f)
{
	*f = (struct fixture){
		.kernel = { .sys = { .ops = &ops } },
		.arena = arena_new(),
		.groups = { { .id = 7, .fd = GROUP_FD }, { .id = 9, .fd = GROUP_FD + 1 } },
		.target = { .name = "0000:01:00.0" },
		.device = { .fd = DEVICE_FD },
	};
	f->device.target = &f->target;
	client_init(&f->client, &f->kernel.sys, f->arena);
	f->at = (struct attachment){ .client = &f->client, .groups = f->groups, .nr_groups = 2 };
}

static void end(struct fixture *f)
{
	arena_free(f->arena);
}

static void add(struct fixture *f, uint32_t id, uint8_t bus, uint8_t devfn)
{
	f->kernel.devices[f->kernel.nr++] =
		(struct vt_hot_reset_device){ .id = id, .bus = bus, .devfn = devfn };
}

static int find(struct fixture *f)
{
	return reset_find_scope(&f->at, &f->device, &f->scope);
}

static void test_reset_all_groups_are_ours(struct fixture *f)
{
	add(f, 7, 1, 0);
	add(f, 7, 1, 1);
	assert_int_equal(find(f), 0);
	assert_int_equal(f->scope.nr_devices, 2);
	assert_string_equal(f->scope.devices[1].name, "0000:01:00.1");
	assert_true(f->scope.devices[1].has_group);
	assert_true(reset_scope_is_ours(&f->scope));
	assert_int_equal(reset_hot(&f->at, &f->device, &f->scope), 0);
	/* The other group has nothing to do with it: two descriptors for one group are too many. */
	assert_int_equal(f->kernel.nr_fds, 1);
	assert_int_equal(f->kernel.fds[0], GROUP_FD);
}

static void test_reset_of_a_foreign_group_is_not_asked(struct fixture *f)
{
	add(f, 7, 1, 0);
	add(f, 8, 1, 1);
	assert_int_equal(find(f), 0);
	assert_int_equal(f->scope.devices[0].owner, RESET_OURS);
	assert_int_equal(f->scope.devices[1].owner, RESET_FOREIGN);
	assert_false(reset_scope_is_ours(&f->scope));
	assert_int_equal(reset_hot(&f->at, &f->device, &f->scope), -EPERM);
	assert_int_equal(f->kernel.resets, 0);
}

static void test_reset_by_ids_of_iommufd(struct fixture *f)
{
	f->kernel.flags = VT_HOT_RESET_DEV_ID | VT_HOT_RESET_DEV_ID_OWNED;
	add(f, 3, 1, 0);
	add(f, 0, 1, 1); /* of a group that is ours */
	assert_int_equal(find(f), 0);
	assert_true(f->scope.by_devid);
	assert_true(reset_scope_is_ours(&f->scope));
	assert_int_equal(reset_hot(&f->at, &f->device, &f->scope), 0);
	assert_int_equal(f->kernel.nr_fds, 0);
}

static void test_reset_by_ids_with_one_of_somebody_else(struct fixture *f)
{
	f->kernel.flags = VT_HOT_RESET_DEV_ID;
	add(f, 3, 1, 0);
	add(f, UINT32_MAX, 1, 1);
	assert_int_equal(find(f), 0);
	assert_int_equal(f->scope.devices[1].owner, RESET_FOREIGN);
	assert_false(reset_scope_is_ours(&f->scope));
	/* The kernel's own flag counts, too. */
	f->scope.devices[1].owner = RESET_OURS;
	assert_false(reset_scope_is_ours(&f->scope));
}

static void test_reset_of_many_devices_asks_again(struct fixture *f)
{
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		add(f, 7, (uint8_t)(i / 256), (uint8_t)i);
	f->kernel.again = 1;
	assert_int_equal(find(f), 0);
	assert_int_equal(f->kernel.asked, 3);
	assert_int_equal(f->scope.nr_devices, DEVICES_MAX);
	assert_string_equal(f->scope.devices[DEVICES_MAX - 1].name, "0000:01:05.3");
}

static void test_reset_answers_that_contradict_themselves(struct fixture *f)
{
	assert_int_equal(find(f), -ENODEV);
	add(f, 7, 1, 0);
	f->kernel.claims = 1000;
	assert_int_equal(find(f), -EBADMSG);
	f->kernel.claims = 0;
	f->kernel.no_space = true;
	assert_int_equal(find(f), -EBADMSG);
	f->kernel.no_space = false;
	f->kernel.again = 100;
	assert_int_equal(find(f), -EAGAIN);
	assert_true(f->kernel.asked < 10);
}

static void test_reset_of_a_function_that_has_none(struct fixture *f)
{
	assert_int_equal(reset_function(&f->client, "0000:01:00.0", DEVICE_FD), -EINVAL);
	assert_int_equal(client_last(&f->client)->op, OP_DEVICE_RESET);
}
