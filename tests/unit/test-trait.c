/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where releases of one generation, or its neighbours, decide unlike the one that was studied. */
#include <errno.h>

#include "model/generation.h"
#include "model/mapping.h"
#include "model/walk.h"
#include "fake-host.h"
#include "scene.h"

#define C PATH_CONTAINER

/* 6.1 and 6.2 want a reset driver whatever the parameter says, of AMBA devices too. */
static void test_platform_reset_is_wanted_though_not_required(struct scene *s)
{
	s->h = fake_host();
	s->g = fake_group(s->h, 1);
	s->u = fake_unit(s->h, IOMMU_KIND_SMMU_V3, "smmu3.0x9050000");
	s->d = fake_device(s->h, BUS_PLATFORM, "platform", "fe300000.dma", s->g, s->u, NULL);
	s->d->modalias = fake_present(s->h, s->d->sysfs, "of:NdmaT(null)Carm,pl330");
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	s->h->firmware.tables = fake_absent(s->h, "/sys/firmware/acpi/tables");
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
	fake_param(s->h, PARAM_VFIO_PLATFORM_RESET_REQUIRED, "N");
	expect_yes(s, RELEASE_5_15, C);
	expect_yes(s, RELEASE_6_0, C);
	scene_expect(s, kernels_reference.releases, VIEW_IF_BOUND, C, ANSWER_UNKNOWN, OP_NONE, 0);
	expect_no(s, RELEASE_6_1, C, OP_BIND, ENOENT);
	expect_no(s, RELEASE_6_2, C, OP_BIND, ENOENT);
	s->d->modalias = fake_present(s->h, s->d->sysfs, "of:NdmaT(null)Ccalxeda,hb-xgmac");
	expect_unknown(s, RELEASE_6_1, C);
	s->d->bus = BUS_AMBA;
	s->d->bus_name = "amba";
	expect_no(s, RELEASE_6_1, C, OP_BIND, ENOENT);
	expect_yes(s, RELEASE_5_15, C);
	s->h->firmware.tables = fake_present(s->h, "/sys/firmware/acpi/tables", "APIC");
	expect_unknown(s, RELEASE_6_2, C);
}

/* The driver of virtio-iommu got its answer within the stable releases of 5.19. */
static void test_virtio_of_5_19_may_be_coherent(struct scene *s)
{
	scene_make(s, IOMMU_KIND_VIRTIO, "0000:00:01.0", "e1000e");
	fake_chips(s->h, "IO-APIC PCI-MSI");
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
	expect_yes(s, RELEASE_5_15, C);
	expect_unknown(s, RELEASE_5_19, C);
	expect_yes(s, RELEASE_6_1, C);
}

/* Version 1 of type1: 5.10 may meet the mapping above before the one that ends it. */
static void test_version_1_of_5_10_has_no_order(struct scene *s)
{
	static const struct mapping_request over = { .ask = MAPPING_UNMAP,
						     .iova = 0x101000,
						     .size = 0x200000 },
					    within = { .ask = MAPPING_UNMAP,
						       .iova = 0x101000,
						       .size = 0x1000 };
	struct mapping_prediction p;

	scene_make(s, IOMMU_KIND_AMD, "ivhd0", NULL);
	struct mapping_space space = { .host = s->h,
				       .device = s->d,
				       .kernels = fake_kernels(s->h, ONLY(5_10)),
				       .path = PATH_CONTAINER,
				       .version_1 = true,
				       .alignment = 4096,
				       .unmap_all = TRI_NO,
				       .arena = s->h->arena };
	assert_true(mapping_set_add(&space.set, s->h->arena, 0x100000, 0x3000));
	assert_true(mapping_set_add(&space.set, s->h->arena, 0x200000, 0x1000));
	mapping_predict(&space, &over, s->h->arena, &p);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_false(p.bytes_known);
	mapping_predict(&space, &within, s->h->arena, &p);
	assert_true(p.bytes_known && p.bytes == 0);
	/* 5.12 begins with the lowest. */
	space.unmap_all = TRI_YES;
	mapping_predict(&space, &over, s->h->arena, &p);
	assert_true(p.bytes_known && p.bytes == 0);
	mapping_space_done(&space);
}

static void expect_step(struct scene *s, enum release release, enum path_kind path, enum op op,
			int err)
{
	scene_expect(s, RELEASE_BIT(release), VIEW_IF_BOUND, path, err ? ANSWER_NO : ANSWER_YES,
		     err ? op : OP_NONE, err);
}

/* From 6.8 on two drivers may serve a bus, which to 6.10 has no answer then. */
static void test_two_iommu_drivers_on_a_bus(struct scene *s)
{
	struct iommu_unit *other;

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "e1000e");
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	other = fake_unit(s->h, IOMMU_KIND_VIRTIO, "0000:00:05.0");
	fake_pci(s->h, "0000:02:00.0", fake_group(s->h, 2), other, NULL);
	expect_step(s, RELEASE_6_7, C, OP_SET_IOMMU, 0);
	expect_step(s, RELEASE_6_8, C, OP_SET_IOMMU, EIO);
	expect_step(s, RELEASE_6_10, C, OP_SET_IOMMU, EIO);
	expect_step(s, RELEASE_6_11, C, OP_SET_IOMMU, 0);
}

/* 6.2 takes no no-IOMMU group where iommufd serves the container. */
static void test_noiommu_where_iommufd_serves(struct scene *s)
{
	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:01:00.0", NULL, NULL, "e1000e");
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
	fake_config(s->h,
		    "CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	expect_step(s, RELEASE_6_1, PATH_NOIOMMU, OP_SET_IOMMU, 0);
	expect_step(s, RELEASE_6_2, PATH_NOIOMMU, OP_SET_IOMMU, EINVAL);
	expect_step(s, RELEASE_6_3, PATH_NOIOMMU, OP_SET_IOMMU, 0);
}

/* Device nodes in no-IOMMU mode came with 7.3. */
static void test_noiommu_has_a_node_of_its_own(struct scene *s)
{
	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:01:00.0", NULL, NULL, "e1000e");
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
	fake_config(s->h, FAKE_CONFIG " CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_NOIOMMU=y");
	expect_step(s, RELEASE_6_19, PATH_IOMMUFD, OP_OPEN_CDEV, ENOENT);
	expect_step(s, RELEASE_7_2, PATH_IOMMUFD, OP_OPEN_CDEV, ENOENT);
	expect_step(s, RELEASE_7_3, PATH_IOMMUFD, OP_OPEN_CDEV, 0);
}

/* iommufd behind a container asks for isolation after it has claimed the group, to 6.4. */
static void test_isolation_is_asked_after_the_claim(struct scene *s)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_chips(s->h, "IO-APIC PCI-MSI");
	fake_pci(s->h, "0000:01:00.1", s->g, s->u, "e1000e");
	for (enum release r = RELEASE_6_4; r <= RELEASE_6_6; r += 2) {
		struct prediction p = scene_predict(s, RELEASE_BIT(r));
		const struct finding *why = p.paths[VIEW_NOW][PATH_COMPAT].why;

		assert_int_equal(p.paths[VIEW_NOW][PATH_COMPAT].err, EPERM);
		assert_string_equal(why->rule->id,
				    r == RELEASE_6_4 ? "dma-ownership" : "isolated-msi");
	}
}

/* A probe waits for the driver of a virtio-iommu for ever, and from 6.14 on until a timeout. */
static void test_probe_waits_for_an_iommu(struct scene *s)
{
	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:01:00.0", NULL, NULL, NULL);
	s->d->behind_viot = TRI_YES;
	s->h->firmware.has_viot = TRI_YES;
	fake_module(s->h, MODULE_VIRTIO_IOMMU, MODULE_STATE_LOADABLE);
	expect_step(s, RELEASE_6_13, C, OP_BIND, EAGAIN);
	scene_expect(s, ONLY(6_14), VIEW_IF_BOUND, C, ANSWER_NO, OP_BIND, 0);
}

/* What an enterprise kernel took into the kernel itself cannot be told by its number. */
static void test_enterprise_kernel_may_refuse_a_direct_region(struct scene *s)
{
	struct prediction p;
	struct kernels k;

	scene_make(s, IOMMU_KIND_AMD, "ivhd0", "e1000e");
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	fake_region(s->h, s->g, 0x7c000000, 0x7fffffff, RESV_DIRECT);
	assert_int_equal(generation_parse("5.14.0-503.el9_4", &k, NULL), 0);
	predict_device(s->h, NULL, &k, s->d, s->h->arena, &p);
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].answer, ANSWER_UNKNOWN);
	/* Its modules may show that VFIO is that of 6.6: the kernel itself stays open. */
	k.releases = ONLY(6_6);
	predict_device(s->h, NULL, &k, s->d, s->h->arena, &p);
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].answer, ANSWER_UNKNOWN);
	k.open = 0;
	predict_device(s->h, NULL, &k, s->d, s->h->arena, &p);
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].err, EINVAL);
}

/* The sublevel tells what came into stable kernels, unless a distribution hides it. */
static void test_sublevel_tells_of_stable_kernels(void)
{
	static const struct {
		const char *text;
		enum release release;
		enum trait trait;
		enum tristate has;
	} rows[] = {
		{ "5.19.0", RELEASE_5_19, TRAIT_VIRTIO_COHERENT, TRI_NO },
		{ "5.19.8-custom", RELEASE_5_19, TRAIT_VIRTIO_COHERENT, TRI_NO },
		{ "5.19.9", RELEASE_5_19, TRAIT_VIRTIO_COHERENT, TRI_YES },
		{ "5.19.0-small", RELEASE_5_19, TRAIT_VIRTIO_COHERENT, TRI_NO },
		{ "5.19.0-50-generic", RELEASE_5_19, TRAIT_VIRTIO_COHERENT, TRI_UNKNOWN },
		{ "5.19", RELEASE_5_19, TRAIT_VIRTIO_COHERENT, TRI_UNKNOWN },
		{ "6.17.13", RELEASE_6_17, TRAIT_TOKEN_POINTER, TRI_NO },
		{ "6.18.2", RELEASE_6_18, TRAIT_TOKEN_POINTER, TRI_NO },
		{ "6.18.3", RELEASE_6_18, TRAIT_TOKEN_POINTER, TRI_YES },
		{ "6.18", RELEASE_6_18, TRAIT_TOKEN_POINTER, TRI_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kernels k;

		assert_int_equal(generation_parse(rows[i].text, &k, NULL), 0);
		assert_int_equal(kernels_have(&k, rows[i].release, rows[i].trait), rows[i].has);
	}
}

/* Every border is one that the table of traits has, and each trait says what it does and where. */
static void test_traits_are_sound(void)
{
	for (enum trait t = TRAIT_NONE + 1; t < NR_TRAITS; t++) {
		const struct trait_info *info = trait_get(t);

		assert_non_null(info->what);
		assert_non_null(strchr(info->source, '/'));
		assert_true(info->since > RELEASE_5_10 && info->since < NR_RELEASES);
		assert_int_equal(info->maybe & RELEASES_FROM(info->since), 0);
		assert_true(!info->in_stable || info->maybe);
	}
}
