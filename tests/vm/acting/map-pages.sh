# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Each case is asked by vfiotool (--anyway) and by the prober, and stated here, as in map-requests.sh.
device=0000:00:08.0
page=$(($(sed -n '/^KernelPageSize:/{s/[^0-9]//g;p;q}' /proc/self/smaps) * 1024))
echo $page >/out/page
send page /out/page

# ask NAME ANSWERS IOVA SIZE [UNMAP SIZE]
ask() {
	name=$1 answers=$2 iova=$3 size=$4 unmap=${5-} part=${6-}
	# shellcheck disable=SC2086
	save "$name.$way.tool" vfiotool map --path "$way" --anyway --json $device --iova "$iova" --size "$size" \
		${unmap:+--unmap $unmap:$part}
	# shellcheck disable=SC2086
	save "$name.$way.prober" prober --buffer anon:0x100000 --do "map:$iova:$size" ${unmap:+--do unmap:$unmap:$part} "$way" $device
	echo "$answers" >/out/stated
	send "$name.$way.stated" /out/stated
}

at=0x10000000
for way in container iommufd compat; do
	[ $way = container ] || [ -n "$SMALL" ] || continue
	cut=EINVAL
	[ $way = container ] || cut=ENOENT
	ask page "ok" $at $page
	ask half "EINVAL" $at $((page / 2))
	ask more "EINVAL" $at $((page + page / 2))
	ask astride "EINVAL" $((at + page / 2)) $page
	ask reserved "EINVAL" 0x8000000 $page
	ask before "ok" $((0x8000000 - page)) $page
	ask last "ok" $((0x1000000000000 - page)) $page
	ask above "EINVAL" 0x1000000000000 $page
	ask back "ok ok" $at $((2 * page)) $at $((2 * page))
	ask part "ok $cut" $at $((2 * page)) $at $((page / 2))
	ask one "ok $cut" $at $((2 * page)) $at $page
done
