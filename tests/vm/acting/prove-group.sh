# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
E1000E=0000:00:05.0 BLOCK=0000:00:07.0 RNG=0000:00:08.0 CARD=0000:00:0c.0
# Debian's kernels have the first path only, the small ones show the others.
path=container
[ -z "$SMALL" ] || path=iommufd
[ -z "$COMPAT" ] || path=compat
save "group.$path" vfiotool prove --json --path "$path" $E1000E $BLOCK $RNG
check "two of a kind" exits 0 vfiotool prove 0000:00:0d.0 0000:00:0e.0
check "are proven" says "Proven: each device reaches what is mapped for it"
check "one without a DMA test driver is refused" exits 3 vfiotool prove $BLOCK $CARD
check "by its name" says_error "$CARD: there is no DMA test driver for it"
# Two functions of a card without ACS.
check "a group" exits 3 vfiotool prove "group:$(group_of 0000:00:0f.0)"
check "shares" says "0000:00:0f.1 reaches what is mapped in their address space for"
check "and cannot be kept apart" says "Not proven: devices of one IOMMU group cannot be kept apart"
