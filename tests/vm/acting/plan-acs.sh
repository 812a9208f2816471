# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:02:00.0 PORT=0000:00:08.1
if [ "$BOOT" = 2 ]; then
	pci_groups /out/groups
	grep " $(group_of $CARD)\$" /out/groups | cut -d ' ' -f 1 >/out/group
	check "the card has the group that was predicted" test "$(cat /out/group)" = $CARD
	check "which vfiotool understands" exits 0 vfiotool explain $CARD
	check "it is bound" exits 0 vfiotool bind $CARD
	check "and attached" exits 0 vfiotool attach $CARD
	check "and given back" exits 0 vfiotool restore
	return
fi

until opens /dev/nvme0n1; do usleep 20000; done
mkdir -p /mnt
mke2fs -F /dev/nvme0n1 >/dev/null
mount -t ext4 /dev/nvme0n1 /mnt
check "there is no plan for now" exits 2 vfiotool plan --json $CARD
check "but one option less, as acs-on.toml boots" says "\"remove\": \"pci=config_acs=0000000@0000:00:08.0;0000000@$PORT\""
check "and a group for then" says "the group of $CARD would be $CARD;"
umount /mnt
