# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change
PF=0000:01:00.0 VF=0000:01:00.1
NUMBER=/sys/bus/pci/devices/$PF/sriov_numvfs
RIGHT=12345678-9abc-def0-1234-56789abcdef0
WRONG=12345678-9abc-def0-1234-56789abcdef1
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"

# with_token TOKEN: who opens the physical function while it has no virtual ones sets their token. With some, opening it
# resets it, and kernels to 6.12 do not find QEMU's virtual ones again.
with_token() {
	echo 0 >$NUMBER
	check "the physical function takes a token" exits 0 vfiotool attach --path=container --vf-token="$1" $PF
	check "as predicted" says "Attached, as predicted"
	echo 2 >$NUMBER
	check "there is a virtual function" within 10 test -e /sys/bus/pci/devices/$VF
	check "which is on vfio-pci" within 10 give $VF vfio-pci
}

for path in $PATHS; do
	# A token at a device's own node is what later kernels know.
	if [ "$path" != iommufd ] || since 6.17; then
		TOKEN=$RIGHT agree "pf-sets.$path" "$path" $PF
	fi
done
with_token $RIGHT
for path in $PATHS; do
	agree "missing.$path" "$path" $VF
	if [ "$path" = iommufd ] && ! since 6.17; then
		TOKEN=$RIGHT agree "early.$path" "$path" $VF
		check "$path: this kernel takes none here" exits 2 vfiotool attach --path="$path" --vf-token=$RIGHT $VF
		check "$path: as predicted" says "with EINVAL, as predicted"
		continue
	fi
	OPEN=1 TOKEN=$RIGHT agree "right.$path" "$path" $VF
	OPEN=1 TOKEN=$WRONG agree "wrong.$path" "$path" $VF
	check "$path: the right one lets in" exits 0 vfiotool attach --path="$path" --vf-token=$RIGHT $VF
	check "$path: a wrong one does not" exits 2 vfiotool attach --path="$path" --vf-token=$WRONG $VF
	check "$path: which is said" says "with EACCES"
	check "$path: and what would" says "give the VF token that the user of the physical function has set"
	check "$path: missing" exits 2 vfiotool attach --path="$path" $VF
	check "$path: as predicted" says "with EACCES, as predicted"
	check "$path: it says whose token" says "give the VF token that the user of $PF has set"
	check "$path: memory can be mapped with it" exits 0 vfiotool map --path="$path" --vf-token=$RIGHT --size 64K $VF
done
check "the path that takes a token is chosen" exits 0 vfiotool attach --vf-token=$RIGHT $VF
check "which is the container" says "Path container"

# While a virtual function is in use the physical one is refused without the token, too.
prober --hold --token $RIGHT container $VF >/dev/null
check "the virtual function is held" not no_holder
for path in $PATHS; do
	if [ "$path" = iommufd ] && ! since 6.17; then
		continue
	fi
	agree "pf-missing.$path" "$path" $PF
	OPEN=1 TOKEN=$WRONG agree "pf-wrong.$path" "$path" $PF
done
# shellcheck disable=SC2046
kill -KILL $(pidof prober)
check "and let go" within 5 no_holder

agree "pf-unused.container" container $PF

with_token $WRONG
check "another token is the right one now" exits 0 vfiotool attach --path=container --vf-token=$WRONG $VF
check "and the old one is not" exits 2 vfiotool attach --path=container --vf-token=$RIGHT $VF
echo 0 >$NUMBER

# A physical function of the host's has none to give.
if modprobe -q nvme || [ -d /sys/bus/pci/drivers/nvme ]; then
	check "the physical function is the host's" give $PF nvme
	echo 0 >/sys/bus/pci/devices/$PF/sriov_drivers_autoprobe
	echo 2 >$NUMBER
	check "its virtual one is on vfio-pci" within 10 give $VF vfio-pci
	for path in $PATHS; do
		agree "host-missing.$path" "$path" $VF
		TOKEN=$RIGHT agree "host-given.$path" "$path" $VF
	done
	echo 0 >$NUMBER
	check "back again" give $PF vfio-pci
fi
