#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine as it is started.
cd /srv/vm || exit 1
exec qemu-system-x86_64 -name 'win 11' \
	-machine q35,accel=kvm -cpu host \
	-m 8G -smp 4 \
	-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/c2177883-f1bb-47f0-914d-32a22e3a8804 \
	-display none
