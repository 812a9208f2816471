#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A demonstration for any machine: installs missing packages (Debian 12), builds vfiotool and checks this host. Then it
# boots a small guest with an emulated IOMMU and shows a refusal, the reason and the plan, and executes it. In the guest vfiotool attaches a
# card, maps memory for it, and tests what the DMA of a device can reach.
# It changes nothing on this host except the packages, and does not need KVM.
set -eu
cd "$(dirname "$0")/.."

step() {
	printf '\n== %s\n' "$*"
}

# run COMMAND...: shows and runs it. The answers no and unknown do not end the demonstration; a failure does.
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
