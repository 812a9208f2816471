# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The hook where libvirt looks for it, called with what libvirt gives: the guest's name, the operation, and the XML.
CARD=0000:00:04.0
BOTH=0000:00:06
HOOK=/etc/libvirt/hooks/qemu
STATE=/run/vfiotool-libvirt/guest-router
mkdir -p /etc/libvirt/hooks
cp /examples/libvirt-hook.sh $HOOK
chmod 755 $HOOK
# The guest has no python3: in its place a reader of the one form of XML that this script writes.
cat >/bin/python3 <<'END'
#!/bin/sh
awk -F "'" '/<hostdev/ { managed = $6 } /<driver/ { inside = 1 } /<address/ && inside { print managed, $2, $4, $6, $8; inside = 0 }'
END
chmod 755 /bin/python3

# hostdev SLOT FUNCTION MANAGED: an element, as libvirt writes it.
hostdev() {
	cat <<-END
		    <hostdev mode='subsystem' type='pci' managed='$3'>
		      <driver name='vfio'/>
		      <source>
		        <address domain='0x0000' bus='0x00' slot='0x$1' function='0x$2'/>
		      </source>
		      <address type='pci' domain='0x0000' bus='0x00' slot='0x08' function='0x0'/>
		    </hostdev>
	END
}

# domain HOSTDEV...: each "SLOT FUNCTION MANAGED".
domain() {
	echo "<domain type='qemu'>"
	echo "  <name>router</name>"
	echo "  <devices>"
	for item; do
		# shellcheck disable=SC2086
		hostdev $item
	done
	echo "  </devices>"
	echo "</domain>"
} >/out/domain.xml

# hook STATUS GUEST OPERATION SUB-OPERATION: what it says to libvirt is kept.
hook() {
	wanted=$1
	shift
	timeout -s KILL 60 $HOOK "$@" - </out/domain.xml >/out/stdout 2>/out/stderr
	ended=$?
	[ $ended -eq "$wanted" ] || {
		echo "exit status $ended instead of $wanted"
		cat /out/stdout /out/stderr
		return 1
	}
}

# machine DEVICE...: a command line of QEMU, for 'check --vm' (libxml2, which reads libvirt's XML, is not in the guest).
machine() {
	echo "exec qemu-system-x86_64 -m 64M \\"
	for item; do
		echo "	-device vfio-pci,host=$item \\"
	done
	echo "	-display none"
} >/out/machine.sh

machine $CARD
check "a machine whose card is on a driver of the host" exits 2 vfiotool check --json --vm /out/machine.sh
check "does not start: it says so" says '"check": "vm-device"'
check "and where" says '"line": 2'
check "the kernel agrees" exits 2 vfiotool attach $CARD
check "what it says to do" exits 0 vfiotool bind $CARD
check "helps" exits 0 vfiotool check -q --vm /out/machine.sh
check "the kernel agrees" exits 0 vfiotool attach $CARD
machine $CARD 0000:00:1e.0
check "with a device that is not there it does not start" exits 2 vfiotool check --json --vm /out/machine.sh
check "which is named" says "this host has no device 0000:00:1e.0"
machine $BOTH.0
check "a function is bound without the other" exits 0 vfiotool bind $BOTH.0
check "that machine does not start" exits 2 vfiotool check --json --vm /out/machine.sh
check "because of the other" says "$BOTH.0 is given without $BOTH.1 (on e1000) of the same group"
check "the kernel agrees" exits 2 vfiotool attach $BOTH.0
check "both are bound" exits 0 vfiotool bind $BOTH.1
check "then it starts" exits 0 vfiotool check -q --vm /out/machine.sh
check "the kernel agrees" exits 0 vfiotool attach $BOTH.0
check "all go back" exits 0 vfiotool unbind $BOTH.0 $BOTH.1 $CARD

domain "04 0 no" "06 0 no" "06 1 no"
check "a machine that has three devices may start" hook 0 router prepare begin
for device in $CARD $BOTH.0 $BOTH.1; do
	check "$device is on vfio-pci" driver_is "$device" vfio-pci
done
check "nothing is said" test ! -s /out/stderr
check "what was moved is written down" grep -q "$CARD.*$BOTH.0.*$BOTH.1" $STATE
check "other operations do nothing" hook 0 router started begin
check "the release of another machine neither" hook 0 other release end
check "it is still there" driver_is $CARD vfio-pci
check "the machine has ended" hook 0 router release end
check "its card is back" driver_is $CARD e1000e
for device in $BOTH.0 $BOTH.1; do
	check "$device is back" driver_is "$device" e1000
done
check "nothing is left to do" test ! -e $STATE
check "nor in the journal" test ! -e /run/vfiotool/journal

domain "04 0 no" "06 0 no"
check "a sibling stays with the host: no start" hook 1 router prepare begin
check "the reason is told" says_error "$BOTH.1"
check "by the tool" says_error "vfiotool attach ended with 2"
check "all is as it was" driver_is $CARD e1000e
check "the function as well" driver_is $BOTH.0 e1000
check "nothing is remembered" test ! -e $STATE

link=$(ls /sys/bus/pci/devices/$CARD/net)
ip link set "$link" up
ip addr add 192.0.2.1/24 dev "$link"
domain "05 0 no" "04 0 no"
check "a card that the host uses: no start" hook 1 router prepare begin
check "it says why" says_error "address 192.0.2.1/24 <- $link <- $CARD"
check "it stays" driver_is $CARD e1000e
check "and so does the other" driver_is 0000:00:05.0 e1000e
domain "04 0 yes"
check "libvirt would move it: no start either" hook 1 router prepare begin
check "for that reason" says_error "address 192.0.2.1/24 <- $link <- $CARD"
check "not the writes, which nobody asked for" not says_error "echo "
ip addr flush dev "$link"
ip link set "$link" down
check "once it is free libvirt may" hook 0 router prepare begin
check "and the hook leaves it to libvirt" driver_is $CARD e1000e

check "one is given at boot" exits 0 vfiotool bind $CARD
domain "04 0 no" "05 0 no"
check "a machine takes it and another" hook 0 router prepare begin
check "and ends" hook 0 router release end
check "what was there before stays" driver_is $CARD vfio-pci
check "the other is back" driver_is 0000:00:05.0 e1000e
check "until it is wanted back" exits 0 vfiotool unbind $CARD

domain "04 0 no" "05 0 no"
check "a machine starts" hook 0 router prepare begin
group=$(group_of $CARD)
sleep 60 <>/dev/vfio/"$group" &
holder=$!
check "its end, but somebody has the card" hook 1 router release end
check "who is told" says_error "process $holder"
check "the card stays" driver_is $CARD vfio-pci
check "the other is back" driver_is 0000:00:05.0 e1000e
check "it is remembered" grep -qx " *$CARD" $STATE
kill $holder
wait $holder 2>/dev/null
check "the next release gives it back" hook 0 router release end
check "it is back" driver_is $CARD e1000e
check "and forgotten" test ! -e $STATE

domain "1e 0 no"
check "a device that is not there: no start" hook 1 router prepare begin
check "it is named" says_error "0000:00:1e.0"
rm -r /etc/libvirt /run/vfiotool-libvirt
