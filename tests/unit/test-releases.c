/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where releases of one generation, or its neighbours, decide unlike the one that was studied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "model/mapping.h"
#include "model/walk.h"
#include "fake-host.h"

struct scene {
	struct host *h;
	struct device *d;
	struct group *g;
	struct iommu_unit *u;
	struct assumptions as;
};

#define CONFIG "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_DEVICE_CDEV=y CONFIG_VFIO_GROUP=y"

static void make(struct scene *s, enum iommu_kind kind, const char *unit, const char *driver)
{
	*s = (struct scene){ .h = fake_host() };
	s->u = fake_unit(s->h, kind, unit);
	s->g = fake_group(s->h, 1);
	s->d = fake_pci(s->h, "0000:01:00.0", s->g, s->u, driver);
	fake_config(s->h, CONFIG);
}

static struct prediction predict(struct scene *s, uint32_t gens)
{
	struct prediction p;

	predict_device(s->h, &s->as, gens, s->d, s->h->arena, &p);
	return p;
}

static void expect(struct scene *s, uint32_t gens, enum view view, enum path_kind path,
		   enum answer answer, enum op op, int err)
{
	struct prediction all = predict(s, gens);
	const struct path_prediction *p = &all.paths[view][path];

	if (p->answer != answer || p->op != op || p->err != err)
		fail_msg("kernels 0x%x: %s at %s with %s: %s", gens, answer_name(p->answer),
			 op_name(p->op), errno_name(p->err), p->because ? p->because : "");
}

#define C                          PATH_CONTAINER
#define expect_yes(s, gen)         expect(s, GEN_BIT(gen), VIEW_IF_BOUND, C, ANSWER_YES, OP_NONE, 0)
#define expect_unknown(s, gen)     expect(s, GEN_BIT(gen), VIEW_IF_BOUND, C, ANSWER_UNKNOWN, OP_NONE, 0)
#define expect_no(s, gen, op, err) expect(s, GEN_BIT(gen), VIEW_IF_BOUND, C, ANSWER_NO, op, err)

/* 6.1 and 6.2 want a reset driver whatever the parameter says, of AMBA devices too. */
static void test_platform_reset_is_wanted_though_not_required(void **state)
{
	struct scene s = { .h = fake_host() };

	(void)state;
	s.g = fake_group(s.h, 1);
	s.u = fake_unit(s.h, IOMMU_KIND_SMMU_V3, "smmu3.0x9050000");
	s.d = fake_device(s.h, BUS_PLATFORM, "platform", "fe300000.dma", s.g, s.u, NULL);
	s.d->modalias = fake_present(s.h, s.d->sysfs, "of:NdmaT(null)Carm,pl330");
	s.h->kernel.machine = fake_present(s.h, "uname:machine", "aarch64");
	s.h->firmware.tables = fake_absent(s.h, "/sys/firmware/acpi/tables");
	fake_param(s.h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
	fake_param(s.h, PARAM_VFIO_PLATFORM_RESET_REQUIRED, "N");
	expect_yes(&s, GEN_5_14);
	expect_unknown(&s, GEN_6_0);
	expect_no(&s, GEN_6_2, OP_BIND, ENOENT);
	/* 6.1 makes devices of VFIO another way than 6.0. */
	fake_symbols(s.h, MODULE_VFIO, "device_iommu_capable", "_vfio_alloc_device");
	expect_no(&s, GEN_6_0, OP_BIND, ENOENT);
	s.d->modalias = fake_present(s.h, s.d->sysfs, "of:NdmaT(null)Ccalxeda,hb-xgmac");
	expect_unknown(&s, GEN_6_0);
	s.d->bus = BUS_AMBA;
	s.d->bus_name = "amba";
	expect_no(&s, GEN_6_0, OP_BIND, ENOENT);
	expect_yes(&s, GEN_5_14);
	s.h->firmware.tables = fake_present(s.h, "/sys/firmware/acpi/tables", "APIC");
	expect_unknown(&s, GEN_6_2);
	fake_free(s.h);
}

/* The driver of virtio-iommu got its answer within the stable releases of 5.19. */
static void test_virtio_of_5_19_may_be_coherent(void **state)
{
	struct scene s;

	(void)state;
	make(&s, IOMMU_KIND_VIRTIO, "0000:00:01.0", "e1000e");
	fake_chips(s.h, "IO-APIC PCI-MSI");
	fake_param(s.h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
	expect_yes(&s, GEN_5_14);
	expect_unknown(&s, GEN_5_19);
	expect_yes(&s, GEN_6_0);
	fake_free(s.h);
}

/* Version 1 of type1: 5.10 may meet the mapping above before the one that ends it. */
static void test_version_1_of_5_10_has_no_order(void **state)
{
	static const struct mapping_request over = { .ask = MAPPING_UNMAP,
						     .iova = 0x101000,
						     .size = 0x200000 },
					    within = { .ask = MAPPING_UNMAP,
						       .iova = 0x101000,
						       .size = 0x1000 };
	struct mapping_prediction p;
	struct scene s;

	(void)state;
	make(&s, IOMMU_KIND_AMD, "ivhd0", NULL);
	struct mapping_space space = { .host = s.h,
				       .device = s.d,
				       .gens = GEN_BIT(GEN_5_10),
				       .path = PATH_CONTAINER,
				       .version_1 = true,
				       .alignment = 4096,
				       .unmap_all = TRI_NO,
				       .arena = s.h->arena };
	assert_true(mapping_set_add(&space.set, s.h->arena, 0x100000, 0x3000));
	assert_true(mapping_set_add(&space.set, s.h->arena, 0x200000, 0x1000));
	mapping_predict(&space, &over, s.h->arena, &p);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_false(p.bytes_known);
	mapping_predict(&space, &within, s.h->arena, &p);
	assert_true(p.bytes_known && p.bytes == 0);
	/* 5.12 begins with the lowest. */
	space.unmap_all = TRI_YES;
	mapping_predict(&space, &over, s.h->arena, &p);
	assert_true(p.bytes_known && p.bytes == 0);
	mapping_space_done(&space);
	fake_free(s.h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_platform_reset_is_wanted_though_not_required),
		cmocka_unit_test(test_virtio_of_5_19_may_be_coherent),
		cmocka_unit_test(test_version_1_of_5_10_has_no_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
