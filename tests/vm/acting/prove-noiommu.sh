# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PROVE_PATHS=noiommu
! since 7.3 || PROVE_PATHS="noiommu iommufd"
for path in $PROVE_PATHS; do
	save "edu.$path" vfiotool prove --json --path "$path" 0000:00:07.0
	save "nvme.$path" vfiotool prove --json --path "$path" 0000:00:08.0
	save "hda.$path" vfiotool prove --json --path "$path" 0000:00:09.0
	save "xhci.$path" vfiotool prove --json --path "$path" 0000:00:0a.0
	save "ahci.$path" vfiotool prove --json --path "$path" 0000:00:0b.0
done
check "the text says so" exits 2 vfiotool prove --path noiommu 0000:00:08.0
check "plainly" says "No protection: without an IOMMU the device wrote to memory that"
# Beyond what the device drives, an address would be cut short.
check "no address is guessed" exits 3 vfiotool prove --path noiommu --address-bits 12 0000:00:07.0
check "and why" says_error "pass them with --address-bits"
