# SPDX-License-Identifier: GPL-2.0-or-later
# Labels for Node Feature Discovery, a file in /etc/kubernetes/node-feature-discovery/features.d: how many devices of each kind a
# program can attach after binding. A kind has none while the answer for one of its devices is unknown.
def id: "\(.vendor[2:])_\(.device[2:])";
"# +expiry-time=\(now + 3600 | todate)",
([.devices[] | select(.bus == "pci" and .vendor)] | group_by(id)[:$max][]
	| select(all(.after.answer != "unknown"))
	| "\($domain)/pci-\(.[0] | id).accepted=\(map(select(.after.answer == "yes")) | length)")
