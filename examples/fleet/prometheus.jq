# SPDX-License-Identifier: GPL-2.0-or-later
# Metrics for the textfile collector of node_exporter. What is unknown has no series.
def escaped: tostring | gsub("[[:cntrl:]]"; "?") | gsub("(?<c>[\\\\\"])"; "\\\(.c)");
def labels: to_entries | map("\(.key)=\"\(.value | escaped)\"") | join(",");
def views: . as $d | {now, after} | to_entries[] | {address: $d.address, when: .key} + .value;
def known: .devices[:$max][] | views | select(.answer != "unknown");
"# HELP vfiotool_device_accepted Whether a program can attach the device now, or after binding.",
"# TYPE vfiotool_device_accepted gauge",
(known | "vfiotool_device_accepted{\({address, when} | labels)} \(if .answer == "yes" then 1 else 0 end)"),
"# HELP vfiotool_device_refused The request that the kernel refuses.",
"# TYPE vfiotool_device_refused gauge",
(known | select(.answer == "no") | {address, when, path, op, errno, rule} | map_values(. // "")
	| "vfiotool_device_refused{\(labels)} 1"),
"# HELP vfiotool_devices Devices by answer.",
"# TYPE vfiotool_devices gauge",
([.devices[] | views] | group_by(.when, .answer)[]
	| "vfiotool_devices{\(.[0] | {when, answer} | labels)} \(length)"),
"# HELP vfiotool_devices_without_series Devices beyond the limit of the exporter.",
"# TYPE vfiotool_devices_without_series gauge",
"vfiotool_devices_without_series \([(.devices | length) - $max, 0] | max)"
