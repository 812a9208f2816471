# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
group=$(group_of 0000:00:04.0)

# A plain user, with the nodes' permission and without.
check "a user without permission" exits 77 prober --uid 1000 run vfiotool attach --path=container 0000:00:04.0
check "the node is named" says "OPEN_GROUP"
check "as predicted" says "EACCES, as predicted"
chown 1000 "/dev/vfio/$group"
check "a user with permission" exits 0 prober --uid 1000 --memlock 8388608 run vfiotool attach --path=container 0000:00:04.0
check "nothing is otherwise" says "Attached"
save user prober --uid 1000 --memlock 8388608 run vfiotool attach --path=container 0000:00:04.0
chown 0 "/dev/vfio/$group"

# A token that nobody asked for.
for path in container ${SMALL:+iommufd}; do
	check "$path: a token for a device that is no function of another" \
		exits 2 vfiotool attach --path="$path" --vf-token=12345678-9abc-def0-1234-56789abcdef0 0000:00:04.0
	check "$path: is refused with EINVAL" says "0000:00:04.0 with EINVAL"
done
check "no token at all" exits 64 vfiotool attach --vf-token=1234 0000:00:04.0

# One iommufd, two groups; and the group's node while the device's own is open.
if [ -n "$SMALL" ]; then
	vfiotool attach --path=iommufd --hold=20 0000:00:05.0 >/out/held 2>&1 </dev/null &
	holder=$!
	check "one holds a device by its node" within 40 grep -q holding /out/held
	check "its group is refused" exits 2 vfiotool attach --path=container 0000:00:05.1
	check "as predicted" says "OPEN_GROUP of group:$(group_of 0000:00:05.0) with EBUSY, as predicted"
	check "its other device, too" exits 2 vfiotool attach --path=iommufd 0000:00:05.1
	check "as predicted" says "as predicted"
	kill -INT $holder
	wait $holder
	check "SIGINT lets go" grep -q 'SIGINT: everything is released' /out/held
fi

# Types of container: the kernel or the IOMMU's driver has no nesting, iommufd behind the container neither.
for path in container ${SMALL:+compat}; do
	TYPE=type1 agree "type1.$path" "$path" 0000:00:04.0
	TYPE=nesting agree "nesting.$path" "$path" 0000:00:04.0
	check "$path: nesting is refused" exits 2 vfiotool attach --path="$path" --type=nesting 0000:00:04.0
	check "$path: as predicted" says ", as predicted"
	check "$path: with the next step" says "leave out --type=nesting"
done
check "iommufd has no types" exits 64 vfiotool attach --path=iommufd --type=nesting 0000:00:04.0
check "nor is it chosen for one" exits 2 vfiotool attach --type=nesting 0000:00:04.0
check "it is said where" says "Refused at SET_IOMMU of"

# A module that is missing is named, and loaded when asked.
if rmmod vfio_iommu_type1 2>/dev/null; then
	check "without type1" exits 2 vfiotool attach --path=container 0000:00:04.0
	check "refused at SET_IOMMU" says "Refused at SET_IOMMU of container with ENODEV, as predicted."
	check "the module is named" says "modprobe vfio_iommu_type1"
	check "a plain user may not load it" exits 77 prober --uid 1000 run vfiotool attach --load --path=container 0000:00:04.0
	check "which is said" says_error "vfio_iommu_type1 cannot be loaded"
	check "with --load" exits 0 vfiotool attach --load --path=container 0000:00:04.0
	check "as predicted" says "Attached, as predicted"
	check "it stays" test -d /sys/module/vfio_iommu_type1

	# Without --path: what the path needs that is then taken.
	check "type1 is gone again" rmmod vfio_iommu_type1
	check "--load alone" exits 0 vfiotool attach --load 0000:00:04.0
	if [ -n "$SMALL" ]; then
		check "iommufd does" says "Path iommufd"
		check "type1 is not loaded for nothing" not test -d /sys/module/vfio_iommu_type1
	else
		check "the container is the only way" says "Path container"
		check "type1 is loaded" test -d /sys/module/vfio_iommu_type1
	fi
fi
[ -d /sys/module/vfio_iommu_type1 ] || modprobe vfio_iommu_type1 2>/dev/null || true
