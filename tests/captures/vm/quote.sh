#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine as it is started.
cd /srv/vm || exit 1
exec qemu-system-x86_64 -name 'win 11' \
	-machine q35,accel=kvm -cpu host \
	-m 8G -smp 4 \
	-device 'vfio-pci,host=01:00.0 \
	-display none
