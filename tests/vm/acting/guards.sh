# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
USED=0000:00:04.0 CARD=0000:00:05.0 OTHER=0000:00:06.0 SATA=0000:00:07.0 USB=0000:00:08.0 DISPLAY=0000:00:09.0
IDLE=0000:00:0a.0 FUNCTIONS=0000:01:00.0 EDU=0000:00:0c.0 SHARE=0000:00:0d.0

# Names depend on who was probed first.
DISK=$(basename /sys/bus/pci/devices/$USED/nvme/nvme*/nvme*n1)
SATADISK=$(basename /sys/bus/pci/devices/$SATA/ata*/host*/target*/*/block/sd*)
STICK=$(basename /sys/bus/pci/devices/$USB/usb*/*/*/host*/target*/*/block/sd*)

# refuses ADDRESS GUARD EVIDENCE: by that guard, on that evidence; and passes it when told to.
refuses() {
	exits 5 vfiotool bind --dry-run --json "$1" || return 1
	says "\"guard\": \"$2\"" && says "$3" || return 1
	exits 0 vfiotool bind --dry-run --force="$2" "$1"
}

passes() {
	exits 0 vfiotool bind --dry-run --json "$1"
}

# in_use DEVICE ADDRESS WHAT: a filesystem on a disk, mounted, seen, and gone again.
in_use() {
	mke2fs -F "$1" >/dev/null 2>&1
	check "$3: is mounted" mount -t ext4 "$1" /mnt
	check "$3: mounted" refuses "$2" disk "$4"
	umount /mnt
	check "$3: free again" passes "$2"
}

mkdir -p /mnt
check "a disk that nobody uses may go" passes $IDLE
check "a card that is down may go" passes $OTHER
check "a device of no use to the host may go" passes $EDU

in_use "/dev/$DISK" $USED NVMe "\"/mnt <- $DISK <- $USED\""
in_use "/dev/$SATADISK" $SATA SATA "\"/mnt <- $SATADISK <- $SATA\""

# Its driver waits with the unbind until nobody has it mounted.
check "a shared folder is mounted" mount -t 9p -o trans=virtio share /mnt
check "shared folder: mounted" refuses $SHARE disk "\"/mnt <- 9p share share <- $SHARE\""
umount /mnt
check "shared folder: free again" passes $SHARE

mkswap "/dev/$DISK" >/dev/null
swapon "/dev/$DISK"
check "swap" refuses $USED disk "\"swap <- $DISK <- $USED\""
swapoff "/dev/$DISK"
check "swap off" passes $USED

[ -e /dev/mapper/control ] || {
	mkdir -p /dev/mapper
	mknod /dev/mapper/control c "$(awk '$2 == "misc" { print $1 }' /proc/devices)" \
		"$(awk '$2 == "device-mapper" { print $1 }' /proc/misc)"
}
check "a volume is made" linear volume 16384 "/dev/$DISK"
check "held by a volume" refuses $USED disk "\"dm-0 (volume) <- $DISK <- $USED\""
mke2fs -F /dev/dm-0 >/dev/null 2>&1
check "a volume is mounted" mount -t ext4 /dev/dm-0 /mnt
check "mounted from a volume" refuses $USED disk "\"/mnt <- dm-0 (volume) <- $DISK <- $USED\""
check "the real thing is refused too" exits 5 vfiotool bind $USED
check "and nothing has changed" driver_is $USED nvme
check "the filesystem lives" touch /mnt/alive
umount /mnt
check "the volume is taken away" linear volume
check "free without it" passes $USED

echo md_test >/sys/module/md_mod/parameters/new_array
echo none >/sys/block/md_test/md/metadata_version
echo raid1 >/sys/block/md_test/md/level
echo 1 >/sys/block/md_test/md/raid_disks
cat "/sys/block/$DISK/dev" >/sys/block/md_test/md/new_dev
echo 0 >"/sys/block/md_test/md/dev-$DISK/slot"
echo 16384 >/sys/block/md_test/md/component_size
echo active >/sys/block/md_test/md/array_state
check "held by an array" refuses $USED disk "\"md_test <- $DISK <- $USED\""
echo clear >/sys/block/md_test/md/array_state
check "free without it" within 5 passes $USED

mke2fs -F "/dev/$DISK" >/dev/null 2>&1
busybox unshare -m sh -c "mount -t ext4 /dev/${DISK:?} /mnt; exec sleep 100" &
check "mounted in another namespace" within 5 refuses $USED disk "/mnt <- $DISK <- $USED (in the mount namespace of process $!)"
kill $!
check "free without it" within 5 passes $USED

tail -f "/dev/$DISK" >/dev/null &
check "open" refuses $USED disk "process $! (tail) <- $DISK <- $USED"
kill $!
sh -c "exec sleep 100 3</dev/${DISK%n1}" &
check "its controller's node open" within 5 refuses $USED open "process $! (sleep) has /dev/${DISK%n1} open <- $USED"
kill $!
check "free without them" within 5 passes $USED

net=$(ls /sys/bus/pci/devices/$CARD/net)
# Its own link-local address would come some time later, and count.
echo 1 >"/proc/sys/net/ipv6/conf/$net/disable_ipv6"
ip link set "$net" up
check "a card that is up without an address" passes $CARD
ip address add 192.0.2.1/24 dev "$net"
check "with an address" refuses $CARD network "\"address 192.0.2.1/24 <- $net <- $CARD\""
ip route add default via 192.0.2.2
check "with a route" refuses $CARD network "\"route default <- $net <- $CARD\""
check "the other card is not meant" passes $OTHER
SSH_CONNECTION="192.0.2.9 50000 192.0.2.1 22" sh -c "vfiotool bind --dry-run --json $CARD >/out/session; true"
check "the session that came over it" grep -qF "\"your SSH connection, to 192.0.2.1 <- $net <- $CARD\"" /out/session
ip route flush dev "$net"
ip address flush dev "$net"
check "without them" passes $CARD
ip link add link "$net" name vlan7 type vlan id 7
ip link set vlan7 up
check "below a VLAN" refuses $CARD network "\"vlan7 (vlan) <- $net <- $CARD\""
ip link delete vlan7
ip link add bridge7 type bridge
ip link set "$net" master bridge7
check "in a bridge that is down" passes $CARD
ip link set bridge7 up
check "in a bridge that is up" refuses $CARD network "\"bridge7 (bridge) <- $net <- $CARD\""
ip link delete bridge7
busybox unshare -n sleep 100 &
elsewhere() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
check "there is another network namespace" within 5 elsewhere $!
check "it goes elsewhere" within 5 ip link set "$net" netns $!
check "and is not here" test ! -e "/sys/bus/pci/devices/$CARD/net/$net"
check "in another network namespace" refuses $CARD network "its interface is in another network namespace <- $CARD"
kill $!
check "back again" within 10 test -e "/sys/bus/pci/devices/$CARD/net/$net"
ip link set "$net" down
check "and down" passes $CARD

check "a keyboard behind a controller" refuses $USB console "keyboard QEMU QEMU USB Keyboard <- $USB"
mke2fs -F "/dev/$STICK" >/dev/null 2>&1
check "a stick is mounted" mount -t ext4 "/dev/$STICK" /mnt
check "a stick behind a controller" exits 5 vfiotool bind --dry-run --json $USB
check "is told" says "\"/mnt <- $STICK <- $USB\""
umount /mnt
grep -H . /sys/bus/pci/devices/$DISPLAY/boot_vga /sys/bus/pci/devices/$DISPLAY/enable
check "the display" refuses $DISPLAY display "the display that the host booted with <- $DISPLAY"

echo 0 >/sys/bus/pci/devices/$FUNCTIONS/sriov_drivers_autoprobe
check "no virtual function" passes $FUNCTIONS
echo 1 >/sys/bus/pci/devices/$FUNCTIONS/sriov_numvfs
# The kernel would refuse the physical function then: that is another answer than a guard's.
check "a virtual function without a driver" exits 2 vfiotool bind --dry-run $FUNCTIONS
give 0000:01:00.1 vfio-pci
check "one that is used" exits 5 vfiotool bind --dry-run --json $FUNCTIONS
check "is told" says "virtual functions 0000:01:00.1 (vfio-pci) <- $FUNCTIONS"
echo 0 >/sys/bus/pci/devices/$FUNCTIONS/sriov_numvfs
check "none again" within 5 passes $FUNCTIONS
echo 1 >/sys/bus/pci/devices/$FUNCTIONS/sriov_drivers_autoprobe

give $EDU vfio-pci
prober hold-group $EDU
check "held through VFIO" exits 5 vfiotool unbind --dry-run --json $EDU
check "by whom is told" says "\"guard\": \"held\""
mkdir -p /tmp
cp "$(command -v prober)" /tmp/qemu-system-x86_64
# shellcheck disable=SC2046
kill -KILL $(pidof prober)
within 5 no_holder
/tmp/qemu-system-x86_64 hold-group $EDU
holder=$(pidof qemu-system-x86_64)
check "by a virtual machine" exits 5 vfiotool unbind --dry-run --json $EDU
check "which is told" says "virtual machine ?, process $holder (qemu-system-x86) <- $EDU"
kill -KILL "$holder"
within 5 no_holder
check "let go" exits 0 vfiotool unbind $EDU
echo >/sys/bus/pci/devices/$EDU/driver_override
