#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Would another kernel refuse a device that VFIO accepts today? And after the upgrade: does it?
#
#     before-upgrade.sh KERNEL [TARGET...]       KERNEL: a generation or release, as vfiotool inspect --kernel takes it
#     before-upgrade.sh --record FILE            before the upgrade, as root: record this host
#     before-upgrade.sh --compare FILE           after the reboot, as root: what changed since then
#
# Default targets: every device on a VFIO driver. Prints the devices whose answer changes.
# Exit status: 0 nothing gets worse, 2 a device would be refused, or something changed, 3 an answer would be unknown, 64 usage.
# VFIOTOOL names another binary, VFIOTOOL_SYSROOT a capture instead of this host.
set -eu

vt() {
	"${VFIOTOOL:-vfiotool}" ${VFIOTOOL_SYSROOT:+--sysroot "$VFIOTOOL_SYSROOT"} "$@" </dev/null
}

answer() {
	status=0
	vt inspect -q --if-bound "$@" || status=$?
	case $status in
	0) echo yes ;;
	2) echo no ;;
	3) echo unknown ;;
	*)
		echo "$0: vfiotool inspect $* ended with $status" >&2
		exit "$status"
		;;
	esac
}

usage() {
	echo "usage: $0 KERNEL [TARGET...], or $0 --record FILE, or $0 --compare FILE" >&2
	exit 64
}

status=0
case $#:${1-} in
2:--record)
	vt capture "$2" || status=$?
	exit "$status"
	;;
2:--compare)
	vt diff --only verdict,notice,group,device,driver "$2" || status=$?
	exit "$status"
	;;
0:* | *:-*) usage ;;
esac
kernel=$1
shift
if [ $# -eq 0 ]; then
	devices=$(vt list --raw --noheadings -o ADDRESS,DRIVER | sed -n 's/ vfio.*$//p')
	# shellcheck disable=SC2086
	set -- $devices
fi

worst=0
for device; do
	today=$(answer "$device")
	tomorrow=$(answer --kernel "$kernel" "$device")
	[ "$today" != "$tomorrow" ] || continue
	echo "$device: $today today, $tomorrow with $kernel"
	case $tomorrow in
	no) worst=2 ;;
	unknown) [ "$worst" -ne 0 ] || worst=3 ;;
	esac
done
exit "$worst"
