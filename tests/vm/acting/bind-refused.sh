# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
hold() {
	modprobe -q vfio_iommu_type1
	prober --hold container "$1" >/out/hold 2>&1 || {
		cat /out/hold
		return 1
	}
	pidof prober
}

let_go() {
	# shellcheck disable=SC2046
	kill -KILL $(pidof prober)
	wait 2>/dev/null
	within 5 no_holder
}

says_holder() {
	# shellcheck disable=SC2046
	says "process $(pidof prober)"
}

check "a plain user is refused" exits 77 prober --uid 1000 run vfiotool bind 00:04.0
check "naming what may not be written" says_error "/sys/bus/pci/devices/0000:00:04.0/driver_override"
check "and nothing moved" driver_is 0000:00:04.0 e1000e
check "of unbind, too" exits 77 prober --uid 1000 run vfiotool unbind 00:04.0
check "naming what may not be written" says_error "/sys/bus/pci/devices/0000:00:04.0/driver_override"
check "a plain user may look" exits 0 prober --uid 1000 run vfiotool bind --dry-run --force=open --force=disk,network,held,vm 00:07.0
check "a driver that is not there" exits 1 vfiotool bind --driver nonsense 00:04.0
check "is named" says_error "there is no driver 'nonsense'"
check "a plain user's restore is refused" exits 77 prober --uid 1000 run vfiotool restore
check "naming the journal, and whose it is" says_error "'/run/vfiotool': Permission denied; run as root"
check "nothing moved" driver_is 0000:00:04.0 e1000e
check "a bridge is refused beforehand" exits 2 vfiotool bind 00:09.0
check "with the reason" says "accepts only endpoints"
check "forced, it is refused by the kernel" exits 2 vfiotool bind --force=predicted 00:09.0
check "as predicted" not says "differs"
check "and back on its driver" driver_is 0000:00:09.0 pcieport
check "any driver of the bus" exits 0 vfiotool bind --driver pci-stub 00:04.0
check "is taken" driver_is 0000:00:04.0 pci-stub
check "a plain user is not told that nothing is to undo" exits 77 prober --uid 1000 run vfiotool restore --dry-run
check "but whose the journal is" says_error "'/run/vfiotool/journal': Permission denied; run as root"
check "a device moved twice" exits 0 vfiotool bind 00:04.0
check "goes back" exits 0 vfiotool restore
check "to its first driver" driver_is 0000:00:04.0 e1000e
check "all is as it was" unchanged
# What other tools leave where the new driver refused.
echo vfio-nothing >/sys/bus/pci/devices/0000:00:04.0/driver_override
echo 0000:00:04.0 >/sys/bus/pci/devices/0000:00:04.0/driver/unbind
check "a device that an override keeps from its driver" exits 0 vfiotool inspect 00:04.0
check "is said to be so, with the way out" says "override        no driver but vfio-nothing may take it; clear it:"
check "which is gone" exits 0 vfiotool unbind 00:04.0
check "and ends well" driver_is 0000:00:04.0 e1000e
check "all is as it was" unchanged

check "edu is bound" exits 0 vfiotool bind 00:07.0
check "and held" hold 0000:00:07.0
check "unbind is refused" exits 5 vfiotool unbind 00:07.0
check "the holder is named" says_holder
check "restore leaves it" exits 5 vfiotool restore
check "the holder is named" says_holder
check "it stays bound" driver_is 0000:00:07.0 vfio-pci
vfiotool unbind --force=held,vm,open --wait 4 00:07.0 >/out/late 2>&1 &
late=$!
usleep 1500000
check "another tool is told who is at work" exits 1 vfiotool bind --wait 0 00:04.0
check "by process" says_error "process $late (vfiotool unbind"
check "nothing moved" driver_is 0000:00:04.0 e1000e
check "forced, the unbind gives up waiting" not wait $late
check "and says so" grep -q "waits for the process that uses it" /out/late
check "the holder lets go" let_go
check "late, the device returns" within 5 driver_is 0000:00:07.0 vfio-pci
within 3 not pidof vfiotool
check "restore brings it back" exits 0 vfiotool restore
check "to no driver" driver_is 0000:00:07.0 ""
check "all is as it was" unchanged

check "a card of two functions" exits 0 vfiotool bind --group 00:06.0
check "is held" hold 0000:00:06.0
check "its other function is not given back" exits 5 vfiotool unbind 00:06.1
if ! since 5.19; then
	check "not even forced" exits 5 vfiotool unbind --force=held,vm,open 00:06.1
	check "because that kernel would crash" says "crashes"
else
	check "forced, the kernel refuses" exits 2 vfiotool unbind --force=held,vm,open 00:06.1
	check "and it is rolled back" says "rolled back"
fi
check "it is where it was" driver_is 0000:00:06.1 vfio-pci
check "the holder lets go" let_go
check "restore brings both back" exits 0 vfiotool restore
check "the first" driver_is 0000:00:06.0 e1000
check "the second" driver_is 0000:00:06.1 e1000
check "all is as it was" unchanged

check "a card is plugged in" plug e1000e card '"bus": "port1"'
check "and comes" within 30 driver_is 0000:01:00.0 e1000e
check "and is bound" exits 0 vfiotool bind 01:00.0
check "it is taken away" unplug card
check "and goes" within 30 gone 0000:01:00.0
check "restore says so" exits 0 vfiotool restore
check "it is gone" says "no longer there"
# The small kernels' own hot-plug misses a card that comes right behind another.
if [ -z "$SMALL" ]; then
	check "a card is plugged in" within 30 plug e1000e card2 '"bus": "port1"'
	check "and comes" within 30 driver_is 0000:01:00.0 e1000e
	check "and is bound" exits 0 vfiotool bind 01:00.0
	check "it is taken away" unplug card2
	check "and goes" within 30 gone 0000:01:00.0
	check "another takes its place" within 30 plug nvme card3 '"bus": "port1", "serial": "stranger"'
	check "with its own driver" within 30 driver_is 0000:01:00.0 nvme
	check "restore leaves a stranger alone" exits 0 vfiotool restore
	check "and says why" says "another device has its address now"
	check "its driver stays" driver_is 0000:01:00.0 nvme
	check "it is taken away" unplug card3
	check "and goes" within 30 gone 0000:01:00.0
fi

check "all is as it was" unchanged

vfiotool bind 00:04.0 >/out/first 2>&1 &
first=$!
check "two at once" exits 0 vfiotool bind 00:05.0
check "the other, too" wait $first
check "both are bound" driver_is 0000:00:04.0 vfio-pci
check "both are bound" driver_is 0000:00:05.0 vfio-pci
check "and restored" exits 0 vfiotool restore
check "the journal is gone" test ! -e /run/vfiotool/journal

check "who waits for nobody else" exits 0 vfiotool bind --wait 0 00:04.0
check "has the kernel take its time" driver_is 0000:00:04.0 vfio-pci
mount -o remount,ro /sys
check "restore where sysfs cannot be written" exits 1 vfiotool restore
check "says so, and tries nothing" says_error "sysfs is mounted read-only"
mount -o remount,rw /sys
echo nonsense >>/run/vfiotool/journal
check "restore from a damaged journal" exits 1 vfiotool restore
check "says that not all could be read" says_error "the journal '/run/vfiotool/journal' has 1 invalid line"
check "brings back what it knows" driver_is 0000:00:04.0 e1000e
check "and leaves the line to be looked at" grep -q nonsense /run/vfiotool/journal
check "as often as it is asked" exits 1 vfiotool restore
check "which is not the same as nothing" says "nothing to undo in the readable lines"
rm /run/vfiotool/journal
check "all is as it was" unchanged
