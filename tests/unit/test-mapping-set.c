/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings found by what they overlap; an address space before anything is mapped. */
#include "model/mapping.h"
#include "fake-host.h"
#include "scene.h"

#define PAGE UINT64_C(4096)

static void test_set_finds_what_overlaps(struct arena *a)
{
	struct mapping_set set = { 0 };
	uint64_t iova, size;

	assert_true(mapping_set_add(&set, a, 0, PAGE));
	assert_true(mapping_set_add(&set, a, -PAGE, PAGE));
	assert_true(set.to_the_top);
	assert_false(mapping_set_add(&set, a, PAGE - 1, 1));
	assert_false(mapping_set_add(&set, a, PAGE, 0));
	assert_false(mapping_set_add(&set, a, -PAGE, 2 * PAGE));
	assert_false(mapping_set_find(&set, PAGE, -PAGE - 1, &iova, &size));
	assert_true(mapping_set_find(&set, UINT64_MAX, UINT64_MAX, &iova, &size));
	assert_int_equal(iova, -PAGE);
	assert_int_equal(mapping_set_bytes(&set, 0, UINT64_MAX), 2 * PAGE);
	assert_false(mapping_set_cuts(&set, 0, UINT64_MAX, &iova, &size));
	assert_true(mapping_set_cuts(&set, 1, UINT64_MAX, &iova, &size));
	assert_true(mapping_set_cuts(&set, 0, UINT64_MAX - 1, &iova, &size));
	assert_int_equal(mapping_set_remove(&set, PAGE, UINT64_MAX), 1);
	assert_false(set.to_the_top);
	mapping_set_done(&set);
}

static void test_set_holds_many(struct arena *a)
{
	enum { NR = 65535 };
	struct mapping_set set = { 0 };

	/* 40503 and 65536 have no divisor in common: each slot once, in no order. */
	for (uint64_t i = 0; i < NR; i++)
		assert_true(mapping_set_add(&set, a, i * 40503 % 65536 * 2 * PAGE, PAGE));
	assert_int_equal(set.nr, NR);
	assert_int_equal(mapping_set_bytes(&set, 0, UINT64_MAX), NR * PAGE);
	assert_int_equal(mapping_set_remove(&set, 0, UINT64_MAX), NR);
	assert_int_equal(set.total, 0);
	mapping_set_done(&set);
}

/* ---- the space ---- */

static void test_limit_says_who_counts(void)
{
	static const struct {
		enum path_kind path;
		bool exempt, counted, by_user;
	} cases[] = {
		{ PATH_CONTAINER, true, true, false }, { PATH_CONTAINER, false, true, false },
		{ PATH_IOMMUFD, true, false, true },   { PATH_IOMMUFD, false, false, true },
		{ PATH_COMPAT, true, false, false },   { PATH_COMPAT, false, true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host *h = fake_host();
		struct prediction p = { .kernels = fake_kernels(h, ONLY(7_3)) };
		struct mapping_space s;

		p.device = fake_pci(h, "0000:01:00.0", fake_group(h, 1), NULL, "vfio-pci");
		if (!cases[i].exempt)
			fake_user(h, 1000);
		mapping_space_predict(h, NULL, &p, cases[i].path, h->arena, &s);
		assert_true(s.limit.known);
		assert_int_equal(s.limit.exempt, cases[i].exempt);
		assert_int_equal(s.limit.counted, cases[i].counted);
		assert_int_equal(s.limit.by_user, cases[i].by_user);
		mapping_space_done(&s);
		fake_free(h);
	}
}

static void test_a_container_of_iommufd_is_found(struct host *h)
{
	struct prediction p = { .kernels = fake_kernels(h, ONLY(7_3)) };
	struct mapping_space s;

	fake_config(h, "CONFIG_IOMMUFD=y CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	p.device = fake_pci(h, "0000:01:00.0", fake_group(h, 1), NULL, "vfio-pci");
	mapping_space_predict(h, NULL, &p, PATH_CONTAINER, h->arena, &s);
	assert_int_equal(s.path, PATH_COMPAT);
	mapping_space_done(&s);
}
