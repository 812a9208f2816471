# SPDX-License-Identifier: GPL-2.0-or-later
set -l before
complete -c vfiotool -l sysroot -l quiet -l output -n 'is list inspect'
complete -c vfiotool -l now
