# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
EDU=0000:00:07.0 NVME=0000:00:08.0
PROVE_PATHS=container
[ -z "$SMALL" ] || PROVE_PATHS="container iommufd compat"
[ -z "$COMPAT" ] || PROVE_PATHS="iommufd compat"

for path in $PROVE_PATHS; do
	save "edu.$path" vfiotool prove --json --path "$path" $EDU
	save "nvme.$path" vfiotool prove --json --path "$path" $NVME
done

# The text, with a path of its own choice.
check "edu is proven" exits 0 vfiotool prove $EDU
check "which the text says" says "Proven: the device moves data, and only where it may."
check "and nothing else on stderr" not test -s /out/stderr
check "the controller is proven" exits 0 vfiotool prove $NVME
check "and reset" says "Reset at the end: ok."
check "the answer by exit status only" exits 0 vfiotool prove -q $NVME
check "is silent" not test -s /out/stdout


# In the middle of it.
vfiotool prove $EDU >/dev/null 2>&1 &
usleep 900000
kill -KILL $!
wait $! 2>/dev/null
check "killed in the middle, it works again" exits 0 vfiotool prove $EDU

# Somebody else has it, or the host has.
prober hold-group $NVME >/dev/null
check "a controller that another process holds is refused" exits 2 vfiotool prove $NVME
check "by its name" says EBUSY
# shellcheck disable=SC2046
kill -KILL $(pidof prober)
within 2 no_holder
modprobe nvme 2>/dev/null
check "a controller of the host is given back" give $NVME nvme
check "and refused" exits 2 vfiotool prove $NVME
check "with what would free it" says vfio-pci
check "and still the host's" driver_is $NVME nvme
give $NVME vfio-pci

# A plain user: the node is given away; no CAP_SYS_ADMIN, no CAP_SYSLOG.
nodes="/dev/vfio/$(group_of $NVME) $(cdev_of $NVME)"
[ ! -e /dev/iommu ] || nodes="$nodes /dev/iommu"
# shellcheck disable=SC2086
chown 1000 $nodes
chmod 0600 /dev/kmsg
path=${PROVE_PATHS%% *}
check "a plain user proves, too" exits 0 prober --uid 1000 --memlock 8388608 run vfiotool prove --path "$path" $NVME
check "but for what is hidden" says "CAP_SYS_ADMIN"
check "and the log" says "/dev/kmsg cannot be read"
check "one page is too little" exits 2 prober --uid 1000 --memlock 4096 run vfiotool prove --path "$path" $NVME
check "which is said with its name" says_error "ENOMEM"
# shellcheck disable=SC2086
chown 0 $nodes
