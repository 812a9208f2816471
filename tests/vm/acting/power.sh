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
	echo Y >$IDLE
	run vfiotool list -P -o VERDICT_NOW,NOTICES $CARD
	check "unless vfio-pci does not resume it" says 'VERDICT_NOW="yes'
	check "but its requests will fail" says not-resumed
	# No path predicts what comes after the attach.
	check "it is attached and answers nothing" exits 4 vfiotool attach --path container --json $CARD
	check "as the notice says" says '"actual": "EIO"'
	echo N >$IDLE
else
	check "the kernel does not resume it" exits 0 vfiotool inspect -q --path container $CARD
	check "it is attached" exits 0 vfiotool attach --path container $CARD
fi
