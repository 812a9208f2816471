#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a system extension for hosts with a read-only /usr, like Flatcar, from the image of `packaging/build.sh image`:
#
#     flatcar-sysext.sh vfiotool-VERSION.oci.tar vfiotool.raw
#
# Copy vfiotool.raw to /etc/extensions on the host, and run `systemd-sysext refresh` there. It brings its own libraries, so it fits
# every release. It needs mksquashfs (squashfs-tools).
set -eu
[ $# = 2 ] || {
	sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
	exit 64
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/oci" "$work/image" "$work/root/usr/bin" "$work/root/usr/lib/vfiotool" \
	"$work/root/usr/lib/extension-release.d"
tar -C "$work/oci" -xf "$1"
# The layer is the largest of the three files.
for blob in "$work"/oci/blobs/sha256/*; do
	[ -n "${layer-}" ] && [ "$(stat -c %s "$blob")" -lt "$(stat -c %s "$layer")" ] || layer=$blob
done
tar -C "$work/image" -xf "$layer"

home=$work/root/usr/lib/vfiotool
cp -a "$work"/image/lib/*-linux-gnu/*.so* "$work"/image/usr/lib/*-linux-gnu/*.so* "$home/"
loader=$(basename "$home"/ld-linux-*.so.*)
cp "$work/image/usr/bin/vfiotool" "$home/vfiotool"
mkdir -p "$work/root/usr/share/misc"
cp "$work/image/usr/share/misc/pci.ids" "$work/root/usr/share/misc/"
cat >"$work/root/usr/bin/vfiotool" <<END
#!/bin/sh
exec /usr/lib/vfiotool/$loader --library-path /usr/lib/vfiotool --argv0 vfiotool /usr/lib/vfiotool/vfiotool "\$@"
END
chmod 755 "$work/root/usr/bin/vfiotool"
echo 'ID=_any' >"$work/root/usr/lib/extension-release.d/extension-release.vfiotool"
mksquashfs "$work/root" "$2" -noappend -all-root -quiet >/dev/null
