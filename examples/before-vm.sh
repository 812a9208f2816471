#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Can a virtual machine start with these devices? Attaches all of them at once, as the machine will do, and releases
# them.
#
#     before-vm.sh [--prove] TARGET...
#
# With --prove each device with a DMA test driver must show that it reaches only memory that is mapped for it. The test
# provokes accesses that the IOMMU blocks: run it before the devices go into production.
# Prints one line per answer. Exit status: 0 ready, 1 not ready, 64 usage. VFIOTOOL names another binary.
set -eu

vt() {
	"${VFIOTOOL:-vfiotool}" "$@" </dev/null
}

# ask COMMAND...: sends its output to standard error and keeps its exit status.
ask() {
	status=0
	vt "$@" >&2 || status=$?
}

prove=
if [ "${1-}" = --prove ]; then
	prove=yes
	shift
fi
[ $# -ge 1 ] || {
	echo "usage: $0 [--prove] TARGET..." >&2
	exit 64
}

ready=0
ask attach "$@"
case $status in
0) echo "ok      attached and released: $*" ;;
4)
	echo "FAIL    the kernel did something else than predicted: $*"
	ready=1
	;;
*)
	echo "FAIL    cannot be attached ($status): $*"
	ready=1
	;;
esac

[ -n "$prove" ] || exit "$ready"
[ "$ready" -eq 0 ] || exit 1
for target; do
	ask prove "$target"
	case $status in
	0) echo "ok      proven: $target" ;;
	3) echo "ok      not proven, because there is no DMA test driver for it: $target" ;;
	*)
		echo "FAIL    the IOMMU does not confine the device, or the device does not work ($status): $target"
		ready=1
		;;
	esac
done
exit "$ready"
