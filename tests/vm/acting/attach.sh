# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
paths=container
[ -z "$SMALL" ] || paths="container iommufd compat"

for path in $paths; do
	check "$path: one device" exits 0 vfiotool attach --path="$path" 0000:00:04.0
	check "$path: as predicted" says "Attached, as predicted"
	check "$path: the ranges are told" says 0xfef00000
	check "$path: its regions are told" says BAR0
	check "$path: two groups in one space" exits 0 vfiotool attach --path="$path" 0000:00:04.0 0000:00:06.0
	check "$path: as predicted" says "Attached, as predicted"
	check "$path: two devices of a group" exits 0 vfiotool attach --path="$path" 0000:00:05.0 0000:00:05.1
	check "$path: as predicted" says "Attached, as predicted"
	check "$path: three groups" exits 0 vfiotool attach --path="$path" 0000:00:04.0 0000:00:07.0 0000:00:08.0
	check "$path: one named twice" exits 0 vfiotool attach --path="$path" 0000:00:04.0 00:04.0
	check "$path: a group by its number" exits 0 vfiotool attach --path="$path" "group:$(group_of 0000:00:05.0)"
	check "$path: which means both" says 0000:00:05.1
	check "$path: quiet" exits 0 vfiotool attach -q --path="$path" 0000:00:04.0
	check "$path: says nothing" not test -s /out/stdout
	check "$path: JSON" save "json-$path" vfiotool attach --json --path="$path" 0000:00:04.0 0000:00:06.0
done

check "the path is chosen" exits 0 vfiotool attach 0000:00:04.0
check "and it is said why" says "Path container: the first path that is predicted to work."
check "type1" exits 0 vfiotool attach --path=container --type=type1 0000:00:04.0

# The same group, twice.
vfiotool attach --hold=20 0000:00:05.0 >/out/held 2>&1 </dev/null &
holder=$!
check "one holds a group" within 40 grep -q holding /out/held
check "its other device is refused" exits 2 vfiotool attach 0000:00:05.1
check "at the group's node" says "OPEN_GROUP"
check "as predicted" says "as predicted"
check "with the error of a busy group" says EBUSY
kill -TERM $holder
wait $holder
check "SIGTERM lets go, and that is fine" test $? -eq 0
check "it says so" grep -q 'SIGTERM: everything is released' /out/held
check "then the other device can be had" exits 0 vfiotool attach 0000:00:05.1

# Kept for a time.
check "kept for a second" exits 0 vfiotool attach --hold=1 0000:00:04.0
check "and no longer" says_error "the time has ended: everything is released"

# Killed at any moment: the next one succeeds.
for delay in 0 5000 10000 20000 40000 80000 160000 320000; do
	vfiotool attach --hold=20 0000:00:04.0 0000:00:06.0 >/out/held 2>&1 </dev/null &
	holder=$!
	usleep $delay
	kill -KILL $holder
	wait $holder 2>/dev/null
	check "after a kill $delay us into it" exits 0 vfiotool attach -q 0000:00:04.0 0000:00:06.0
done

# Given to a program.
cat >/out/program <<'EOF'
echo "names=$LISTEN_FDNAMES fds=$LISTEN_FDS path=$VFIOTOOL_PATH ioas=$VFIOTOOL_IOAS"
[ "$LISTEN_PID" = $$ ] && echo "pid is right"
for fd in 3 4 5; do echo "$fd=$(readlink /proc/$$/fd/$fd)"; done
ls -l /proc/self/fd | grep -c -e vfio -e iommu
exit 42
EOF
group=$(group_of 0000:00:04.0)
check "a program's own status" exits 42 vfiotool attach --path=container 0000:00:04.0 -- sh /out/program
check "names of descriptors" says "names=container:group\\:$group:device\\:0000\\:00\\:04.0 fds=3 path=container ioas="
check "the process is told" says "pid is right"
check "the container" says "3=/dev/vfio/vfio"
check "the group" says "4=/dev/vfio/$group"
check "the device" says "5=anon_inode:[vfio-device]"
check "no more than these" grep -q '^3$' /out/stdout
check "the report is on the other stream" says_error "Attached, as predicted"
if [ -n "$SMALL" ]; then
	check "a program on iommufd" exits 42 vfiotool attach -q --path=iommufd 0000:00:04.0 -- sh /out/program
	check "names on iommufd" says "names=iommufd:device\\:0000\\:00\\:04.0 fds=2 path=iommufd ioas="
	check "the number of the IOAS" grep -q "ioas=[1-9]" /out/stdout
	check "the iommufd" says "3=/dev/iommu"
	check "the device's node" says "4=$(cdev_of 0000:00:04.0)"
fi
check "a program that is not there" exits 127 vfiotool attach -q 0000:00:04.0 -- no-such-program
check "is named" says_error "cannot run 'no-such-program'"
check "a program that cannot run" exits 126 vfiotool attach -q 0000:00:04.0 -- /out/program
check "a program that is killed" exits 137 vfiotool attach -q 0000:00:04.0 -- sh -c 'kill -KILL $$'
vfiotool attach -q 0000:00:04.0 -- sleep 30 >/out/held 2>&1 </dev/null &
holder=$!
check "a program runs" within 40 pidof sleep
kill -TERM $holder
wait $holder
check "a signal reaches it" test $? -eq 143

# Refused.
echo 0000:00:06.0 >/sys/bus/pci/drivers/vfio-pci/unbind
check "a device without a driver" exits 2 vfiotool attach 0000:00:06.0
check "is told the way" says vfio-pci
give 0000:00:06.0 pci-stub 2>/dev/null || modprobe pci-stub 2>/dev/null
check "its driver is left alone" vfiotool list 0000:00:06.0
give 0000:00:06.0 vfio-pci
check "and bound again it attaches" exits 0 vfiotool attach -q 0000:00:06.0
echo 0000:00:05.1 >/sys/bus/pci/drivers/vfio-pci/unbind
check "without the other device of its group" exits 0 vfiotool attach 0000:00:05.0
give 0000:00:05.1 vfio-pci

# Bad requests.
check "no target" exits 64 vfiotool attach
check "no such device" exits 66 vfiotool attach 0000:7f:00.0
check "an unknown path" exits 64 vfiotool attach --path=iommfd 0000:00:04.0
check "an unknown type" exits 64 vfiotool attach --type=type2 0000:00:04.0
check "nothing behind the dashes" exits 64 vfiotool attach 0000:00:04.0 --
check "a capture" exits 64 vfiotool attach --sysroot=/out 0000:00:04.0
