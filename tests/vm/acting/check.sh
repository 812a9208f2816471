# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:00:04.0
nodes=$(find /dev/vfio /dev/iommu ! -type d 2>/dev/null)
# commands: those of the failures that check printed last, executed as printed.
commands() {
	sed -n 's/^  *\(chown\|modprobe\|sudo\) /\1 /p' /out/stdout >/out/commands
	test -s /out/commands && sh -e /out/commands
}
user() {
	prober --uid 1000 --memlock 67108864 run "$@"
}

check "root's host passes" exits 0 vfiotool check
check "without a failure" not says FAIL
check "and attaches" exits 0 vfiotool attach $CARD

check "what a user may not open fails" exits 2 vfiotool check --user 1000
check "by its node" says "user 1000 cannot use $CARD"
check "which the kernel refuses, too" exits 77 user vfiotool attach $CARD
check "the commands are run" exits 2 vfiotool check --user 1000
check "as printed" commands
check "then only the limit is open" exits 3 vfiotool check --user 1000
check "and nothing fails" not says FAIL
check "and the user attaches" exits 0 user vfiotool attach $CARD

# shellcheck disable=SC2086
chown 0 $nodes

# Where it is built in, or not at all, it does not go away.
grep -q '^vfio_iommu_type1 ' /proc/modules || return 0
rmmod vfio_iommu_type1
left=2
[ -z "$SMALL" ] || left=0 # iommufd is there
check "a module that nothing loads any more is told" exits $left vfiotool check
check "by its name" says "vfio-iommu-type1 is not loaded"
check "and missed by the kernel" exits 2 vfiotool attach --path container $CARD
check "its command is run" exits $left vfiotool check
check "as printed, too" commands
check "and the host passes" exits 0 vfiotool check
check "and attaches again" exits 0 vfiotool attach --path container $CARD
