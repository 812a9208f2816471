#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine as it is started.
cd /srv/vm || exit 1
exec qemu-system-x86_64 -name 'win 11' \
	-machine q35,accel=kvm -cpu host \
	-m 8G -smp 4 \
	-device intel-iommu,caching-mode=on,aw-bits=48 \
	-object iommufd,id=iommufd0 \
	-device vfio-pci,host=0000:01:00.0,iommufd=iommufd0 \
	-device vfio-pci,host=01:00.1,iommufd=iommufd0 \
	-display none
