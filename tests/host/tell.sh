# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Sourced by host.sh behind the machines: a unit of systemd that uses a device, first without its nodes, and the process that it
# then is. What comes out is in $OUT.
OUT=/share/out/tell
CARD=0000:00:04.0
mkdir -p "$OUT"
cp /share/machine.service /etc/systemd/system/
systemctl daemon-reload
vfiotool bind $CARD
chown user "/dev/vfio/$(group_of $CARD)"
keep unit vfiotool check --json --unit machine.service
keep unit-start systemctl start machine.service
mkdir -p /etc/systemd/system/machine.service.d
printf '[Service]\nPrivateDevices=no\nLimitMEMLOCK=1G\n' >/etc/systemd/system/machine.service.d/mend.conf
systemctl daemon-reload
keep unit-mended vfiotool check --json --unit machine.service
keep unit-restart systemctl start machine.service
pid=$(systemctl show --property=MainPID --value machine.service)
keep pid vfiotool check --json --pid "$pid"
# The kernel asks the user of a device that is to leave its driver, and says so.
(echo $CARD >/sys/bus/pci/drivers/vfio-pci/unbind) &
sleep 3
keep kernel-log vfiotool diagnose --json --kernel-log
systemctl stop machine.service
wait
rm -r /etc/systemd/system/machine.service*
systemctl daemon-reload
all_down

# DPDK's test program, without huge pages: NAME DEVICE [AS...]. It goes on until it is stopped, with a device and without.
export LIMIT=40
dpdk() {
	name=$1 device=$2
	shift 2
	keep "$name" "$@" dpdk-testpmd --no-huge -m 64 -l 0,1 --no-shconf --no-telemetry --log-level=lib.eal:debug -a "$device" -- \
		--total-num-mbufs=2048 --stats-period 1 --tx-first
	cat "$OUT/$name.out" "$OUT/$name.err" >"$OUT/$name.lines"
	keep "$name-diagnosed" "$@" vfiotool diagnose --json "$OUT/$name.lines"
}
CARDS=0000:01:00
vfiotool bind $CARDS.0
dpdk dpdk-group $CARDS.0
all_down
vfiotool bind $CARD
dpdk dpdk-user $CARD setpriv --reuid=1000 --regid=1000 --clear-groups
dpdk dpdk-good $CARD
all_down
