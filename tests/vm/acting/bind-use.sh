# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DISK=0000:00:08.0 CARD=0000:00:04.0

disk_of() {
	basename /sys/bus/pci/devices/$DISK/nvme/nvme*/nvme*n1
}

# What is used of the disk: a partition, but the small kernel knows neither tables nor filesystems.
place() {
	[ -n "$SMALL" ] && disk_of || echo "$(disk_of)p1"
}

# Both come some time after the driver.
place_is_there() {
	opens "/dev/$(place)"
}

# A table of the oldest kind: one partition of 8 MiB, after the first.
partition() {
	{
		head -c 446 /dev/zero
		printf '\0\0\2\0\203\0\0\0\0\10\0\0\0\100\0\0'
		head -c 48 /dev/zero
		printf '\125\252'
	} >/out/table
	dd if=/out/table "of=/dev/$1" bs=512 count=1 2>/dev/null && sync && blockdev --rereadpt "/dev/$1"
}

use() {
	if [ -n "$SMALL" ]; then
		sleep 1000 3<"/dev/$(place)" &
		user=$!
	else
		mount -t ext4 "/dev/$(place)" /mnt
	fi
}

leave() {
	if [ -n "$SMALL" ]; then
		kill "$user"
		wait "$user" 2>/dev/null
	else
		umount /mnt
	fi
	return 0
}

mkdir -p /mnt
check "the disk is there" within 10 opens "/dev/$(disk_of)"
if [ -n "$SMALL" ]; then
	use
	chain="process $user (sleep) <- $(place) <- $DISK"
else
	modprobe ext4
	check "it gets a partition" partition "$(disk_of)"
	check "which the kernel sees" within 5 place_is_there
	check "with a filesystem" mke2fs -F "/dev/$(place)"
	use
	echo precious >/mnt/file
	chain="\"/mnt <- $(place) <- $DISK\""
fi
begin_here
check "in use, the disk stays" exits 5 vfiotool bind --json $DISK
check "by the guard of disks" says '"guard": "disk"'
check "which names the chain" says "$chain"
check "nothing has changed" unchanged
check "not with another guard's force" exits 5 vfiotool bind --force=network,open $DISK
check "not along with another device" exits 5 vfiotool bind $CARD $DISK
check "which stays as well" driver_is $CARD e1000e
check "nothing has changed" unchanged
[ -n "$SMALL" ] || check "the file can be read" grep -q precious /mnt/file
leave
check "left, it is bound" exits 0 vfiotool bind $DISK
check "it is" driver_is $DISK vfio-pci
check "its disk has gone" not place_is_there
check "attach" exits 0 vfiotool attach $DISK
check "unbind" exits 0 vfiotool unbind $DISK
check "its disk is back" within 10 place_is_there
check "and can be used" use
[ -n "$SMALL" ] || check "with all that was there" grep -q precious /mnt/file
check "and is guarded again" exits 5 vfiotool bind --dry-run $DISK
leave
check "all is as it was" unchanged

net=$(basename /sys/bus/pci/devices/$CARD/net/*)
[ ! -e "/proc/sys/net/ipv6/conf/$net" ] || echo 1 >"/proc/sys/net/ipv6/conf/$net/disable_ipv6"
ip link set "$net" up
ip address add 192.0.2.1/24 dev "$net"
begin_here
check "up with an address, the card stays" exits 5 vfiotool bind --json $CARD
check "by the guard of networks" says '"guard": "network"'
check "which names the chain" says "\"address 192.0.2.1/24 <- $net <- $CARD\""
check "nothing has changed" unchanged
check "the address is there" sh -c "ip address show $net | grep -qF 192.0.2.1/24"
check "the other card of the same ids may go" exits 0 vfiotool bind 0000:00:05.0
check "and returns" exits 0 vfiotool restore
ip address flush dev "$net"
ip link set "$net" down
begin_here
check "down, it is bound" exits 0 vfiotool bind $CARD
check "its interface has gone" test ! -e "/sys/class/net/$net"
check "attach" exits 0 vfiotool attach $CARD
check "unbind" exits 0 vfiotool unbind $CARD
net=$(basename /sys/bus/pci/devices/$CARD/net/*)
check "its interface is back" test -e "/sys/class/net/$net"
check "and goes up" ip link set "$net" up
check "with an address" ip address add 192.0.2.1/24 dev "$net"
check "and is guarded again" exits 5 vfiotool bind --dry-run $CARD
ip address flush dev "$net"
ip link set "$net" down
check "all is as it was" unchanged
