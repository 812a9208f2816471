# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder that looks like a host with two PCI devices in two groups, for --sysroot."""

from pathlib import Path

DEVICES = {"0000:00:1f.0": (7, "8086:2918", ""), "0000:03:00.0": (12, "8086:1521", "igb")}


def make(root: Path) -> None:
    """Fills the empty folder @root."""
    (root / "sys/bus/pci/drivers/pci-stub").mkdir(parents=True)
    for address, (group, ids, driver) in DEVICES.items():
        place = root / "sys/devices/pci0000:00" / address
        place.mkdir(parents=True)
        vendor, device = ids.upper().split(":")
        lines = [f"DRIVER={driver}"] if driver else []
        lines += ["PCI_CLASS=20000", f"PCI_ID={vendor}:{device}", "PCI_SUBSYS_ID=0000:0000", f"PCI_SLOT_NAME={address}",
                  "MODALIAS=pci:v0d0"]
        (place / "uevent").write_text("\n".join(lines) + "\n", encoding="ascii")
        home = root / "sys/kernel/iommu_groups" / str(group)
        (home / "devices").mkdir(parents=True)
        (home / "type").write_text("DMA-FQ\n", encoding="ascii")
        (home / "reserved_regions").write_text("", encoding="ascii")
        (home / "devices" / address).symlink_to(f"../../../../devices/pci0000:00/{address}")
        (place / "iommu_group").symlink_to(f"../../../kernel/iommu_groups/{group}")
        (place / "subsystem").symlink_to("../../../bus/pci")
        bus = root / "sys/bus/pci"
        (bus / "devices").mkdir(parents=True, exist_ok=True)
        (bus / "devices" / address).symlink_to(f"../../../devices/pci0000:00/{address}")
        if driver:
            (bus / "drivers" / driver).mkdir(parents=True)
            (place / "driver").symlink_to(f"../../../bus/pci/drivers/{driver}")
