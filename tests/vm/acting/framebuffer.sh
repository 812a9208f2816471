# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:00:09.0

check "a driver has the frame buffer of the boot" grep -q vesafb /proc/iomem
run vfiotool list -P -o NOTICES $CARD
if since 6.0; then
	check "nothing is said of it, for a bind removes it" not says bar-held
	give $CARD vfio-pci
	begin_here
	check "it is gone" not grep -q vesafb /proc/iomem
	check "the BAR can be had" exits 0 vfiotool regions --dump BAR0 --length 4 $CARD
else
	check "which holds the BAR of the card" says bar-held
	give $CARD vfio-pci
	begin_here
	check "a bind does not remove it" grep -q vesafb /proc/iomem
	run vfiotool list -P -o NOTICES $CARD
	check "the notice stays" says bar-held
	check "and the BAR is refused" exits 1 vfiotool regions --dump BAR0 --length 4 $CARD
	check "by the errno of the notice" says_error EBUSY
fi
