# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Debian's kernels have the first path only, the small ones show the others.
path=container
[ -z "$SMALL" ] || path=iommufd
[ -z "$COMPAT" ] || path=compat
for device in e1000:04 e1000e:05 virtio-net:06 virtio-blk:07 virtio-rng:08 virtio-scsi:09; do
	save "${device%:*}.$path" vfiotool prove --json --path "$path" "0000:00:${device#*:}.0"
done

# What nothing can be shown of, and why.
check "a device that bypasses the IOMMU is refused" exits 2 vfiotool prove 0000:00:0a.0
check "before anything is asked of it" says_error "does not offer VIRTIO_F_ACCESS_PLATFORM"
check "with what helps" says_error "iommu_platform=on"
check "a controller without a disk is not proven" exits 3 vfiotool prove 0000:00:0b.0
check "which is said" says_error "no disk answers INQUIRY"
check "nor is a card without a DMA test driver" exits 3 vfiotool prove 0000:00:0c.0
check "for want of it" says "There is no DMA test driver for this device (10ec:8139"
check "but its interrupt arrives" says "arrives through the kernel's loopback"
check "nobody knows how it raises one" exits 3 vfiotool irq --device --index intx 0000:00:0c.0
check "which is said, too" says "there is no DMA test driver"
check "virtio raises INTx and MSI-X" exits 0 vfiotool irq --device 0000:00:08.0
check "MSI-X" says "MSI-X raised by the device (virtio-rng): arrived"

# The target is unmapped under it, in the second in which the card's receiver is deaf: exactly that claim fails.
if [ -z "$SMALL" ]; then
	check "without its target" exits 2 thief 0x102000 0x1000 vfiotool prove 0000:00:04.0
	check "it does not write" says "claim 'device-write' does not hold"
fi

# In the middle of it.
for address in 05 07; do
	vfiotool prove "0000:00:$address.0" >/dev/null 2>&1 &
	usleep 600000
	kill -KILL $!
	wait $! 2>/dev/null
	check "$address: killed in the middle, it works again" exits 0 vfiotool prove -q "0000:00:$address.0"
done

# The host has them again: packets go through, disks are read.
pings() {
	for net in "/sys/bus/pci/devices/$1"/net/* "/sys/bus/pci/devices/$1"/virtio*/net/*; do
		[ ! -e "$net" ] || break
	done
	net=${net##*/}
	ip link set "$net" up && ip addr add 10.0.2.15/24 dev "$net"
	within 5 ping -c 1 -W 2 10.0.2.2
	ponged=$?
	ip addr flush dev "$net"
	ip link set "$net" down
	return $ponged
}

reads() {
	dd if="$1" of=/dev/null bs=512 count="$2"
}

for card in e1000:04 e1000e:05 virtio-pci:06; do
	modprobe -q "${card%:*}"
	modprobe -q virtio_net
	check "$card is the host's again" give "0000:00:${card#*:}.0" "${card%:*}"
	# The small kernels have no driver for a virtio card.
	[ "$card" != virtio-pci:06 ] || [ -z "$SMALL" ] || continue
	check "$card: a packet goes through" pings "0000:00:${card#*:}.0"
done
# Nor have they any for these.
if [ -z "$SMALL" ]; then
	for module in virtio_blk virtio-rng virtio_scsi sd_mod; do
		modprobe -q "$module"
	done
	for address in 07 08 09; do
		check "$address is the host's again" give "0000:00:$address.0" virtio-pci
	done
	check "the disk is read" within 5 reads /dev/vda 8
	check "so is that of SCSI" within 5 reads /dev/sda 8
	check "and random numbers come" within 5 reads /dev/hwrng 1
	check "a disk that the host uses is refused" exits 2 vfiotool prove 0000:00:07.0
fi
for address in 04 05 06 07 08 09; do
	give "0000:00:$address.0" vfio-pci
done
