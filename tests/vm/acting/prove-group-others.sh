# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Debian's kernels have the first path only, the small ones show the others.
path=container
[ -z "$SMALL" ] || path=iommufd
[ -z "$COMPAT" ] || path=compat
save "group.$path" vfiotool prove --json --path "$path" 0000:00:05.0 0000:00:07.0 0000:00:08.0
