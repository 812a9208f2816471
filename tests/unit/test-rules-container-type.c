/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of SET_IOMMU when a type of container is asked for, by kernel, IOMMU driver and path. */
#include <errno.h>

#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* A function alone in its group, on vfio-pci, behind an IOMMU of @kind. */
static void make(struct scene *s, enum iommu_kind kind)
{
	struct group *g;

	s->h = fake_host();
	s->u = fake_unit(s->h, kind, "iommu0");
	g = fake_group(s->h, 1);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	s->d = fake_pci(s->h, "0000:01:00.0", g, s->u, NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_config(s->h, FAKE_CONFIG " CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON=n");
}

static const struct step *set_iommu(struct scene *s, enum release release, enum container_type type,
				    enum path_kind path)
{
	const struct assumptions as = { .type = type };
	const struct path_prediction *p;
	struct prediction all;

	predict_device(s->h, &as, fake_kernels(s->h, RELEASE_BIT(release)), s->d, s->h->arena,
		       &all);
	p = &all.paths[VIEW_NOW][path];
	for (size_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].op == OP_SET_IOMMU)
			return &p->steps[i];
	fail_msg("SET_IOMMU is not reached");
	return NULL;
}

static void expect(struct scene *s, enum release release, enum path_kind path, enum answer answer,
		   int err)
{
	const struct step *got = set_iommu(s, release, CONTAINER_NESTING, path);

	if (got->answer != answer || got->err != err)
		fail_msg("generation %s: SET_IOMMU %s %s, and %s %s is wanted: %s",
			 release_name(release), answer_name(got->answer), errno_name(got->err),
			 answer_name(answer), errno_name(err), got->why ? got->why->because : "");
	if (answer != ANSWER_YES)
		assert_non_null(got->why->remedy);
}

/* ---- type1 ---- */

static void test_nesting_without_driver_support(void)
{
	static const enum iommu_kind kinds[] = { IOMMU_KIND_AMD, IOMMU_KIND_VIRTIO };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene s;

		make(&s, kinds[i]);
		for (unsigned int release = RELEASE_5_10; release < RELEASE_6_13; release++)
			expect(&s, (enum release)release, PATH_CONTAINER, ANSWER_NO, EINVAL);
		fake_free(s.h);
	}
}

static void test_nesting_of_vtd(struct scene *s)
{
	make(s, IOMMU_KIND_INTEL);
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_NO, ENODEV);
	expect(s, RELEASE_5_15, PATH_CONTAINER, ANSWER_UNKNOWN, 0);
	expect(s, RELEASE_5_19, PATH_CONTAINER, ANSWER_NO, EINVAL);
	expect(s, RELEASE_6_8, PATH_CONTAINER, ANSWER_NO, EINVAL);
}

/* With scalable mode it depends on the hardware: 5.10 with nested translation may accept it. */
static void test_nesting_of_vtd_in_scalable_mode(struct scene *s)
{
	make(s, IOMMU_KIND_INTEL);
	fake_config(s->h, "CONFIG_VFIO_CONTAINER=y CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON=y");
	s->u->has_ecap = true;
	s->u->ecap = UINT64_C(1) << 43 | UINT64_C(1) << 26;
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_UNKNOWN, 0);
	s->u->ecap = UINT64_C(1) << 43;
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_NO, ENODEV);
	s->u->ecap = UINT64_C(1) << 26;
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_NO, ENODEV);
}

static void test_nesting_of_smmu(struct scene *s)
{
	make(s, IOMMU_KIND_SMMU_V3);
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	fake_chips(s->h, "ITS-PCI-MSI GICv3");
	for (unsigned int release = RELEASE_5_10; release < RELEASE_6_13; release++)
		assert_int_not_equal(set_iommu(s, (enum release)release, CONTAINER_NESTING,
					       PATH_CONTAINER)
					     ->answer,
				     ANSWER_NO);
}

/* The release tells, whatever the modules of the host are. */
static void test_nesting_is_gone(struct scene *s)
{
	make(s, IOMMU_KIND_SMMU_V3);
	expect(s, RELEASE_7_3, PATH_CONTAINER, ANSWER_NO, ENODEV);
	fake_symbols(s->h, MODULE_VFIO_IOMMU_TYPE1, "iommu_paging_domain_alloc_flags", "");
	expect(s, RELEASE_6_13, PATH_CONTAINER, ANSWER_NO, ENODEV);
	fake_free(s->h);
	make(s, IOMMU_KIND_AMD);
	expect(s, RELEASE_6_12, PATH_CONTAINER, ANSWER_NO, EINVAL);
}

/* Of either release it is refused for one reason or the other, and the errno is open. */
static void test_nesting_that_may_be_gone(struct scene *s)
{
	make(s, IOMMU_KIND_AMD);
	struct prediction p;
	struct assumptions as = { .type = CONTAINER_NESTING };
	predict_device(s->h, &as, fake_kernels(s->h, ONLY(6_12) | ONLY(6_13)), s->d, s->h->arena,
		       &p);
	assert_int_equal(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].answer, ANSWER_NO);
	assert_int_equal(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].op, OP_SET_IOMMU);
	assert_int_equal(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].err, 0);
}

/* ---- other containers, other types ---- */

static void test_iommufd_behind_the_container(struct scene *s)
{
	make(s, IOMMU_KIND_SMMU_V3);
	fake_node(s->h, &s->h->iommu_node, "/dev/iommu", 0600, 0);
	expect(s, RELEASE_6_8, PATH_COMPAT, ANSWER_NO, EINVAL);
	assert_int_equal(set_iommu(s, RELEASE_6_8, CONTAINER_TYPE1, PATH_COMPAT)->answer,
			 ANSWER_YES);
}

static void test_types_of_type1(void)
{
	static const enum container_type types[] = { CONTAINER_DEFAULT, CONTAINER_TYPE1,
						     CONTAINER_TYPE1V2 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct scene s;

		make(&s, IOMMU_KIND_INTEL);
		for (unsigned int release = 0; release < NR_RELEASES; release++)
			assert_int_equal(set_iommu(&s, (enum release)release, types[i],
						   PATH_CONTAINER)
						 ->answer,
					 ANSWER_YES);
		fake_free(s.h);
	}
}

static void test_noiommu_takes_its_own_only(struct scene *s)
{
	static const enum container_type types[] = { CONTAINER_TYPE1, CONTAINER_TYPE1V2,
						     CONTAINER_NESTING };

	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:01:00.0", fake_group(s->h, 1), NULL, NULL);
	s->d->group->name = fake_present(s->h, "name", "vfio-noiommu");
	fake_bind(s->h, s->d, "vfio-pci");
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
	fake_config(s->h, "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_NOIOMMU=y");
	fake_node(s->h, &s->d->group->noiommu_node, "/dev/vfio/noiommu-1", 0600, 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct step *got = set_iommu(s, RELEASE_6_8, types[i], PATH_NOIOMMU);

		assert_int_equal(got->answer, ANSWER_NO);
		assert_int_equal(got->err, ENODEV);
		assert_string_equal(got->why->rule->id, "container-type");
	}
	assert_int_equal(set_iommu(s, RELEASE_6_8, CONTAINER_DEFAULT, PATH_NOIOMMU)->answer,
			 ANSWER_YES);
}
