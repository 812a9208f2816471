# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
check "three devices at once" exits 0 sh /examples/before-vm.sh --prove 0000:00:07.0 0000:00:08.0 0000:00:04.0
check "are attached" says "ok      attached and released: 0000:00:07.0 0000:00:08.0 0000:00:04.0"
check "one is proven" says "ok      proven: 0000:00:07.0"
check "another too" says "ok      proven: 0000:00:08.0"
check "the third as well" says "ok      proven: 0000:00:04.0"
modprobe e1000 2>/dev/null
must give 0000:00:05.1 e1000
check "a sibling of the host is in the way" exits 1 sh /examples/before-vm.sh 0000:00:04.0 0000:00:05.0
check "which is said" says "FAIL    cannot be attached (2)"
check "by its name" says_error "0000:00:05.1"
must give 0000:00:05.1 vfio-pci
