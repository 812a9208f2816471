#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# publish.sh FORMAT [FILE]: what vfiotool says of this host, for a program that is there already. FORMAT is the name of a filter
# beside this script: prometheus, nfd, dra, proxmox, nova, libvirt. With FILE the answer takes the place of that file in one step:
# a full disk or a failure leaves the old one. For a timer, as root.
#
# VFIOTOOL          the program (vfiotool)
# VFIOTOOL_SYSROOT  another system: a capture, or a folder such as /host
# VFIOTOOL_MAX      devices at most (200)
# VFIOTOOL_DOMAIN   domain of the labels of Node Feature Discovery (vfiotool.example.com)
set -eu

here=$(dirname "$0")
filter=$here/${1-}.jq
if [ $# = 0 ] || [ $# -gt 2 ] || ! [ -f "$filter" ]; then
	echo "usage: $0 FORMAT [FILE], with a FORMAT of $(cd "$here" && echo *.jq)" >&2
	exit 64
fi

# /sys/devices/pci0000:00/... says behind which root complex a device is. A capture has the links of devices if it is of
# vfiotool 0.1 or later: see vfiotool-capture(5).
roots() {
	if [ -f "${VFIOTOOL_SYSROOT-}" ]; then
		jq -rR 'fromjson? | arrays | select(.[0] == "link") | select(.[1] | strings | test("^/sys/bus/pci/devices/[^/]+$")) |
			.[2] | strings' "$VFIOTOOL_SYSROOT" | head -n 1000
		return
	fi
	for device in "${VFIOTOOL_SYSROOT-}"/sys/bus/pci/devices/*; do
		[ ! -e "$device" ] || readlink -f "$device"
	done
}

answer() {
	summary=$("${VFIOTOOL:-vfiotool}" ${VFIOTOOL_SYSROOT:+--sysroot "$VFIOTOOL_SYSROOT"} inspect --json=summary) &&
		printf '%s\n' "$summary" |
		jq -r --argjson max "${VFIOTOOL_MAX:-200}" --arg domain "${VFIOTOOL_DOMAIN:-vfiotool.example.com}" \
			--arg node "$(uname -n)" --arg roots "$(roots)" -f "$filter"
}

[ $# = 2 ] || {
	answer
	exit
}
# Readers of such folders ignore names that begin with a dot.
new=$(dirname "$2")/.$(basename "$2").$$
trap 'rm -f "$new"' EXIT
answer >"$new"
chmod 644 "$new"
sync "$new"
mv -f "$new" "$2"
