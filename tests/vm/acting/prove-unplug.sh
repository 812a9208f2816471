# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# edu is no PCI Express device and cannot be unplugged here: its driver is taken away instead, which asks the same way.
EDU=0000:00:07.0
vfiotool prove $EDU >/out/proof 2>/out/why &
proof=$!
usleep 1200000
check "it is under way" kill -0 $proof
begun=$(uptime_ms)
echo $EDU >/sys/bus/pci/drivers/vfio-pci/unbind
took=$(($(uptime_ms) - begun))
wait $proof
ended=$?
check "the driver is gone" driver_is $EDU ""
check "within a second: $took ms" test $took -lt 1000
check "the proof failed: $ended" test $ended -eq 1
check "and says why" grep -q "asked for the device back" /out/why
check "with what it had" grep -q "the device writes memory that is mapped for it" /out/proof
give $EDU vfio-pci
check "and then it can be proven" exits 0 vfiotool prove $EDU
