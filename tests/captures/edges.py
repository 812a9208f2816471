#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Makes the hand-made captures beside it again: small trees of systems that are strange, recorded by vfiotool itself.

    edges.py VFIOTOOL...
"""

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


EDGES = {
    "empty-host": (empty_host, "6.12.48+deb13-amd64"),
    "no-iommu": (no_iommu, "6.1.0-40-amd64"),
    "absurd-attributes": (absurd_attributes, "not a release"),
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
            subprocess.run([*sys.argv[1:], "--sysroot", "host", "capture", "--force", str(out)], check=True, cwd=folder)
            out.chmod(0o644)


if __name__ == "__main__":
    main()
