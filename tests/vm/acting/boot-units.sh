# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
UNIT=vfiotool-bind.service
devices_change

# active UNIT: as systemd sees it.
active() {
	systemctl is-active --quiet "$1" || {
		systemctl status --no-pager "$1"
		return 1
	}
}

first_boot() {
	check "driverctl is not there" exits 0 vfiotool bind --dry-run --persist 0000:00:04.0
	check "so a rule would be written" says_error "would keep 0000:00:04.0 on vfio-pci after a reboot: /etc/udev/rules.d"
	cp -a /packages/driverctl/. /
	systemctl daemon-reload
	check "driverctl works" exits 0 driverctl list-devices
	check "and knows the cards" says "0000:00:04.0 e1000e"
	check "bind and keep" exits 0 vfiotool bind --persist 0000:00:04.0 0000:00:06.0
	check "driverctl has the override" exits 0 driverctl list-overrides
	check "of one" says "0000:00:04.0 vfio-pci"
	check "and of the other" says "0000:00:06.0 vfio-pci"
	check "list has it too" exits 0 vfiotool list --raw --noheadings -o PERSIST 0000:00:06.0
	check "by its driver" says vfio-pci
	check "what it keeps is not bind's to change" exits 0 driverctl --noprobe set-override 0000:00:05.0 pci-stub
	check "bind refuses" exits 1 vfiotool bind --persist 0000:00:05.0
	check "and says what to do" says_error "driverctl unset-override"
	check "its own is as it was" grep -qx pci-stub /etc/driverctl.d/pci-0000:00:05.0
	rm /etc/driverctl.d/pci-0000:00:05.0
	echo >/sys/bus/pci/devices/0000:00:05.0/driver_override

	# The unit, by hand and then for the next boot.
	ln -sf ../../bin/vfiotool /usr/bin/vfiotool
	cp /examples/$UNIT /etc/systemd/system/
	sed 's/^DEVICES=.*/DEVICES=0000:00:07.0/' /examples/vfiotool-bind.conf >/etc/vfiotool-bind.conf
	cat >/etc/systemd/system/libvirtd.service <<-END
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c 'readlink /sys/bus/pci/devices/0000:00:07.0/driver >/run/at-libvirtd'
		ExecStop=/bin/sh -c 'readlink /sys/bus/pci/devices/0000:00:07.0/driver >/run/at-libvirtd-stop'
		[Install]
		WantedBy=multi-user.target
	END
	systemctl daemon-reload
	check "start" exits 0 systemctl start $UNIT
	check "the device is there" driver_is 0000:00:07.0 vfio-pci
	check "stop" exits 0 systemctl stop $UNIT
	check "it is back" driver_is 0000:00:07.0 e1000
	link=$(ls /sys/bus/pci/devices/0000:00:07.0/net)
	ip link set "$link" up
	ip addr add 192.0.2.1/24 dev "$link"
	check "in use: the unit fails" not systemctl start $UNIT
	check "as systemd sees" test "$(systemctl is-failed $UNIT)" = failed
	check "the device stays" driver_is 0000:00:07.0 e1000
	check "the next boot has it" exits 0 systemctl enable $UNIT libvirtd.service
	keep etc/udev etc/driverctl.d etc/systemd etc/vfiotool-bind.conf usr/bin/vfiotool usr/sbin/driverctl lib/udev \
		lib/systemd/system/driverctl@.service
}

second_boot() {
	check "the unit ran" active $UNIT
	check "its device is there" driver_is 0000:00:07.0 vfio-pci
	check "libvirt came after" active libvirtd.service
	check "and saw that" grep -q '/vfio-pci$' /run/at-libvirtd
	check "driverctl took the card that stayed" within 40 driver_is 0000:00:06.0 vfio-pci
	check "by its service" within 40 active driverctl@pci-0000:00:06.0.service
	check "for the stranger nobody asked it" not active driverctl@pci-0000:00:04.0.service
	check "which is on its driver" driver_is 0000:00:04.0 e1000
	check "inspect tells" exits 0 vfiotool inspect --json 0000:00:04.0
	check "that it is another" says '"persist_stranger": "vfio-pci"'
	check "by which file" says '"persist_file": "/etc/driverctl.d/pci-0000:00:04.0"'
	check "unbind --persist" exits 0 vfiotool unbind --persist 0000:00:06.0
	check "driverctl knows it no longer" test ! -e /etc/driverctl.d/pci-0000:00:06.0
	check "nor udev" test ! -e /etc/udev/rules.d/06-vfiotool-pci-0000:00:06.0.rules
	check "the other is untouched" test -s /etc/driverctl.d/pci-0000:00:04.0
	check "the stranger's goes too" exits 0 vfiotool unbind --persist 0000:00:04.0
	check "with all that was written" test -z "$(find /etc/driverctl.d /etc/udev/rules.d -name "*0000*")"
	check "it is still on its driver" driver_is 0000:00:04.0 e1000

	# As at shutdown: what has machines first, then the devices.
	check "systemd stops both" exits 0 systemctl stop $UNIT libvirtd.service
	check "libvirt first, the device was there" grep -q '/vfio-pci$' /run/at-libvirtd-stop
	check "then it went back" driver_is 0000:00:07.0 e1000
	rm -rf /etc/systemd/system/vfiotool* /etc/systemd/system/libvirtd.service /etc/vfiotool-bind.conf
}

case $BOOT in
1) first_boot ;;
*) second_boot ;;
esac
