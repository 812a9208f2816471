# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
check "a card with INTx alone" exits 0 vfiotool irq 00:04.0
check "INTx arrives" says "INTx   1      1  2 of 2"
check "a card with INTx, MSI and MSI-X" exits 0 vfiotool irq 00:06.0
check "MSI arrives" says "MSI     1      1   2 of 2"
check "all five of MSI-X arrive" says "MSI-X   5      5 10 of 10"
check "its errors arrive, too" says "ERR     1      1   2 of 2"
check "65 vectors" exits 0 vfiotool irq --index msix 00:08.0
check "all of them" says "MSI-X  65     65 130 of 130"
check "more descriptors than the limit lets: it is raised" exits 0 sh -c "ulimit -S -n 32; vfiotool irq --index msix 00:08.0"
check "or said" exits 2 sh -c "ulimit -n 32; vfiotool irq --index msix 00:08.0"
check "in words" says "ulimit -n"
check "some vectors, often" exits 0 vfiotool irq --index msix --vectors 3 --count 50 00:08.0
check "each of them" says "2        51      51"
check "more than there are" exits 2 vfiotool irq --index msix --vectors 66 00:08.0
check "with the errno" says "refused EINVAL"
check "a kind it does not have" exits 2 vfiotool irq --index msix 00:07.0
check "is absent" says "absent"
check "edu raises its own" exits 0 vfiotool irq --device 00:07.0
check "INTx" says "INTx raised by the device (edu): arrived"
check "and MSI" says "MSI raised by the device (edu): arrived"
check "NVMe raises its own" exits 0 vfiotool irq --device 00:08.0
check "MSI-X" says "MSI-X raised by the device (nvme): arrived"
check "a network card raises its own" exits 0 vfiotool irq --device 00:06.0
check "INTx of a card" says "INTx raised by the device (e1000e): arrived"
check "MSI of a card" says "MSI raised by the device (e1000e): arrived"
check "MSI-X of a card" says "MSI-X raised by the device (e1000e): arrived"
check "REQ alone" exits 0 vfiotool irq --index req 00:04.0
check "JSON" exits 0 vfiotool irq --json --index msi --device 00:07.0
check "with what arrived" says '"arrived": true'
if [ -n "$SMALL" ] && [ -z "$COMPAT" ]; then
	check "by iommufd" exits 0 vfiotool irq --path iommufd --device 00:07.0
	check "all of MSI-X, too" exits 0 vfiotool irq --path iommufd --index msix --device 00:08.0
fi
echo 0000:00:04.0 >/sys/bus/pci/drivers/vfio-pci/unbind
check "a device on no driver is refused" exits 2 vfiotool irq 00:04.0
give 0000:00:04.0 vfio-pci
check "two devices are one too many" exits 64 vfiotool irq 00:06.0 00:07.0
