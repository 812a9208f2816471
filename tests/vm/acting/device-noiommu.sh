# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
check "edu's own interrupts" exits 0 vfiotool irq --device 00:07.0
check "MSI" says "MSI raised by the device (edu): arrived"
check "its registers" exits 0 vfiotool regions --dump BAR0 --length 4 00:07.0
check "as they are" says "ed 00 00 01"
check "one function of a card" exits 2 vfiotool reset --method hot 01:00.0
check "would take the other along" says "0000:01:00.1 is not attached here: name 0000:01:00.1 as well"
check "which is not ours" says "not ours"
check "both named" exits 0 vfiotool reset --method hot 01:00.0 01:00.1
check "in one go" says "slot or bus: 2 devices, all ours"
if since 7.3; then
	check "by their own nodes" exits 0 vfiotool irq --path iommufd --index msix 01:00.0
	check "one of them" exits 2 vfiotool reset --path iommufd --method hot 01:00.0
	check "is not all" says "not ours"
	check "both are" exits 0 vfiotool reset --path iommufd --method hot 01:00.0 01:00.1
fi
echo 0000:01:00.1 >/sys/bus/pci/drivers/vfio-pci/unbind
check "a function without a group" exits 2 vfiotool reset --path noiommu --method hot 01:00.0
check "is told of by nobody" says "a device there has no IOMMU group"
give 0000:01:00.1 vfio-pci
