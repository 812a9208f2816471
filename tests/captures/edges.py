#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Makes the hand-made captures beside it again: small trees of systems that are strange, recorded by vfiotool itself.

    edges.py VFIOTOOL...
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PCI = "sys/devices/pci0000:00"


class Tree:
    """A folder that looks like a system."""

    def __init__(self, root: Path, release: str):
        self.root = root
        for name in ("sys/bus/pci/devices", "sys/class/iommu", "sys/kernel/iommu_groups", "sys/module", "dev", "proc"):
            (root / name).mkdir(parents=True)
        self.file("proc/sys/kernel/osrelease", release + "\n")
        self.file("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet\n")
        self.file("proc/interrupts", "            CPU0\n  0:  40  IO-APIC   2-edge      timer\n")

    def file(self, path: str, content) -> None:
        """A file, with the folders above it."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content if isinstance(content, bytes) else content.encode())

    def link(self, path: str, target: str) -> None:
        """A relative link from @path to @target, both below the root."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.symlink_to(os.path.relpath(self.root / target, full.parent))

    def device(self, bus: str, name: str, uevent, folder: str = PCI) -> str:
        """A device of @bus; its folder below the root."""
        path = f"{folder}/{name}"
        self.file(f"{path}/uevent", uevent)
        self.link(f"{path}/subsystem", f"sys/bus/{bus}")
        self.link(f"sys/bus/{bus}/devices/{name}", path)
        return path

    def pci(self, name: str, ids: str, class_code: str, driver: str = "") -> str:
        """A PCI function as the kernel shows it."""
        lines = [f"DRIVER={driver}"] if driver else []
        lines += [f"PCI_CLASS={class_code}", f"PCI_ID={ids}", "PCI_SUBSYS_ID=1AF4:1100", f"PCI_SLOT_NAME={name}"]
        path = self.device("pci", name, "\n".join(lines) + "\n")
        if driver:
            (self.root / f"sys/bus/pci/drivers/{driver}").mkdir(parents=True, exist_ok=True)
            self.link(f"{path}/driver", f"sys/bus/pci/drivers/{driver}")
        return path

    def group(self, number, members, kind="DMA-FQ\n", regions="") -> None:
        """An IOMMU group of folders of devices."""
        base = f"sys/kernel/iommu_groups/{number}"
        self.file(f"{base}/type", kind)
        self.file(f"{base}/reserved_regions", regions)
        for path in members:
            self.link(f"{base}/devices/{Path(path).name}", path)
            self.link(f"{path}/iommu_group", base)


def empty_host(tree: Tree) -> None:
    """Nothing but a kernel."""
    del tree


def no_iommu(tree: Tree) -> None:
    """Ordinary devices, a bridge, and no IOMMU at all."""
    tree.pci("0000:00:00.0", "8086:29C0", "60000")
    bridge = tree.pci("0000:00:01.0", "1B36:000C", "60400", "pcieport")
    tree.file(f"{bridge}/secondary_bus_number", "1\n")
    tree.pci("0000:00:02.0", "8086:10D3", "20000", "e1000e")
    tree.pci("0000:00:1f.2", "8086:2922", "10601", "ahci")


def absurd_attributes(tree: Tree) -> None:
    """Attributes that no kernel would write: none of them may mislead, or stop the report."""
    good = tree.pci("0000:00:02.0", "8086:10D3", "20000", "e1000e")
    tree.group(1, [good], "", "0x00000000fee00000 0x00000000feefffff msi\nnot a region\n")
    inverted = tree.pci("0000:00:03.0", "8086:10D3", "20000", "e1000e")
    tree.group(2, [inverted], "DMA\nidentity\n", "0x2000 0x1000 direct\n")
    tree.device("pci", "0000:00:04.0", bytes(range(256)))
    tree.device("pci", "0000:00:05.0", "")
    tree.device("pci", "0000:00:06.0", "PCI_ID=FFFFF:10D3\nPCI_CLASS=zz\nPCI_SUBSYS_ID=\nDRIVER=\n")
    big = tree.pci("0000:00:07.0", "8086:10D3", "20000")
    tree.file(f"{big}/numa_node", "9" * (1 << 20))
    tree.file(f"{big}/sriov_numvfs", "-7\n")
    folder = f"{PCI}/0000:00:08.0"
    (tree.root / folder / "uevent").mkdir(parents=True)
    tree.link("sys/bus/pci/devices/0000:00:08.0", folder)
    loop = f"{PCI}/0000:00:09.0"
    tree.pci("0000:00:09.0", "8086:10D3", "20000")
    tree.link(f"{loop}/iommu_group", f"{loop}/iommu_group")
    outside = tree.pci("0000:00:0a.0", "8086:10D3", "20000")
    (tree.root / outside / "iommu_group").symlink_to("/../../../../etc/passwd")
    tree.link("sys/bus/pci/devices/not-an-address", PCI)
    tree.group("many", [])


def control_characters(tree: Tree) -> None:
    """Names that try to write on the terminal."""
    evil = "clear\033[2Jme\r.0"
    path = tree.device("platform", evil, "DRIVER=dri\033]0;ver\007\n", "sys/devices/platform")
    (tree.root / "sys/bus/platform/drivers/dri\033]0;ver\007").mkdir(parents=True)
    tree.link(f"{path}/driver", "sys/bus/platform/drivers/dri\033]0;ver\007")
    turn = "\u202eturned.1"
    other = tree.device("platform", turn, "MODALIAS=platform:\xff\n".encode("latin-1"), "sys/devices/platform")
    nic = tree.pci("0000:00:02.0", "8086:10D3", "20000", "vfio\t\"pci")
    tree.group(7, [path, other, nic], "DMA\033[31m\n", "0xfee00000 0xfeefffff m\033s\033i\n")


def in_use(tree: Tree) -> None:
    """Every device is needed: what stands on the disks is deep, the rest is in USED."""
    for module in ("vfio", "vfio_pci", "vfio_pci_core", "vfio_iommu_type1"):
        tree.file(f"sys/module/{module}/initstate", "live\n")
    tree.file("sys/bus/pci/drivers/vfio-pci/uevent", "")

    def block(below: str, name: str, devno: str, holder: str = "") -> str:
        path = f"{below}/{name}"
        tree.file(f"{path}/dev", devno + "\n")
        (tree.root / path / "holders").mkdir()
        tree.link(f"sys/class/block/{name}", path)
        if holder:
            tree.link(f"{path}/holders/{holder}", f"sys/devices/virtual/block/{holder}")
        return path

    virtual = "sys/devices/virtual/block"
    block(virtual, "dm-0", "253:0", "dm-1")
    tree.file(f"{virtual}/dm-0/dm/name", "mpatha\n")
    tree.file(f"{block(virtual, 'dm-1', '253:1')}/dm/name", "vault\n")
    bcache = block(virtual, "bcache0", "250:0")

    gpu = tree.pci("0000:00:02.0", "1002:73BF", "30000", "amdgpu")
    tree.file(f"{gpu}/boot_vga", "1\n")
    card = tree.pci("0000:00:03.0", "8086:10D3", "20000", "e1000e")
    (tree.root / card / "net/eth0").mkdir(parents=True)
    usb = tree.pci("0000:00:14.0", "8086:A36D", "C0330", "xhci_hcd")
    first = tree.pci("0000:02:00.0", "144D:A808", "10802", "nvme")
    disk = block(f"{first}/nvme/nvme0", "nvme0n1", "259:0")
    cached = block(disk, "nvme0n1p1", "259:1")
    tree.link(f"{cached}/bcache/dev", bcache)
    block(disk, "nvme0n1p2", "259:2")
    second = tree.pci("0000:03:00.0", "144D:A808", "10802", "nvme")
    for name, devno in (("nvme1n1", "259:3"), ("nvme2n1", "259:4")):
        tree.link(f"sys/fs/btrfs/8d3f-11/devices/{name}", block(f"{second}/nvme/{name[:5]}", name, devno))
    adapter = tree.pci("0000:04:00.0", "1077:2261", "C0400", "qla2xxx")
    block(f"{adapter}/host2/rport-2:0-0/target2:0:0/2:0:0:0/block", "sda", "8:0", "dm-0")
    for number, path in enumerate((gpu, card, usb, first, second, adapter), 1):
        tree.group(number, [path])
        tree.link(f"{path}/iommu", "sys/devices/virtual/iommu/dmar0")
        tree.link(f"sys/devices/virtual/iommu/dmar0/devices/{Path(path).name}", path)
    tree.file("sys/devices/virtual/iommu/dmar0/intel-iommu/cap", "d2008c222f0686\n")
    tree.file("sys/devices/virtual/iommu/dmar0/intel-iommu/ecap", "f00f4f\n")
    tree.link("sys/class/iommu/dmar0", "sys/devices/virtual/iommu/dmar0")
    tree.file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
    tree.file("proc/consoles", "")
    tree.file("proc/bus/input/devices", f'N: Name="Ordinary Keyboard"\nS: Sysfs=/{usb.removeprefix("sys/")}/usb1/1-1/input/input3\n'
              "H: Handlers=sysrq kbd event3\nB: EV=120013\n\n")
    (tree.root / "proc/spl/kstat/zfs/tank").mkdir(parents=True)
    tree.file("run/udev/data/b259:0", "S:disk/by-id/first\n")
    tree.file("run/udev/data/b259:1", "E:ID_FS_TYPE=bcache\n")
    tree.file("run/udev/data/b259:2", "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n")
    for devno in ("8:0", "250:0", "253:0", "253:1", "259:3", "259:4"):
        tree.file(f"run/udev/data/b{devno}", "S:disk/by-id/other\n")


# What no tree can show, because only a process or the network tells it: instead of what was recorded.
USED = {
    "in-use": [
        ["ask", "process:mounts", "hidden 0\n0 250:0 xfs /dev/bcache0 /srv\n0 0:44 btrfs /dev/nvme2n1 /home\n"
                                  "0 253:1 ext4 /dev/mapper/vault /data"],
        ["ask", "process:open-devices", "hidden 0\nc 226:0 /dev/dri/card0 812 gnome-shell\nc 226:128 /dev/dri/renderD128 "
                                        "950 firefox"],
        ["link", "/sys/dev/char/226:0", "../../devices/pci0000:00/0000:00:02.0/drm/card0"],
        ["link", "/sys/dev/char/226:128", "../../devices/pci0000:00/0000:00:02.0/drm/renderD128"],
        ["link", "/sys/class/net/eth0", "../../devices/pci0000:00/0000:00:03.0/net/eth0"],
        ["read", "/sys/devices/pci0000:00/0000:00:03.0/net/eth0/ifindex", "2"],
        ["ask", "process:ssh", "ssh - - 192.0.2.5 22"],
        ["ask", "rtnetlink:links", "1 lo 65609 0 0 -\n2 eth0 69699 3 0 -\n3 bond0 70723 0 0 bond"],
        ["ask", "rtnetlink:addresses", "1 127.0.0.1/8\n3 192.0.2.5/24"],
        ["ask", "rtnetlink:routes", "3 default\n3 192.0.2.0/24"],
    ],
}


def use(path: Path, answers) -> None:
    """Puts @answers into a capture, instead of what it has about the same."""
    asked = {(verb, question) for verb, question, _ in answers}
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines[1:] if tuple(json.loads(line)[:2]) not in asked]
    added = [json.dumps(answer, separators=(",", ":")) for answer in answers]
    path.write_text("\n".join([lines[0], *kept, *added]) + "\n", encoding="utf-8")


EDGES = {
    "empty-host": (empty_host, "6.12.48+deb13-amd64"),
    "no-iommu": (no_iommu, "6.1.0-40-amd64"),
    "absurd-attributes": (absurd_attributes, "not a release"),
    "in-use": (in_use, "6.12.48+deb13-amd64"),
    "control-characters": (control_characters, "5.10.0-\033[7mx"),
}


def main() -> None:
    """All of them."""
    for name, (fill, release) in EDGES.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "host"
            root.mkdir()
            fill(Tree(root, release))
            out = HERE / f"edge-{name}.capture"
            subprocess.run([*sys.argv[1:], "--sysroot", "host", "capture", "--force",
                            *(["--in-use"] if name in USED else []), str(out)], check=True, cwd=folder)
            if name in USED:
                use(out, USED[name])
            out.chmod(0o644)


if __name__ == "__main__":
    main()
