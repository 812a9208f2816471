# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the kernel and the bytes of the configuration space say goes to the judge, beside what vfiotool says. A device that
# idles is kept awake, because vfiotool wakes none.
TOLD=0000:00:04.0
devices=
for dir in /sys/bus/pci/devices/*; do
	address=${dir##*/}
	devices="$devices $address"
	cat "$dir/power/control" >"/out/control.$address"
	echo on >"$dir/power/control"
	hexdump -v -e '16/1 "%02x " "\n"' "$dir/config" >/out/config
	send "config.$address" /out/config
	grep . "$dir/resource" "$dir"/current_link_* "$dir"/max_link_* "$dir/power_state" /dev/null 2>/dev/null >/out/said
	send "said.$address" /out/said
done
for unit in /sys/class/iommu/*; do
	[ -e "$unit" ] || continue
	grep -H . "$unit"/intel-iommu/cap "$unit"/intel-iommu/ecap "$unit"/intel-iommu/version "$unit"/amd-iommu/cap \
		"$unit"/amd-iommu/features "$unit"/device/features 2>/dev/null
done >/out/units
send units /out/units

# shellcheck disable=SC2086 # a list
save inspect vfiotool inspect --json $devices
save list vfiotool list -a --json -o ADDRESS,POWER,LINK,BARS,REBAR,ATS,PRI,PASID
check "in words" exits 0 vfiotool inspect -v $TOLD
check "the hardware" says "BAR0"

# What IOMMU and device answer once attached; each table that was tried is gone.
for path in container ${SMALL:+iommufd}; do
	save "attach.$path" vfiotool attach --json --path="$path" $TOLD
	check "$path: in words" exits 0 vfiotool attach -v --path="$path" $TOLD
	check "$path: features" says "features"
done
if [ -n "$SMALL" ]; then
	check "tables" says "tables"
	check "attached again" exits 0 vfiotool attach --path=iommufd $TOLD
fi

# What mapping costs on each path, and that nothing stays pinned.
if since 6.1; then
	save bench vfiotool map --bench --json --count 5 $TOLD
	check "costs as CSV" exits 0 vfiotool map --bench --csv --count 3 --size 64K --pages 4K $TOLD
	check "with names" says "PATH,PAGES,SIZE,ROUNDS,MAP_P50_NS"
	check "of the container" says "container,4K,65536,3,"
	check "as a table" exits 0 vfiotool map --bench --count 3 --size 2M $TOLD
	check "nothing stays" says "Locked and pinned memory are as before."
fi

# An idle device is not woken, and its configuration space not read. The small kernels have no CONFIG_PM.
echo auto >/sys/bus/pci/devices/$TOLD/power/control
if since 6.1 && [ -z "$SMALL" ]; then
	check "it idles" within 5 grep -q suspended /sys/bus/pci/devices/$TOLD/power/runtime_status
	check "it says so" exits 0 vfiotool inspect -v $TOLD
	check "and what is not known for that" says "reading that would wake the device"
	check "it still idles" grep -q suspended /sys/bus/pci/devices/$TOLD/power/runtime_status
fi
for dir in /sys/bus/pci/devices/*; do
	cat "/out/control.${dir##*/}" >"$dir/power/control"
done
