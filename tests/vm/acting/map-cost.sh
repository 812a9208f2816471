# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The clock counts instructions, so two turns are enough. Two, because what is freed last is had first: each goes first in
# one of them, and the pages of the pool come in the other order, which decides how far they go together into one entry of
# the IOMMU (an even number of uses a turn, and the change of who is first, see to that). The judge compares the best of both.
device=0000:00:04.0
pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
kinds=4K
grep -qs '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled || [ ! -e /sys/kernel/mm/transparent_hugepage ] || kinds="$kinds thp"
[ ! -e $pool ] || { echo 8 >$pool && kinds="$kinds 2M"; }
export STEP_LIMIT=60

floor() {
	save "$1.$turn.floor" mapfloor "$2" "$3" $device "$4" "$5" "$6" 0x10000000
}

# one NAME PATH NODE KIND SIZE COUNT
one() {
	[ $turn -eq 1 ] || floor "$@"
	save "$1.$turn.tool" vfiotool map $device --path "$2" --pages "$4" --size "$5" --count "$6" --iova 0x10000000 --json
	[ $turn -eq 2 ] || floor "$@"
}

# 16 MiB in one mapping and in several, and 8 MiB page by page.
for turn in 1 2; do
	for kind in $kinds; do
		for shape in 4096:2048 2097152:8 16777216:1; do
			one "container.$kind.$shape" container "/dev/vfio/$(group_of $device)" "$kind" ${shape%:*} ${shape#*:}
			[ -z "$SMALL" ] ||
				one "iommufd.$kind.$shape" iommufd "$(cdev_of $device)" "$kind" ${shape%:*} ${shape#*:}
		done
	done
	for again in a b; do
		save "auto.$turn$again.tool" vfiotool map $device --path container --size 16777216 --iova 0x10000000 --json
	done
done
[ ! -e $pool ] || echo 0 >$pool
