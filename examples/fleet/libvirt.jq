# SPDX-License-Identifier: GPL-2.0-or-later
# The names that 'virsh nodedev-dumpxml' and 'nodedev-detach' know: every device that can be
# attached after binding, unless the host uses it itself.
.devices[:$max][] | select(.bus == "pci" and .after.answer == "yes" and .plan.answer != "no") | "pci_\(.address | gsub("[:.]"; "_"))"
