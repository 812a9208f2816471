/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map from its arguments to the exit status, beside a kernel in memory: good runs, refusals that are predicted,
 * and every call failing in turn. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "run/map.h"
#include "fake-attached.h"
#include "scene.h"

#define PAGE UINT64_C(4096)

struct trial {
	struct host *host;
	struct device *device;
	enum path_kind path;
	struct fake_kernel kernel;
	struct app app;
	struct map_args args;
	struct map_run run;
	struct failure *why;
	int status;
};

/* Three mappings of two pages. */
static void begin(struct trial *t)
{
	*t = (struct trial){ .host = fake_host(), .path = PATH_CONTAINER };
	t->device = fake_acting_device(t->host);
	fake_kernel_init(&t->kernel);
	t->app.arena = arena_new();
	t->args = (struct map_args){
		.acting = { .no_map = true, .single = true },
		.any_pages = true,
		.pages = MEMORY_BASE,
		.size = 2 * PAGE,
		.count = 3,
	};
	t->run = (struct map_run){ .app = &t->app, .args = &t->args };
}

static int map(struct trial *t)
{
	struct attached *ac = &t->run.acting;

	fake_acting_open(ac, &t->app, &t->args.acting, t->host, &t->device, 1, t->path, &t->kernel);
	/* What is locked is read of this very process. */
	assert_int_equal(sysroot_open(NULL, &ac->session.root, NULL), 0);
	t->status = map_run(&t->run, &t->why);
	if (t->status < 0) {
		assert_non_null(t->why);
		t->status = (int)t->why->status;
	}
	return t->status;
}

static void end(struct trial *t)
{
	fake_kernel_done(&t->kernel);
	mapping_space_done(&t->run.space);
	sysroot_close(t->run.acting.session.root);
	failure_free(t->why);
	arena_free(t->app.arena);
	fake_free(t->host);
}

static const struct mapping_step *step(const struct trial *t, size_t i)
{
	assert_true(i < t->run.report.nr_steps);
	return &t->run.report.steps[i];
}

/* ---- the caller's own memory ---- */

static void test_map_memory_that_is_not_the_callers(void)
{
	static const struct {
		enum mapping_memory memory;
		unsigned int prot;
		int status;
	} rows[] = {
		{ MAPPING_MEMORY_READ_ONLY, MAPPING_READ, STATUS_OK },
		{ MAPPING_MEMORY_READ_ONLY, MAPPING_WRITE, STATUS_NO },
		{ MAPPING_MEMORY_READ_ONLY, 0, STATUS_NO },
		{ MAPPING_MEMORY_NONE, MAPPING_READ, STATUS_NO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trial t;

		begin(&t);
		t.args.memory = rows[i].memory;
		t.args.prot = rows[i].prot;
		assert_int_equal(map(&t), rows[i].status);
		assert_string_equal(t.run.report.access, mapping_memory_names[rows[i].memory]);
		if (rows[i].status == STATUS_NO) {
			assert_int_equal(step(&t, 0)->predicted.err, EFAULT);
			assert_false(step(&t, 0)->asked);
		} else {
			assert_int_equal(t.kernel.protection, PROT_READ);
		}
		end(&t);
	}
}

/* The kernel is asked with memory that is as was said, and lets it: that is a difference. */
static void test_map_memory_that_the_kernel_takes_all_the_same(struct trial *t)
{
	t->args.memory = MAPPING_MEMORY_NONE;
	t->args.anyway = true;
	assert_int_equal(map(t), STATUS_DIFFER);
	assert_int_equal(t->kernel.protection, PROT_NONE);
}

/* ---- good runs ---- */

static const enum path_kind paths[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };

static void test_map_takes_away_what_it_mapped(void)
{
	for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
		struct trial t;

		begin(&t);
		t.path = paths[p];
		assert_int_equal(map(&t), STATUS_OK);
		assert_string_equal(t.run.report.result, "mapped");
		assert_int_equal(t.run.report.nr_steps, 6);
		assert_int_equal(t.run.report.mapped, 6 * PAGE);
		assert_int_equal(t.run.report.unmapped, 6 * PAGE);
		/* Page 0 stays free, and one follows the other. */
		assert_int_equal(step(&t, 0)->request.iova, PAGE);
		assert_int_equal(step(&t, 2)->request.iova, 5 * PAGE);
		end(&t);
	}
}

static void test_map_spread_leaves_gaps(struct trial *t)
{
	t->args.layout = MAP_SPREAD;
	assert_int_equal(map(t), STATUS_OK);
	assert_int_equal(step(t, 1)->request.iova, 5 * PAGE);
}

static void test_map_scatter_meets_no_window(struct trial *t)
{
	t->args.layout = MAP_SCATTER;
	t->args.count = 60;
	assert_int_equal(map(t), STATUS_OK);
	for (size_t i = 0; i < 60; i++) {
		uint64_t iova = step(t, i)->request.iova;

		assert_true(iova + 2 * PAGE <= 0xfee00000 || iova >= 0xfef00000);
		assert_true(iova < 0x8000000000);
	}
}

static void test_map_unmaps_ranges_and_all(struct trial *t)
{
	struct map_range middle = { 3 * PAGE, 2 * PAGE };

	t->args.unmaps = &middle;
	t->args.nr_unmaps = 1;
	t->args.unmap_all = true;
	assert_int_equal(map(t), STATUS_OK);
	assert_int_equal(t->run.report.nr_steps, 5);
	assert_int_equal(step(t, 3)->bytes, 2 * PAGE);
	assert_int_equal(step(t, 4)->bytes, 4 * PAGE);
}

static const struct mapping_check *find_check(const struct trial *t, const char *id)
{
	for (size_t i = 0; i < t->run.report.nr_checks; i++)
		if (!strcmp(t->run.report.checks[i].id, id))
			return &t->run.report.checks[i];
	return NULL;
}

/* This kernel locks nothing, which is found out. */
static void test_map_verifies(struct trial *t)
{
	t->args.verify = true;
	assert_int_equal(map(t), STATUS_FAILED);
	assert_int_equal(find_check(t, "mapped")->answer, ANSWER_YES);
	assert_int_equal(find_check(t, "pinned")->answer, ANSWER_NO);
	assert_int_equal(find_check(t, "returned")->answer, ANSWER_YES);
}

static void test_map_dirty_pages_of_a_container_of_iommufd(struct trial *t)
{
	t->path = PATH_COMPAT;
	t->args.dirty = true;
	assert_int_equal(map(t), STATUS_OK);
	assert_int_equal(t->run.report.dirty.err, ENOTTY);
	assert_true(t->run.report.dirty.match);
}

/* ---- a device that is wanted back ---- */

/* Nothing more is asked, what was mapped goes with the device, and the status says that not all was done. */
static void wanted_at(size_t mapped, size_t asked)
{
	for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
		const struct mapping_check *c;
		size_t nr = 0;
		struct trial t;

		begin(&t);
		t.path = paths[p];
		t.args.verify = t.args.dirty = true;
		t.kernel.wanted_at = mapped;
		assert_int_equal(map(&t), STATUS_FAILED);
		assert_string_equal(t.run.report.result, "failed");
		assert_true(t.run.report.match);
		for (size_t i = 0; i < t.run.report.nr_steps; i++)
			nr += t.run.report.steps[i].asked;
		assert_int_equal(nr, asked);
		c = find_check(&t, "completed");
		assert_non_null(c);
		assert_int_equal(c->answer, ANSWER_NO);
		assert_non_null(strstr(c->because, "the kernel asked for it"));
		assert_null(find_check(&t, "mapped"));
		assert_false(t.run.report.dirty_asked);
		assert_int_equal(find_check(&t, "returned")->answer, ANSWER_YES);
		end(&t);
	}
}

static void test_map_of_a_device_that_is_wanted_back(void)
{
	wanted_at(3, 3);
}

/* One that is wanted while many are mapped is not kept until the last of them. */
static void test_map_looks_while_it_maps(struct trial *t)
{
	t->args.size = 16 << 20;
	t->args.count = 9;
	t->kernel.wanted_at = 6;
	assert_int_equal(map(t), STATUS_FAILED);
	/* Four of them are 64 MiB: it is looked after each four. */
	assert_int_equal(t->run.report.mapped, UINT64_C(8) * (16 << 20));
	assert_string_equal(find_check(t, "completed")->because,
			    "the device was released after 8 of 9 requests, because the kernel asked for it");
}

/* Nor until all the memory is there. */
static void test_map_looks_while_it_gets_memory(struct trial *t)
{
	t->args.size = 65 << 20;
	t->args.count = 1;
	/* The first of two times, of which one is 64 MiB; before is one advice for all of it. */
	t->kernel.wanted_advice = 2;
	assert_int_equal(map(t), STATUS_FAILED);
	assert_int_equal(t->run.report.mapped, 0);
	assert_false(step(t, 0)->asked);
	assert_string_equal(find_check(t, "completed")->because,
			    "the device was released after 0 of 1 requests, because the kernel asked for it");
}

/* ---- refusals ---- */

static void test_map_does_not_ask_what_is_predicted_to_be_refused(struct trial *t)
{
	uint64_t iovas[] = { 0x100000, 0x101000 };

	t->args.iovas = iovas;
	t->args.nr_iovas = 2;
	t->args.count = 1;
	assert_int_equal(map(t), STATUS_NO);
	assert_int_equal(step(t, 0)->predicted.answer, ANSWER_YES);
	assert_int_equal(step(t, 1)->predicted.err, EEXIST);
	assert_false(step(t, 0)->asked);
	assert_int_equal(t->run.report.mapped, 0);
}

static void test_map_anyway_asks_and_compares(struct trial *t)
{
	uint64_t iovas[] = { 0x100000, 0x101000 };

	t->args.iovas = iovas;
	t->args.nr_iovas = 2;
	t->args.count = 1;
	t->args.anyway = true;
	assert_int_equal(map(t), STATUS_NO);
	assert_int_equal(step(t, 1)->err, EEXIST);
	assert_true(t->run.report.match);
}

/* The window is not known to this kernel: it lets what is predicted to be refused. */
static void test_map_anyway_and_the_kernel_lets_it(struct trial *t)
{
	uint64_t iova = 0xfee00000;

	t->args.iovas = &iova;
	t->args.nr_iovas = t->args.count = 1;
	t->args.anyway = true;
	assert_int_equal(map(t), STATUS_DIFFER);
	assert_false(t->run.report.match);
	assert_int_equal(step(t, 0)->predicted.err, EINVAL);
}

static void test_map_names_the_limit_that_is_needed(struct trial *t)
{
	t->path = PATH_IOMMUFD;
	fake_user(t->host, 1000);
	fake_node(t->host, &t->device->cdev, "/dev/vfio/devices/vfio0", 0666, 0);
	fake_node(t->host, &t->host->iommu_node, "/dev/iommu", 0666, 0);
	t->host->caller.memlock_fact = fake_present(t->host, "process:limits", "soft=16384");
	t->host->caller.memlock_soft = 4 * PAGE;
	assert_int_equal(map(t), STATUS_NO);
	assert_int_equal(t->run.report.needed, 6 * PAGE);
	assert_int_equal(step(t, 1)->predicted.answer, ANSWER_YES);
	assert_int_equal(step(t, 2)->predicted.err, ENOMEM);
	assert_non_null(strstr(step(t, 2)->predicted.remedy, "ulimit -l 24"));
}

static void test_map_dry_run_asks_nothing(struct trial *t)
{
	t->args.dry_run = true;
	/* What VT-d can reach is not read here. */
	assert_int_equal(map(t), STATUS_UNKNOWN);
	assert_int_equal(t->kernel.calls, 0);
	assert_string_equal(t->run.report.result, "predicted");
}

static void test_map_without_room(struct trial *t)
{
	t->args.size = UINT64_C(1) << 40;
	t->args.count = 1;
	assert_int_not_equal(map(t), STATUS_OK);
	assert_non_null(t->why);
}

/* ---- every call fails in turn ---- */

static bool decides_nothing(const struct trial *t)
{
	unsigned long request = t->kernel.failed_request;

	return request == VT_CHECK_EXTENSION || request == VT_DEVICE_GET_INFO ||
	       request == VT_DEVICE_GET_REGION_INFO || request == VT_DEVICE_GET_IRQ_INFO ||
	       request == VT_IOMMU_GET_INFO || request == VT_DEVICE_SET_IRQS ||
	       (!request && !t->kernel.failed_path);
}

static void test_map_every_call_fails_in_turn(void)
{
	static const int errnos[] = { EPERM, ENODEV, EBUSY, EINVAL, ENOMEM, EEXIST };

	for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
		unsigned int calls;
		struct trial t;

		begin(&t);
		t.path = paths[p];
		assert_int_equal(map(&t), STATUS_OK);
		calls = t.kernel.calls;
		end(&t);
		for (unsigned int n = 1; n <= calls; n++)
			for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
				if (!scene_tries(n, i, ARRAY_SIZE(errnos)))
					continue;
				begin(&t);
				t.path = paths[p];
				t.kernel.fail_at = n;
				t.kernel.fail_with = errnos[i];
				map(&t);
				if (!decides_nothing(&t) && t.status != STATUS_DIFFER)
					fail_msg("%s, call %u (%#lx, %s) with %s: status %d",
						 path_kind_name(paths[p]), n,
						 t.kernel.failed_request,
						 t.kernel.failed_path ? t.kernel.failed_path : "",
						 errno_name(errnos[i]), t.status);
				end(&t);
			}
	}
}
