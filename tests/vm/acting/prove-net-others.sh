# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PROVE_PATHS=container
[ -z "$SMALL" ] || PROVE_PATHS="container iommufd compat"
[ -z "$COMPAT" ] || PROVE_PATHS="iommufd compat"
for path in $PROVE_PATHS; do
	for device in e1000:04 e1000e:05 virtio-net:06 virtio-blk:07 virtio-rng:08 virtio-scsi:09; do
		save "${device%:*}.$path" vfiotool prove --json --path "$path" "0000:00:${device#*:}.0"
	done
done
