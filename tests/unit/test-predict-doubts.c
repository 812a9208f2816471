/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Situations in which an answer would be easy and wrong: what is seen does not carry it, or carries
 * more than it seems. None of them can be had in an emulated guest. */
#include <errno.h>

#include "model/eval.h"
#include "model/generation.h"
#include "model/walk.h"
#include "fake-host.h"
#include "scene.h"

static void make_intel(struct scene *s, const char *driver)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", driver);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
}

#define C PATH_CONTAINER

/* ---- interrupts ---- */

static void test_s390_calls_its_chip_as_x86_does(struct scene *s)
{
	scene_make(s, IOMMU_KIND_S390, "s390-iommu.00000001", "mlx5_core");
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "s390x");
	fake_irq(s->h, s->d, 5, "PCI-MSI");
	expect_yes(s, RELEASE_6_12, C);
}

static void test_arm_chip_named_msi_guards_nothing(struct scene *s)
{
	scene_make(s, IOMMU_KIND_SMMU_V3, "smmu3.0x9050000", NULL);
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->vfio_dev = fake_present(s->h, s->d->sysfs, "vfio0");
	fake_chips(s->h, "GICv2 MSI");
	expect_no(s, RELEASE_6_1, C, OP_SET_IOMMU, EPERM);
	fake_chips(s->h, "GICv3 ITS-MSI");
	expect_unknown(s, RELEASE_6_1, C);
	fake_irq(s->h, s->d, 40, "MSI");
	expect_no(s, RELEASE_6_12, C, OP_SET_IOMMU, EPERM);
}

static void test_x86_plain_msi_alone_is_no_proof(struct scene *s)
{
	make_intel(s, "e1000e");
	fake_chips(s->h, "PCI-MSI-0000:05:00.0 DMAR-MSI");
	expect_unknown(s, RELEASE_6_1, C);
	expect_unknown(s, RELEASE_6_12, C);
	s->h->interrupts.dmesg =
		fake_present(s->h, "/dev/kmsg", "DMAR-IR: Enabled IRQ remapping in x2apic mode");
	expect_yes(s, RELEASE_6_12, C);
	fake_chips(s->h, "IO-APIC");
	expect_no(s, RELEASE_6_12, C, OP_SET_IOMMU, EPERM);
}

static void test_x86_remapping_wants_every_unit_and_io_apics(struct scene *s)
{
	make_intel(s, "e1000e");
	fake_chips(s->h, "");
	expect_unknown(s, RELEASE_6_1, C);
	s->u->has_ecap = true;
	s->u->ecap = 0x8;
	expect_unknown(s, RELEASE_6_1, C);
	fake_unit(s->h, IOMMU_KIND_INTEL, "dmar1")->has_ecap = true;
	expect_no(s, RELEASE_6_1, C, OP_SET_IOMMU, EPERM);
	s->h->iommus[1]->ecap = 0x8;
	expect_unknown(s, RELEASE_6_1, C);
	s->h->kernel.cmdline = fake_present(s->h, "/proc/cmdline", "noapic");
	expect_no(s, RELEASE_6_1, C, OP_SET_IOMMU, EPERM);
}

static void test_unsafe_parameter_is_that_of_the_provider(struct scene *s)
{
	make_intel(s, "e1000e");
	fake_chips(s->h, "IO-APIC");
	fake_config(s->h, "CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	expect_no(s, RELEASE_6_12, C, OP_GROUP_GET_DEVICE_FD, EPERM);
	s->h->params[PARAM_IOMMUFD_ALLOW_UNSAFE_INTERRUPTS].value = fake_denied(s->h, "parameter");
	expect_unknown(s, RELEASE_6_12, C);
}

/* ---- virtual functions ---- */

static void enable_vfs(struct scene *s, struct device *pf)
{
	pf->sriov_numvfs = fake_present(s->h, pf->sysfs, "2");
	pf->numvfs = 2;
}

static void test_driver_may_take_its_vfs_along(struct scene *s)
{
	make_intel(s, "igb");
	enable_vfs(s, s->d);
	expect_unknown(s, RELEASE_6_1, C);
	fake_unbind(s->h, s->d, "nvme");
	expect_no(s, RELEASE_6_1, C, OP_BIND, EBUSY);
	fake_unbind(s->h, s->d, NULL);
	expect_no(s, RELEASE_6_1, C, OP_BIND, EBUSY);
}

static void test_pf_in_the_group_of_its_vf_stays(struct scene *s)
{
	make_intel(s, NULL);
	struct device *pf = fake_pci(s->h, "0000:01:00.1", s->g, s->u, "igb");
	enable_vfs(s, pf);
	s->d->physfn = pf;
	s->d->physfn_link = fake_present(s->h, s->d->sysfs, "0000:01:00.1");
	expect_no(s, RELEASE_6_1, C, OP_GROUP_SET_CONTAINER, EPERM);
	expect_no(s, RELEASE_5_10, C, OP_GROUP_GET_DEVICE_FD, EINVAL);
}

/* ---- what was not read ---- */

static void test_unread_noiommu_mode_settles_nothing(struct scene *s)
{
	*s = (struct scene){ .h = fake_host() };
	s->d = fake_pci(s->h, "0000:00:03.0", NULL, NULL, "e1000e");
	fake_chips(s->h, "IO-APIC");
	fake_config(s->h, FAKE_CONFIG " CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_NOIOMMU=y");
	s->h->params[PARAM_VFIO_NOIOMMU].value = fake_denied(s->h, "parameter");
	scene_expect(s, ONLY(7_3), VIEW_IF_BOUND, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0);
}

static void test_unread_name_may_hide_a_group_of_vfio(struct scene *s)
{
	make_intel(s, NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->iommu = NULL;
	s->d->iommu_link = fake_absent(s->h, s->d->sysfs);
	s->g->name = (struct fact){ .state = FACT_UNREAD };
	/* Refused in both cases, and not at the same step. */
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_NO, OP_NONE, 0);
}

static void test_unread_node_is_not_there_for_certain(struct scene *s)
{
	make_intel(s, NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_YES, OP_NONE, 0);
	s->g->node = (struct node){ .path = "/dev/vfio/1" };
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_UNKNOWN, OP_NONE, 0);
}

static void test_unknown_module_may_bring_its_node(struct scene *s)
{
	make_intel(s, "e1000e");
	fake_module(s->h, MODULE_VFIO, MODULE_STATE_UNKNOWN);
	fake_module(s->h, MODULE_IOMMUFD, MODULE_STATE_UNKNOWN);
	fake_node_absent(s->h, &s->h->vfio_node, "/dev/vfio/vfio");
	fake_node_absent(s->h, &s->h->iommu_node, "/dev/iommu");
	expect_unknown(s, RELEASE_6_12, C);
	scene_expect(s, ONLY(6_12), VIEW_IF_BOUND, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0);
	scene_expect(s, ONLY(6_12), VIEW_NOW, C, ANSWER_NO, OP_OPEN_CONTAINER, ENOENT);
}

/* Who has closed the group and still has the device keeps others out. */
static void test_group_of_an_open_device_may_be_held(struct scene *s)
{
	make_intel(s, NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->h->device_holders = fake_present(s->h, "/proc/*/fd", "411 dpdk");
	s->d->enable = fake_present(s->h, "enable", "0");
	expect_yes(s, RELEASE_5_10, C);
	s->d->enable = fake_present(s->h, "enable", "1");
	expect_unknown(s, RELEASE_5_10, C);
	expect_unknown(s, RELEASE_6_1, C);
	s->h->device_holders = fake_present(s->h, "/proc/*/fd", "");
	expect_yes(s, RELEASE_6_1, C);
	/* Another of its group. */
	s->h->device_holders = fake_present(s->h, "/proc/*/fd", "411 dpdk");
	s->d->enable = fake_present(s->h, "enable", "0");
	struct device *other = fake_pci(s->h, "0000:00:03.1", s->g, s->u, "vfio-pci");
	expect_yes(s, RELEASE_6_1, C);
	other->enable = fake_present(s->h, "enable", "1");
	expect_unknown(s, RELEASE_6_1, C);
}

static void test_bus_that_was_not_read_is_not_another(struct scene *s)
{
	s->h = fake_host();
	s->g = fake_group(s->h, 1);
	s->u = fake_unit(s->h, IOMMU_KIND_SMMU_V3, "smmu3.0x9050000");
	s->d = fake_device(s->h, BUS_PLATFORM, "platform", "a.xgmac", s->g, s->u, NULL);
	s->d->modalias = fake_present(s->h, s->d->sysfs, "of:NethernetT(null)Ccalxeda,hb-xgmac");
	struct device *other =
		fake_device(s->h, BUS_OTHER, "unknown", "b.device", s->g, s->u, NULL);
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
	expect_unknown(s, RELEASE_5_15, C);
	other->bus_name = "amba";
	expect_no(s, RELEASE_5_15, C, OP_SET_IOMMU, EINVAL);
}

/* A description by the kernel itself may have the property that vfio-platform asks for. */
static void test_software_node_may_describe_a_platform_device(struct scene *s)
{
	s->h = fake_host();
	s->g = fake_group(s->h, 1);
	s->u = fake_unit(s->h, IOMMU_KIND_SMMU_V3, "smmu3.0x9050000");
	s->d = fake_device(s->h, BUS_PLATFORM, "platform", "a.dma", s->g, s->u, NULL);
	s->d->modalias = fake_present(s->h, s->d->sysfs, "platform:a");
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	expect_no(s, RELEASE_6_1, C, OP_BIND, EINVAL);
	s->d->software_node = fake_present(s->h, s->d->sysfs, "../../kernel/software_nodes/node0");
	expect_unknown(s, RELEASE_6_1, C);
	s->d->software_node = fake_denied(s->h, s->d->sysfs);
	expect_unknown(s, RELEASE_6_1, C);
}

/* On ARM the probe may wait for an SMMU that is not there yet. */
static void test_arm_without_iommu_may_wait(struct scene *s)
{
	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:00:03.0", NULL, NULL, NULL);
	fake_config(s->h, FAKE_CONFIG);
	expect_no(s, RELEASE_6_1, C, OP_BIND, EINVAL);
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	expect_no(s, RELEASE_6_1, C, OP_BIND, 0);
	fake_unbind(s->h, s->d, "e1000e");
	expect_no(s, RELEASE_6_1, C, OP_BIND, EINVAL);
}

/* What the patched kernel decides is asked of a host that has no type1 because iommufd stands for it. */
static void test_patched_kernel_has_type1_where_iommufd_stands_for_it(struct scene *s)
{
	make_intel(s, "e1000e");
	fake_module(s->h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_ABSENT);
	fake_config(s->h, "CONFIG_VFIO_GROUP=y");
	expect_no(s, RELEASE_6_1, C, OP_SET_IOMMU, ENODEV);
	fake_config(s->h, "CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	expect_yes(s, RELEASE_6_1, C);
}

/* ---- what the kernel did is stronger than any table ---- */

static void test_registered_device_is_coherent(struct scene *s)
{
	scene_make(s, IOMMU_KIND_RISCV, "riscv-iommu@10010000", NULL);
	expect_no(s, RELEASE_6_12, C, OP_BIND, EINVAL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->vfio_dev = fake_present(s->h, s->d->sysfs, "vfio0");
	struct prediction p = scene_predict(s, ONLY(6_12));
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].steps[0].op, OP_BIND);
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].steps[0].answer, ANSWER_YES);
}

/* ---- which kernel ---- */

static uint64_t generations(struct scene *s, enum gen_basis basis)
{
	struct gen_verdict v;

	generation_find(s->h, s->h->arena, &v);
	assert_int_equal(v.basis, basis);
	return v.kernels.releases;
}

static void test_enterprise_release_is_a_lower_bound(void)
{
	static const struct {
		const char *release;
		uint64_t releases;
	} rows[] = {
		{ "5.14.0-427.13.1.el9_4.x86_64", RELEASES_FROM(RELEASE_5_14) },
		{ "4.18.0-553.el8_10.x86_64", RELEASES_ALL },
		{ "6.4.0-150600.23.25-default", RELEASES_FROM(RELEASE_6_4) },
		{ "5.14.21-generic", ONLY(5_14) },
		{ "6.12.0-160000.5-default", RELEASES_FROM(RELEASE_6_12) },
		{ "5.10.0-153.12.0.92.oe2203sp2.x86_64", RELEASES_FROM(RELEASE_5_10) },
		{ "6.6.0-28.0.0.34.oe2403.x86_64", RELEASES_FROM(RELEASE_6_6) },
		{ "6.12.9-1.el9.elrepo.x86_64", ONLY(6_12) },
		{ "6.1.0-18-amd64", ONLY(6_1) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = { .h = fake_host() };

		for (unsigned int m = 0; m < NR_MODULES; m++)
			fake_module(s.h, (enum module_id)m, MODULE_STATE_UNKNOWN);
		s.h->iommu_node.stat = fake_absent(s.h, "/dev/iommu");
		s.h->kernel.release = fake_present(s.h, "uname:release", rows[i].release);
		assert_int_equal(generations(&s, GEN_BASIS_VERSION), rows[i].releases);
		fake_free(s.h);
	}
}

static void test_kernel_of_two_kernels_is_something_between(struct scene *s)
{
	s->h = fake_host();
	for (unsigned int m = 0; m < NR_MODULES; m++)
		fake_module(s->h, (enum module_id)m, MODULE_STATE_UNKNOWN);
	s->h->iommu_node.stat = fake_absent(s->h, "/dev/iommu");
	/* type1 of 6.12, vfio of 6.3: no device nodes. */
	fake_symbols(s->h, MODULE_VFIO_IOMMU_TYPE1,
		     "iommu_enable_nesting iommu_group_has_isolated_msi iommu_paging_domain_alloc",
		     "");
	fake_symbols(s->h, MODULE_VFIO, "device_iommu_capable iommu_group_claim_dma_owner",
		     "vfio_register_iommu_driver vfio_virqfd_enable");
	uint64_t releases = generations(s, GEN_BASIS_SYMBOLS);
	assert_true(releases & ONLY(6_12));
	assert_true(releases & ONLY(6_5));
	assert_true(releases & ONLY(6_8));
	assert_false(releases & (RELEASES_UNTIL(RELEASE_5_19) | ONLY(7_3)));
}

static void test_candidates_that_all_refuse(struct scene *s)
{
	make_intel(s, NULL);
	fake_pci(s->h, "0000:01:00.1", s->g, s->u, "pciehp-like");
	fake_bridge(s->h, s->g->members[1]);
	fake_chips(s->h, "IO-APIC");
	expect_no(s, RELEASE_5_10, C, OP_SET_IOMMU, EPERM);
	expect_no(s, RELEASE_6_1, C, OP_GROUP_SET_CONTAINER, EPERM);
	scene_expect(s, ONLY(5_10) | ONLY(6_1), VIEW_IF_BOUND, C, ANSWER_NO, OP_NONE, 0);
}

/* ---- nodes and limits ---- */

static void test_device_cgroup_has_its_own_errno(struct scene *s)
{
	make_intel(s, NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->g->node.access = fake_present(s->h, "/dev/vfio/1", "EPERM");
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_NO, OP_OPEN_GROUP, EPERM);
	s->g->node.access = fake_present(s->h, "/dev/vfio/1", "-");
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_NO, OP_OPEN_GROUP, EACCES);
}

static void test_one_page_may_be_large(struct scene *s)
{
	make_intel(s, NULL);
	fake_user(s->h, 1000);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_node(s->h, &s->g->node, "/dev/vfio/1", 0600, 1000);
	s->h->caller.memlock_soft = 32768;
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_YES, OP_NONE, 0);
	s->h->kernel.page_size = fake_present(s->h, "process:page_size", "65536");
	scene_expect(s, ONLY(6_1), VIEW_NOW, C, ANSWER_NO, OP_MAP_DMA, ENOMEM);
}

/* iommufd charges all processes of a user together. */
static void test_memlock_of_a_user_who_maps_elsewhere(struct scene *s)
{
	const enum path_kind I = PATH_IOMMUFD;

	make_intel(s, NULL);
	fake_user(s->h, 1000);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->cdev_name = "vfio0";
	s->d->cdev_devno = fake_present(s->h, "/sys/x/vfio-dev/vfio0/dev", "511:0");
	fake_node(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0", 0600, 1000);
	fake_node(s->h, &s->h->iommu_node, "/dev/iommu", 0666, 0);
	s->h->iommu_node.holders = fake_present(s->h, "/proc/*/fd", "");
	scene_expect(s, ONLY(6_8), VIEW_NOW, I, ANSWER_YES, OP_NONE, 0);
	s->h->iommu_node.holders = fake_present(s->h, "/proc/*/fd", "4711 qemu-system-x86");
	scene_expect(s, ONLY(6_8), VIEW_NOW, I, ANSWER_UNKNOWN, OP_NONE, 0);
	/* A container charges its own process, and who has no limit none. */
	fake_node(s->h, &s->g->node, "/dev/vfio/1", 0600, 1000);
	scene_expect(s, ONLY(6_8), VIEW_NOW, C, ANSWER_YES, OP_NONE, 0);
	s->h->caller.memlock_soft = UINT64_MAX;
	scene_expect(s, ONLY(6_8), VIEW_NOW, I, ANSWER_YES, OP_NONE, 0);
	s->h->caller.memlock_soft = 0;
	scene_expect(s, ONLY(6_8), VIEW_NOW, I, ANSWER_NO, OP_IOAS_MAP, ENOMEM);
}

/* ---- extensions ---- */

static void expect_extension(struct scene *s, enum release release, const char *name,
			     enum answer before, enum answer after)
{
	struct prediction p = scene_predict(s, RELEASE_BIT(release));

	for (size_t i = 0; i < p.nr_extensions; i++)
		if (strcmp(p.extensions[i].name, name) == 0) {
			assert_int_equal(p.extensions[i].before, before);
			assert_int_equal(p.extensions[i].after, after);
			return;
		}
	fail_msg("no extension %s", name);
}

static void test_compat_container_answers_for_itself(struct scene *s)
{
	make_intel(s, "e1000e");
	fake_config(s->h, "CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	expect_extension(s, RELEASE_6_8, "TYPE1_NESTING_IOMMU", ANSWER_NO, ANSWER_NO);
	expect_extension(s, RELEASE_6_12, "UPDATE_VADDR", ANSWER_NO, ANSWER_NO);
	expect_extension(s, RELEASE_6_12, "DMA_CC_IOMMU", ANSWER_UNKNOWN, ANSWER_UNKNOWN);
	expect_extension(s, RELEASE_6_12, "UNMAP_ALL", ANSWER_YES, ANSWER_YES);
}

static void test_noiommu_container_has_one_extension(struct scene *s)
{
	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:00:03.0", NULL, NULL, "e1000e");
	fake_config(s->h, FAKE_CONFIG);
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
	expect_extension(s, RELEASE_6_12, "NOIOMMU_IOMMU", ANSWER_YES, ANSWER_YES);
	expect_extension(s, RELEASE_6_12, "TYPE1v2_IOMMU", ANSWER_YES, ANSWER_NO);
}
