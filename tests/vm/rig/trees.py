# SPDX-License-Identifier: GPL-2.0-or-later
"""
Trees of PCI devices, made from a seed: what a machine with `trees = [FIRST, COUNT]` has below its root bus and below
expander bridges. The same seed gives the same options of QEMU, on every machine.
"""

import random

# Functions for PCI Express and for conventional buses: none needs a driver, a backend or ports of I/O, of which a PC has few.
EXPRESS = ("qemu-xhci", "nvme,serial=tree", "virtio-rng-pci-non-transitional", "pvscsi")
CONVENTIONAL = ("edu", "intel-hda", "sdhci-pci", "usb-ehci")

# Slots of the root bus that nothing else of the machine has, and the first bus of each expander.
SLOTS = range(0x08, 0x1e)
EXPANDERS = range(0x40, 0x100, 0x20)
# Buses that a tree may take.
BUSES = 12


class Tree:
    """One tree: a list of QEMU's devices."""

    def __init__(self, seed: int, bus: str, slots):
        self.random = random.Random(seed)
        self.name, self.chassis, self.devices, self.left, self.made = f"t{seed}", seed % 250 + 1, [], BUSES, 0
        for slot in slots:
            self._root(bus, slot)

    def _add(self, driver: str, bus: str, slot: int, function: int = 0, several: bool = False) -> str:
        """Adds a device; the name of the bus behind it, when it is a bridge."""
        self.made += 1
        name = f"{self.name}d{self.made}"
        many = ",multifunction=on" if several else ""
        self.devices.append(f"{driver},id={name},bus={bus},addr={slot:02x}.{function}{many}")
        return name

    def _chassis(self) -> str:
        """Two ports may not have the same chassis and slot."""
        return f",chassis={self.chassis},slot={self.made}"

    def _take(self, buses: int) -> bool:
        if self.left < buses:
            return False
        self.left -= buses
        return True

    def _card(self, kinds, bus: str, slot: int) -> None:
        """A card of one to three functions."""
        functions = self.random.choice((1, 1, 1, 2, 3))
        for function in range(functions):
            self._add(self.random.choice(kinds), bus, slot, function, functions > 1 and function == 0)

    def _port(self, bus: str, slot: int, function: int, several: bool) -> None:
        kind = self.random.choice(("pcie-root-port", "pcie-root-port", "pcie-root-port,disable-acs=on", "ioh3420"))
        self._below(self._add(kind + self._chassis(), bus, slot, function, several), 0)

    def _root(self, bus: str, slot: int) -> None:
        # Below an expander QEMU allows only bridges.
        what = self.random.choice(("ports", "ports", "port", "port", "bridge", "card" if bus == "pcie.0" else "port"))
        if what == "ports" and self._take(3):
            for function in range(3):
                self._port(bus, slot, function, function == 0)
        elif what == "bridge" and self._take(1):
            self._conventional(self._add("pcie-pci-bridge", bus, slot), 1)
        elif what in ("port", "ports") and self._take(1):
            self._port(bus, slot, 0, False)
        elif bus == "pcie.0":
            self._card(EXPRESS, bus, slot)

    def _below(self, port: str, depth: int) -> None:
        """What is in the slot of a port."""
        what = self.random.choice(("card", "card", "switch", "switch", "bridge", "nothing"))
        if what == "switch" and depth < 3 and self._take(3):
            self._switch(port, depth)
        elif what == "bridge" and self._take(1):
            self._conventional(self._add("pcie-pci-bridge", port, 0), 1)
        elif what != "nothing":
            self._card(EXPRESS, port, 0)

    def _switch(self, port: str, depth: int) -> None:
        upstream = self._add("x3130-upstream", port, 0)
        together = self.random.random() < 0.4
        for number in range(2):
            slot, function = (0, number) if together else (number, 0)
            port = self._add("xio3130-downstream" + self._chassis(), upstream, slot, function, together and not number)
            self._below(port, depth + 1)

    def _conventional(self, bus: str, depth: int) -> None:
        """What is on a conventional bus: cards, and bridges to further ones."""
        for slot in range(1, self.random.choice((2, 3))):
            if depth < 3 and self.random.random() < 0.3 and self._take(1):
                bridge = self._add(f"pci-bridge,chassis_nr={self.made + 1}", bus, slot)
                self._conventional(bridge, depth + 1)
            else:
                self._card(CONVENTIONAL, bus, slot)


def devices(first: int, count: int):
    """The devices of @count trees, the first of them of the seed @first: the even on the root bus, the others below expanders."""
    ret, slots, expanders = [], iter(SLOTS), iter(EXPANDERS)
    for seed in range(first, first + count):
        if seed % 2:
            bus = f"x{seed}"
            ret.append(f"pxb-pcie,id={bus},bus_nr={next(expanders)},bus=pcie.0,addr={next(slots):02x}.0")
            ret += Tree(seed, bus, range(1, 4)).devices
        else:
            ret += Tree(seed, "pcie.0", [next(slots) for _ in range(3)]).devices
    return ret
