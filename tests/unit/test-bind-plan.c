/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is moved, and in which order. */
#include "base/macro.h"
#include "bind/plan.h"
#include "fake-host.h"
#include "scene.h"

/* A card of two functions on its own drivers, and a bridge beside them. */
static struct host *card(struct device *ret[2])
{
	struct host *h = fake_host();
	struct iommu_unit *unit = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct group *g = fake_group(h, 7);

	ret[0] = fake_pci(h, "0000:05:00.0", g, unit, "e1000e");
	ret[1] = fake_pci(h, "0000:05:00.1", g, unit, "igb");
	fake_bridge(h, fake_pci(h, "0000:00:01.0", g, unit, "pcieport"));
	return h;
}

/* What must go along goes first, whatever its place in the group: what was asked for moves only when it could. */
static void test_plan_moves_the_others_first(void)
{
	static const struct assumptions none;
	struct device *devices[2];
	struct host *h = card(devices);
	struct bind_request q = { .host = h,
				  .assumptions = &none,
				  .kernels = fake_kernels(h, ONLY(6_1)),
				  .devices = devices,
				  .nr_devices = 1,
				  .group = true };
	struct bind_plan plan;

	assert_int_equal(bind_plan_make(&q, scene_arena, &plan, NULL), 0);
	assert_int_equal(plan.nr_moves, 2);
	assert_string_equal(plan.moves[0].name, "0000:05:00.1");
	assert_true(plan.moves[0].along);
	assert_string_equal(plan.moves[1].name, "0000:05:00.0");
	assert_false(plan.moves[1].along);
	/* Both were asked for: in that order. */
	q.nr_devices = 2;
	assert_int_equal(bind_plan_make(&q, scene_arena, &plan, NULL), 0);
	assert_int_equal(plan.nr_moves, 2);
	assert_string_equal(plan.moves[0].name, "0000:05:00.0");
	assert_false(plan.moves[0].along || plan.moves[1].along);
	fake_free(h);
}

static struct bind_plan plan_of(struct host *h, struct device **devices, size_t nr, bool group)
{
	static const struct assumptions none;
	const struct bind_request q = { .host = h,
					.assumptions = &none,
					.kernels = fake_kernels(h, ONLY(6_12)),
					.devices = devices,
					.nr_devices = nr,
					.group = group };
	struct bind_plan plan;

	assert_int_equal(bind_plan_make(&q, scene_arena, &plan, NULL), 0);
	return plan;
}

/* The devices behind a VMD go away with it, in whatever order they are named. */
static void test_plan_moves_nothing_behind_a_vmd(void)
{
	struct device *devices[2], *swapped[2];
	struct host *h = card(devices);
	struct bind_plan plan;

	fake_unbind(h, devices[0], "vmd");
	fake_unbind(h, devices[1], NULL);
	devices[1] = fake_pci(h, "10000:01:00.0", devices[0]->group, devices[0]->iommu, "nvme");
	plan = plan_of(h, devices, 1, true);
	assert_int_equal(plan.nr_moves, 1);
	assert_null(bind_plan_in_the_way(&plan, &plan.moves[0]));
	plan = plan_of(h, devices, 2, false);
	assert_int_equal(plan.nr_moves, 2);
	assert_int_equal(plan.moves[0].result, BIND_PLANNED);
	assert_int_equal(plan.moves[1].result, BIND_GONE);
	swapped[0] = devices[1];
	swapped[1] = devices[0];
	plan = plan_of(h, swapped, 2, false);
	assert_int_equal(plan.moves[0].result, BIND_GONE);
	assert_int_equal(plan.moves[1].result, BIND_PLANNED);
	/* Alone, the child is moved like any other. */
	plan = plan_of(h, swapped, 1, false);
	assert_int_equal(plan.moves[0].result, BIND_PLANNED);
	fake_free(h);
}

/* The driver of a vendor made a VFIO device of it: it stays, and is not moved along either. */
static void test_plan_leaves_the_driver_of_a_vendor(void)
{
	struct device *devices[2];
	struct host *h = card(devices);
	struct bind_plan plan;

	fake_unbind(h, devices[1], "nvidia");
	devices[1]->vfio_dev = fake_present(h, "vfio-dev", "vfio0");
	plan = plan_of(h, &devices[1], 1, false);
	assert_string_equal(plan.moves[0].to, "nvidia");
	assert_int_equal(plan.moves[0].result, BIND_THERE);
	plan = plan_of(h, devices, 1, true);
	assert_int_equal(plan.nr_moves, 1);
	assert_null(bind_plan_in_the_way(&plan, &plan.moves[0]));
	fake_free(h);
}
