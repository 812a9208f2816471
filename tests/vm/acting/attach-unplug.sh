# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change
card=0000:01:00.0

ready() {
	give $card vfio-pci && [ -e "/dev/vfio/$(group_of $card)" ]
}

released() {
	grep -q "asks for $card back" /out/held
}

# hold WAY...: vfiotool keeps the card that way; its process is $holder.
hold() {
	vfiotool attach "$@" >/out/held 2>&1 </dev/null &
	holder=$!
}

# taken_off: a driver is taken off the card, which takes until nobody has it; $took is how long it did, in ms.
taken_off() {
	start=$(uptime_ms)
	echo $card >/sys/bus/pci/drivers/vfio-pci/unbind
	took=$(($(uptime_ms) - start))
}

check "a card comes" comes e1000e card '"bus": "port1"' $card

# The machine below may be busy with other guests: of three times one must do.
for path in container ${SMALL:+iommufd}; do
	best=99999
	for _ in 1 2 3; do
		check "$path: on vfio-pci" within 20 ready
		hold --path="$path" --hold=60 $card 0000:00:04.0
		check "$path: it is held" within 40 grep -q holding /out/held
		taken_off
		[ $took -ge $best ] || best=$took
		check "$path: it is let go, and that is said" within 5 released
		wait $holder
		check "$path: which is fine" test $? -eq 0
		check "$path: the driver is off" driver_is $card ""
		check "$path: the other device is free" exits 0 vfiotool attach -q 0000:00:04.0
		[ $best -ge 1000 ] || break
	done
	check "$path: within a second ($best ms)" test $best -lt 1000
done

# A program that knows nothing of it is told to end.
check "on vfio-pci again" within 20 ready
hold $card -- sleep 60
check "a program has it" within 40 pidof sleep
taken_off
check "that is said" within 5 released
wait $holder
check "the program got SIGTERM" test $? -eq 143

# Through QEMU's monitor, as a user of the machine does it.
check "and once more on vfio-pci" within 20 ready
hold --hold=60 $card 0000:00:04.0
check "it is held" within 40 grep -q holding /out/held
check "it is unplugged" unplug card
check "it is let go" within 40 released
wait $holder
check "and goes" within 40 gone $card
check "the other device is free" exits 0 vfiotool attach -q 0000:00:04.0
