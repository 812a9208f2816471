# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
pci_groups /out/groups
send now.groups /out/groups
check "every group is the kernel's" save now vfiotool explain --json

# A capture holds what explain asks.
check "a capture is taken" exits 0 vfiotool capture /out/here.capture
check "and explains as the host does" save elsewhere vfiotool --sysroot /out/here.capture explain --json
send elsewhere.groups /out/groups
send capture /out/here.capture
rm /out/here.capture

# Without the capabilities nothing is said that could be wrong.
prober --uid 1000 run vfiotool explain --json >/out/user 2>/out/stderr
check "an ordinary user is told who could read more" grep -q 'run vfiotool explain as root' /out/user
