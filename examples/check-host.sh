#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Can this host pass through the devices on a list? For a provisioning step or a monitoring check.
#
#     check-host.sh [FILE]       FILE (or standard input) has one vfiotool target per line; # starts a comment
#
# Prints one line per target: ok, FAIL with the reason, or UNKNOWN. Exit status: 0 all ok, 1 some failed, 3 some unknown, 64 usage.
# VFIOTOOL names another binary, VFIOTOOL_SYSROOT a capture instead of this host.
set -eu

vt() {
	"${VFIOTOOL:-vfiotool}" ${VFIOTOOL_SYSROOT:+--sysroot "$VFIOTOOL_SYSROOT"} "$@"
}

# The first reason among the paths of the JSON report, as one line in which nothing acts on a terminal.
reason() {
	vt inspect --json "$1" | python3 -c '
import json, sys
for device in json.load(sys.stdin)["devices"]:
    for path in device["if_bound"]["paths"]:
        if path["answer"] != "yes":
            where = " ".join(word for word in (path["op"], path["errno"]) if word)
            address = device["address"]
            because = path["because"]
            line = f"{address}: {where}: {because}" if where else f"{address}: {because}"
            print("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line))
            break
    else:
        continue
    break
' || true
}

[ $# -le 1 ] || {
	echo "usage: $0 [FILE]" >&2
	exit 64
}
[ $# -eq 0 ] || exec <"$1"

worst=0
while read -r target rest; do
	case $target in
	'' | '#'*) continue ;;
	esac
	status=0
	vt inspect -q --if-bound "$target" </dev/null || status=$?
	case $status in
	0) echo "ok      $target${rest:+ $rest}" ;;
	2)
		echo "FAIL    $target${rest:+ $rest}: $(reason "$target")"
		worst=1
		;;
	3)
		echo "UNKNOWN $target${rest:+ $rest}: $(reason "$target")"
		[ "$worst" -ne 0 ] || worst=3
		;;
	*)
		echo "FAIL    $target${rest:+ $rest}: vfiotool ended with $status"
		worst=1
		;;
	esac
done
exit "$worst"
