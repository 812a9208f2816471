/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/iova.h"
#include "fake-host.h"
#include "scene.h"

static const char *ranges_text(struct arena *a, const struct iova_prediction *p)
{
	const char *text = "";

	if (p->answer != ANSWER_YES && !p->nr_ranges)
		return "?";
	for (size_t i = 0; i < p->nr_ranges; i++)
		text = arena_printf(a, "%s%s%llx-%llx", text, i ? " " : "",
				    (unsigned long long)p->ranges[i].start,
				    (unsigned long long)p->ranges[i].last);
	return text;
}

static const char *exclude(struct arena *a, uint64_t first, uint64_t last,
			   const struct resv_region *regions, size_t nr)
{
	struct iova_prediction p = { .answer = ANSWER_YES };

	iova_exclude(a, first, last, regions, nr, &p);
	return ranges_text(a, &p);
}

static void test_exclude_cuts_regions_out(struct arena *a)
{
	static const struct resv_region regions[] = {
		{ 0x0, 0xffffff, RESV_DIRECT_RELAXABLE, NULL },
		{ 0x1000, 0x1fff, RESV_RESERVED, NULL },
		{ 0x1800, 0x2fff, RESV_DIRECT, NULL }, /* overlaps the one before */
		{ 0x3000, 0x3fff, RESV_MSI, NULL },    /* touches it */
		{ 0xf000, UINT64_MAX, RESV_RESERVED, NULL },
	};

	assert_string_equal(exclude(a, 0, UINT64_MAX, regions, 1), "0-ffffffffffffffff");
	assert_string_equal(exclude(a, 0, UINT64_MAX, regions, 5), "0-fff 4000-efff");
	assert_string_equal(exclude(a, 0x1000, 0x3fff, regions, 5), "");
	assert_string_equal(exclude(a, 0x1000, 0x4000, regions, 5), "4000-4000");
	assert_string_equal(exclude(a, 0x2000, 0x4fff, NULL, 0), "2000-4fff");
	assert_string_equal(exclude(a, 0, 0xfff, regions, 5), "0-fff");
	assert_string_equal(exclude(a, 0, 0x1000, regions, 5), "0-fff");
}

/* ---- whole devices, as real kernels reported them ---- */

static struct device *x86(struct host *h, enum iommu_kind kind, uint64_t cap, uint64_t ecap)
{
	struct iommu_unit *u = fake_unit(h, kind, "unit0");
	struct group *g = fake_group(h, 1);

	u->has_cap = u->has_ecap = true;
	u->cap = cap;
	u->ecap = ecap;
	fake_region(h, g, 0xfee00000, 0xfeefffff, RESV_MSI);
	return fake_pci(h, "0000:01:00.0", g, u, NULL);
}

static void check(struct host *h, const struct device *d, enum release release, const char *ranges,
		  uint64_t sizes)
{
	struct prediction p;

	predict_device(h, NULL, fake_kernels(h, RELEASE_BIT(release)), d, h->arena, &p);
	assert_string_equal(ranges_text(h->arena, &p.iova), ranges);
	assert_int_equal(p.page_sizes.answer, sizes ? ANSWER_YES : ANSWER_UNKNOWN);
	assert_int_equal(p.page_sizes.bitmap, sizes);
	if (!sizes)
		assert_non_null(p.page_sizes.because);
}

/* cap: SAGAW in bits 12:8, MGAW - 1 in 21:16, super pages in 37:34. */
static uint64_t cap_of(unsigned int sagaw, unsigned int mgaw, unsigned int superpages)
{
	return (uint64_t)sagaw << 8 | (uint64_t)(mgaw - 1) << 16 | (uint64_t)superpages << 34;
}

static void test_intel_as_qemu_emulates_it(struct host *h)
{
	static const char ranges[] = "0-fedfffff fef00000-7fffffffff";
	struct device *d = x86(h, IOMMU_KIND_INTEL, cap_of(2, 39, 3), 0xf00f4a);

	check(h, d, RELEASE_5_10, ranges, 0xfffffffffffff000);
	check(h, d, RELEASE_5_14, ranges, 0xfffffffffffff000);
	check(h, d, RELEASE_5_15, ranges, 0x40201000);
	check(h, d, RELEASE_6_1, ranges, 0x40201000);
	check(h, d, RELEASE_6_12, ranges, 0x40201000);
	check(h, d, RELEASE_7_3, ranges, 0x40201000);
}

static void test_intel_width_is_the_narrower(void)
{
	static const struct {
		unsigned int sagaw, mgaw;
		const char *ranges;
	} rows[] = {
		{ 0x4, 48, "0-fedfffff fef00000-ffffffffffff" },
		{ 0x6, 48, "0-fedfffff fef00000-ffffffffffff" },
		{ 0x4, 39, "0-fedfffff fef00000-7fffffffff" },
		{ 0x2, 48, "0-fedfffff fef00000-7fffffffff" },
		{ 0xe, 57, "0-fedfffff fef00000-1ffffffffffffff" },
		{ 0xc, 52, "0-fedfffff fef00000-fffffffffffff" },
		{ 0x1, 48, "?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host *h = fake_host();
		struct device *d =
			x86(h, IOMMU_KIND_INTEL, cap_of(rows[i].sagaw, rows[i].mgaw, 0), 0);
		check(h, d, RELEASE_6_1, rows[i].ranges, 0x1000);
		fake_free(h);
	}
}

static void test_intel_scalable_mode_is_not_guessed(struct host *h)
{
	struct device *d = x86(h, IOMMU_KIND_INTEL, cap_of(4, 48, 3), UINT64_C(1) << 43);

	check(h, d, RELEASE_6_12, "?", 0);
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "intel_iommu=on,sm_off");
	check(h, d, RELEASE_6_12, "0-fedfffff fef00000-ffffffffffff", 0x40201000);
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "intel_iommu=on,sm_on");
	check(h, d, RELEASE_6_12, "?", 0);
}

static void test_intel_without_super_pages(struct host *h)
{
	struct device *d = x86(h, IOMMU_KIND_INTEL, cap_of(2, 39, 1), 0);

	check(h, d, RELEASE_6_1, "0-fedfffff fef00000-7fffffffff", 0x201000);
	/* Up to 6.12 the smallest of all units counts. */
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "unit1");
	u->has_cap = true;
	check(h, d, RELEASE_6_1, "0-fedfffff fef00000-7fffffffff", 0x1000);
	check(h, d, RELEASE_6_12, "0-fedfffff fef00000-7fffffffff", 0x1000);
	check(h, d, RELEASE_6_13, "0-fedfffff fef00000-7fffffffff", 0x201000);
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "intel_iommu=sp_off");
	check(h, d, RELEASE_6_13, "0-fedfffff fef00000-7fffffffff", 0x1000);
}

static void test_amd_has_a_hole(struct host *h)
{
	static const char ranges[] = "0-fedfffff fef00000-fcffffffff 10000000000-ffffffffffffffff",
			  by_hats[] = "0-fedfffff fef00000-fcffffffff 10000000000-ffffffffffff";
	struct device *d = x86(h, IOMMU_KIND_AMD, 0, 0);

	fake_region(h, d->group, 0xfd00000000, 0xffffffffff, RESV_RESERVED);
	check(h, d, RELEASE_5_10, ranges, 0xffffff7ffffff000);
	check(h, d, RELEASE_6_11, ranges, 0xffffff7ffffff000);
	check(h, d, RELEASE_6_12, ranges, 0xfff7ffffff000);
	check(h, d, RELEASE_6_14, ranges, 0xfff7ffffff000);
	/* HATS, bits 11:10 of EFR, counts: the number of levels less four. */
	check(h, d, RELEASE_6_17, "?", 0xfff7ffffff000);
	/* That of the table: the register is not read yet when the kernel asks. */
	d->iommu->has_efr = true;
	d->iommu->efr = UINT64_C(2) << 10;
	check(h, d, RELEASE_6_17, "?", 0xfff7ffffff000);
	h->firmware.has_ivrs_efr = true;
	check(h, d, RELEASE_6_16, "?", 0xfff7ffffff000);
	check(h, d, RELEASE_6_17, by_hats, 0xfff7ffffff000);
	h->firmware.ivrs_efr = UINT64_C(2) << 10;
	check(h, d, RELEASE_6_18, ranges, 0xfff7ffffff000);
	h->firmware.ivrs_efr = UINT64_C(3) << 10;
	check(h, d, RELEASE_6_18, "?", 0xfff7ffffff000);
	check(h, d, RELEASE_7_3, "?", 0);
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "amd_iommu=pgtbl_v2");
	check(h, d, RELEASE_6_12, "?", 0);
}

static void test_other_iommus_are_told(struct host *h)
{
	struct device *d = x86(h, IOMMU_KIND_OTHER, 0, 0);
	struct assumptions as = { 0 };
	struct prediction p;

	check(h, d, RELEASE_6_1, "?", 0);
	assert_int_equal(assumptions_add(&as, h->arena, "aperture=0-0xffffffffffff", NULL), 0);
	assert_int_equal(assumptions_add(&as, h->arena, "page_sizes=0x40201000", NULL), 0);
	predict_device(h, &as, fake_kernels(h, ONLY(6_1)), d, h->arena, &p);
	assert_string_equal(ranges_text(h->arena, &p.iova), "0-fedfffff fef00000-ffffffffffff");
	assert_int_equal(p.page_sizes.bitmap, 0x40201000);
	assert_true(p.assumed);
	d->group->regions_err = -61;
	predict_device(h, &as, fake_kernels(h, ONLY(6_1)), d, h->arena, &p);
	assert_int_equal(p.iova.answer, ANSWER_UNKNOWN);
	assert_non_null(strstr(p.iova.because, "reserved regions of group 1"));
}

static void test_noiommu_has_no_limit_where_iommufd_maps(struct host *h)
{
	struct device *d = fake_pci(h, "0000:00:03.0", NULL, NULL, NULL);

	fake_param(h, PARAM_VFIO_NOIOMMU, "Y");
	check(h, d, RELEASE_6_12, "?", 0);
	check(h, d, RELEASE_7_3, "0-ffffffffffffffff", 0);
}

static void test_candidates_must_agree(struct host *h)
{
	struct device *d = x86(h, IOMMU_KIND_INTEL, cap_of(2, 39, 3), 0);
	struct prediction p;

	predict_device(h, NULL, fake_kernels(h, ONLY(5_10) | ONLY(6_1)), d, h->arena, &p);
	assert_int_equal(p.iova.answer, ANSWER_YES);
	assert_int_equal(p.page_sizes.answer, ANSWER_UNKNOWN);
}

/* ---- extensions, as real kernels answered ---- */

static void check_extension(const struct prediction *p, const char *name, enum answer before,
			    enum answer after)
{
	for (size_t i = 0; i < p->nr_extensions; i++)
		if (strcmp(p->extensions[i].name, name) == 0) {
			assert_int_equal(p->extensions[i].before, before);
			assert_int_equal(p->extensions[i].after, after);
			return;
		}
	fail_msg("no extension %s", name);
}

static void test_extensions_by_generation(struct host *h)
{
	static const enum answer yes = ANSWER_YES, no = ANSWER_NO;
	static const struct {
		enum release release;
		enum answer unmap_all, vaddr_before, vaddr_after, nesting;
	} rows[] = {
		{ RELEASE_5_10, ANSWER_NO, ANSWER_NO, ANSWER_NO, ANSWER_YES },
		{ RELEASE_5_11, ANSWER_NO, ANSWER_NO, ANSWER_NO, ANSWER_YES },
		{ RELEASE_5_12, ANSWER_YES, ANSWER_YES, ANSWER_YES, ANSWER_YES },
		{ RELEASE_5_15, ANSWER_YES, ANSWER_UNKNOWN, ANSWER_YES, ANSWER_YES },
		{ RELEASE_5_19, ANSWER_YES, ANSWER_YES, ANSWER_YES, ANSWER_YES },
		{ RELEASE_6_1, ANSWER_YES, ANSWER_UNKNOWN, ANSWER_YES, ANSWER_YES },
		{ RELEASE_6_2, ANSWER_YES, ANSWER_YES, ANSWER_YES, ANSWER_YES },
		{ RELEASE_6_3, ANSWER_YES, ANSWER_NO, ANSWER_YES, ANSWER_YES },
		{ RELEASE_6_12, ANSWER_YES, ANSWER_NO, ANSWER_YES, ANSWER_YES },
		{ RELEASE_6_13, ANSWER_YES, ANSWER_NO, ANSWER_YES, ANSWER_NO },
		{ RELEASE_7_3, ANSWER_YES, ANSWER_NO, ANSWER_YES, ANSWER_NO },
	};
	struct device *d = x86(h, IOMMU_KIND_INTEL, cap_of(2, 39, 3), 0xf00f4a);
	struct prediction p;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		predict_device(h, NULL, fake_kernels(h, RELEASE_BIT(rows[i].release)), d, h->arena,
			       &p);
		check_extension(&p, "TYPE1v2_IOMMU", yes, yes);
		check_extension(&p, "UNMAP_ALL", rows[i].unmap_all, rows[i].unmap_all);
		check_extension(&p, "UPDATE_VADDR", rows[i].vaddr_before, rows[i].vaddr_after);
		check_extension(&p, "TYPE1_NESTING_IOMMU", rows[i].nesting, rows[i].nesting);
		check_extension(&p, "SPAPR_TCE_IOMMU", no, no);
		check_extension(&p, "NOIOMMU_IOMMU", no, no);
		/* QEMU's VT-d has no snoop control. */
		check_extension(&p, "DMA_CC_IOMMU", no, no);
	}
	d->iommu->ecap |= 1 << 7;
	predict_device(h, NULL, fake_kernels(h, ONLY(6_1)), d, h->arena, &p);
	check_extension(&p, "DMA_CC_IOMMU", no, yes);
	d->iommu->kind = IOMMU_KIND_AMD;
	predict_device(h, NULL, fake_kernels(h, ONLY(5_10)), d, h->arena, &p);
	check_extension(&p, "DMA_CC_IOMMU", no, yes);
}

/* A group that VFIO makes: iommufd's table has no limit, and type1 begins with all page sizes. */
static void test_predict_mediated_device(struct host *h)
{
	static const struct {
		enum release release;
		const char *ranges;
		uint64_t sizes;
	} rows[] = {
		{ RELEASE_5_10, "?", 0 },
		{ RELEASE_6_0, "?", 0 },
		{ RELEASE_6_1, "?", ~UINT64_C(0xfff) },
		{ RELEASE_6_4, "0-ffffffffffffffff", ~UINT64_C(0xfff) },
		{ RELEASE_6_8, "0-ffffffffffffffff", ~UINT64_C(0xfff) },
		{ RELEASE_6_12, "0-ffffffffffffffff", ~UINT64_C(0xfff) },
		{ RELEASE_7_3, "0-ffffffffffffffff", ~UINT64_C(0xfff) },
	};
	struct group *g = fake_group(h, 3);
	struct device *d = fake_device(h, BUS_MDEV, "mdev", "7e1a0b7c-3d7f-4f4a-9c55-0d6a7e2f1b11",
				       g, NULL, "mtty");

	g->name = fake_present(h, "/sys/kernel/iommu_groups/3/name", "vfio-noiommu");
	h->kernel.page_size = fake_present(h, "process:page_size", "4096");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct assumptions as = { 0 };
		struct prediction p;

		predict_device(h, &as, fake_kernels(h, RELEASE_BIT(rows[i].release)), d, h->arena,
			       &p);
		assert_string_equal(ranges_text(h->arena, &p.iova), rows[i].ranges);
		assert_int_equal(p.page_sizes.bitmap, rows[i].sizes);
		if (!rows[i].sizes)
			assert_non_null(strstr(p.page_sizes.because, "has no domain"));
	}
}
