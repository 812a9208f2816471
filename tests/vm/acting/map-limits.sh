# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2086
device=0000:00:04.0
limit=8388608

answers() { # WORD...: what the kernel said to each request
	sed -n 's/^ *"actual": "\(.*\)",*$/\1/p' /out/stdout | tail -n "$(($# + ${left:-0}))" | head -n $# >/out/answers
	echo "$@" | tr ' ' '\n' >/out/wanted
	diff /out/wanted /out/answers
}

# a caller without capabilities and with 8 MiB of memory to lock
user="prober --uid 1000 --memlock $limit run"

nodes_to() { # UID: who owns the nodes
	for node in "/dev/vfio/$(group_of $device)" /dev/iommu $(cdev_of $device) /dev/vfio/vfio; do
		[ ! -e "$node" ] || chown "$1" "$node"
	done
}

# -- entries -----------------------------------------------------------------------------------------------------------

if [ -z "$COMPAT" ]; then
	entries=/sys/module/vfio_iommu_type1/parameters/dma_entry_limit
	was=$(cat $entries)
	echo 3 >$entries
	check "three mappings fit" exits 0 vfiotool map $device --size 4K --count 3 --verify
	check "none is left" says "0 mappings left"
	check "a fourth is predicted to be refused" exits 2 vfiotool map $device --size 4K --count 4
	check "by the rule" says "map-entries"
	check "with the errno" says ENOSPC
	check "and not asked" says "not asked"
	check "asked all the same, the kernel agrees" exits 2 vfiotool map $device --size 4K --count 4 --anyway --json
	left=3
	check "four answers" answers ok ok ok ENOSPC
	left=
	check "one is unmapped, and it fits" exits 0 vfiotool map $device --size 4K --iova 0x100000 --count 3 --unmap 0x100000:4K
	check "overlap comes before entries" exits 2 vfiotool map $device --size 4K --count 3 --iova 0x100000 --iova 0x100000 --anyway
	check "and is EEXIST" says EEXIST
	echo 0 >$entries
	check "with no entries nothing fits" exits 2 vfiotool map $device --path container --size 4K --anyway
	everything=--unmap-all
	since 5.12 || everything=
	# The usual limit is 65535, which takes an emulated processor ten times as long.
	echo 6000 >$entries
	check "6000 fit, scattered, and are counted" exits 0 vfiotool map $device --size 4K --count 6000 --layout scatter $everything -q
	check "one more does not" exits 2 vfiotool map $device --size 4K --count 6001 -q
	echo "$was" >$entries
	check "65536 are predicted to be too many" exits 2 vfiotool map $device --size 4K --count 65536 --dry-run -q
fi

# -- locked memory -----------------------------------------------------------------------------------------------------

for way in container iommufd compat; do
	[ $way = container ] || [ -n "$SMALL" ] || continue
	nodes_to 1000
	check "$way: 8 MiB fit a limit of 8 MiB" exits 0 $user vfiotool map $device --path $way --size 8M --pages 4K --verify
	check "$way: the limit is shown" says "limit 8 MiB"
	check "$way: so do 2048 pages" exits 0 $user vfiotool map $device --path $way --size 4K --count 2048
	check "$way: a page more is predicted to be refused" exits 2 $user vfiotool map $device --path $way --size 8196K
	check "$way: with ENOMEM" says ENOMEM
	check "$way: and the number needed" says "8196 KiB"
	check "$way: and the command that gives it" says "ulimit -l 8196"
	check "$way: the kernel agrees" exits 2 $user vfiotool map $device --path $way --size 8196K --anyway --json
	check "$way: it says ENOMEM" answers ENOMEM
	check "$way: the last of 2049 pages does not fit" exits 2 $user vfiotool map $device --path $way --size 4K --count 2049 --anyway -q
	check "$way: a dry run says the same" exits 2 $user vfiotool map $device --path $way --size 8196K --dry-run
	check "$way: and that 8 MiB fit" exits 0 $user vfiotool map $device --path $way --size 8M --dry-run
	nodes_to 0
	check "$way: root has no limit" exits 0 vfiotool map $device --path $way --size 16M --verify
	check "$way: but without the capability" exits 2 prober --drop-ipc-lock --memlock $limit run vfiotool map $device --path $way --size 16M --anyway
	check "$way: somebody else's nodes" exits 77 $user vfiotool map $device --path $way
done

# -- huge pages --------------------------------------------------------------------------------------------------------

pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
if [ -e $pool ]; then
	echo 0 >$pool
	check "2M: none is reserved" exits 1 vfiotool map $device --pages 2M --size 4M
	check "2M: it says how many, and where" says_error "echo 2 > $pool"
	echo 4 >$pool
	check "2M: two of four are used" exits 0 vfiotool map $device --pages 2M --size 4M --verify
	check "2M: and seen" says "in pages of 2 MiB"
	check "2M: five are too many" exits 1 vfiotool map $device --pages 2M --size 10M
	check "2M: one more is needed" says_error "echo 5 > $pool"
	check "auto takes them" exits 0 vfiotool map $device --size 2M --count 4
	check "auto: and says so" says "in pages of 2 MiB (2M"
	check "auto takes none for a part of one" exits 0 vfiotool map $device --size 4K
	check "auto: pages of the processor" says "in pages of 4 KiB"
	echo 0 >$pool
	check "1G: none is reserved" exits 1 vfiotool map $device --pages 1G
	# A kernel that cannot reserve such a page while it runs has them only when one was reserved at boot.
	if [ -e /sys/kernel/mm/hugepages/hugepages-1048576kB ]; then
		check "1G: it says how many, and where" says_error "echo 1 > /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
	else
		check "1G: it says that there are none" says_error "this kernel has no 1G pages"
	fi
else
	check "2M: this kernel has none" exits 1 vfiotool map $device --pages 2M
	check "2M: it says so" says_error "this kernel has no 2M pages"
fi
check "thp: as far as there are any" exits 0 vfiotool map $device --pages thp --size 4M --verify
check "more memory than there is" exits 1 vfiotool map $device --pages 4K --size 64G
check "it says so" says_error "are available"

# -- memory that is not the caller's -----------------------------------------------------------------------------------

for path in container ${SMALL:+iommufd compat}; do
	MEMORY=read-only agree_map "readable.$path" "$path" $device 0x4000 r 0x100000
	MEMORY=read-only agree_map "not-writable.$path" "$path" $device 0x4000 rw 0x100000
	MEMORY=read-only agree_map "only-writable.$path" "$path" $device 0x4000 w 0x100000
	MEMORY=none agree_map "unbacked.$path" "$path" $device 0x4000 r 0x100000 0x200000
	check "$path: predicted to be refused" exits 2 vfiotool map --path=$path --memory read-only $device
	check "$path: by the rule" says "map-memory"
	check "$path: with the errno" says EFAULT
done

# -- bad words ---------------------------------------------------------------------------------------------------------

for word in --size=0 --size=18446744073709551615 --size=16E --size=17179869184G --size=4KK --count=0 --prot=x --pages=3M \
	--unmap=0x1000 --unmap=0x1000:0 --iova=-1 --layout=all --memory=all --path=vfio; do
	check "$word is no way to say it" exits 64 vfiotool map $device "$word"
done
check "two targets are one too many" exits 64 vfiotool map $device 0000:00:06.0
check "no target is too few" exits 64 vfiotool map
check "a group is several" exits 64 vfiotool map "group:$(group_of 0000:00:05.0)"
check "no such device" exits 66 vfiotool map 0000:00:1e.7
