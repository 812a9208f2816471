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
