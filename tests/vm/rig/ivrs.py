# SPDX-License-Identifier: GPL-2.0-or-later
"""
A firmware table that QEMU does not make: the IVRS of its AMD IOMMU with one unity map for one device. As the crafted
DMAR, it lies in front of the initramfs (rig/dmar.py says why the kernel takes it).
"""

import re
import struct

from .cpio import Archive
from .dmar import FIRST, LAST, seal

# What QEMU's q35 has: the IOMMU is the first device that the command line adds, on slot 1.
IOMMU, CAPABILITY, REGISTERS = 0x0008, 0x40, 0xfed80000
VIRTUAL_ADDRESS_BITS, PHYSICAL_ADDRESS_BITS = 0x28, 0x28
# The IO-APIC's place behind a bus of its own, and its number.
IOAPIC_ID, IOAPIC_DEVICE = 0, 0x00a0
FEATURES = 0x44

HARDWARE, DEVICE_RANGE_ALL, SPECIAL_DEVICE, IOAPIC = 0x10, 1, 0x48, 1
MEMORY_OF_ONE_DEVICE = 0x21
UNITY, READ, WRITE = 1, 2, 4


def _hardware() -> bytes:
    every = struct.pack("<BHB", DEVICE_RANGE_ALL, 0, 0)
    ioapic = struct.pack("<BHBBHB", SPECIAL_DEVICE, 0, 0, IOAPIC_ID, IOAPIC_DEVICE, IOAPIC)
    entries = every + ioapic
    return struct.pack("<BBHHHQHHI", HARDWARE, 0xd1, 24 + len(entries), IOMMU, CAPABILITY, REGISTERS, 0, 0,
                       FEATURES) + entries


def table(address: str) -> bytes:
    """The IVRS with a unity map for the device at @address, on bus 0."""
    _, device, function = (int(part, 16) for part in re.split("[:.]", address)[1:])
    memory = struct.pack("<BBHHHH6xQQ", MEMORY_OF_ONE_DEVICE, UNITY | READ | WRITE, 32, device << 3 | function, 0, 0,
                         FIRST, LAST + 1 - FIRST)
    body = struct.pack("<I8x", VIRTUAL_ADDRESS_BITS << 8) + _hardware() + memory
    return seal(b"IVRS", 1, body)


def archive(address: str) -> bytes:
    """The archive that goes in front of all others."""
    early = Archive()
    early.data("kernel/firmware/acpi/ivrs.aml", table(address))
    return early.bytes()
