# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
HDA=0000:00:04.0 ICH=0000:00:05.0
PROVE_PATHS=container
[ -z "$SMALL" ] || PROVE_PATHS="container iommufd compat"
[ -z "$COMPAT" ] || PROVE_PATHS="iommufd compat"

for path in $PROVE_PATHS; do
	save "hda-intel.$path" vfiotool prove --json --path "$path" $HDA
	save "hda-ich9.$path" vfiotool prove --json --path "$path" $ICH
done
