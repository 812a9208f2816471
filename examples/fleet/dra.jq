# SPDX-License-Identifier: GPL-2.0-or-later
# Devices of a ResourceSlice for Dynamic Resource Allocation, with attributes that schedulers know. What is unknown has none.
($roots | [scan("/(pci[0-9a-f]{4,}:[0-9a-f]{2})/(?:[^\n]*/)?([^/\n]+)(?:\n|$)") | {(.[1]): .[0]}] | add // {}) as $root
| [.devices[:$max][] | select(.bus == "pci") | {
	name: "pci-\(.address | gsub("[:.]"; "-"))",
	attributes: ({
		"resource.kubernetes.io/pciBusID": {string: .address},
		"resource.kubernetes.io/pcieRoot": {string: $root[.address]},
		"vfiotool.example.com/vendor": {string: .vendor},
		"vfiotool.example.com/device": {string: .device},
		"vfiotool.example.com/numaNode": {int: .numa},
		"vfiotool.example.com/iommuGroup": {int: .group},
		"vfiotool.example.com/vfio": {bool: (if .after.answer == "unknown" then null else .after.answer == "yes" end)},
		"vfiotool.example.com/refusedBy": {string: .after.rule}
	} | with_entries(select(.value | any(. != null))))
}]
