# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Each case is asked by vfiotool (--anyway) and by the prober, and stated here: the judge wants all three the same, and
# what vfiotool predicted as well.
device=0000:00:04.0

# case_is NAME ARGUMENTS REQUESTS ANSWERS: arguments of vfiotool map, requests of the prober, what the kernel says to each.
case_is() {
	# shellcheck disable=SC2086
	save "$1.$way.tool" vfiotool map --path "$way" --anyway --json $device $2
	requests=
	for request in $3; do
		requests="$requests --do $request"
	done
	# shellcheck disable=SC2086
	save "$1.$way.prober" prober --buffer anon:0x100000 $requests "$way" $device
	echo "$4" >/out/stated
	send "$1.$way.stated" /out/stated
}

all_cases() {
	case_is free "--iova 0x100000 --size 64K" "map:0x100000:0x10000" "ok"
	case_is twice "--iova 0x100000 --iova 0x100000 --size 64K" \
		"map:0x100000:0x10000 map:0x100000:0x10000" "ok EEXIST"
	case_is over "--iova 0x100000 --iova 0x10f000 --size 64K" \
		"map:0x100000:0x10000 map:0x10f000:0x10000" "ok EEXIST"
	case_is odd-iova "--iova 0x100800 --size 4K" "map:0x100800:0x1000" "EINVAL"
	case_is odd-size "--iova 0x100000 --size 6K" "map:0x100000:0x1800" "EINVAL"
	case_is last "--iova 0x7ffffff000 --size 4K" "map:0x7ffffff000:0x1000" "ok"
	case_is above "--iova 0x8000000000 --size 4K" "map:0x8000000000:0x1000" "EINVAL"
	case_is astride "--iova 0x7ffffff000 --size 8K" "map:0x7ffffff000:0x2000" "EINVAL"
	case_is msi "--iova 0xfee00000 --size 4K" "map:0xfee00000:0x1000" "EINVAL"
	case_is into-msi "--iova 0xfedff000 --size 8K" "map:0xfedff000:0x2000" "EINVAL"
	case_is before-msi "--iova 0xfedff000 --iova 0xfef00000 --size 4K" \
		"map:0xfedff000:0x1000 map:0xfef00000:0x1000" "ok ok"
	case_is wrap "--iova 0xfffffffffffff000 --size 8K" "map:0xfffffffffffff000:0x2000" "$past"
	case_is top "--iova 0xfffffffffffff000 --size 4K" "map:0xfffffffffffff000:0x1000" "EINVAL"
	case_is odd-wrap "--iova 0xfffffffffffff800 --size 8K" "map:0xfffffffffffff800:0x2000" "$odd_past"
	case_is maximum "--iova 0xffffffffffffffff --size 4K" "map:0xffffffffffffffff:0x1000" "$maximum"
	case_is reads "--iova 0x100000 --size 4K --prot r" "map:0x100000:0x1000:r" "ok"
	case_is writes "--iova 0x100000 --size 4K --prot w" "map:0x100000:0x1000:w" "ok"

	case_is unmap-twice "--iova 0x100000 --size 64K --unmap 0x100000:64K --unmap 0x100000:64K" \
		"map:0x100000:0x10000 unmap:0x100000:0x10000 unmap:0x100000:0x10000" "ok ok $empty"
	case_is middle "--iova 0x100000 --size 64K --unmap 0x104000:16K" \
		"map:0x100000:0x10000 unmap:0x104000:0x4000" "ok $cut"
	case_is head "--iova 0x100000 --size 64K --unmap 0xff000:64K" \
		"map:0x100000:0x10000 unmap:0xff000:0x10000" "ok $cut"
	case_is tail "--iova 0x100000 --size 64K --unmap 0x101000:64K" \
		"map:0x100000:0x10000 unmap:0x101000:0x10000" "ok $cut"
	case_is around "--iova 0x100000 --size 64K --unmap 0xf0000:1M" \
		"map:0x100000:0x10000 unmap:0xf0000:0x100000" "ok ok"
	case_is several "--iova 0x100000 --iova 0x110000 --iova 0x200000 --size 64K --unmap 0x100000:2M" \
		"map:0x100000:0x10000 map:0x110000:0x10000 map:0x200000:0x10000 unmap:0x100000:0x200000" "ok ok ok ok"
	case_is half-way "--iova 0x100000 --iova 0x110000 --size 64K --unmap 0x100000:96K --unmap 0x100000:64K" \
		"map:0x100000:0x10000 map:0x110000:0x10000 unmap:0x100000:0x18000 unmap:0x100000:0x10000" \
		"ok ok $cut $half_gone"
	case_is odd-unmap "--iova 0x100000 --size 64K --unmap 0xff800:68K" \
		"map:0x100000:0x10000 unmap:0xff800:0x11000" "ok $odd_unmap"
	case_is unmap-wrap "--iova 0x100000 --size 64K --unmap 0xfffffffffffff000:8K" \
		"map:0x100000:0x10000 unmap:0xfffffffffffff000:0x2000" "ok $past"
	case_is all "--iova 0x100000 --iova 0x200000 --size 64K --unmap-all" \
		"map:0x100000:0x10000 map:0x200000:0x10000 unmap:$everything" "ok ok $all"
}

for way in container iommufd compat; do
	[ $way = container ] || [ -n "$SMALL" ] || continue
	past=EINVAL odd_past=EINVAL maximum=EINVAL
	empty=ok cut=EINVAL half_gone=ok odd_unmap=EINVAL everything=0:0:2 all=ok
	since 5.12 || all=EINVAL
	! since 6.18 || past=EOVERFLOW odd_past=EOVERFLOW maximum=EOVERFLOW
	if [ $way != container ] || [ -n "$COMPAT" ]; then
		past=EOVERFLOW odd_past=EINVAL maximum=EINVAL cut=ENOENT odd_unmap=ok half_gone=ok
	fi
	if [ $way = iommufd ]; then
		maximum=EOVERFLOW empty=ENOENT half_gone=ENOENT everything=0:0xffffffffffffffff
	fi
	all_cases
done
