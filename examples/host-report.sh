#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One HTML file about devices, to attach to a ticket: a picture of the groups, why they are so, what the kernel decides,
# and what to do. It needs no other file.
#
#     host-report.sh TARGET... >report.html
#
# Exit status: 0 written, 64 usage, else that of vfiotool, when it could not answer.
# VFIOTOOL names another binary, VFIOTOOL_SYSROOT a capture instead of this host.
set -eu

vt() {
	"${VFIOTOOL:-vfiotool}" ${VFIOTOOL_SYSROOT:+--sysroot "$VFIOTOOL_SYSROOT"} --color=never "$@" </dev/null
}

# section TITLE COMMAND...: what it says, as text. No, unknown and refused are answers too.
section() {
	echo "<h2>$1</h2>"
	shift
	status=0
	said=$(vt "$@") || status=$?
	case $status in
	0 | 2 | 3 | 5) ;;
	*) exit "$status" ;;
	esac
	echo "<pre>"
	printf '%s\n' "$said" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
	echo "</pre>"
}

[ $# -ge 1 ] || {
	echo "usage: $0 TARGET... >report.html" >&2
	exit 64
}
status=0
picture=$(vt explain --svg "$@") || status=$?
case $status in
0 | 3) ;;
*) exit "$status" ;;
esac
cat <<END
<!DOCTYPE html>
<meta charset="utf-8">
<title>vfiotool: $(printf '%s' "$*" | sed 's/[^A-Za-z0-9:. -]//g')</title>
<style>body { font-family: sans-serif } pre { background: #f4f4f4; padding: 1em }</style>
<h1>PCI devices and VFIO</h1>
$picture
END
section "Groups" explain "$@"
section "Plan" plan "$@"
section "Decisions" inspect -v "$@"
