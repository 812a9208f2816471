#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the packages of the sections named on the command line, as far as they are missing. As root, or through sudo.
# tests/packages.sh --list SECTION... only prints them.
set -eu

list=$(dirname "$0")/packages.txt

say() {
	printf 'packages: %s\n' "$*" >&2
}

names() {
	for section; do
		sed -n "/^\\[$section\\]\$/,/^\\[/{/^[a-z0-9]/p}" "$list"
	done | sort -u
}

[ "${1-}" != --list ] || {
	shift
	names "$@"
	exit 0
}

wanted=$(names "$@")
[ -n "$wanted" ] || {
	say "usage: $0 [--list] SECTION... (sections: build guest fleet arm64 test packaging)"
	exit 64
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	say "this is no Debian; install what is meant by these names, then run the rest by hand:"
	printf '%s\n' "$wanted" >&2
	exit 1
fi

missing=
for name in $wanted; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true) in
	installed*) ;;
	*) missing="$missing $name" ;;
	esac
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		say "missing:$missing"
		say "neither root nor sudo: run this as root, or install them"
		exit 1
	}
	sudo env true || {
		say "missing:$missing"
		say "sudo refuses: run this as root, or install them"
		exit 1
	}
	root=sudo
fi

say "installing $(echo "$missing" | wc -w) packages:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Its words matter only when it fails, and then one line for each of many packages says no more than three.
apt() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		-o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1 || {
		if grep -q '^E: ' "$log"; then grep '^E: ' "$log" | head -n 3; else tail -n 20 "$log"; fi >&2
		return 1
	}
}
apt update || say "the package lists could not be renewed; trying with those that are here"
# shellcheck disable=SC2086
apt install --no-install-recommends $missing || {
	say "they could not be installed"
	say "is a Debian mirror reachable (apt-get update), and is this Debian 12?"
	exit 1
}
