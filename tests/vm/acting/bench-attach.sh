# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Tool and bare requests take turns; the judge compares the best of each.
device=0000:00:04.0

# turns PATH WHAT-BARE-NEEDS...
turns() {
	path=$1
	shift
	: >"/out/$path.bare"
	: >"/out/$path.tool"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		bench-attach "$path" "$@" >>"/out/$path.bare"
		run vfiotool attach --json --path="$path" $device
		sed -n 's/.*"op": *"\(.*\)",/\1/p; s/.*"ns": *\([0-9]*\).*/\1/p' /out/stdout | tr '\n' ' ' >>"/out/$path.tool"
		echo >>"/out/$path.tool"
	done
	check "both ran: $path" test -s "/out/$path.bare" -a -s "/out/$path.tool"
	send "$path.bare" "/out/$path.bare"
	send "$path.tool" "/out/$path.tool"
}

turns container "/dev/vfio/$(group_of $device)" $device
[ -z "$SMALL" ] || turns iommufd "$(cdev_of $device)"
grep -q __asan_init /bin/vfiotool && echo sanitized >/out/built || echo plain >/out/built
send built /out/built
