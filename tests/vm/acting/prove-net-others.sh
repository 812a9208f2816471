# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Debian's kernels have the first path only, the small ones show the others.
path=container
[ -z "$SMALL" ] || path=iommufd
[ -z "$COMPAT" ] || path=compat
for device in e1000:04 e1000e:05 virtio-net:06 virtio-blk:07 virtio-rng:08 virtio-scsi:09; do
	save "${device%:*}.$path" vfiotool prove --json --path "$path" "0000:00:${device#*:}.0"
done
