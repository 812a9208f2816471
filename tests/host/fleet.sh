# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Sourced by host.sh at the end: the exporter of examples/fleet as its unit says it is installed, with its AppArmor profile; the
# names that virsh knows; and the test of the Debian package that attaches. What comes out is in $OUT.
OUT=/share/out/fleet
EXAMPLES=/usr/share/doc/vfiotool/examples/fleet
METRICS=/var/lib/prometheus/node-exporter
export LIMIT=300
mkdir -p "$OUT" $EXAMPLES $METRICS
cp -r /share/fleet/. $EXAMPLES
cd $EXAMPLES || exit
install -m 644 vfiotool-exporter.service vfiotool-exporter.timer /etc/systemd/system/
install -m 644 vfiotool-exporter.apparmor /etc/apparmor.d/vfiotool-exporter
keep profile apparmor_parser -r /etc/apparmor.d/vfiotool-exporter
# A second program of the unit says under which profile it runs. What systemd opened for it lies outside its mount namespace.
mkdir -p /etc/systemd/system/vfiotool-exporter.service.d
printf '[Service]\nExecStartPost=/bin/sh -c "cat /proc/self/attr/current >%s/confined"\n' $METRICS \
	>/etc/systemd/system/vfiotool-exporter.service.d/tell.conf
systemctl daemon-reload
keep unit systemctl start vfiotool-exporter.service
cp $METRICS/vfiotool.prom "$OUT/metrics"
cp $METRICS/confined "$OUT/confined"
keep root env VFIOTOOL_SYSROOT=/. ./publish.sh prometheus
keep timer systemctl enable --now vfiotool-exporter.timer
keep timer-active systemctl is-active vfiotool-exporter.timer
systemctl disable --now vfiotool-exporter.timer
# Without the rest of the sandbox: the profile alone.
modprobe vfio
keep node aa-exec -p vfiotool-exporter -- head -c 1 /dev/vfio/vfio
keep write aa-exec -p vfiotool-exporter -- touch /etc/written

keep names ./publish.sh libvirt
keep groups vfiotool list --json --output ADDRESS,GROUP
while read -r name; do
	keep "dump-$name" virsh nodedev-dumpxml "$name"
done <"$OUT/names.out"
keep detach virsh nodedev-detach "pci_$(echo "$CARD" | tr :. __)"
driver_of "$CARD" >"$OUT/detached"
keep reattach virsh nodedev-reattach "pci_$(echo "$CARD" | tr :. __)"
driver_of "$CARD" >"$OUT/reattached"
cd /
keep attach sh -x /share/attach
