# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DEVICE=0000:00:04.0 NVME=0000:00:08.0
GROUP=$(group_of $DEVICE)
give $NVME nvme
within 10 test -e /sys/bus/pci/devices/$NVME/nvme/nvme*/nvme*n1
DISK=$(basename /sys/bus/pci/devices/$NVME/nvme/nvme*/nvme*n1)

# hostile TITLE PROGRAM...: somebody without any privilege, until he is stopped. What he is to run writes its number.
hostile() {
	title=$1
	shift
	prober --uid 1000 run "$@" &
	HOSTILE=$!
	check "$title: he is there" within 10 test -s /tmp/hostile/pid
}

# apart TITLE SCRIPT: the same, root in namespaces of his own.
apart() {
	hostile "$1" busybox unshare -U -r -m sh -c "$2 && echo \$\$ >/tmp/hostile/pid && exec sleep 300"
}

stop() {
	kill "$(cat /tmp/hostile/pid)"
	wait $HOSTILE 2>/dev/null
	rm -f /tmp/hostile/*
}

untroubled() {
	check "$1: the device is free" exits 0 vfiotool inspect -q --path container $DEVICE
	check "$1: it may be unbound" exits 0 vfiotool unbind --dry-run $DEVICE
	check "$1: the disk may be bound" exits 0 vfiotool bind --dry-run $NVME
}

mkdir -p /tmp/hostile /mnt
chmod 777 /tmp/hostile
[ ! -e /proc/sys/kernel/unprivileged_userns_clone ] || echo 1 >/proc/sys/kernel/unprivileged_userns_clone
untroubled "alone"

hostile "names only" sh -c "echo \$\$ >/tmp/hostile/pid; exec onlyname /dev/vfio/$GROUP /dev/vfio/vfio /dev/$DISK"
untroubled "names only"
stop

if [ -e /proc/self/ns/user ]; then
	apart "forged node" "mount -t tmpfs none /dev && mkdir -p /dev/vfio && : >/dev/vfio/$GROUP && exec 5<>/dev/vfio/$GROUP &&
		mkdir -p '/dev/x
/dev/vfio/$GROUP 1 init' && exec 6>'/dev/x
/dev/vfio/$GROUP 1 init/y'"
	untroubled "forged node"
	stop

	apart "forged mount" "mount -t tmpfs /dev/$DISK /mnt"
	untroubled "forged mount"
	stop

	# What is really his counts under any name.
	touch /tmp/innocent
	chown 1000 "/dev/vfio/$GROUP"
	apart "another name" "mount --bind /dev/vfio/$GROUP /tmp/innocent && exec 5<>/tmp/innocent"
	check "another name: the device is held" exits 2 vfiotool inspect -q --path container $DEVICE
	check "another name: an unbind is refused" exits 5 vfiotool unbind --dry-run $DEVICE
	check "another name: by its right name" says "/dev/vfio/$GROUP is open in process"
	stop
	chown 0 "/dev/vfio/$GROUP"
fi
rm -rf /tmp/hostile /tmp/innocent
give $NVME vfio-pci
