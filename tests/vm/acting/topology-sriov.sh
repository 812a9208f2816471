# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PF=/sys/bus/pci/devices/0000:01:00.0
check "two functions come" sh -c "echo 2 >$PF/sriov_numvfs"
pci_groups /out/groups
send functions.groups /out/groups
check "every group is the kernel's" save functions vfiotool explain --json
check "one of them is explained" exits 0 vfiotool explain 0000:01:00.1
check "as alone" says "alone"
check "they go" sh -c "echo 0 >$PF/sriov_numvfs"
