# SPDX-License-Identifier: GPL-2.0-or-later
# Commands that make the resource mappings of a Proxmox VE cluster, one for each kind of
# device that can be attached after binding, unless the host uses the device itself.
def entry: {node: $node, path: .address, id: "\(.vendor[2:]):\(.device[2:])", iommugroup: .group, "subsystem-id": .subsystem}
	| to_entries | map(select(.value != null) | "\(.key)=\(.value)") | join(",");
[.devices[] | select(.bus == "pci" and .vendor and .after.answer == "yes" and .plan.answer != "no")] | group_by([.vendor, .device])[:$max][]
| "pvesh create /cluster/mapping/pci --id vfio-\(.[0].vendor[2:])-\(.[0].device[2:])\(map(" --map \(entry)") | join(""))"
