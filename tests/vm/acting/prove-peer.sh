# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
EDU=0000:00:07.0 NVME=0000:00:08.0 MEMORY=0000:00:0b.0
PEER_PATHS=container
[ -z "$SMALL" ] || PEER_PATHS="container iommufd compat"
[ -z "$COMPAT" ] || PEER_PATHS="iommufd compat"

for path in $PEER_PATHS; do
	save "peer-edu.$path" vfiotool prove --json --path "$path" --address-bits 64 $EDU $MEMORY
	save "peer-nvme.$path" vfiotool prove --json --path "$path" $MEMORY $NVME
done

path=${PEER_PATHS%% *}
run vfiotool prove --path "$path" $EDU $MEMORY
check "in words" says "$EDU reaches a BAR that is mapped for it, of $MEMORY"
check "alone it has nothing to move data with" exits 3 vfiotool prove $MEMORY
check "two of them are proven with it" exits 0 vfiotool prove --path "$path" $EDU $NVME
check "memory alone is refused" exits 3 vfiotool prove $MEMORY 0000:00:0c.0
check "by its name" says_error "$MEMORY: there is no DMA test driver for it"

# The BAR is unmapped under it: exactly that claim fails.
case $PEER_PATHS in
container*)
	check "without its mapping" exits 2 thief 0x103000 0x1000 vfiotool prove --path container $EDU $MEMORY
	check "it does not arrive" says "where BAR 2 is mapped: it does not arrive"
	;;
esac

# In the middle of it.
vfiotool prove --path "$path" $EDU $MEMORY >/dev/null 2>&1 &
usleep 500000
kill -KILL $!
wait $! 2>/dev/null
run vfiotool prove --json --path "$path" $EDU $MEMORY
check "killed in the middle, it works again" says '"claim": "p2p-bus"'
