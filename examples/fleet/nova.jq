# SPDX-License-Identifier: GPL-2.0-or-later
# The section [pci] of nova.conf on a compute node: every device that can be attached after binding,
# unless the host uses it itself.
"[pci]",
(.devices[:$max][] | select(.bus == "pci" and .after.answer == "yes" and .plan.answer != "no") | "device_spec = { \"address\": \"\(.address)\" }")
