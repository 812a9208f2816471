# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
mkdir /host
mount -o bind / /host
for place in sys proc dev; do
	mount -o bind /$place /host/$place
done

# same COMMAND...: on the host and below the mount, JSON with a member on each line, so that a difference is seen.
same() {
	vfiotool "$@" | sed 's/,"/,\n"/g' >/out/host.json
	vfiotool --sysroot /host "$@" | sed 's/,"/,\n"/g' >/out/container.json
	[ -s /out/host.json ] && diff /out/host.json /out/container.json
}

check "list, with each column" exits 0 same list --json --all --output-all
check "inspect" exits 0 same inspect --json
check "explain" exits 0 same explain --json
check "plan" exits 0 same plan --json 0000:00:04.0
check "check" exits 0 vfiotool --sysroot /host check
check "says who the caller is" says "the caller"

sleep 600 <>"/dev/vfio/$(group_of 0000:00:04.0)" &
holder=$!
check "a node that a process has open" exits 0 same inspect --json 0000:00:04.0
check "is seen from the container" exits 0 vfiotool --sysroot /host inspect 0000:00:04.0
check "with its process" says "sleep"
kill $holder
wait $holder
umount /host/dev /host/proc /host/sys /host
rmdir /host
rm -f /out/host.json /out/container.json
