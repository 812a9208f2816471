# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
card=0000:00:04.0
other=0000:00:05.0
options=/etc/modprobe.d/variant.conf

begin_here
check "the variant is not loaded yet" not test -d /sys/module/variant_vfio_pci
check "tried" exits 0 vfiotool bind --dry-run $card
says "echo variant_vfio_pci"
check "nothing was loaded for that" not test -d /sys/module/variant_vfio_pci
check "bound" exits 0 vfiotool bind $card $other
check "the card with an alias is on the variant" driver_is $card variant_vfio_pci
check "the other one is on vfio-pci" driver_is $other vfio-pci
check "attached" exits 0 vfiotool attach $card $other
check "given back" exits 0 vfiotool unbind $card $other
check "the card is back" driver_is $card e1000e
check "the other one is back" driver_is $other e1000
check "the variant, there and back" unchanged
rmmod variant_vfio_pci

# A variant that wants more of the card than it has.
mkdir -p /etc/modprobe.d
echo "options variant_vfio_pci refuse=1" >$options
check "refused" exits 2 vfiotool bind $card
says "--driver vfio-pci"
check "refused, it is where it was" driver_is $card e1000e
check "as the refusal says" exits 0 vfiotool bind --driver vfio-pci $card
check "the plain driver takes it" driver_is $card vfio-pci
check "all back" exits 0 vfiotool restore
check "restored" driver_is $card e1000e
rmmod variant_vfio_pci
rm $options
check "a variant that refuses" unchanged
