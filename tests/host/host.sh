# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Runs inside the host, as root: each machine of /share/machines. What comes out lies in /share/out, and run.py judges it.
set -u
export LC_ALL=C.UTF-8 HOME=/root
LIMIT=600

driver_of() {
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

group_of() {
	basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"
}

# keep NAME COMMAND...: its output and its exit status.
keep() {
	kept=$OUT/$1
	shift
	timeout -k 5 $LIMIT "$@" >"$kept.out" 2>"$kept.err" </dev/null
	echo $? >"$kept.status"
}

# stop PID: the process has ended when it returns.
stop() {
	kill "$1"
	tries=0
	while [ -e "/proc/$1" ]; do
		sleep 0.5
		tries=$((tries + 1))
		[ $tries -ne 60 ] || kill -KILL "$1"
	done
}

# all_down: no machine runs, and each device is where it was at boot.
all_down() {
	for domain in $(pidof libvirtd >/dev/null && virsh list --name); do
		virsh destroy "$domain"
	done
	for pid in $(pidof qemu-system-x86_64); do
		stop "$pid"
	done
	rm -f /run/vm.pid /run/user.pid /run/other.pid
	vfiotool restore
} >/dev/null 2>&1

# start NAME DEFINITION: by the program that the definition is for.
start() {
	# shellcheck disable=SC2086
	case $2 in
	*.xml) keep "$1" virsh create --paused "$2" ;;
	*) keep "$1" $AS sh "$2" ;;
	esac
}

# machine FOLDER: the definition that is broken, and the one that is not.
machine() {
	OUT=/share/out/$(basename "$1") AS='' CHECK=''
	mkdir -p "$OUT"
	cp "$1"/* /run/machine/
	cd /run/machine || exit
	date +%s >"$OUT/begin"
	# shellcheck source=/dev/null
	. ./prepare >"$OUT/prepare" 2>&1
	broken=$(echo broken.*) good=$(echo good.*)
	# shellcheck disable=SC2086
	keep predicted $AS vfiotool check --json $CHECK --vm "$broken"
	start refused "$broken"
	cat "$OUT/refused.out" "$OUT/refused.err" /var/log/libvirt/qemu/broken.log >"$OUT/lines" 2>/dev/null
	# Who met it asks, and it is so for him.
	# shellcheck disable=SC2086
	keep diagnosed $AS vfiotool diagnose --json "$OUT/lines"
	[ ! -e /var/log/libvirt/qemu/broken.log ] || keep libvirt vfiotool diagnose --json --libvirt broken
	# shellcheck source=/dev/null
	. ./mend >"$OUT/mend" 2>&1
	# shellcheck disable=SC2086
	keep mended $AS vfiotool check --json $CHECK --vm "$good"
	start started "$good"
	# shellcheck source=/dev/null
	. ./tidy >"$OUT/tidy" 2>&1
	all_down
	date +%s >"$OUT/end"
	cd / && rm -rf /run/machine/* /var/log/libvirt/qemu/*.log
}

cp /share/vfiotool /usr/bin/vfiotool
mkdir -p /run/machine
# An emulated processor compiles a profile for each machine, and asks QEMU again, for a minute each.
echo 'security_driver = "none"' >>/etc/libvirt/qemu.conf
echo 'LIBVIRTD_ARGS=""' >>/etc/default/libvirtd
cut -d ' ' -f 1 /proc/uptime >/share/out/booted
for folder in /share/machines/*; do
	[ ! -d "$folder" ] || machine "$folder"
done
journalctl -b --no-pager -u 'libvirt*' -u 'virt*' -u 'host*' >/share/out/journal 2>&1
# shellcheck source=tests/host/tell.sh
. /share/tell.sh
# shellcheck source=tests/host/fleet.sh
. /share/fleet.sh
touch /share/out/done
sync
systemctl poweroff --force --force
