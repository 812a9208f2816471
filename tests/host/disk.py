# SPDX-License-Identifier: GPL-2.0-or-later
"""
The disk of a host: Debian 12 as mmdebstrap makes it, with systemd, libvirt and QEMU, and the modules of the rig's kernel.
It is made once and kept in the rig's cache; a guest writes into a copy that ends with it.
"""

import shutil
from pathlib import Path

from points import run
from rig import apt, cache, initramfs
from rig.cpio import Archive

SUITE = "bookworm"
KERNEL = "6.1"
PACKAGES = ("apparmor", "dbus", "dpdk-dev", "iproute2", "jq", "kmod", "libvirt-clients", "libvirt-daemon-driver-qemu",
            "libvirt-daemon-system", "librte-mempool-ring23", "librte-net-e1000-23", "pciutils", "procps", "qemu-system-x86", "systemd",
            "systemd-sysv", "udev",
            # What vfiotool is linked with, and opens.
            "libcap-ng0", "libjson-c5", "libkmod2", "libmnl0", "libmount1", "libpci3", "libsmartcols1", "libudev1", "libxml2",
            "zlib1g")
# Nothing reads them here.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt", "var/lib/apt/lists",
            "boot", "usr/share/qemu/edk2*")
# They take an emulated processor seconds at boot, and no test asks for them.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
          "fstrim.timer", "getty@tty1.service", "serial-getty@ttyS0.service", "libvirt-guests.service", "systemd-timesyncd.service",
          "systemd-update-utmp.service", "systemd-networkd.service", "ldconfig.service", "systemd-pcrphase.service",
          "systemd-logind.service")
UNIT = """[Unit]
Description=The tests of this host
After=basic.target

[Service]
Type=oneshot
ExecStart=/bin/sh /share/host.sh
StandardOutput=file:/share/out/log
StandardError=inherit
TimeoutStartSec=infinity
"""
MOUNT = """[Unit]
Description=What the tests need, and where they write
DefaultDependencies=no
Before=local-fs.target

[Mount]
What=share
Where=/share
Type=9p
Options=trans=virtio,version=9p2000.L,msize=262144
"""
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk ext4; do
	modprobe $module
done
until [ -b /dev/vda ]; do
	usleep 50000
done
mkdir -p /host
mount -t ext4 -o noatime /dev/vda /host
mount --move /dev /host/dev
umount /proc /sys
exec busybox switch_root /host /lib/systemd/systemd
"""
SIZE = "3G"
# Of what _fill() does besides.
VERSION = 1


def _fill(folder: Path, kernel) -> None:
    root = folder / "root"
    main, security = apt.mirrors()
    lines = [f"deb {main} {SUITE} main"] + ([f"deb {security} {SUITE}-security main"] if security else [])
    (folder / "sources").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root,
         folder / "sources")
    for pattern in LEFT_OUT:
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()  # pylint: disable=expression-not-assigned
    for source in kernel.modules:
        shutil.copytree(source, root / "lib/modules" / kernel.release, symlinks=True, dirs_exist_ok=True)
    run("/sbin/depmod", "-b", root, kernel.release)
    (root / "boot").mkdir(exist_ok=True)
    shutil.copyfile(kernel.config, root / f"boot/config-{kernel.release}")
    units = root / "etc/systemd/system"
    for name in MASKED:
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")
    for name, text in (("host.service", UNIT), ("share.mount", MOUNT)):
        (units / name).write_text(text, encoding="utf-8")
    (units / "local-fs.target.wants").mkdir(exist_ok=True)
    (units / "local-fs.target.wants/share.mount").symlink_to("../share.mount")
    (root / "share").mkdir()
    (root / "etc/hostname").write_text("host\n", encoding="utf-8")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    run("chroot", root, "useradd", "--uid", "1000", "--create-home", "--shell", "/bin/sh", "user")
    run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, folder / "disk", SIZE)
    shutil.rmtree(root)


def disk(kernel) -> Path:
    """The file system that the host has as its root."""
    key = cache.digest_of(VERSION, SUITE, PACKAGES, LEFT_OUT, MASKED, UNIT, MOUNT, SIZE, kernel.release)
    return cache.entry("host", key, lambda folder: _fill(folder, kernel)) / "disk"


def initrd(kernel) -> bytes:
    """What mounts the disk: the rig's modules and programs, with an init of its own."""
    archive = Archive()
    archive.data("init", INIT, 0o755)
    return initramfs.build(kernel).read_bytes() + archive.bytes()
