# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
RULES=/etc/udev/rules.d
devices_change

written() {
	find /etc/udev /etc/modprobe.d -type f | sort
}

# logged TEXT: what systemd says goes to the kernel's log.
logged() {
	dmesg | grep -qF -e "$1"
}

# What is said where an initramfs is made, and that it leads there: by udev's own part of initramfs-tools, which copies
# rules, by modprobe, which that asks what a module needs, and by the shell that reads dracut's configuration.
initramfs() {
	rule=06-vfiotool-pci-0000:00:07.0.rules
	dracut=/etc/dracut.conf.d/vfiotool-pci-0000:00:07.0.conf
	echo '#!/bin/sh' >/usr/sbin/update-initramfs
	chmod 755 /usr/sbin/update-initramfs
	check "initramfs-tools" exits 0 vfiotool bind --persist 0000:00:07.0
	check "has to make it anew" says_error "if e1000 is in the initramfs, it gets 0000:00:07.0 before the udev rule"
	check "by its command" says_error "Run 'update-initramfs -u' to put the rule and vfio-pci into the initramfs"
	mkdir -p /usr/share/initramfs-tools /tmp/image
	# Without the programs and the names of interfaces, which it would copy as well.
	echo 'copy_exec() { :; }; find() { :; }' >/usr/share/initramfs-tools/hook-functions
	touch /etc/udev/udev.conf
	check "its hook for udev" env DESTDIR=/tmp/image sh -e /packages/udev/hooks/udev
	check "takes the rule" cmp $RULES/$rule /tmp/image/lib/udev/rules.d/$rule
	check "the module comes with the other" sh -c "/sbin/modprobe --show-depends e1000 | grep -q '/vfio-pci.ko'"
	check "no longer" exits 0 vfiotool unbind --persist 0000:00:07.0
	check "but in the initramfs" says_error "each boot: run 'update-initramfs -u'"
	check "nor the module" not sh -c "/sbin/modprobe --show-depends e1000 | grep -q vfio"
	rm -r /usr/sbin/update-initramfs /usr/share/initramfs-tools /tmp/image /etc/udev/udev.conf

	echo '#!/bin/sh' >/usr/bin/dracut
	chmod 755 /usr/bin/dracut
	check "dracut" exits 0 vfiotool bind --persist 0000:00:07.0
	check "has to make it anew, too" says_error "Run 'dracut --force' to put the rule and vfio-pci into the initramfs"
	check "it is told the driver" test "$(bash -c "add_drivers=; . $dracut; echo \$add_drivers")" = vfio-pci
	check "and files that are there" bash -c "install_items=; . $dracut; ls \$install_items | grep -c . | grep -qx 2"
	check "no longer" exits 0 vfiotool unbind --persist 0000:00:07.0
	check "but in the initramfs, too" says_error "each boot: run 'dracut --force'"
	check "with no file left" test ! -e $dracut
	rm -r /usr/bin/dracut /etc/dracut.conf.d
}

first_boot() {
	check "nothing is written before" test -z "$(written)"
	initramfs
	check "nothing is written after that" test -z "$(written)"
	for device in 04.0 05.0 06.0; do
		check "bind and keep $device" exits 0 vfiotool bind --persist 0000:00:$device
	done
	check "another that is not kept" exits 0 vfiotool bind 0000:00:07.0
	check "udev takes the rules as they are" sh -c \
		'udevadm test /sys/bus/pci/devices/0000:00:04.0 2>&1 | tee /out/udev | grep -q "06-vfiotool-pci-0000:00:04.0.rules"'
	check "without a complaint" not grep -E 'vfiotool.*(Invalid|Unknown|ignor|error)' /out/udev
	keep etc/udev etc/modprobe.d
}

second_boot() {
	check "the rules are there" test -s $RULES/06-vfiotool-pci-0000:00:06.0.rules
	check "the card that stayed is on vfio-pci" driver_is 0000:00:06.0 vfio-pci
	check "and can be attached" exits 0 vfiotool attach 0000:00:06.0
	check "the one that was not kept is not" driver_is 0000:00:07.0 e1000
	check "the card that came to the address of another is not" driver_is 0000:00:04.0 e1000
	check "nor has it an override" test "$(cat /sys/bus/pci/devices/0000:00:04.0/driver_override)" = "(null)"
	check "nor the card that went to another address" driver_is 0000:00:08.0 e1000e
	check "inspect tells" exits 0 vfiotool inspect 0000:00:04.0
	check "why" says "left alone"
	check "list shows what is kept" exits 0 vfiotool list --raw --noheadings -o ADDRESS,PERSIST 0000:00:04.0 0000:00:06.0
	check "the one" says "0000:00:06.0 vfio-pci"
	check "and the other not" not says "0000:00:04.0 vfio-pci"

	# A driver that is loaded again does not take it, a coldplug by hand changes nothing.
	rmmod e1000
	modprobe e1000
	check "the driver comes again" within 5 driver_is 0000:00:07.0 e1000
	check "and leaves it" driver_is 0000:00:06.0 vfio-pci
	udevadm trigger --action=add --subsystem-match=pci
	udevadm settle
	check "every device is announced again" driver_is 0000:00:06.0 vfio-pci
	check "the stranger stays with its driver" driver_is 0000:00:04.0 e1000

	# A driver that was quicker than the rule, as one of the kernel itself: vfiotool is asked, with its guards.
	check "given back until the next boot" exits 0 vfiotool unbind 0000:00:06.0
	check "its driver has it again" within 5 driver_is 0000:00:06.0 e1000
	link=$(ls /sys/bus/pci/devices/0000:00:06.0/net)
	ip link set "$link" up
	ip addr add 192.0.2.1/24 dev "$link"
	udevadm trigger --action=add /sys/bus/pci/devices/0000:00:06.0
	udevadm settle
	check "systemd was asked to bind it" within 40 logged 'vfiotool bind --wait 60 --driver vfio-pci pci:0000:00:06.0'
	check "a guard stood in the way" within 40 logged 'code=exited, status=5/'
	check "it is in use, and stays" driver_is 0000:00:06.0 e1000
	ip addr flush dev "$link"
	ip link set "$link" down
	udevadm trigger --action=add /sys/bus/pci/devices/0000:00:06.0
	check "it is not, and goes" within 40 driver_is 0000:00:06.0 vfio-pci
	check "as the journal knows" grep -q 0000:00:06.0 /run/vfiotool/journal
	check "the override is its own again" test "$(cat /sys/bus/pci/devices/0000:00:06.0/driver_override)" = vfio-pci

	asked=$(dmesg | grep -cF 'vfiotool bind --wait 60')
	check "unbind --persist" exits 0 vfiotool unbind --persist 0000:00:06.0
	# udevd looks for changed rules every three seconds only: it has to be told.
	udevadm trigger --action=add /sys/bus/pci/devices/0000:00:06.0
	udevadm settle
	check "its driver has it" driver_is 0000:00:06.0 e1000
	check "nothing was asked to take it again" test "$(dmesg | grep -cF 'vfiotool bind --wait 60')" = "$asked"
	check "its files went, those of others stay" test "$(written | grep -c 0000:00:06.0)/$(written | grep -c "0000:00:0[45].0")" = 0/4
	mkdir /tmp/deaf
	printf '#!/bin/sh\nexit 2\n' >/tmp/deaf/udevadm
	chmod 755 /tmp/deaf/udevadm
	check "a stranger's as well" exits 0 env PATH="/tmp/deaf:$PATH" vfiotool unbind --persist 0000:00:04.0
	check "that udevd does not hear of it is said" says_error "or run 'udevadm control --reload'"
	check "where nothing changed it has nothing to hear" exits 0 env PATH="/tmp/deaf:$PATH" vfiotool unbind --persist 0000:00:04.0
	check "and nothing of it is said" not says_error udevadm
	rm -r /tmp/deaf
	check "it keeps its driver" driver_is 0000:00:04.0 e1000
	check "what is left is of the card that is gone" test "$(written | grep -vc 0000:00:05.0)" = 0
	check "with a target that nobody knows nothing is done" exits 66 vfiotool unbind --persist 0000:00:05.0 0000:00:1e.0
	check "nothing" test "$(written | grep -c 0000:00:05.0)" = 2
	check "it would be taken away" exits 0 vfiotool unbind --persist --dry-run 0000:00:05.0
	check "as is said" says_error "would remove $RULES/06-vfiotool-pci-0000:00:05.0.rules"
	killall -STOP systemd-udevd
	check "and is, while udevd hangs" exits 0 vfiotool unbind --persist --json 0000:00:05.0
	check "with no device in the answer" says '"devices": []'
	check "that udevd does not answer is said" says_error "or run 'udevadm control --reload'"
	killall -CONT systemd-udevd
	check "nothing is left" test -z "$(written)"
	check "nothing is known of it any more" exits 66 vfiotool unbind --persist 0000:00:05.0
	udevadm trigger --action=add --subsystem-match=pci
	udevadm settle
	check "nothing is taken any more" driver_is 0000:00:06.0 e1000
}

case $BOOT in
1) first_boot ;;
*) second_boot ;;
esac
