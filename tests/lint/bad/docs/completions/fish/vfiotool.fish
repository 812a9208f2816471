# SPDX-License-Identifier: GPL-2.0-or-later
set -l before
complete -c vfiotool -l sysroot
complete -c vfiotool -l quiet
complete -c vfiotool -n '__vfiotool_is list' -l output
complete -c vfiotool -n '__vfiotool_is inspect' -l now
