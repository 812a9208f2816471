#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Can a virtual machine be started with these devices? Asks the kernel for real, all of them at once as the machine will
# take them, and gives them back.
#
#     before-vm.sh [--prove] TARGET...
#
# With --prove each device that can be made to move data has to show that it reaches only what is mapped for it. That
# provokes accesses that are stopped: do it before the devices are put to work.
# One line for each answer. Exit status: 0 ready, 1 not, 64 usage. VFIOTOOL names another binary.
set -eu

vt() {
	"${VFIOTOOL:-vfiotool}" "$@" </dev/null
}

# ask COMMAND...: what it says goes to standard error, for whoever has to mend it; its exit status is kept.
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
0) echo "ok      attached and given back: $*" ;;
4)
	echo "FAIL    the kernel does something else than it should: $*"
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
	3) echo "ok      not proven, nothing can make it move: $target" ;;
	*)
		echo "FAIL    not contained, or it does not work ($status): $target"
		ready=1
		;;
	esac
done
exit "$ready"
