# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change
check "a card can be plugged in" plug e1000e card '"bus": "port1"'
check "and it comes" within 10 test -e /sys/bus/pci/devices/0000:01:00.0
check "a wrong request is answered so" not unplug nothing-of-that-name
check "it is taken away" unplug card
check "and goes" within 20 gone 0000:01:00.0
check "vfiotool runs" exits 0 vfiotool list
check "and says what is there" says 0000:00:07.0
check "the prober holds a group" prober hold-group 0000:00:04.0
check "which is noticed" not no_holder
# shellcheck disable=SC2046
kill -KILL $(pidof prober)
check "and let go again" within 2 no_holder
