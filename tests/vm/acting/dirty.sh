# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
TRACKED=0000:00:04.0 OTHER=0000:00:05.0

# counted PAGES ARGUMENTS...: the mock says that one page of four was written, where the IOVA is a multiple of four pages.
counted() {
	written=$1
	shift
	check "$*: tracked" exits 0 vfiotool map --path iommufd --dirty "$@" $TRACKED
	check "$*: $written are dirty" says "dirty pages    $written of 4 KiB"
	check "$*: JSON" exits 0 vfiotool map --path iommufd --dirty --json "$@" $TRACKED
	check "$*: predicted and so" grep -q '"match": *true' /out/stdout
}

counted 4 --iova 0x100000 --size 64K
counted 12 --iova 0x100000 --size 64K --count 3
counted 1 --iova 0x104000 --size 4K
counted 0 --iova 0x101000 --size 12K
counted 1 --iova 0x101000 --size 16K
counted 2 --iova 0x100000 --iova 0x204000 --size 4K --verify
counted 4096 --iova 0x100000 --size 64M --pages 4K
check "again without" exits 0 vfiotool map --path iommufd --verify $TRACKED
check "an IOMMU that tracks nothing" exits 0 vfiotool map --path iommufd --dirty $OTHER
check "which is said, as predicted" says "EOPNOTSUPP"
