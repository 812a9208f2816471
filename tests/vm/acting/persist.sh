# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:00:04.0
RULE=/etc/udev/rules.d/06-vfiotool-pci-$CARD.rules
SOFTDEP=/etc/modprobe.d/vfiotool-pci-$CARD.conf
OVERRIDE=/etc/driverctl.d/pci-$CARD

# id_of NAME: as the rule has to have it.
id_of() {
	cat "/sys/bus/pci/devices/$CARD/$1"
}

check "a dry run writes nothing" exits 0 vfiotool bind --dry-run --persist $CARD
check "but says what" says_error "would keep $CARD on vfio-pci after a reboot: $RULE"
check "nothing is there" test ! -e $RULE
check "bind and keep" exits 0 vfiotool bind --persist $CARD
check "it is bound" driver_is $CARD vfio-pci
check "the rule is there" test -s $RULE
check "about this address" grep -qF "KERNEL==\"$CARD\"" $RULE
for id in vendor device subsystem_vendor subsystem_device; do
	check "and this $id" grep -qF "ATTR{$id}==\"$(id_of $id)\"" $RULE
done
check "it sets the override" grep -qF 'ATTR{driver_override}="vfio-pci"' $RULE
check "modprobe loads it first" grep -qx "softdep e1000e pre: vfio-pci" $SOFTDEP
check "list shows it" exits 0 vfiotool list -n -o persist $CARD
check "by its driver" says vfio-pci
check "inspect shows it" exits 0 vfiotool inspect $CARD
check "with its file" says "at each boot    vfio-pci, by"
check "as JSON too" sh -c "vfiotool inspect --json $CARD >/out/stdout"
check "the driver" says '"persist": "vfio-pci"'
check "and the file" says "\"persist_file\": \"$RULE\""
check "unbind leaves it" exits 0 vfiotool unbind $CARD
check "as it was" test -s $RULE
check "unbind --persist" exits 0 vfiotool unbind --persist $CARD
check "takes the rule away" test ! -e $RULE
check "and the line" test ! -e $SOFTDEP
check "its driver has it" driver_is $CARD e1000e

check "bind alone" exits 0 vfiotool bind $CARD
check "then keep, where it is already" exits 0 vfiotool bind --persist $CARD
check "the line is about its own driver" grep -qx "softdep e1000e pre: vfio-pci" $SOFTDEP
check "unbind --persist" exits 0 vfiotool unbind --persist $CARD
check "takes that away, too" test ! -e $SOFTDEP

# As if the kernel had it built in: what was loaded has a state.
mount -t tmpfs none /sys/module/e1000e
check "a driver that is built in" exits 0 vfiotool bind --dry-run --persist $CARD
check "has no module to come before" not says_error "$SOFTDEP"
check "which is said" says_error "e1000e is built into this kernel and gets $CARD before the udev rule"
umount /sys/module/e1000e

mkdir -p /usr/sbin /etc/driverctl.d
printf '#!/bin/sh\n' >/usr/sbin/driverctl
chmod 755 /usr/sbin/driverctl
echo uio_pci_generic >$OVERRIDE
check "another's override is not touched" exits 1 vfiotool bind --persist $CARD
check "nor the device" driver_is $CARD e1000e
check "and told" says_error "$OVERRIDE exists already"
check "it says the same" grep -qx uio_pci_generic $OVERRIDE
rm $OVERRIDE
check "where driverctl is installed" exits 0 vfiotool bind --persist $CARD
check "it is told" grep -qx vfio-pci $OVERRIDE
check "and refuses a stranger" grep -qF "ATTR{device}!=\"$(id_of device)\", ENV{SYSTEMD_WANTS}=\"\"" $RULE
check "unbind --persist" exits 0 vfiotool unbind --persist $CARD
check "takes the override away" test ! -e $OVERRIDE
check "and the refusal" test ! -e $RULE
rm -f /usr/sbin/driverctl
