/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "model/generation.h"
#include "fake-host.h"
#include "scene.h"

#define FROM(r)    RELEASES_FROM(RELEASE_##r)
#define UNTIL(r)   RELEASES_UNTIL(RELEASE_##r)
#define SPAN(a, b) (FROM(a) & UNTIL(b))

/* What the modules of real packages import and export, of what matters. */
struct kernel_symbols {
	const char *type1, *vfio, *vfio_exports, *pci, *core;
};

static const struct kernel_symbols linux_5_10 = {
	.type1 =
		"iommu_attach_group iommu_capable iommu_domain_alloc irq_domain_check_msi_remap vfio_register_iommu_driver",
	.vfio = "iommu_group_get",
	.vfio_exports = "vfio_add_group_dev vfio_register_iommu_driver",
	.pci = "vfio_add_group_dev vfio_virqfd_enable",
};
static const struct kernel_symbols linux_6_1 = {
	.type1 =
		"device_iommu_capable iommu_domain_alloc iommu_enable_nesting irq_domain_check_msi_remap vfio_register_iommu_driver",
	.vfio = "device_iommu_capable iommu_group_claim_dma_owner",
	.vfio_exports = "vfio_register_group_dev vfio_register_iommu_driver",
	.pci = "vfio_pci_core_register_device",
	.core = "vfio_register_group_dev vfio_virqfd_enable",
};
static const struct kernel_symbols linux_6_12 = {
	.type1 = "iommu_enable_nesting iommu_group_has_isolated_msi iommu_paging_domain_alloc",
	.vfio = "device_iommu_capable iommu_group_claim_dma_owner",
	.vfio_exports =
		"vfio_find_device_in_devset vfio_register_group_dev vfio_register_iommu_driver vfio_virqfd_enable",
	.pci = "vfio_pci_core_register_device",
	.core = "vfio_find_device_in_devset",
};
static const struct kernel_symbols linux_7_3 = {
	.type1 = "iommu_group_has_isolated_msi iommu_paging_domain_alloc_flags",
	.vfio = "device_iommu_capable iommu_group_claim_dma_owner",
	.vfio_exports =
		"vfio_find_device_in_devset vfio_register_group_dev vfio_register_iommu_driver vfio_virqfd_enable",
	.pci = "vfio_pci_core_match_token_uuid vfio_pci_core_register_device",
	.core = "vfio_find_device_in_devset",
};

static void all_modules(struct host *h, enum module_state state)
{
	for (unsigned int i = 0; i < NR_MODULES; i++)
		fake_module(h, (enum module_id)i, state);
}

static void modules_unknown(struct host *h)
{
	for (unsigned int i = 0; i < NR_MODULES; i++)
		h->modules[i].state = MODULE_STATE_UNKNOWN;
}

/* A host whose modules lie on disk and are not loaded. */
static void make(struct host *h, const struct kernel_symbols *s, const char *release)
{
	all_modules(h, MODULE_STATE_LOADABLE);
	fake_module(h, MODULE_IOMMUFD, MODULE_STATE_ABSENT);
	fake_node_absent(h, &h->iommu_node, "/dev/iommu");
	fake_node_absent(h, &h->vfio_node, "/dev/vfio/vfio");
	if (s) {
		fake_symbols(h, MODULE_VFIO_IOMMU_TYPE1, s->type1, "");
		fake_symbols(h, MODULE_VFIO, s->vfio, s->vfio_exports);
		fake_symbols(h, MODULE_VFIO_PCI, s->pci, "");
		if (s->core)
			fake_symbols(h, MODULE_VFIO_PCI_CORE, s->core, "");
		else
			fake_module(h, MODULE_VFIO_PCI_CORE, MODULE_STATE_ABSENT);
		if (s != &linux_5_10 && s != &linux_6_1)
			fake_module(h, MODULE_VFIO_VIRQFD, MODULE_STATE_ABSENT);
	}
	if (release)
		h->kernel.release = fake_present(h, "uname:release", release);
}

static struct gen_verdict find(struct host *h)
{
	struct gen_verdict v;

	generation_find(h, h->arena, &v);
	return v;
}

static uint64_t candidates(const struct kernel_symbols *s, const char *release,
			   enum gen_basis *ret_basis)
{
	struct host *h = fake_host();
	struct gen_verdict v;

	make(h, s, release);
	v = find(h);
	if (ret_basis)
		*ret_basis = v.basis;
	fake_free(h);
	return v.kernels.releases;
}

static void test_find_by_symbols(void)
{
	enum gen_basis basis;

	assert_int_equal(candidates(&linux_5_10, NULL, &basis), SPAN(5_10, 5_12));
	assert_int_equal(basis, GEN_BASIS_SYMBOLS);
	assert_int_equal(candidates(&linux_6_1, NULL, &basis), SPAN(6_0, 6_2));
	assert_int_equal(candidates(&linux_6_12, NULL, &basis), SPAN(6_11, 6_13));
	/* Symbols alone cannot tell 6.17 from 7.3. */
	assert_int_equal(candidates(&linux_7_3, NULL, &basis), FROM(6_17));
	assert_int_equal(candidates(&linux_7_3, "7.3.4+deb13-amd64", &basis), ONLY(7_3));
	assert_int_equal(candidates(&linux_7_3, "6.18.0", &basis), ONLY(6_18));
}

static void test_find_ignores_a_release_that_contradicts(void)
{
	static const char *const fakes[] = { "5.14.0-503.el9", "6.5.0", "99.0" };

	for (size_t i = 0; i < ARRAY_SIZE(fakes); i++) {
		assert_int_equal(candidates(&linux_5_10, fakes[i], NULL), SPAN(5_10, 5_12));
		assert_int_equal(candidates(&linux_6_1, fakes[i], NULL), SPAN(6_0, 6_2));
		assert_int_equal(candidates(&linux_6_12, fakes[i], NULL), SPAN(6_11, 6_13));
	}
}

static void test_find_shows_unused_evidence(struct host *h)
{
	struct gen_verdict v;
	bool found = false;

	make(h, &linux_6_1, "5.14.0-faked");
	v = find(h);
	for (size_t i = 0; i < v.nr_evidence; i++) {
		const struct gen_evidence *e = &v.evidence[i];
		if (e->basis != GEN_BASIS_VERSION)
			continue;
		found = true;
		assert_false(e->used);
		assert_ptr_equal(e->fact, &h->kernel.release);
	}
	assert_true(found);
}

static void test_find_without_symbols_takes_the_version(struct host *h)
{
	make(h, NULL, "6.5.0");
	modules_unknown(h);
	assert_int_equal(find(h).kernels.releases, ONLY(6_5));
	assert_int_equal(find(h).basis, GEN_BASIS_VERSION);
	h->kernel.release = fake_denied(h, "uname:release");
	assert_int_equal(find(h).kernels.releases, RELEASES_ALL);
	assert_int_equal(find(h).basis, GEN_BASIS_NONE);
}

/* Built in: no module file, but names. */
static void test_find_by_kallsyms(struct host *h)
{
	make(h, NULL, "5.4.0-faked");
	all_modules(h, MODULE_STATE_BUILTIN);
	fake_module(h, MODULE_VFIO_VIRQFD, MODULE_STATE_ABSENT);
	h->kernel.kallsyms =
		fake_present(h, "/proc/kallsyms",
			     "device_iommu_capable\niommu_enable_nesting\niommu_group_claim_dma_owner\n"
			     "iommu_group_has_isolated_msi\niommu_paging_domain_alloc\n"
			     "iommufd_device_bind\nvfio_df_ioctl_bind_iommufd\n"
			     "vfio_iommu_type1_attach_group\nvfio_pci_core_register_device");
	assert_int_equal(find(h).kernels.releases, SPAN(6_11, 6_13));
	assert_int_equal(find(h).basis, GEN_BASIS_KALLSYMS);
}

/* BTF is asked first; of a module that is not loaded it has no name, which says nothing. */
static void test_find_by_btf(struct host *h)
{
	make(h, NULL, "5.4.0-faked");
	h->kernel.btf = fake_present(h, "/sys/kernel/btf",
				     "device_iommu_capable\niommu_group_claim_dma_owner\n"
				     "iommu_group_has_isolated_msi");
	assert_int_equal(find(h).kernels.releases, SPAN(6_3, 6_13));
	assert_int_equal(find(h).basis, GEN_BASIS_BTF);
	h->kernel.kallsyms = fake_present(h, "/proc/kallsyms", "vfio_df_ioctl_bind_iommufd");
	assert_int_equal(find(h).kernels.releases, SPAN(6_6, 6_13));
	h->kernel.release = fake_present(h, "uname:release", "6.8.0");
	assert_int_equal(find(h).kernels.releases, ONLY(6_8));
}

static void test_find_by_kallsyms_of_a_late_kernel(struct host *h)
{
	make(h, NULL, "6.12.0-faked");
	all_modules(h, MODULE_STATE_BUILTIN);
	h->kernel.kallsyms =
		fake_present(h, "/proc/kallsyms",
			     "iommu_group_has_isolated_msi\niommu_paging_domain_alloc_flags\n"
			     "pt_iommu_vtdss_init\nvfio_iommu_type1_attach_group");
	assert_int_equal(find(h).kernels.releases, FROM(6_19));
	assert_int_equal(find(h).basis, GEN_BASIS_KALLSYMS);
}

/* A kernel without dma-buf in VFIO has no name of its feature, but those of what came with it. */
static void test_find_by_kallsyms_without_a_release(void)
{
	static const char *const rows[] = { "iopt_alloc_dmabuf_pages",
					    "vfio_pci_core_get_dmabuf_phys" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host *h = fake_host();

		make(h, NULL, "2.6.63-small");
		all_modules(h, MODULE_STATE_BUILTIN);
		h->kernel.kallsyms =
			fake_present(h, "/proc/kallsyms",
				     arena_printf(h->arena, "%s\niommu_paging_domain_alloc_flags",
						  rows[i]));
		assert_int_equal(find(h).kernels.releases, FROM(6_19));
		fake_free(h);
	}
}

/* Without any module of VFIO the kernel's own names are left. */
static void test_find_by_kallsyms_without_vfio(void)
{
	static const struct {
		const char *names;
		uint64_t gens;
	} rows[] = {
		{ "iommu_capable\niommu_domain_set_attr\nirq_domain_check_msi_remap",
		  SPAN(5_10, 5_14) },
		{ "iommu_capable\nirq_domain_check_msi_remap", UNTIL(5_19) },
		/* 6.0 kept the bus's question for one release. */
		{ "iommu_capable\niommu_group_claim_dma_owner", SPAN(5_19, 6_0) | SPAN(6_0, 6_2) },
		{ "device_iommu_capable\niommu_capable\niommu_group_claim_dma_owner",
		  SPAN(5_19, 6_0) | SPAN(6_0, 6_2) },
		{ "device_iommu_capable\niommu_group_claim_dma_owner\n"
		  "irq_domain_check_msi_remap\nmsi_domain_alloc_irqs_descs_locked",
		  SPAN(6_0, 6_2) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host *h = fake_host();

		make(h, NULL, NULL);
		all_modules(h, MODULE_STATE_ABSENT);
		h->kernel.kallsyms = fake_present(h, "/proc/kallsyms", rows[i].names);
		assert_int_equal(find(h).kernels.releases, rows[i].gens);
		assert_int_equal(find(h).basis, GEN_BASIS_KALLSYMS);
		fake_free(h);
	}
}

static void test_find_by_shape(struct host *h)
{
	make(h, NULL, NULL);
	modules_unknown(h);
	struct device *d = fake_pci(h, "0000:01:00.0", fake_group(h, 1), NULL, "vfio-pci");
	d->vfio_dev = fake_present(h, d->sysfs, "vfio0");
	assert_int_equal(find(h).kernels.releases, FROM(6_1));
	assert_int_equal(find(h).basis, GEN_BASIS_SHAPE);
	d->cdev_devno = fake_present(h, d->sysfs, "511:0");
	assert_int_equal(find(h).kernels.releases, FROM(6_6));
}

/* Where no module file is to be seen, the configuration alone does not make a module of its own. */
static void test_find_by_shape_in_a_container(struct host *h)
{
	struct module *virqfd = &h->modules[MODULE_VFIO_VIRQFD];

	make(h, NULL, "6.12.3");
	for (unsigned int i = 0; i < NR_MODULES; i++) {
		h->modules[i].state = MODULE_STATE_UNKNOWN;
		h->modules[i].sysfs = h->modules[i].kmod = fake_absent(h, "libkmod");
	}
	virqfd->state = MODULE_STATE_BUILTIN;
	assert_int_equal(find(h).kernels.releases, ONLY(6_12));
	virqfd->kmod = fake_present(h, "libkmod:vfio_virqfd", "state=builtin");
	h->kernel.release = fake_present(h, "uname:release", "6.1.3");
	assert_int_equal(find(h).kernels.releases, ONLY(6_1));
}

static void test_find_tells_6_2_from_the_patched_kernel(struct host *h)
{
	make(h, &linux_6_1, NULL);
	fake_module(h, MODULE_VFIO_VIRQFD, MODULE_STATE_ABSENT);
	fake_module(h, MODULE_IOMMUFD, MODULE_STATE_LOADABLE);
	assert_int_equal(find(h).kernels.releases, SPAN(6_2, 6_3));
}

static void test_parse_takes_names_and_releases(void)
{
	static const struct {
		const char *text;
		uint64_t releases;
	} rows[] = {
		{ "5.10", ONLY(5_10) },
		{ "5.10.0-46-amd64", ONLY(5_10) },
		{ "5.13.1", ONLY(5_13) },
		{ "unpatched", ONLY(5_19) },
		{ "patched", SPAN(6_0, 6_2) },
		{ "6.1.0-18", ONLY(6_1) },
		{ "6.4-rc1", ONLY(6_4) },
		{ "6.12.107+deb13", ONLY(6_12) },
		{ "6.17", ONLY(6_17) },
		{ "6.19", ONLY(6_19) },
		{ "7.0", ONLY(7_0) },
		{ "7.3.4", ONLY(7_3) },
		{ "5.14.0-503.el9_4", FROM(5_14) },
		{ "4.18.0-553.el8_10.x86_64", RELEASES_ALL },
		{ "6.12.9-1.el9.elrepo.x86_64", ONLY(6_12) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kernels k;
		assert_int_equal(generation_parse(rows[i].text, &k, NULL), 0);
		assert_int_equal(k.releases, rows[i].releases);
		assert_int_equal(k.holds | k.lacks, 0);
	}
}

/* What an enterprise kernel may have taken into the kernel itself its number does not tell. */
static void test_parse_leaves_open_what_was_taken(void)
{
	struct kernels k;

	assert_int_equal(generation_parse("5.14.0-503.el9_4", &k, NULL), 0);
	assert_int_equal(kernels_have(&k, RELEASE_5_14, TRAIT_REQUIRE_DIRECT), TRI_UNKNOWN);
	assert_int_equal(kernels_have(&k, RELEASE_6_6, TRAIT_REQUIRE_DIRECT), TRI_UNKNOWN);
	assert_int_equal(kernels_have(&k, RELEASE_5_14, TRAIT_BIND_ERRNO), TRI_YES);
	assert_int_equal(generation_parse("6.12.0-160000.5-default", &k, NULL), 0);
	assert_int_equal(kernels_have(&k, RELEASE_6_12, TRAIT_REQUIRE_DIRECT), TRI_YES);
	assert_int_equal(generation_parse("6.12.9-1.el9.elrepo.x86_64", &k, NULL), 0);
	assert_int_equal(k.open, 0);
}

static void refuse(const char *text, const char *says)
{
	struct failure *f = NULL;
	struct kernels k;

	assert_int_equal(generation_parse(text, &k, &f), -EINVAL);
	assert_int_equal(f->status, STATUS_USAGE);
	assert_non_null(strstr(f->text, says));
	failure_free(f);
}

static void test_parse_refuses_other_text(void)
{
	static const char *const rows[] = { "", "six", "6", "6.", ".1", "6.1x", "-6.1", "6.99999" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		refuse(rows[i], "unknown kernel");
}

static const char *last_release(void)
{
	return release_name(NR_RELEASES - 1);
}

/* A release that begins @major and @minor after the last one that the rules are for. */
static const char *newer(struct arena *arena, unsigned int major, unsigned int minor,
			 const char *rest)
{
	unsigned int last_major, last_minor;

	assert_int_equal(sscanf(last_release(), "%u.%u", &last_major, &last_minor), 2);
	return arena_printf(arena, "%u.%u%s", last_major + major,
			    major ? minor : last_minor + minor, rest);
}

static void test_parse_refuses_what_the_rules_are_not_for(struct arena *arena)
{
	const char *const beyond[] = { newer(arena, 0, 1, ""), newer(arena, 1, 0, ""),
				       newer(arena, 2, 9, ""), newer(arena, 0, 7, ".1-1-amd64") };
	static const char *const older[] = { "4.19", "5.4.0-150-generic", "5.9", "2.6.32" };

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		refuse(beyond[i], beyond[i]);
		refuse(beyond[i], arena_printf(arena, "--kernel %s", last_release()));
	}
	for (size_t i = 0; i < ARRAY_SIZE(older); i++) {
		refuse(older[i], older[i]);
		refuse(older[i], "older than Linux 5.10");
	}
}

static void test_find_marks_what_the_rules_are_not_for(struct arena *arena)
{
	const struct {
		const char *release;
		bool older, newer;
	} rows[] = {
		{ newer(arena, 0, 0, ".0"), false, false },
		{ newer(arena, 0, 0, ".12-1-amd64"), false, false },
		{ newer(arena, 0, 1, ".0-rc1"), false, true },
		{ newer(arena, 1, 0, ".0-3-amd64"), false, true },
		{ "6.99.0", false, false },
		{ "unreadable", false, false },
		{ "5.4.0-150-generic", true, false },
		{ "4.18.0-553.el8_10", true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host *h = fake_host();
		struct gen_verdict v;

		modules_unknown(h);
		fake_node_absent(h, &h->iommu_node, "/dev/iommu");
		h->kernel.release = fake_present(h, "/proc/sys/kernel/osrelease", rows[i].release);
		v = find(h);
		assert_int_equal(v.older, rows[i].older);
		assert_int_equal(v.newer, rows[i].newer);
		if (rows[i].newer) {
			assert_int_equal(v.kernels.releases, RELEASE_BIT(NR_RELEASES - 1));
			assert_true(v.by_number);
			assert_non_null(strstr(v.evidence[v.nr_evidence - 1].value,
					       arena_printf(arena, "newer than %s",
							    last_release())));
		}
		fake_free(h);
	}
}
