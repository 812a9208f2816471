# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DEVICE=0000:00:04.0
HUGE=/proc/sys/vm/nr_hugepages
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"
echo 0 >$HUGE
for path in $PATHS; do
	check "$path: none is reserved" not exits 0 vfiotool map --path "$path" --pages 2M --size 4M $DEVICE
	check "$path: it says what to reserve" grep -qi 'huge' /out/stdout /out/stderr
	check "$path: no page of 1G" not exits 0 vfiotool map --path "$path" --pages 1G --size 1G $DEVICE
	check "$path: the choice of its own maps" exits 0 vfiotool map --path "$path" --size 4M $DEVICE
done
echo 4 >$HUGE
check "four are reserved" grep -qx 4 $HUGE
for path in $PATHS; do
	PAGES=2M agree_map "huge.$path" "$path" $DEVICE 0x400000 rw 0x200000 0x800000
	PAGES=2M agree_map "odd-iova.$path" "$path" $DEVICE 0x200000 rw 0x101000
	check "$path: five are too many" not exits 0 vfiotool map --path "$path" --pages 2M --size 10M $DEVICE
	check "$path: which it says" grep -qi 'huge' /out/stdout /out/stderr
	check "$path: all come back" grep -q '^HugePages_Free: *4$' /proc/meminfo
done
echo 0 >$HUGE
