# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
check "a controller with a function reset" exits 0 vfiotool reset 00:05.0
check "which is taken" says "the function alone"
check "and leaves it as it was" says "It answers, and its header is as before"
check "its bus cannot be reset" exits 2 vfiotool reset --method hot 00:05.0
check "which is a root bus" says "a root bus"
check "a card with nothing" exits 2 vfiotool reset 00:04.0
check "dry" exits 2 vfiotool reset --dry-run 00:04.0
check "asked for the function" exits 2 vfiotool reset --method device 00:04.0
check "says the errno" says "EINVAL"
check "a card alone behind a port" exits 0 vfiotool reset 02:00.0
check "its bus" exits 0 vfiotool reset --method hot 02:00.0
check "is its own" says "slot or bus: 1 device, all ours"
check "two functions of a card, dry" exits 0 vfiotool reset --dry-run --method hot 01:00.0
check "the list has the other" says "0000:01:00.1 group"
check "and is ours" says "Would be reset: slot or bus: 2 devices, all ours"
check "done" exits 0 vfiotool reset --method hot 01:00.0
check "as it should be" says "It answers, and its header is as before"
check "both named" exits 0 vfiotool reset --method hot 01:00.0 01:00.1
check "one reset for both" says "Reset together with 0000:01:00.0"
check "JSON" exits 0 vfiotool reset --json --method hot 02:00.0
check "with the choice" says '"chosen": "hot"'
check "and the prediction" says '"predicted": "ok"'
check "as it came" says '"match": true'
check "what would be refused" exits 2 vfiotool reset --json --method device 00:04.0
check "with its errno" says '"predicted": "EINVAL"'
check "that was not asked for" says '"actual": null'
if [ -n "$SMALL" ] && [ -z "$COMPAT" ]; then
	check "by iommufd the function" exits 0 vfiotool reset --path iommufd 01:00.0
	check "the bus, both functions ours" exits 0 vfiotool reset --path iommufd --method hot 01:00.0 01:00.1
	check "by their ids" says "id 1"
	check "one of them: the other is of our group" exits 0 vfiotool reset --path iommufd --method hot 01:00.0
fi
echo 0000:01:00.1 >/sys/bus/pci/drivers/vfio-pci/unbind
check "one function on no driver" exits 2 vfiotool reset --method hot 01:00.0
check "is named" says "0000:01:00.1 is on no driver: bind it to vfio-pci"
if [ -z "$COMPAT" ]; then
	check "and the kernel would refuse it, too" exits 2 hotreset "$(group_of 0000:01:00.0)" 0000:01:00.0
	check "as it does" says EINVAL
fi
modprobe pci-stub
if give 0000:01:00.1 pci-stub; then
	check "one function on pci-stub" exits 2 vfiotool reset --method hot 01:00.0
	check "is on a host driver" says "0000:01:00.1 is on host driver pci-stub: bind it to vfio-pci"
	echo 0000:01:00.1 >/sys/bus/pci/drivers/pci-stub/unbind
fi
check "the function itself can be reset" exits 0 vfiotool reset 01:00.0
give 0000:01:00.1 vfio-pci
if since 6.1; then
	check "a port whose link QEMU never reports" exits 1 vfiotool reset --method hot 03:00.0
	check "is told apart from a refusal" says "the bus was reset"
fi
check "the function there" vfiotool reset --method device 03:00.0
