# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The kernel has edu locked from the unbind on: to 6.1 whoever reads its uevent or driver_override sleeps until the
# prober, which asks for no request event, lets go.
EDU=0000:00:07.0 CARD=0000:00:04.0
export STEP_LIMIT=20

hold() {
	modprobe -q vfio_iommu_type1
	prober --hold container $EDU
}

let_go() {
	# shellcheck disable=SC2046
	kill -KILL $(pidof prober)
	within 5 no_holder
}

names_holder() {
	says "process $(pidof prober) (prober)"
}

check "edu is bound" exits 0 vfiotool bind $EDU
check "and held" hold
sh -c "echo $EDU >/sys/bus/pci/drivers/vfio-pci/unbind" &
writer=$!
check "an unbind of it waits" within 5 driver_is $EDU ""
check "and goes on waiting" kill -0 $writer

check "list answers" exits 0 vfiotool list
check "and has the device" says "$EDU"
check "with its ids" says "1234:11e8"
check "list by ids answers" exits 0 vfiotool list 1234:11e8
check "inspect of it answers" run vfiotool inspect $EDU
check "and shows the device" says "$EDU"
check "saying that it is locked" says_error "the kernel has $EDU locked"
check "inspect of another answers" exits 0 vfiotool inspect -q --if-bound $CARD
check "capture answers" exits 0 vfiotool capture -f /out/capture
check "a dry run answers" exits 5 vfiotool bind --dry-run $EDU
check "naming who must let go" names_holder
check "bind is refused" exits 5 vfiotool bind --json $EDU
check "naming who must let go" names_holder
check "and who waits" says "(sh) waits in a write to"
check "unbind is refused" exits 5 vfiotool unbind $EDU
check "naming who must let go" names_holder
check "restore ends" exits 5 vfiotool restore --wait 2
check "naming who must let go" names_holder
check "what was recorded stays" test -e /run/vfiotool/journal
check "another device may go" exits 0 vfiotool bind --wait 2 $CARD
check "and comes back" exits 0 vfiotool unbind $CARD
check "forced, bind gives up in time" not run vfiotool bind --force=locked --wait 2 $EDU
check "saying for whom it waits" names_holder
check "it is let go" let_go
check "and the unbind comes through" within 5 not kill -0 $writer
within 5 not pidof vfiotool
check "restore makes sure" exits 0 vfiotool restore
check "of its first state" driver_is $EDU ""
check "without an override" grep -qxF "(null)" /sys/bus/pci/devices/$EDU/driver_override

check "edu is bound" exits 0 vfiotool bind $EDU
check "and held" hold
# The write that waits in the kernel must not keep the pipe open.
vfiotool unbind --force=held,vm,open --wait 1 $EDU 2>&1 | cat >/out/late
check "a forced unbind gives up, and its pipe ends" grep -q "waits for the process that uses it" /out/late
check "restore ends" exits 5 vfiotool restore --wait 1
check "naming who must let go" names_holder
check "it is let go" let_go
check "and returns" within 5 driver_is $EDU vfio-pci
within 5 not pidof vfiotool

check "held again" hold
vfiotool unbind --force=held,vm,open --wait 60 $EDU >/out/killed 2>&1 &
killed=$!
check "an unbind waits" within 20 driver_is $EDU ""
kill -KILL $killed
wait $killed
check "killed, its write still has the lock" exits 1 vfiotool restore --wait 1
check "which is told" says_error "was ended, but its write to sysfs still waits"
check "who must let go is named" exits 5 vfiotool bind --dry-run $EDU
check "by a dry run" names_holder
check "it is let go" let_go
check "restore ends in the first state" within 10 exits 0 vfiotool restore
check "without a driver" driver_is $EDU ""
check "the journal is gone" test ! -e /run/vfiotool/journal
