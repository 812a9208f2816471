# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DEVICE=0000:00:04.0
LIMIT=/sys/module/vfio_iommu_type1/parameters/dma_entry_limit
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"
old=65535
if [ -e $LIMIT ]; then
	old=$(cat $LIMIT)
	echo 3 >$LIMIT
	check "the limit is lowered" grep -qx 3 $LIMIT
fi
for path in $PATHS; do
	agree_map "up-to.$path" "$path" $DEVICE 0x1000 rw 0x100000 0x200000 0x300000
	agree_map "beyond.$path" "$path" $DEVICE 0x1000 rw 0x100000 0x200000 0x300000 0x400000 0x500000
done
if [ -e $LIMIT ]; then
	echo 1 >$LIMIT
	agree_map "one" container $DEVICE 0x1000 rw 0x100000 0x200000
	agree "attached" container $DEVICE
	echo "$old" >$LIMIT
fi
check "the limit is as before" test ! -e $LIMIT -o "$(cat $LIMIT 2>/dev/null)" = "$old"
