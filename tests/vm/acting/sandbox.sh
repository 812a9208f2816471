# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
FOLDER=/var/lib/prometheus/node-exporter
PROGRAM=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' /examples/vfiotool-exporter.service)
mkdir -p $FOLDER "$(dirname "$PROGRAM")"
cat >"$PROGRAM" <<END
#!/bin/sh
exec 2>$FOLDER/errors
# Who looks for leaks traces, which the filter of the unit refuses.
export ASAN_OPTIONS=detect_leaks=0
vfiotool --sysroot "\$VFIOTOOL_SYSROOT" list --json --output-all >$FOLDER/list.json
vfiotool --sysroot "\$VFIOTOOL_SYSROOT" inspect --json >$FOLDER/inspect.json
for place in /etc /usr /sys/bus/pci /run; do
	! touch \$place/written 2>/dev/null || echo "may write in \$place" >&2
done
grep enp /proc/net/dev >&2 || true
END
chmod 755 "$PROGRAM"
cp /examples/vfiotool-exporter.service /examples/vfiotool-exporter.timer /etc/systemd/system/
systemctl daemon-reload
check "the unit runs" exits 0 systemctl start vfiotool-exporter.service
check "without a word" diff /dev/null $FOLDER/errors
vfiotool list --json --output-all >/out/list.json
vfiotool inspect --json >/out/inspect.json
check "list in the sandbox is root's" diff $FOLDER/list.json /out/list.json
check "so is inspect" diff $FOLDER/inspect.json /out/inspect.json
rm -r /out/list.json /out/inspect.json $FOLDER "$PROGRAM" /etc/systemd/system/vfiotool-exporter.*
systemctl daemon-reload
