# SPDX-License-Identifier: GPL-2.0-or-later
"""
A firmware table that QEMU does not make: the DMAR of its VT-d with one reserved memory region for one device.
The kernel takes it instead of the machine's own when it lies, not compressed, in front of the initramfs, has the same
owner and a higher revision (CONFIG_ACPI_TABLE_UPGRADE).
"""

import re
import struct

from .cpio import Archive

# What QEMU's q35 has: the unit's registers, its address width, and the IO-APIC's place behind a bus of its own.
UNIT, WIDTH = 0xfed90000, 39
IOAPIC_BUS = 0xff
# A region that the machine's memory map reserves (the chipset's registers), so that the kernel finds no fault with it.
FIRST, LAST = 0xfed1c000, 0xfed1ffff

SCOPE_ENDPOINT, SCOPE_IOAPIC = 1, 3
INTERRUPT_REMAPPING = 1
ALL_OTHER_DEVICES = 1


def _scope(kind: int, number: int, bus: int, device: int, function: int) -> bytes:
    return struct.pack("<BBHBBBB", kind, 8, 0, number, bus, device, function)


def _structure(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, 4 + len(body)) + body


def seal(name: bytes, revision: int, body: bytes) -> bytes:
    """A table of the owner that QEMU's tables have, newer than those, with its checksum."""
    head = struct.pack("<4sIBB6s8sI4sI", name, 36 + len(body), revision, 0, b"BOCHS ", b"BXPC    ", 2, b"BXPC", 1)
    whole = bytearray(head + body)
    whole[9] = -sum(whole) & 0xff
    return bytes(whole)


def table(address: str) -> bytes:
    """The DMAR with a reserved region for the device at @address, on bus 0."""
    bus, device, function = (int(part, 16) for part in re.split("[:.]", address)[1:])
    unit = struct.pack("<BBHQ", ALL_OTHER_DEVICES, 0, 0, UNIT) + _scope(SCOPE_IOAPIC, 0, IOAPIC_BUS, 0, 0)
    region = struct.pack("<HHQQ", 0, 0, FIRST, LAST) + _scope(SCOPE_ENDPOINT, 0, bus, device, function)
    body = struct.pack("<BB10x", WIDTH - 1, INTERRUPT_REMAPPING) + _structure(0, unit) + _structure(1, region)
    return seal(b"DMAR", 1, body)


def archive(address: str) -> bytes:
    """The archive that goes in front of all others."""
    early = Archive()
    early.data("kernel/firmware/acpi/dmar.aml", table(address))
    return early.bytes()
