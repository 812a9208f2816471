/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Isolation of message interrupts on Arm machines: what the firmware says, what is seen, and what neither tells. */
#include <errno.h>

#include "facts/host.h"
#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* A device behind a coherent SMMUv3, on a machine whose one controller is an ITS that the device reaches. */
static void make(struct scene *s, const char *driver)
{
	s->h = fake_host();
	s->u = fake_unit(s->h, IOMMU_KIND_SMMU_V3, "smmu3.0x0000000009050000");
	s->u->coherent = TRI_YES;
	s->d = fake_pci(s->h, "0000:01:00.0", fake_group(s->h, 1), s->u, driver);
	s->d->msi = MSI_ITS;
	s->h->kernel.machine = fake_present(s->h, "uname:machine", "aarch64");
	s->h->firmware.madt = fake_present(s->h, "/sys/firmware/acpi/tables/APIC", "APIC");
	s->h->firmware.iort = fake_present(s->h, "/sys/firmware/acpi/tables/IORT", "IORT");
	s->h->firmware.msi = (struct msi_controllers){
		.known = true,
		.source = &s->h->firmware.madt,
		.nr_its = 1,
	};
	fake_chips(s->h, "GICv3");
	fake_config(s->h, "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y CONFIG_ARM64_VA_BITS=48");
}

static void test_its_isolates(struct scene *s)
{
	make(s, "nvme");
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
}

/* To 6.2 every controller of the machine counts, from 6.3 the device's own. */
static void test_another_controller_stands_beside_the_its(struct scene *s)
{
	make(s, "nvme");
	s->h->firmware.msi.plain = "/soc/v2m";
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
	s->h->firmware.msi.plain = NULL;
	s->h->firmware.msi.doubtful = "/soc/pcie";
	expect_unknown(s, RELEASE_6_1, PATH_CONTAINER);
	fake_chips(s->h, "GICv3 Tegra-MSI");
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
}

static void test_device_that_reaches_no_its(struct scene *s)
{
	make(s, "nvme");
	s->d->msi = MSI_NONE;
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	s->d->msi = MSI_PLAIN;
	s->d->msi_name = "GICv2m";
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	/* The chip of its own interrupt is proof enough, and is not where the board translates before it. */
	s->d->msi = MSI_UNKNOWN;
	fake_irq(s->h, s->d, 5, "ITS-PCI-MSI-0000:01:00.0");
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
	s->d->msi = MSI_PLAIN;
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
}

static void test_its_that_the_kernel_does_not_use(struct scene *s)
{
	make(s, "nvme");
	s->h->interrupts.dmesg = fake_present(s->h, "/dev/kmsg", "GICv3: 224 SPIs implemented");
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	s->h->interrupts.dmesg =
		fake_present(s->h, "/dev/kmsg",
			     "GICv3: 224 SPIs implemented\nITS [mem 0x08080000-0x0809ffff]");
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
	s->h->interrupts.dmesg = fake_denied(s->h, "/dev/kmsg");
	s->h->kernel.cmdline = fake_present(s->h, "/proc/cmdline", "irqchip.gicv3_nolpi=1");
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	fake_chips(s->h, "GICv3 ITS-MSI");
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
}

/* An ordinary user on a machine with ACPI; what root would see is said. */
static void test_tables_that_could_not_be_read(struct scene *s)
{
	struct prediction p;

	make(s, "nvme");
	s->h->firmware.madt = fake_denied(s->h, "/sys/firmware/acpi/tables/APIC");
	s->h->firmware.msi = (struct msi_controllers){ .source = &s->h->firmware.madt };
	s->d->msi = MSI_UNKNOWN;
	expect_unknown(s, RELEASE_6_1, PATH_CONTAINER);
	expect_unknown(s, RELEASE_6_12, PATH_CONTAINER);
	p = scene_predict(s, RELEASE_BIT(RELEASE_6_12));
	assert_non_null(strstr(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].because,
			       "/sys/firmware/acpi/tables/APIC"));
	assert_non_null(strstr(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].because, "root can"));
}

/* ---- the SMMU ---- */

static void test_smmu_that_is_not_coherent(struct scene *s)
{
	make(s, "nvme");
	s->u->coherent = TRI_NO;
	expect_yes(s, RELEASE_5_19, PATH_CONTAINER);
	expect_yes(s, RELEASE_6_0, PATH_CONTAINER);
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_BIND, EINVAL);
	/* An older SMMU asks the device too. */
	s->u->kind = IOMMU_KIND_SMMU;
	s->d->coherent = TRI_YES;
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
	s->d->coherent = TRI_UNKNOWN;
	expect_unknown(s, RELEASE_6_12, PATH_CONTAINER);
}

static void test_smmu_takes_a_device_at_its_probe(struct scene *s)
{
	make(s, NULL);
	s->d->iommu = NULL;
	s->d->group = NULL;
	s->d->iommu_link = fake_absent(s->h, s->d->sysfs);
	s->d->group_link = fake_absent(s->h, s->d->sysfs);
	expect_unknown(s, RELEASE_6_1, PATH_CONTAINER);
	s->d->behind_smmu = TRI_YES;
	s->d->coming = s->u;
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	s->u->coherent = TRI_NO;
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_BIND, EINVAL);
	s->d->behind_smmu = TRI_NO;
	s->d->coming = NULL;
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_BIND, EINVAL);
}

static void test_smmu_address_width(struct scene *s)
{
	struct prediction p;

	make(s, "nvme");
	assert_int_equal(scene_predict(s, RELEASE_BIT(RELEASE_6_12)).iova.answer, ANSWER_UNKNOWN);
	s->h->interrupts.dmesg =
		fake_present(s->h, "/dev/kmsg",
			     "arm-smmu-v3 9050000.smmuv3: ias 44-bit, oas 44-bit (features 0x00008305)");
	p = scene_predict(s, RELEASE_BIT(RELEASE_6_12));
	assert_int_equal(p.iova.answer, ANSWER_YES);
	assert_int_equal(p.iova.ranges[p.iova.nr_ranges - 1].last, 0xffffffffffff);
	/* A kernel of 52 bits uses them with VAX only. */
	fake_config(s->h, "CONFIG_ARM64_VA_BITS=52");
	p = scene_predict(s, RELEASE_BIT(RELEASE_6_12));
	assert_int_equal(p.iova.ranges[p.iova.nr_ranges - 1].last, 0xffffffffffff);
	s->h->interrupts.dmesg =
		fake_present(s->h, "/dev/kmsg",
			     "arm-smmu-v3 a: ias 48-bit, oas 48-bit (features 0x0000c305)");
	p = scene_predict(s, RELEASE_BIT(RELEASE_6_12));
	assert_int_equal(p.iova.ranges[p.iova.nr_ranges - 1].last, 0xfffffffffffff);
	/* Second stage only; a unit of which nothing is logged. */
	s->h->interrupts.dmesg =
		fake_present(s->h, "/dev/kmsg",
			     "arm-smmu-v3 a: ias 48-bit, oas 48-bit (features 0x00000405)");
	assert_int_equal(scene_predict(s, RELEASE_BIT(RELEASE_6_12)).iova.answer, ANSWER_UNKNOWN);
	s->h->interrupts.dmesg =
		fake_present(s->h, "/dev/kmsg",
			     "arm-smmu-v3 a: ias 48-bit, oas 48-bit (features 0x00008305)");
	fake_unit(s->h, IOMMU_KIND_SMMU_V3, "smmu3.0x000000000a050000");
	assert_int_equal(scene_predict(s, RELEASE_BIT(RELEASE_6_12)).iova.answer, ANSWER_UNKNOWN);
}
