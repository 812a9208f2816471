#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A hookscript for Proxmox VE: checks the devices of a virtual machine before it starts.
#
#     install -m 755 proxmox-hook.sh /var/lib/vz/snippets/vfiotool.sh
#     qm set 100 --hookscript local:snippets/vfiotool.sh
#
# Proxmox VE calls it with the number of the machine and the phase. Before the start it checks the definition on this host. If a
# check fails, it prints the reasons with the line of the file, and the machine does not start. What is unknown does not stop it.
# VFIOTOOL names another binary, VFIOTOOL_PVE another folder than /etc/pve, VFIOTOOL_SYSROOT a capture instead of this host.
set -eu

[ $# -eq 2 ] || {
	echo "usage: $0 VMID PHASE, as Proxmox VE calls it" >&2
	exit 64
}
case $1 in
'' | *[!0-9]*)
	echo "$0: '$1' is not the number of a virtual machine" >&2
	exit 64
	;;
esac
[ "$2" = pre-start ] || exit 0
folder=${VFIOTOOL_PVE:-/etc/pve}
definition=$folder/qemu-server/$1.conf
set -- check --vm "$definition"
[ ! -r "$folder/mapping/pci.cfg" ] || set -- "$@" --mapping "$folder/mapping/pci.cfg"
status=0
said=$("${VFIOTOOL:-vfiotool}" ${VFIOTOOL_SYSROOT:+--sysroot "$VFIOTOOL_SYSROOT"} "$@" </dev/null 2>&1) || status=$?
case $status in
0 | 3) exit 0 ;;
esac
printf 'vfiotool check ended with %s for %s:\n%s\n' "$status" "$definition" "$said" >&2
exit 1
