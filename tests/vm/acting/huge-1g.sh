# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DEVICE=0000:00:04.0
POOL=/sys/kernel/mm/hugepages/hugepages-1048576kB
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"
check "one is reserved" grep -qx 1 $POOL/nr_hugepages
for path in $PATHS; do
	PAGES=1G agree_map "one.$path" "$path" $DEVICE 0x40000000 rw 0x100000000
	PAGES=1G agree_map "odd-iova.$path" "$path" $DEVICE 0x40000000 rw 0x40001000
	# To clear such a page takes an emulated processor two seconds: what is no path's own is asked of one.
	[ "$path" != container ] || {
		check "$path: it is chosen" exits 0 vfiotool map --path "$path" --size 1G $DEVICE
		check "$path: which is said" says "in pages of 1 GiB (1G: reserved"
		check "$path: parts of one" exits 0 vfiotool map --path "$path" --pages 1G --size 512M --count 2 --verify $DEVICE
	}
	check "$path: all of it is pinned, and comes back" exits 0 vfiotool map --path "$path" --pages 1G --verify $DEVICE
	check "$path: its size is a page of it" says "1 GiB in pages of 1 GiB (1G)"
	check "$path: two are too many" exits 1 vfiotool map --path "$path" --pages 1G --count 2 $DEVICE
	check "$path: and what would help is said" says_error "2 pages of 1G wanted and 1 of 1 free: echo 2 > $POOL/nr_hugepages"
	check "$path: it is free again" grep -qx 1 $POOL/free_hugepages
done
echo 0 >$POOL/nr_hugepages
check "none is reserved" exits 1 vfiotool map --pages 1G $DEVICE
check "which is said with the next step" says_error "1 page of 1G wanted and 0 of 0 free: echo 1 > $POOL/nr_hugepages"
