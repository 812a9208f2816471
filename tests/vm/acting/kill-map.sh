# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DEVICE=0000:00:04.0
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"
for path in $PATHS; do
	for after in 20 60 120 200 300 450 700; do
		vfiotool map --path "$path" --pages 4K --size 128M --count 2 $DEVICE >/out/mapped 2>&1 </dev/null &
		killed=$!
		usleep ${after}000
		kill -KILL $killed 2>/dev/null
		wait $killed 2>/dev/null
		status=$?
		check "$path: after $after ms (status $status) the device is free" no_holder
		check "$path: and can be had" exits 0 vfiotool attach -q --path "$path" $DEVICE
		check "$path: and nothing is pinned" nothing_locked
		[ $status -eq 137 ] || break
	done
	check "$path: left alone it ends well" exits 0 vfiotool map --path "$path" --pages 4K --size 128M --count 2 $DEVICE
done
