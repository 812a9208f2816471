# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The runs are made by killer, which says what it demands of each.
card=0000:00:04.0
thorough=
[ "$PART" != bind-killed-all ] || thorough=thorough

matrix() {
	killer "$1" $card e1000e vfio-pci ${thorough:+"$thorough"} >>/out/matrix 2>/out/wrong && return
	status=$?
	cat /out/wrong
	return $status
}

# Modules are loaded once, and then are there.
run vfiotool bind $card
run vfiotool restore
: >/out/matrix
check "bind: every run ends in the first state" matrix bind
check "unbind: every run ends in the first state" matrix unbind
send notes /out/matrix
