# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PROVE_PATHS=container
[ -z "$SMALL" ] || PROVE_PATHS="container iommufd compat"
[ -z "$COMPAT" ] || PROVE_PATHS="iommufd compat"
for path in $PROVE_PATHS; do
	save "edu.$path" vfiotool prove --json --path "$path" 0000:00:07.0
	save "nvme.$path" vfiotool prove --json --path "$path" 0000:00:08.0
	save "hda.$path" vfiotool prove --json --path "$path" 0000:00:09.0
	save "xhci.$path" vfiotool prove --json --path "$path" 0000:00:0a.0
	save "ahci.$path" vfiotool prove --json --path "$path" 0000:00:0b.0
done
