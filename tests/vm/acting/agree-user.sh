# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DEVICE=0000:00:04.0
nodes="/dev/vfio/$(group_of $DEVICE) $(cdev_of $DEVICE)"
[ ! -e /dev/iommu ] || nodes="$nodes /dev/iommu"
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"

CALLER="--uid 1000 --memlock 8388608"
for path in $PATHS; do
	agree "denied.$path" "$path" $DEVICE
done
# shellcheck disable=SC2086
chown 1000 $nodes
for path in $PATHS; do
	agree "attach.$path" "$path" $DEVICE
	PAGES=4K agree_map "below.$path" "$path" $DEVICE 0x400000 rw 0x100000
	PAGES=4K agree_map "exact.$path" "$path" $DEVICE 0x800000 rw 0x100000
	PAGES=4K agree_map "page-above.$path" "$path" $DEVICE 0x801000 rw 0x100000
	PAGES=4K agree_map "second-above.$path" "$path" $DEVICE 0x600000 rw 0x100000 0x1000000
	# shellcheck disable=SC2086
	check "$path: more than the limit is refused" exits 2 prober $CALLER run \
		vfiotool map --path "$path" --pages 4K --size 16M $DEVICE
	check "$path: with the number that is needed" grep -qE '16777216|16384|16( |\.0 )?(M|MiB)' /out/stdout /out/stderr
	check "$path: and its name" grep -qi memlock /out/stdout /out/stderr
	CALLER="--uid 1000 --memlock 0"
	agree "nothing.$path" "$path" $DEVICE
	CALLER="--memlock 0 --drop-ipc-lock"
	agree "root-without.$path" "$path" $DEVICE
	CALLER="--memlock 0"
	PAGES=4K agree_map "root.$path" "$path" $DEVICE 0x801000 rw 0x100000
	CALLER="--uid 1000 --memlock 8388608"
done
# shellcheck disable=SC2086
chown 0 $nodes

# In a user namespace of one's own, as in a rootless container, root has all capabilities and none that a driver asks for.
if [ -e /proc/self/ns/user ]; then
	check "apart: nothing may be locked" exits 2 prober --memlock 0 run busybox unshare -U -r vfiotool attach --json --path container $DEVICE
	check "apart: as predicted" says '"match": true'
	check "apart: for want of memory to lock" says '"errno": "ENOMEM"'
	check "apart: with a limit it is let in" exits 0 prober --memlock 8388608 run busybox unshare -U -r vfiotool attach --path container $DEVICE
	check "apart: a user is as good as outside" exits 77 prober --uid 1000 run busybox unshare -U -r vfiotool attach --json --path container $DEVICE
	check "apart: who is not root outside" says '"match": true'
fi
