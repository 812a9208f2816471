/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision table: situations by generation, each with the step and the errno at which the kernel
 * ends, for the container and the iommufd path. */
#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* ---- machines ---- */

/* One function alone in its group, on a host driver, behind a VT-d that remaps interrupts. */
static void x86(struct scene *s)
{
	s->h = fake_host();
	s->u = fake_unit(s->h, IOMMU_KIND_INTEL, "dmar0");
	s->g = fake_group(s->h, 1);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	fake_region(s->h, s->g, 0xfee00000, 0xfeefffff, RESV_MSI);
	s->d = fake_pci(s->h, "0000:01:00.0", s->g, s->u, "e1000e");
	fake_config(s->h, FAKE_CONFIG " CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_NOIOMMU=y");
}

static void machine(struct scene *s, const char *name)
{
	s->h->kernel.machine = fake_present(s->h, "uname:machine", name);
}

static void arm(struct scene *s)
{
	x86(s);
	machine(s, "aarch64");
	s->u->kind = IOMMU_KIND_SMMU_V3;
	fake_chips(s->h, "ITS-PCI-MSI GICv3");
}

/* ---- situations ---- */

static void no_group(struct scene *s)
{
	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:01:00.0", NULL, NULL, "e1000e");
	fake_config(s->h, FAKE_CONFIG " CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_NOIOMMU=y");
}

static void noiommu(struct scene *s)
{
	no_group(s);
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
}

static void bridge(struct scene *s)
{
	x86(s);
	fake_bridge(s->h, s->d);
	fake_unbind(s->h, s->d, "pcieport");
}

static void pf_with_vfs(struct scene *s)
{
	x86(s);
	fake_unbind(s->h, s->d, "nvme");
	s->d->sriov_numvfs = fake_present(s->h, s->d->sysfs, "4");
	s->d->numvfs = 4;
}

static void qat(struct scene *s)
{
	x86(s);
	s->d->device_id = 0x37c8;
}

static void dsa(struct scene *s)
{
	x86(s);
	s->d->device_id = 0x0b25;
}

static void without_coherency(struct scene *s)
{
	arm(s);
	s->u->kind = IOMMU_KIND_DART;
	fake_irq(s->h, s->d, 40, "ITS-PCI-MSI");
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
}

static struct device *sibling(struct scene *s, const char *driver)
{
	return fake_pci(s->h, "0000:01:00.1", s->g, s->u, driver);
}

/* Everything of the first function is done; the second still works for the host. */
static void sibling_on_host_driver(struct scene *s)
{
	x86(s);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->cdev_name = "vfio0";
	s->d->cdev_devno = fake_present(s->h, s->d->sysfs, "511:0");
	fake_node(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
	sibling(s, "e1000e");
}

static void sibling_driverless(struct scene *s)
{
	sibling_on_host_driver(s);
	fake_unbind(s->h, s->g->members[1], NULL);
}

static void sibling_being_unbound(struct scene *s)
{
	sibling_driverless(s);
	s->g->members[1]->locked = true;
}

static void sibling_on_stub(struct scene *s)
{
	sibling_on_host_driver(s);
	fake_unbind(s->h, s->g->members[1], "pci-stub");
}

static void sibling_is_port(struct scene *s)
{
	sibling_on_host_driver(s);
	fake_bridge(s->h, s->g->members[1]);
	fake_unbind(s->h, s->g->members[1], "pcieport");
}

static void sibling_is_other_bridge(struct scene *s)
{
	sibling_is_port(s);
	fake_unbind(s->h, s->g->members[1], "shpchp");
}

static void held(struct scene *s)
{
	x86(s);
	fake_bind(s->h, s->d, "vfio-pci");
	s->g->node.holders = fake_present(s->h, "/dev/vfio/1", "4711 qemu-system-x86");
}

static void not_remapped(struct scene *s)
{
	x86(s);
	fake_chips(s->h, "IO-APIC PCI-MSI DMAR-MSI");
}

static void not_remapped_but_unsafe(struct scene *s)
{
	not_remapped(s);
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
}

static void not_remapped_but_both_unsafe(struct scene *s)
{
	not_remapped_but_unsafe(s);
	fake_param(s->h, PARAM_IOMMUFD_ALLOW_UNSAFE_INTERRUPTS, "Y");
}

/* The coherency of an SMMU cannot be seen, so these begin where it no longer matters: bound, on a
 * kernel that shows that it has asked. */
static void arm_bound(struct scene *s)
{
	arm(s);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->vfio_dev = fake_present(s->h, s->d->sysfs, "vfio0");
}

static void arm_on_its(struct scene *s)
{
	arm_bound(s);
	fake_irq(s->h, s->d, 40, "ITS-PCI-MSI");
}

static void arm_on_its_beside_gicv2m(struct scene *s)
{
	arm_on_its(s);
	fake_chips(s->h, "GICv2m-PCI-MSI ITS-PCI-MSI");
}

static void arm_on_gicv2m(struct scene *s)
{
	arm_bound(s);
	fake_irq(s->h, s->d, 40, "GICv2m-PCI-MSI");
	fake_chips(s->h, "GICv2m-PCI-MSI");
}

static void vmd_child(struct scene *s)
{
	x86(s);
	fake_irq(s->h, s->d, 130, "VMD-MSI");
}

static void vmd_child_of_today(struct scene *s)
{
	x86(s);
	fake_irq(s->h, s->d, 130, "VMD-PCI-MSIX-10000:e1:00.0");
}

/* All that is behind a VMD is in the VMD's own group. */
static void vmd_child_and_vmd(struct scene *s)
{
	x86(s);
	fake_unbind(s->h, s->d, "vmd");
	s->d = fake_pci(s->h, "10000:e1:00.0", s->g, s->u, "nvme");
}

static void dsa_taken_by_another_kernel(struct scene *s)
{
	dsa(s);
	fake_bind(s->h, s->d, "vfio-pci");
}

static void mixed_bus(struct scene *s)
{
	x86(s);
	fake_device(s->h, BUS_PLATFORM, "platform", "edu-dma.0", s->g, s->u, NULL);
}

static void rmrr(struct scene *s)
{
	x86(s);
	fake_region(s->h, s->g, 0x7c000000, 0x7fffffff, RESV_DIRECT);
}

static void relaxable_rmrr(struct scene *s)
{
	x86(s);
	fake_region(s->h, s->g, 0x7c000000, 0x7fffffff, RESV_DIRECT_RELAXABLE);
}

static void unity_map(struct scene *s)
{
	rmrr(s);
	s->u->kind = IOMMU_KIND_AMD;
}

static void without_type1(struct scene *s)
{
	x86(s);
	fake_module(s->h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_ABSENT);
}

static void vf_of_vfio_pf(struct scene *s)
{
	x86(s);
	struct device *pf = fake_pci(s->h, "0000:02:00.0", fake_group(s->h, 2), s->u, "vfio-pci");
	s->d->physfn_link = fake_present(s->h, s->d->sysfs, "../0000:02:00.0");
	s->d->physfn = pf;
}

static void s390(struct scene *s)
{
	x86(s);
	machine(s, "s390x");
	s->u->kind = IOMMU_KIND_S390;
	fake_chips(s->h, "PCI-MSI");
	/* The PCI chip of s390 has that name too, so leave it to the machine. */
	fake_chips(s->h, "");
}

static void mdev(struct scene *s)
{
	x86(s);
	s->g = fake_group(s->h, 9);
	s->d = fake_device(s->h, BUS_MDEV, "mdev", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", s->g,
			   NULL, "vfio_mdev");
	s->g->name = fake_present(s->h, "name", "vfio-noiommu");
	fake_node(s->h, &s->g->node, "/dev/vfio/9", 0600, 0);
}

static void without_iommu(struct scene *s)
{
	x86(s);
	s->h->nr_iommus = 0;
	s->d->iommu = NULL;
	s->d->iommu_link = fake_absent(s->h, s->d->sysfs);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
}

static void too_little_memlock(struct scene *s)
{
	x86(s);
	s->h->caller.memlock_soft = 0;
	s->h->caller.caps &= ~(unsigned int)CALLER_CAP_IPC_LOCK;
}

static void virtio(struct scene *s)
{
	x86(s);
	s->u->kind = IOMMU_KIND_VIRTIO;
	fake_chips(s->h, "IO-APIC PCI-MSI");
}

/* ---- the table ---- */

enum { NR_COLUMNS = 9 };

/* One release of each generation. */
static const enum release columns[NR_COLUMNS] = { RELEASE_5_10, RELEASE_5_15, RELEASE_5_19,
						  RELEASE_6_1,  RELEASE_6_2,  RELEASE_6_4,
						  RELEASE_6_8,  RELEASE_6_12, RELEASE_7_3 };

/* The answers of one release after the other: "ok", "?", or STEP:ERRNO. The last one is that of all others. */
struct row {
	const char *name;
	void (*make)(struct scene *s);
	enum view view;
	const char *container; /* by column */
	const char *iommufd;   /* 6.12, 7.3; NULL: not said */
};

#define BOUND VIEW_IF_BOUND

static const struct row rows[] = {
	{ "1 plain", x86, BOUND, "ok", "ok" },
	{ "2 no group", no_group, BOUND, "B:ENODEV B:EINVAL", "B:EINVAL" },
	/* The container path opens the node of a real group. */
	{ "3 noiommu", noiommu, BOUND, "OG:ENOENT", "CD:ENOENT ok" },
	{ "5 bridge", bridge, BOUND, "B:ENODEV B:EINVAL", "B:EINVAL" },
	{ "6 PF", pf_with_vfs, BOUND, "B:ENODEV B:EBUSY", "B:EBUSY" },
	{ "7 QAT", qat, BOUND, "B:ENODEV B:EINVAL", "B:EINVAL" },
	{ "8 DSA", dsa, BOUND, "ok ? ok ? ? ? ? B:EINVAL", "B:EINVAL" },
	/* What let it pass is one of those that may; the others would not. */
	{ "8 DSA on vfio-pci", dsa_taken_by_another_kernel, BOUND, "ok ok ok ok ok ok ok B:EINVAL",
	  "B:EINVAL" },
	{ "9 no coherency", without_coherency, BOUND, "ok ok B:EINVAL", "B:EINVAL" },
	/* 5.19.9 no longer refuses the bind. */
	{ "11 virtio-iommu on x86", virtio, BOUND, "SI:EPERM SI:EPERM NONE:0 SI:EPERM",
	  "BI:EPERM" },
	{ "12 sibling on a host driver", sibling_on_host_driver, VIEW_NOW,
	  "GD:EINVAL GD:EINVAL SC:EPERM", "BI:EPERM" },
	{ "12 and bound as well", sibling_on_host_driver, BOUND, "ok", "ok" },
	{ "13 sibling driverless", sibling_driverless, VIEW_NOW, "ok", "ok" },
	{ "13 sibling being unbound", sibling_being_unbound, VIEW_NOW, "?", "?" },
	{ "14 sibling on pci-stub", sibling_on_stub, VIEW_NOW, "ok", "ok" },
	{ "15 bridge on pcieport", sibling_is_port, VIEW_NOW, "ok", "ok" },
	{ "16 bridge on another driver", sibling_is_other_bridge, BOUND, "ok ok SC:EPERM",
	  "BI:EPERM" },
	{ "17 held", held, BOUND, "OG:EBUSY", NULL },
	{ "20 not remapped", not_remapped, BOUND, "SI:EPERM", "BI:EPERM" },
	{ "21 unsafe by type1", not_remapped_but_unsafe, BOUND, "ok", "BI:EPERM" },
	{ "21 unsafe by both", not_remapped_but_both_unsafe, BOUND, "ok", "ok" },
	/* Whether every MSI controller of the machine is an ITS cannot be seen. */
	{ "22 ARM on ITS", arm_on_its, VIEW_NOW, "? ? ? ? ? ok", NULL },
	{ "23 ARM on ITS beside GICv2m", arm_on_its_beside_gicv2m, VIEW_NOW,
	  "SI:EPERM SI:EPERM SI:EPERM SI:EPERM SI:EPERM ok", NULL },
	{ "24 ARM on GICv2m", arm_on_gicv2m, VIEW_NOW, "SI:EPERM", NULL },
	{ "26 VMD child", vmd_child, BOUND, "ok ok ok ok ok SI:EPERM", "BI:EPERM" },
	{ "26 VMD child, later name", vmd_child_of_today, BOUND, "ok ok ok ok ok SI:EPERM",
	  "BI:EPERM" },
	{ "26 VMD child and the VMD", vmd_child_and_vmd, BOUND, "GD:EINVAL GD:EINVAL SC:EPERM",
	  "BI:EPERM" },
	/* From 6.3 on the platform device fails: it has no MSI domain. */
	{ "27 mixed buses", mixed_bus, BOUND, "SI:EINVAL SI:EINVAL SI:EINVAL ok ok SI:EPERM",
	  "BI:EPERM" },
	{ "29 RMRR", rmrr, BOUND, "SI:EPERM SI:EPERM SC:EPERM SC:EPERM SI:EPERM SI:EPERM SC:EINVAL",
	  "BI:EINVAL" },
	{ "30 relaxable RMRR", relaxable_rmrr, BOUND, "ok", "ok" },
	{ "31 unity map", unity_map, BOUND, "ok ok ok ok ok ok SC:EINVAL", "BI:EINVAL" },
	{ "36 no type1", without_type1, BOUND, "SI:ENODEV", "ok" },
	{ "40 VF of a VFIO PF", vf_of_vfio_pf, BOUND, "GD:EACCES", "ok BI:EACCES" },
	{ "41 s390", s390, BOUND, "ok", "ok" },
	{ "42 mdev", mdev, BOUND, "ok", NULL },
	{ "43 no IOMMU ops", without_iommu, VIEW_NOW,
	  "SI:EIO SI:EIO SI:EIO SI:EIO SI:EIO SI:EIO SI:EIO SI:ENODEV", NULL },
	{ "44 memlock", too_little_memlock, BOUND, "M:ENOMEM", "IM:ENOMEM" },
};

static const struct {
	const char *mark;
	enum op op;
} marks[] = {
	{ "B", OP_BIND },
	{ "OC", OP_OPEN_CONTAINER },
	{ "OG", OP_OPEN_GROUP },
	{ "SC", OP_GROUP_SET_CONTAINER },
	{ "SI", OP_SET_IOMMU },
	{ "M", OP_MAP_DMA },
	{ "GD", OP_GROUP_GET_DEVICE_FD },
	{ "CD", OP_OPEN_CDEV },
	{ "BI", OP_BIND_IOMMUFD },
	{ "IM", OP_IOAS_MAP },
};

static const char *text_of(struct arena *a, const struct path_prediction *p)
{
	if (p->answer == ANSWER_YES)
		return "ok";
	if (p->answer == ANSWER_UNKNOWN)
		return "?";
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i].op == p->op)
			return arena_printf(a, "%s:%s", marks[i].mark, errno_name(p->err));
	return arena_printf(a, "%s:%s", op_name(p->op), errno_name(p->err));
}

/* The answer of a release by its number. */
static const char *word_of(struct arena *a, const char *words, unsigned int nr)
{
	for (; nr && strchr(words, ' '); nr--)
		words = strchr(words, ' ') + 1;
	return arena_strndup(a, words, strcspn(words, " "));
}

static int check(struct scene *s, const struct row *row, enum release release, enum path_kind path,
		 const char *words, unsigned int nr)
{
	struct prediction p;

	if (!words)
		return 0;
	const char *want = word_of(s->h->arena, words, nr);
	predict_device(s->h, NULL, fake_kernels(s->h, RELEASE_BIT(release)), s->d, s->h->arena, &p);
	const struct path_prediction *got = &p.paths[row->view][path];
	const char *text = text_of(s->h->arena, got);
	/* Whatever is refused or unknown has a reason and a next step. */
	if (got->answer != ANSWER_YES && (!got->because || !got->remedy || !got->why)) {
		print_error("%s, %s, %s: no reason or remedy\n", row->name, path_kind_name(path),
			    release_name(release));
		return 1;
	}
	if (strcmp(text, want) == 0)
		return 0;
	print_error("%s, %s, %s: %s and not %s: %s\n", row->name, path_kind_name(path),
		    release_name(release), text, want, got->because ? got->because : "");
	return 1;
}

static void test_table_rows(void)
{
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = { 0 };
		rows[i].make(&s);
		for (unsigned int g = 0; g < NR_COLUMNS; g++)
			wrong += check(&s, &rows[i], columns[g], PATH_CONTAINER, rows[i].container,
				       g);
		wrong += check(&s, &rows[i], RELEASE_6_12, PATH_IOMMUFD, rows[i].iommufd, 0);
		wrong += check(&s, &rows[i], RELEASE_7_3, PATH_IOMMUFD, rows[i].iommufd, 1);
		fake_free(s.h);
	}
	assert_int_equal(wrong, 0);
}
