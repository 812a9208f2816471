#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# From nothing to real answers, on any machine: installs what is missing (Debian 12), builds vfiotool, looks at this
# host, then boots a small guest with an emulated IOMMU and shows a refusal, its reason, and its end: there vfiotool
# attaches a card, maps memory for it, and makes a device prove what the IOMMU lets it reach.
# Nothing of this host is changed besides the packages; no KVM is used.
set -eu
cd "$(dirname "$0")/.."

step() {
	printf '\n== %s\n' "$*"
}

# run COMMAND...: shows it, and ends the demonstration only when it failed, not when its answer is no or unknown.
run() {
	printf '\n  # %s\n' "$*"
	status=0
	"$@" || status=$?
	case $status in
	0 | 2 | 3) ;;
	*)
		echo "demo: $* ended with $status" >&2
		exit 1
		;;
	esac
}

step "Packages"
tests/packages.sh build guest

step "Build"
mkdir -p build-demo
[ -f build-demo/build.ninja ] || meson setup -Dtests=false build-demo >build-demo/setup.log 2>&1 || {
	cat build-demo/setup.log
	exit 1
}
ninja --quiet -C build-demo src/cmd/vfiotool
PATH=$PWD/build-demo/src/cmd:$PATH

step "This host"
run vfiotool list
run vfiotool inspect

step "A guest with an IOMMU"
exec python3 tests/vm/demo.py --vfiotool build-demo/src/cmd/vfiotool
