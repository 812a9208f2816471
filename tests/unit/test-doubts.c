/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Situations in which an answer would be easy and wrong: what is seen does not carry it, or carries
 * more than it seems. None of them can be had in an emulated guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fake-host.h"
#include "model/eval.h"
#include "model/walk.h"

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

static void make_intel(struct scene *s, const char *driver)
{
	make(s, IOMMU_KIND_INTEL, "dmar0", driver);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
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

/* ---- interrupts ---- */

static void test_s390_calls_its_chip_as_x86_does(void **state)
{
	struct scene s;

	(void)state;
	make(&s, IOMMU_KIND_S390, "s390-iommu.00000001", "mlx5_core");
	s.h->kernel.machine = fake_present(s.h, "uname:machine", "s390x");
	fake_irq(s.h, s.d, 5, "PCI-MSI");
	expect_yes(&s, GEN_6_11);
	fake_free(s.h);
}

static void test_arm_chip_named_msi_guards_nothing(void **state)
{
	struct scene s;

	(void)state;
	make(&s, IOMMU_KIND_SMMU_V3, "smmu3.0x9050000", NULL);
	s.h->kernel.machine = fake_present(s.h, "uname:machine", "aarch64");
	fake_bind(s.h, s.d, "vfio-pci");
	s.d->vfio_dev = fake_present(s.h, s.d->sysfs, "vfio0");
	fake_chips(s.h, "GICv2 MSI");
	expect_no(&s, GEN_6_0, OP_SET_IOMMU, EPERM);
	fake_chips(s.h, "GICv3 ITS-MSI");
	expect_unknown(&s, GEN_6_0);
	fake_irq(s.h, s.d, 40, "MSI");
	expect_no(&s, GEN_6_11, OP_SET_IOMMU, EPERM);
	fake_free(s.h);
}

static void test_x86_plain_msi_alone_is_no_proof(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, "e1000e");
	fake_chips(s.h, "PCI-MSI-0000:05:00.0 DMAR-MSI");
	expect_unknown(&s, GEN_6_0);
	expect_unknown(&s, GEN_6_11);
	s.h->interrupts.dmesg =
		fake_present(s.h, "/dev/kmsg", "DMAR-IR: Enabled IRQ remapping in x2apic mode");
	expect_yes(&s, GEN_6_11);
	fake_chips(s.h, "IO-APIC");
	expect_no(&s, GEN_6_11, OP_SET_IOMMU, EPERM);
	fake_free(s.h);
}

static void test_x86_remapping_wants_every_unit_and_io_apics(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, "e1000e");
	fake_chips(s.h, "");
	expect_unknown(&s, GEN_6_0);
	s.u->has_ecap = true;
	s.u->ecap = 0x8;
	expect_unknown(&s, GEN_6_0);
	fake_unit(s.h, IOMMU_KIND_INTEL, "dmar1")->has_ecap = true;
	expect_no(&s, GEN_6_0, OP_SET_IOMMU, EPERM);
	s.h->iommus[1]->ecap = 0x8;
	expect_unknown(&s, GEN_6_0);
	s.h->kernel.cmdline = fake_present(s.h, "/proc/cmdline", "noapic");
	expect_no(&s, GEN_6_0, OP_SET_IOMMU, EPERM);
	fake_free(s.h);
}

static void test_unsafe_parameter_is_that_of_the_provider(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, "e1000e");
	fake_chips(s.h, "IO-APIC");
	fake_config(s.h, "CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	expect_no(&s, GEN_6_11, OP_GROUP_GET_DEVICE_FD, EPERM);
	s.h->params[PARAM_IOMMUFD_ALLOW_UNSAFE_INTERRUPTS].value = fake_denied(s.h, "parameter");
	expect_unknown(&s, GEN_6_11);
	fake_free(s.h);
}

/* ---- virtual functions ---- */

static void enable_vfs(struct scene *s, struct device *pf)
{
	pf->sriov_numvfs = fake_present(s->h, pf->sysfs, "2");
	pf->numvfs = 2;
}

static void test_driver_may_take_its_vfs_along(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, "igb");
	enable_vfs(&s, s.d);
	expect_unknown(&s, GEN_6_0);
	fake_unbind(s.h, s.d, "nvme");
	expect_no(&s, GEN_6_0, OP_BIND, EBUSY);
	fake_unbind(s.h, s.d, NULL);
	expect_no(&s, GEN_6_0, OP_BIND, EBUSY);
	fake_free(s.h);
}

static void test_pf_in_the_group_of_its_vf_stays(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, NULL);
	struct device *pf = fake_pci(s.h, "0000:01:00.1", s.g, s.u, "igb");
	enable_vfs(&s, pf);
	s.d->physfn = pf;
	s.d->physfn_link = fake_present(s.h, s.d->sysfs, "0000:01:00.1");
	expect_no(&s, GEN_6_0, OP_GROUP_SET_CONTAINER, EPERM);
	expect_no(&s, GEN_5_10, OP_GROUP_GET_DEVICE_FD, EINVAL);
	fake_free(s.h);
}

/* ---- what was not read ---- */

static void test_unread_noiommu_mode_settles_nothing(void **state)
{
	struct scene s;

	(void)state;
	s = (struct scene){ .h = fake_host() };
	s.d = fake_pci(s.h, "0000:00:03.0", NULL, NULL, "e1000e");
	fake_chips(s.h, "IO-APIC");
	fake_config(s.h, CONFIG " CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_NOIOMMU=y");
	s.h->params[PARAM_VFIO_NOIOMMU].value = fake_denied(s.h, "parameter");
	expect(&s, GEN_BIT(GEN_7_0), VIEW_IF_BOUND, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0);
	fake_free(s.h);
}

static void test_unread_name_may_hide_a_group_of_vfio(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, NULL);
	fake_bind(s.h, s.d, "vfio-pci");
	s.d->iommu = NULL;
	s.d->iommu_link = fake_absent(s.h, s.d->sysfs);
	s.g->name = (struct fact){ .state = FACT_UNREAD };
	/* Refused in both cases, and not at the same step. */
	expect(&s, GEN_BIT(GEN_6_0), VIEW_NOW, C, ANSWER_NO, OP_NONE, 0);
	fake_free(s.h);
}

static void test_unread_node_is_not_there_for_certain(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, NULL);
	fake_bind(s.h, s.d, "vfio-pci");
	expect(&s, GEN_BIT(GEN_6_0), VIEW_NOW, C, ANSWER_YES, OP_NONE, 0);
	s.g->node = (struct node){ .path = "/dev/vfio/1" };
	expect(&s, GEN_BIT(GEN_6_0), VIEW_NOW, C, ANSWER_UNKNOWN, OP_NONE, 0);
	fake_free(s.h);
}

static void test_unknown_module_may_bring_its_node(void **state)
{
	struct scene s;

	(void)state;
	make_intel(&s, "e1000e");
	fake_module(s.h, MODULE_VFIO, MODULE_STATE_UNKNOWN);
	fake_module(s.h, MODULE_IOMMUFD, MODULE_STATE_UNKNOWN);
	fake_node_absent(s.h, &s.h->vfio_node, "/dev/vfio/vfio");
	fake_node_absent(s.h, &s.h->iommu_node, "/dev/iommu");
	expect_unknown(&s, GEN_6_11);
	expect(&s, GEN_BIT(GEN_6_11), VIEW_IF_BOUND, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0);
	expect(&s, GEN_BIT(GEN_6_11), VIEW_NOW, C, ANSWER_NO, OP_OPEN_CONTAINER, ENOENT);
	fake_free(s.h);
}

/* ---- what the kernel did is stronger than any table ---- */

static void test_registered_device_is_coherent(void **state)
{
	struct scene s;

	(void)state;
	make(&s, IOMMU_KIND_RISCV, "riscv-iommu@10010000", NULL);
	expect_no(&s, GEN_6_11, OP_BIND, EINVAL);
	fake_bind(s.h, s.d, "vfio-pci");
	s.d->vfio_dev = fake_present(s.h, s.d->sysfs, "vfio0");
	struct prediction p = predict(&s, GEN_BIT(GEN_6_11));
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].steps[0].op, OP_BIND);
	assert_int_equal(p.paths[VIEW_IF_BOUND][C].steps[0].answer, ANSWER_YES);
	fake_free(s.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s390_calls_its_chip_as_x86_does),
		cmocka_unit_test(test_arm_chip_named_msi_guards_nothing),
		cmocka_unit_test(test_x86_plain_msi_alone_is_no_proof),
		cmocka_unit_test(test_x86_remapping_wants_every_unit_and_io_apics),
		cmocka_unit_test(test_unsafe_parameter_is_that_of_the_provider),
		cmocka_unit_test(test_driver_may_take_its_vfs_along),
		cmocka_unit_test(test_pf_in_the_group_of_its_vf_stays),
		cmocka_unit_test(test_unread_noiommu_mode_settles_nothing),
		cmocka_unit_test(test_unread_name_may_hide_a_group_of_vfio),
		cmocka_unit_test(test_unread_node_is_not_there_for_certain),
		cmocka_unit_test(test_unknown_module_may_bring_its_node),
		cmocka_unit_test(test_registered_device_is_coherent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
