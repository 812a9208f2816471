# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The fault stays: it is a guest of its own.
CARD=0000:00:04.0
IDLE=/sys/module/vfio_pci/parameters/disable_idle_d3

check "before, it is attached" exits 0 vfiotool attach --path container $CARD
must insmod /lib/power_fault.ko device=$CARD fault=error
if since 5.19; then
	check "the fault is known" exits 2 vfiotool inspect -q --path container $CARD
	check "it is refused, as predicted" exits 2 vfiotool attach --path container --json $CARD
	check "with the errno of a failed change" says EINVAL
	# VFIO takes the parameter over when it is loaded, and what is written later changes nothing.
	echo Y >$IDLE
	run vfiotool list -P -o NOTICES $CARD
	check "a parameter that would hand it out is noticed" says not-resumed
	run vfiotool inspect --json --path container $CARD
	check "whether it was set in time cannot be seen" says '"answer": "unknown"'
	run vfiotool attach --path container --json $CARD
	check "here it was not" says '"actual": "EINVAL"'
	echo N >$IDLE
else
	check "the kernel does not resume it" exits 0 vfiotool inspect -q --path container $CARD
	check "it is attached" exits 0 vfiotool attach --path container $CARD
fi
