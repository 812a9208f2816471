/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The space of several devices: what all of them can do, beside what the kernel tells. */
#include "base/macro.h"
#include "model/compare.h"
#include "scene.h"

struct pair {
	struct iova_range first[2], second[3];
	struct extension_prediction extensions[2][1];
	struct prediction predictions[2];
	struct iova_range told[3];
	int before[1], after[1];
	struct compare_devices devices;
	struct compare_space space;
};

/* 39 bits with the MSI window cut out, and 48 bits with another hole. */
static void begin(struct pair *p)
{
	*p = (struct pair){
		.first = { { 0, 0xfedfffff }, { 0xfef00000, 0x7fffffffff } },
		.second = { { 0, 0xfedfffff },
			    { 0xfef00000, 0x3fffffffff },
			    { 0x5000000000, 0xffffffffffff } },
		.told = { { 0, 0xfedfffff },
			  { 0xfef00000, 0x3fffffffff },
			  { 0x5000000000, 0x7fffffffff } },
		.devices = { .nr = 2, .path = PATH_CONTAINER },
		.space = { .nr_ranges = 3, .has_ranges = true, .page_sizes = 0x201000 },
	};
	for (int i = 0; i < 2; i++) {
		p->extensions[i][0] = (struct extension_prediction){
			.id = 4, .name = "DMA_CC_IOMMU", .before = ANSWER_NO, .after = ANSWER_YES
		};
		p->predictions[i].extensions = p->extensions[i];
		p->predictions[i].nr_extensions = 1;
		p->predictions[i].iova = (struct iova_prediction){
			.answer = ANSWER_YES,
			.ranges = i ? p->second : p->first,
			.nr_ranges = i ? 3 : 2,
		};
		p->predictions[i].page_sizes =
			(struct page_sizes_prediction){ .answer = ANSWER_YES,
							.bitmap = i ? 0x201000 : 0x40201000 };
	}
	p->after[0] = 1;
	p->devices.predictions = p->predictions;
	p->space.ranges = p->told;
	p->space.before = p->before;
	p->space.after = p->after;
}

static void expect(const struct pair *p, const char *text)
{
	struct arena *a = arena_new();
	const char *have = compare_space(&p->devices, &p->space, a);

	if (!text)
		assert_null(have);
	else if (!have || !strstr(have, text))
		fail_msg("'%s' does not say '%s'", have ? have : "nothing", text);
	arena_free(a);
}

static void test_compare_space_is_what_both_can_do(struct pair *p)
{
	expect(p, NULL);
	p->told[2].last = 0xffffffffffff;
	expect(p,
	       "IOVA ranges: predicted 0x0-0xfedfffff, 0xfef00000-0x3fffffffff, 0x5000000000-0x7fffffffff;");
	begin(p);
	p->space.page_sizes = 0x40201000;
	expect(p, "Page sizes: predicted 0x201000; the kernel reports 0x40201000.");
}

static void test_compare_space_extension_of_one_that_lacks_it(struct pair *p)
{
	p->extensions[1][0].after = ANSWER_NO;
	expect(p, "Extension DMA_CC_IOMMU after SET_IOMMU: predicted 0; the kernel answers 1.");
	p->after[0] = 0;
	expect(p, NULL);
	/* Not known of one, and no of the other, is no. */
	p->extensions[0][0].after = ANSWER_UNKNOWN;
	expect(p, NULL);
	p->after[0] = 1;
	expect(p, "predicted 0");
}

static void test_compare_space_leaves_open_what_was_not_predicted(struct pair *p)
{
	p->predictions[1].iova.answer = ANSWER_UNKNOWN;
	p->predictions[1].page_sizes.answer = ANSWER_UNKNOWN;
	p->extensions[1][0].after = ANSWER_UNKNOWN;
	p->told[0].last = 0x1000;
	p->space.page_sizes = 0x1000;
	p->after[0] = 0;
	expect(p, NULL);
	begin(p);
	p->space.has_ranges = false;
	p->space.page_sizes = 0;
	expect(p, NULL);
}

/* iommufd tells an alignment, and answers extensions in its own way. */
static void test_compare_space_of_another_path(struct pair *p)
{
	p->devices.path = PATH_COMPAT;
	p->space.page_sizes = 0x1000;
	p->after[0] = 0;
	expect(p, NULL);
	p->told[0].last = 0x1000;
	expect(p, "IOVA ranges");
}
