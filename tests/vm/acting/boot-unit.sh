# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What systemd would do with vfiotool-bind.service; `boot-systemd` has systemd itself.
UNIT=/examples/vfiotool-bind.service
CONFIG=/etc/vfiotool-bind.conf
ln -sf ../../bin/vfiotool /usr/bin/vfiotool

# unit_runs KEY: the command of a line, its variables from the file that the unit names; a word of systemd's like $DEVICES
# is split at spaces, as the shell does.
unit_runs() {
	line=$(sed -n "s/^$1=//p" $UNIT)
	[ -n "$line" ] || return 9
	grep -qx "EnvironmentFile=$CONFIG" $UNIT || return 9
	# shellcheck disable=SC2034 # of the line
	DEVICES=$(sed -n 's/^DEVICES=//p' $CONFIG)
	# shellcheck disable=SC2086
	eval "set -- $line"
	run "$@"
}

sed 's/^DEVICES=.*/DEVICES=0000:00:04.0 0000:00:06.0 0000:00:06.1/' /examples/vfiotool-bind.conf >$CONFIG
check "the example file names devices" grep -q '^DEVICES=[0-9a-f]' /examples/vfiotool-bind.conf
check "start" unit_runs ExecStart
check "a card is there" driver_is 0000:00:04.0 vfio-pci
check "a function is there" driver_is 0000:00:06.0 vfio-pci
check "and its sibling" driver_is 0000:00:06.1 vfio-pci
check "they can be attached" exits 0 vfiotool attach 0000:00:04.0 0000:00:06.0 0000:00:06.1
check "a second start finds all done" unit_runs ExecStart
check "stop" unit_runs ExecStop
check "the card is back" driver_is 0000:00:04.0 e1000e
check "the function is back" driver_is 0000:00:06.0 e1000
check "and its sibling" driver_is 0000:00:06.1 e1000
check "a second stop finds all done" unit_runs ExecStop
check "with them where they were" driver_is 0000:00:06.1 e1000

link=$(ls /sys/bus/pci/devices/0000:00:04.0/net)
ip link set "$link" up
ip addr add 192.0.2.1/24 dev "$link"
check "one is in use: the unit fails" not unit_runs ExecStart
check "it says why" says "address 192.0.2.1/24 <- $link <- 0000:00:04.0"
check "none was moved" driver_is 0000:00:06.0 e1000
ip addr flush dev "$link"
ip link set "$link" down

# Where the unit came before the driver of the host.
rmmod e1000e
check "a card without a driver" test ! -e /sys/bus/pci/devices/0000:00:04.0/driver
check "is taken" unit_runs ExecStart
modprobe e1000e
check "its own driver leaves it alone" driver_is 0000:00:04.0 vfio-pci
check "but takes the other" within 5 driver_is 0000:00:05.0 e1000e
check "at shutdown it is given up" unit_runs ExecStop
check "to none, as it was" test ! -e /sys/bus/pci/devices/0000:00:04.0/driver
check "free for its driver" sh -c "echo 0000:00:04.0 >/sys/bus/pci/drivers_probe"
check "which takes it" within 5 driver_is 0000:00:04.0 e1000e
rm $CONFIG /usr/bin/vfiotool
