#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A libvirt hook: binds the devices of a virtual machine before it starts, and returns them after it has ended.
#
#     install -m 755 libvirt-hook.sh /etc/libvirt/hooks/qemu        or, from libvirt 6.5 on, /etc/libvirt/hooks/qemu.d/vfiotool
#
# libvirt calls it as `qemu GUEST prepare begin -` and `qemu GUEST release end -`, with the domain's XML on standard input.
# Devices without managed='yes' in the XML are bound to their VFIO driver, all or none, and attached once as a test.
# libvirt moves devices with managed='yes' itself: for them the hook only runs the safety checks. A refusal stops the
# start, and libvirt shows the reason from vfiotool. The hook returns only devices that it moved, and keeps a list of them
# until then. A device that was on a VFIO driver before, for example from a boot service, stays there.
# It needs python3, which reads the XML. VFIOTOOL names another binary, VFIOTOOL_HOOK_STATE another folder than /run/vfiotool-libvirt.
set -eu

vt() {
	"${VFIOTOOL:-vfiotool}" "$@" </dev/null
}

# ask STATUS... -- COMMAND...: prints nothing for status 0 or one of these; otherwise its output goes to libvirt.
ask() {
	good=' 0 '
	while [ "$1" != -- ]; do
		good="$good$1 "
		shift
	done
	shift
	status=0
	said=$(vt "$@" 2>&1) || status=$?
	case $good in
	*" $status "*) ;;
	*)
		echo "vfiotool $1 ended with $status:" >&2
		# The reasons of a dry run, without the writes.
		printf '%s\n' "$said" | sed -e '/^\(# \)*\(echo\|modprobe\) /d' -e 's/^# //' >&2
		return 1
		;;
	esac
}

# Prints one line per PCI device of the host in the XML: yes or no (managed), domain, bus, slot and function. They come
# from <hostdev>, <interface type='hostdev'> and <disk type='nvme'>.
host_devices() {
	python3 -c '
import re, sys
import xml.etree.ElementTree as ElementTree

class Plain(ElementTree.TreeBuilder):
    """libvirt writes no DOCTYPE; XML with one could also define entities."""
    def doctype(self, *_):
        sys.exit("the XML of the guest has a DOCTYPE")

text = sys.stdin.buffer.read()
try:
    domain = ElementTree.fromstring(text, ElementTree.XMLParser(target=Plain())) if text.strip() else None
except ElementTree.ParseError as error:
    sys.exit(f"the XML of the guest cannot be read: {error}")
for device in domain.iterfind("./devices/*") if domain is not None and domain.tag == "domain" else ():
    if (device.tag, device.get("type")) not in (("hostdev", "pci"), ("interface", "hostdev"), ("disk", "nvme")):
        continue
    for source in device.iterfind("source"):
        managed = device.get("managed") or source.get("managed")
        for address in source.iterfind("address"):
            numbers = [address.get("domain", "0"), *(address.get(name, "") for name in ("bus", "slot", "function"))]
            print("yes" if managed == "yes" else "no",
                  *(text if re.fullmatch("0[xX][0-9a-fA-F]+|[0-9]+", text) else "?" for text in numbers))
'
}

give_back() {
	left=
	failed=0
	for device; do
		# 66: the device was removed meanwhile.
		ask 66 -- unbind "$device" || {
			left="$left $device"
			failed=1
		}
	done
	if [ -n "$left" ]; then
		echo "$left" >"$state"
	else
		rm -f "$state"
	fi
	return $failed
}

# shellcheck disable=SC2086 # words are devices
prepare() {
	own='' managed='' moved=
	found=$(host_devices) || exit 1
	while read -r whose domain bus slot function; do
		[ -n "$whose" ] || continue
		case "$domain$bus$slot$function" in
		*\?*)
			echo "$0: the XML of $guest has an invalid PCI address" >&2
			exit 1
			;;
		esac
		device=$(printf '%04x:%02x:%02x.%x' "$((domain))" "$((bus))" "$((slot))" "$((function))")
		case $whose in
		yes) managed="$managed $device" ;;
		*) own="$own $device" ;;
		esac
	done <<-END
		$found
	END

	[ -z "$managed" ] || ask -- bind --dry-run $managed || exit 1
	[ -n "$own" ] || return 0
	for device in $own; do
		driver=$(vt list --raw --noheadings -o DRIVER "$device") || exit 1
		case $driver in
		*vfio*) ;;
		*) moved="$moved $device" ;;
		esac
	done
	# The list is written first, so that the release returns them even if this script is killed.
	mkdir -p "${state%/*}"
	[ ! -e "$state" ] || moved="$moved $(cat "$state")"
	[ -z "$moved" ] || echo "$moved" >"$state"
	# 4: the kernel decided against the prediction. 3: unknown. In both cases the start of the machine shows the result.
	if ! ask -- bind $own || { [ -z "$managed" ] && ! ask 3 4 -- attach $own; }; then
		give_back $moved || true
		exit 1
	fi
}

[ $# -ge 3 ] || {
	echo "usage: $0 GUEST OPERATION SUB-OPERATION [-], as libvirt calls it" >&2
	exit 64
}
guest=$1
case $guest in
*/* | '')
	echo "$0: '$guest' is not a guest name" >&2
	exit 64
	;;
esac
state=${VFIOTOOL_HOOK_STATE:-/run/vfiotool-libvirt}/guest-$guest
case $2/$3 in
prepare/begin) prepare ;;
release/end)
	[ -e "$state" ] || exit 0
	# shellcheck disable=SC2046
	give_back $(cat "$state")
	;;
esac
