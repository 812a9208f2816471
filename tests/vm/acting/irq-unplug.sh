# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change
CARD=0000:01:00.0

# taken_from COMMAND...: a fresh card goes while that uses it.
taken_from() {
	comes e1000e card '"bus": "port1"' $CARD || return
	within 5 give $CARD vfio-pci || return
	"$@" >/out/used 2>/out/used.err </dev/null &
	user=$!
	# It is set up when the kernel has handlers for its vectors.
	within 10 grep -q vfio-msix /proc/interrupts || return
	unplug card || return
	within 20 not kill -0 $user 2>/dev/null
	wait $user
	ended=$?
	cat /out/used /out/used.err
	echo "exit status $ended"
	within 20 gone $CARD
}

check "a card goes while its interrupts are counted" taken_from vfiotool irq --index msix --count 1000000 $CARD
check "which ends the command" test "$ended" = 1
check "and is said" grep -q "the kernel asks for it back" /out/used.err
check "what was counted until then is shown" grep -q "MSI-X" /out/used
