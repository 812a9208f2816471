# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
override_of() {
	cat "/sys/bus/pci/devices/$1/driver_override"
}

no_override() {
	[ "$(override_of "$1")" = "(null)" ] || {
		echo "$1 has override $(override_of "$1")"
		return 1
	}
}

no_journal() {
	[ ! -e /run/vfiotool/journal ] || {
		cat /run/vfiotool/journal
		return 1
	}
}

check "a dry run writes nothing" exits 0 vfiotool bind --dry-run 00:04.0
# Another scenario of this guest may have loaded it.
[ -d /sys/module/vfio_pci ] || check "it names the module" says "modprobe vfio_pci"
check "and every write" says "echo vfio-pci > /sys/bus/pci/devices/0000:00:04.0/driver_override"
check "with the old driver's" says "echo 0000:00:04.0 > /sys/bus/pci/drivers/e1000e/unbind"
check "and the new one's" says "echo 0000:00:04.0 > /sys/bus/pci/drivers/vfio-pci/bind"
check "the card stays" driver_is 0000:00:04.0 e1000e
check "nothing is recorded" no_journal

for pair in 04.0=e1000e 06.0=e1000 07.0= 08.0=nvme; do
	address=0000:00:${pair%%=*}
	driver=${pair#*=}
	extra=
	[ "$address" != 0000:00:06.0 ] || extra=--group
	# shellcheck disable=SC2086
	check "$address: bind" exits 0 vfiotool bind $extra "$address"
	check "$address: it is bound" driver_is "$address" vfio-pci
	check "$address: and recorded" grep -q "$address" /run/vfiotool/journal
	check "$address: again is fine" exits 0 vfiotool bind "$address"
	check "$address: attach" exits 0 vfiotool attach "$address"
	check "$address: unbind" exits 0 vfiotool unbind "$address"
	check "$address: its driver is back" driver_is "$address" "$driver"
	check "$address: no override is left" no_override "$address"
	[ -z "$extra" ] || {
		check "the other function came along" driver_is 0000:00:06.1 vfio-pci
		check "and comes back" exits 0 vfiotool unbind 00:06.1
	}
	check "$address: nothing is recorded" no_journal
	check "$address: all is as it was" unchanged
done
check "the second card of the same ids was left alone" driver_is 0000:00:05.0 e1000e

check "two devices in one" exits 0 vfiotool bind --json 00:04.0 00:08.0
check "are told as JSON" says '"result": "moved"'
check "both are bound" driver_is 0000:00:04.0 vfio-pci
check "both are bound" driver_is 0000:00:08.0 vfio-pci
check "restore undoes them" exits 0 vfiotool restore
check "the card is back" driver_is 0000:00:04.0 e1000e
check "the disk is back" driver_is 0000:00:08.0 nvme
check "all is as it was" unchanged
check "restore again has nothing to do" exits 0 vfiotool restore
check "and says so" says "nothing to undo"

check "the host is recorded" exits 0 vfiotool capture --force /tmp/before
check "and has not changed" exits 0 vfiotool diff --only verdict,group,device,driver,kernel /tmp/before
check "one function alone" exits 0 vfiotool bind 00:06.0
check "that is a change" exits 2 vfiotool diff --only driver /tmp/before
check "of this driver" says "driver: e1000 -> vfio-pci"
check "the verdict is another one" exits 2 vfiotool diff --only verdict /tmp/before
check "the host is recorded again" exits 0 vfiotool capture --force /tmp/now
check "the two do not answer alike" exits 2 vfiotool compare /tmp/before /tmp/now
check "because of that driver" says "differs  0000:00:06.0 driver: vfio-pci, in group 1 e1000"
check "what QEMU prints of such a group is still so" exits 2 vfiotool diagnose -e \
	"qemu-system-x86_64: -device vfio-pci,host=0000:00:06.0: vfio 0000:00:06.0: group 3 is not viable"
check "because of the other function" says "0000:00:06.1"
check "unbind it" exits 0 vfiotool unbind 00:06.0
check "nothing has changed in the end" exits 0 vfiotool diff --only verdict,group,device,driver,kernel /tmp/before
check "all is as it was" unchanged
