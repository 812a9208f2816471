# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:00:04.0 DISK=0000:00:08.0 BUS=0000:00:1f.3
HERE=/sys/bus/pci/devices/$CARD

# there_and_back TITLE: by unbind, then by restore; all as it was.
there_and_back() {
	check "$1: bind" exits 0 vfiotool bind $CARD
	check "$1: unbind" exits 0 vfiotool unbind $CARD
	check "$1: which says where it was" says "before on vfio-pci"
	check "$1: all is as it was" unchanged
	check "$1: bind again" exits 0 vfiotool bind $CARD
	check "$1: restore" exits 0 vfiotool restore
	check "$1: all is as it was again" unchanged
}

# The override came after the driver, which does not match any more.
echo pci-stub >$HERE/driver_override
begin_here
there_and_back "another's override"
echo >$HERE/driver_override

# Without its id the driver does not match either. To write new_id tells the driver to look for devices.
modprobe -q pci_stub
echo $CARD >$HERE/driver/unbind
echo 8086 10d3 >/sys/bus/pci/drivers/pci-stub/new_id 2>/dev/null
[ "$(driver_of $CARD)" = pci-stub ] || echo $CARD >/sys/bus/pci/drivers/pci-stub/bind
echo 8086 10d3 >/sys/bus/pci/drivers/pci-stub/remove_id
check "a driver by an id that was added by hand" driver_is $CARD pci-stub
begin_here
there_and_back "an id that was taken away"
echo $CARD >$HERE/driver/unbind

begin_here
there_and_back "no driver"
echo e1000e >$HERE/driver_override
echo $CARD >/sys/bus/pci/drivers/e1000e/bind
begin_here
there_and_back "its own driver as an override"
echo >$HERE/driver_override
begin_here

echo 0 >/sys/bus/pci/drivers_autoprobe
there_and_back "no autoprobe"
echo 1 >/sys/bus/pci/drivers_autoprobe

# A driver that was unloaded meanwhile is loaded again, by unbind and by restore.
for way in "unbind $DISK" restore; do
	check "$way: a disk" exits 0 vfiotool bind $DISK
	check "$way: its driver is unloaded" modprobe -r nvme
	# shellcheck disable=SC2086
	check "$way: it is asked for back" exits 0 vfiotool $way
	check "$way: and on its driver" driver_is $DISK nvme
	check "$way: all is as it was" unchanged
done

# What cannot be loaded any more leaves no device without a driver, and no record is lost.
check "a disk" exits 0 vfiotool bind $DISK
modprobe -r nvme
mv "/lib/modules/$(uname -r)" /lib/hidden
check "its driver's module is not there: unbind" exits 1 vfiotool unbind $DISK
check "says so" says "there is no driver 'nvme'"
check "and leaves it" driver_is $DISK vfio-pci
check "a dry run of restore" exits 0 vfiotool restore --dry-run
check "says what is to be loaded" says "modprobe nvme"
check "restore" exits 1 vfiotool restore
check "says so" says "there is no driver 'nvme'"
mv /lib/hidden "/lib/modules/$(uname -r)"
check "restore when it is there again" exits 0 vfiotool restore
check "brings it back" driver_is $DISK nvme
check "all is as it was" unchanged

# A module that is called otherwise than its driver is found as udev finds it.
if modprobe -q i2c_i801 && within 5 driver_is $BUS i801_smbus; then
	check "a controller of SMBus" exits 0 vfiotool bind --force=platform $BUS
	check "its module, i2c_i801, is unloaded" modprobe -r i2c_i801
	check "unbind" exits 0 vfiotool unbind $BUS
	check "brings it back to i801_smbus" driver_is $BUS i801_smbus
	# That driver enables the device once more each time, and never disables it.
	modprobe -r i2c_i801
	begin_here
fi

mkdir -p /small
mount -t tmpfs -o size=8k tmpfs /small
mkdir -p /small/journal
dd if=/dev/zero of=/small/rest bs=4k 2>/dev/null
check "no room for the journal" exits 1 vfiotool bind --journal /small/journal $CARD
check "is told" says "the journal could not be written; without it no driver is changed"
check "so nothing is written" unchanged
rm /small/rest
check "with room" exits 0 vfiotool bind --journal /small/journal $CARD
dd if=/dev/zero of=/small/rest bs=4k 2>/dev/null
check "and none for the way back: it goes back all the same" exits 0 vfiotool restore --journal /small/journal
check "to its driver" driver_is $CARD e1000e
umount /small
check "all is as it was" unchanged
