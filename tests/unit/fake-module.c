/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An object that needs and offers names as vfio_iommu_type1 does; compiled and never run. */
int fake_init(void);
int device_iommu_capable(void *dev, int cap);
int iommu_group_has_isolated_msi(void *group);
int pin_user_pages_remote(void);
extern const char __kstrtab_vfio_fake_export[];

const char __kstrtab_vfio_fake_export[] __attribute__((section("__ksymtab_strings"), used)) =
	"vfio_fake_export\0other_export";

/* Tests write another in its place, ended by zeros. */
extern const char fake_alias[80];
const char fake_alias[80] __attribute__((section(".modinfo"), used)) =
	"alias=vfio_pci:v0000FFFFd0000FFFFsv*sd*bc*sc*i*";

int fake_init(void)
{
	return device_iommu_capable(0, 1) + iommu_group_has_isolated_msi(0) +
	       pin_user_pages_remote();
}
