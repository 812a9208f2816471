#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Makes the directory tree of a host with as many PCI functions as wanted, as sysfs and procfs show it: domains with host
bridges, root ports, endpoints with one and with several functions, PFs with VFs, a switch, conventional bridges;
groups of one and of several; a quarter of the endpoints on VFIO. For vfiotool --sysroot, lspci -O sysfs.path= and a
bind mount over /sys. Nothing in it is random: the same number makes the same tree.

    mksys.py [--builtin] [--one-group] DIRECTORY FUNCTIONS
"""

import argparse
import os
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

RELEASE = "6.1.0-44-amd64"
# linux: drivers/iommu/intel/iommu.c: the registers of a Sapphire Rapids unit.
CAP, ECAP = "19ed008c40780c66", "3ee9e86f050df"
# Functions that a kernel has besides those that tell its release.
NAMES = 30000


@dataclass
class Function:
    """One PCI function."""

    address: str
    path: str  # below sys/devices
    ids: tuple  # vendor, device, subvendor, subdevice
    class_code: int
    driver: str = ""
    group: int = 0
    unit: int = 0
    bridge: int = 0  # secondary bus number, 0: no bridge
    vectors: list = field(default_factory=list)
    vfs: list = field(default_factory=list)
    physfn: "Function" = None
    cdev: int = -1


def make(path, text=""):
    """Writes a file; its directory exists."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    if text:
        os.write(fd, text if isinstance(text, bytes) else text.encode())
    os.close(fd)


def btf(functions):
    """Type information of a kernel, of the usual size. linux: include/uapi/linux/btf.h."""
    strings, types = bytearray(b"\0"), bytearray()
    for name in functions:
        # A structure of eight members, a prototype of two parameters, the function.
        types += struct.pack("<III", len(strings), 4 << 24 | 8, 64) + bytes(96)
        types += struct.pack("<III", 0, 13 << 24 | 2, 0) + bytes(16) + struct.pack("<III", len(strings), 12 << 24, 1)
        strings += name.encode() + b"\0"
    return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings


def dmar(units):
    """The table of a firmware with so many units, which reserves no memory. VT-d specification, 8.1."""
    body = struct.pack("<BB10x", 45, 1)
    for number in range(units):
        body += struct.pack("<HHBBHQ", 0, 16, 1, 0, number, 0xD000000000 + number * 0x1000)
    head = struct.pack("<4sIBB6s8sI4sI", b"DMAR", 36 + len(body), 1, 0, b"VFIOTL", b"BENCH   ", 1, b"TEST", 1)
    table = bytearray(head + body)
    table[9] = -sum(table) % 256
    return bytes(table)


# Of those that tell Linux 6.1.
KERNEL_FUNCTIONS = ("device_iommu_capable", "iommu_enable_nesting", "iommu_group_claim_dma_owner",
                    "irq_domain_check_msi_remap", "vfio_iommu_type1_attach_group", "vfio_pci_core_register_device")


KINDS = {
    # driver, ids, class
    "host": ("", (0x8086, 0x09A2, 0x8086, 0x0000), 0x088000),
    "port": ("pcieport", (0x8086, 0x352A, 0x8086, 0x0000), 0x060400),
    "lpc": ("lpc_ich", (0x8086, 0x1B81, 0x8086, 0x0000), 0x060100),
    "smbus": ("i801_smbus", (0x8086, 0x1BC9, 0x8086, 0x0000), 0x0C0500),
    "sata": ("ahci", (0x8086, 0x1BD2, 0x8086, 0x7270), 0x010601),
    "nic": ("ixgbe", (0x8086, 0x10FB, 0x8086, 0x000C), 0x020000),
    "vf": ("ixgbevf", (0x8086, 0x10ED, 0x8086, 0x000C), 0x020000),
    "nvme": ("nvme", (0x144D, 0xA824, 0x144D, 0xA801), 0x010802),
    "gpu": ("nouveau", (0x10DE, 0x1EB8, 0x10DE, 0x12A2), 0x030000),
    "audio": ("snd_hda_intel", (0x10DE, 0x10F8, 0x10DE, 0x12A2), 0x040300),
    "switch": ("pcieport", (0x10B5, 0x8747, 0x10B5, 0x8747), 0x060400),
    "old-bridge": ("", (0x104C, 0x8231, 0x0000, 0x0000), 0x060400),
    "old": ("e1000", (0x8086, 0x107C, 0x8086, 0x1376), 0x020000),
}


class Plan:
    """Which functions there are, and where."""

    def __init__(self, count, one_group=False):
        self.count = count
        self.functions = []
        self.next_group = 0
        self.next_irq = 24
        self.next_cdev = 0
        self.endpoints = 0
        domain = 0
        while not self.full():
            self.domain(domain)
            domain += 1
        self.nr_domains = domain
        for function in self.functions if one_group else ():
            function.group = 0

    def full(self):
        """Whether there are as many functions as wanted."""
        return len(self.functions) >= self.count

    def group(self):
        """The number of a new group."""
        self.next_group += 1
        return self.next_group - 1

    def add(self, kind, parent, address, group, unit, bridge=0):
        """One function, unless there are enough."""
        if self.full():
            return None
        driver, ids, class_code = KINDS[kind]
        f = Function(address, f"{parent}/{address}", ids, class_code, driver, group, unit, bridge)
        if kind in ("nic", "nvme", "gpu", "old"):
            self.endpoints += 1
            if self.endpoints % 4 == 0:
                f.driver = "vfio-pci"
        if f.driver == "vfio-pci":
            f.cdev = self.next_cdev
            self.next_cdev += 1
        elif f.driver and kind != "lpc":
            f.vectors = list(range(self.next_irq, self.next_irq + (4 if kind in ("nic", "nvme") else 1)))
            self.next_irq += len(f.vectors)
        self.functions.append(f)
        return f

    def domain(self, domain):
        """A root complex with up to 250 buses."""
        root, unit = f"pci{domain:04x}:00", domain
        self.add("host", root, f"{domain:04x}:00:00.0", self.group(), unit)
        chipset = self.group()
        for number, kind in enumerate(("lpc", "smbus", "sata")):
            self.add(kind, root, f"{domain:04x}:00:1f.{number}", chipset, unit)
        bus = 1
        for slot in range(1, 0x1E):
            for function in range(8):
                if self.full() or bus > 250:
                    return
                address = f"{domain:04x}:00:{slot:02x}.{function}"
                port = self.add("port", root, address, self.group(), unit, bus)
                if port:
                    bus = self.below(port, domain, bus, (slot - 1) * 8 + function, unit)

    def below(self, port, domain, bus, number, unit):
        """What is plugged into a root port; the next free bus."""
        kind = number % 6
        name = f"{domain:04x}:{bus:02x}"
        if kind in (0, 1):
            pf = self.add("nic", port.path, f"{name}:00.0", self.group(), unit)
            for index in range(12 if kind else 4):
                vf = pf and self.add("vf", port.path, f"{name}:{0x10 + index // 8:02x}.{index % 8}", self.group(), unit)
                if vf:
                    vf.physfn = pf
                    pf.vfs.append(vf)
        elif kind == 2:
            self.add("nvme", port.path, f"{name}:00.0", self.group(), unit)
        elif kind == 3:
            # No ACS between the functions, and none on the port either: one group with the port.
            self.add("gpu", port.path, f"{name}:00.0", port.group, unit)
            self.add("audio", port.path, f"{name}:00.1", port.group, unit)
        elif kind == 4:
            up = self.add("switch", port.path, f"{name}:00.0", self.group(), unit, bus + 1)
            for index in range(2):
                down = up and self.add("switch", up.path, f"{domain:04x}:{bus + 1:02x}:{index:02x}.0", self.group(), unit,
                                       bus + 2 + index)
                if down:
                    self.add("nvme", down.path, f"{domain:04x}:{bus + 2 + index:02x}:00.0", self.group(), unit)
            return bus + 4
        else:
            group = self.group()
            bridge = self.add("old-bridge", port.path, f"{name}:00.0", group, unit, bus + 1)
            for index in range(2):
                if bridge:
                    self.add("old", bridge.path, f"{domain:04x}:{bus + 1:02x}:{index:02x}.0", group, unit)
            return bus + 2
        return bus + 1


def config_space(f):
    """The first 64 bytes, enough for lspci without -v."""
    data = bytearray(64)
    data[0:2] = f.ids[0].to_bytes(2, "little")
    data[2:4] = f.ids[1].to_bytes(2, "little")
    data[9:12] = f.class_code.to_bytes(3, "little")
    data[14] = 1 if f.bridge else 0
    if f.bridge:
        data[25] = f.bridge
    else:
        data[44:46] = f.ids[2].to_bytes(2, "little")
        data[46:48] = f.ids[3].to_bytes(2, "little")
    return bytes(data)


def modalias(f):
    """linux: drivers/pci/pci-sysfs.c: modalias_show()."""
    c = f.class_code
    return (f"pci:v{f.ids[0]:08X}d{f.ids[1]:08X}sv{f.ids[2]:08X}sd{f.ids[3]:08X}"
            f"bc{c >> 16:02X}sc{c >> 8 & 255:02X}i{c & 255:02X}")


def attributes(f):
    """The text attributes of a function that peers or we read, and some that nobody does."""
    uevent = [f"DRIVER={f.driver}"] if f.driver else []
    uevent += [
        f"PCI_CLASS={f.class_code:X}",
        f"PCI_ID={f.ids[0]:04X}:{f.ids[1]:04X}",
        f"PCI_SUBSYS_ID={f.ids[2]:04X}:{f.ids[3]:04X}",
        f"PCI_SLOT_NAME={f.address}",
        f"MODALIAS={modalias(f)}",
    ]
    ret = {
        "uevent": "\n".join(uevent) + "\n",
        "vendor": f"0x{f.ids[0]:04x}\n",
        "device": f"0x{f.ids[1]:04x}\n",
        "subsystem_vendor": f"0x{f.ids[2]:04x}\n",
        "subsystem_device": f"0x{f.ids[3]:04x}\n",
        "class": f"0x{f.class_code:06x}\n",
        "revision": "0x01\n",
        "irq": "0\n",
        "enable": "1\n" if f.driver else "0\n",
        "numa_node": f"{f.unit % 2}\n",
        "modalias": modalias(f) + "\n",
        "driver_override": "vfio-pci\n" if f.driver == "vfio-pci" else "(null)\n",
        "resource": "0x0000000000000000 0x0000000000000000 0x0000000000000000\n" * 13,
        "config": config_space(f),
        "d3cold_allowed": "1\n",
    }
    if f.bridge:
        ret["secondary_bus_number"] = f"{f.bridge}\n"
        ret["subordinate_bus_number"] = f"{f.bridge}\n"
    else:
        ret["reset_method"] = "flr bus\n" if f.ids[0] == 0x8086 else "bus\n"
    if f.vfs:
        ret["sriov_numvfs"] = f"{len(f.vfs)}\n"
        ret["sriov_totalvfs"] = "63\n"
    return ret


class Tree:
    """Writes a plan below a root."""

    def __init__(self, root: Path, plan: Plan, builtin=False, names=NAMES):
        self.root, self.plan, self.builtin, self.nr_names = root, plan, builtin, names
        self.sys = root / "sys"

    def directories(self, *names):
        """Makes directories below the root."""
        for name in names:
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def write(self):
        """The whole tree."""
        self.directories("sys/bus/pci/devices", "sys/bus/pci/drivers", "sys/bus/pci/slots", "sys/kernel/iommu_groups",
                         "sys/class/iommu", "sys/class/vfio-dev", "sys/devices/virtual/iommu", "sys/kernel/irq", "sys/module", "proc",
                         "sys/firmware/acpi/tables", "dev/vfio/devices", "sys/bus/platform/devices",
                         "sys/bus/platform/drivers", "lib/modules")
        self.kernel()
        for domain in range(self.plan.nr_domains):
            self.unit(domain)
        for driver in sorted({f.driver for f in self.plan.functions if f.driver}):
            self.directories(f"sys/bus/pci/drivers/{driver}")
        for f in self.plan.functions:
            self.function(f)
        self.groups()
        self.interrupts()

    def kernel(self):
        """What procfs and the modules say."""
        self.directories("proc/sys/kernel", "sys/kernel/security")
        make(self.root / "proc/sys/kernel/osrelease", RELEASE + "\n")
        make(self.root / "proc/sys/kernel/ostype", "Linux\n")
        make(self.root / "proc/sys/kernel/tainted", "0\n")
        make(self.root / "proc/version", f"Linux version {RELEASE} (gcc 12)\n")
        make(self.root / "proc/cmdline", f"BOOT_IMAGE=/vmlinuz-{RELEASE} intel_iommu=on quiet\n")
        make(self.sys / "firmware/acpi/tables/DMAR", dmar(self.plan.nr_domains))
        make(self.root / "proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n\n")
        modules = ("vfio", "vfio_iommu_type1", "vfio_pci_core", "vfio_pci", "irqbypass", "vfio_virqfd")
        self.names()
        make(self.root / "proc/modules", "".join(f"{m} 16384 0 - Live 0x0000000000000000\n"
                                                 for m in modules if not self.builtin))
        for name in modules:
            self.directories(f"sys/module/{name}/parameters")
            if not self.builtin:
                make(self.sys / f"module/{name}/initstate", "live\n")
                make(self.sys / f"module/{name}/refcnt", "0\n")
        for name, value in (("vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N"),
                            ("vfio_iommu_type1/parameters/dma_entry_limit", "65535"),
                            ("vfio_iommu_type1/parameters/disable_hugepages", "N"),
                            ("vfio_pci/parameters/disable_denylist", "N"), ("vfio_pci/parameters/disable_idle_d3", "N"),
                            ("vfio_pci/parameters/nointxmask", "N"), ("vfio_pci/parameters/enable_sriov", "N")):
            make(self.sys / "module" / name, value + "\n")

    def names(self):
        """The functions of the kernel; the usual number makes 5 MiB of BTF and 10 MiB of kallsyms."""
        functions = [f"some_function_of_the_kernel_{n}" for n in range(self.nr_names)] + list(KERNEL_FUNCTIONS)
        self.directories("sys/kernel/btf")
        make(self.sys / "kernel/btf/vmlinux", btf(functions))
        make(self.root / "proc/kallsyms", "".join(f"{address:016x} t {name}\n" for address in range(7) for name in functions))

    def unit(self, number):
        """linux: drivers/iommu/intel/iommu.c: intel_iommu_attrs[]."""
        where = self.sys / f"devices/virtual/iommu/dmar{number}"
        (where / "intel-iommu").mkdir(parents=True)
        (where / "devices").mkdir()
        for name, text in (("version", "7:0"), ("address", f"{0xD000000000 + number * 0x1000:x}"), ("cap", CAP),
                           ("ecap", ECAP), ("domains_supported", "65536"), ("domains_used", "12")):
            make(where / "intel-iommu" / name, text + "\n")
        make(where / "uevent")
        os.symlink(f"../../devices/virtual/iommu/dmar{number}", self.sys / f"class/iommu/dmar{number}")

    def function(self, f):
        """The directory of a function, and the links to it."""
        here = self.sys / "devices" / f.path
        up = "../" * (f.path.count("/") + 1)
        here.mkdir(parents=True, exist_ok=True)
        base = str(here)
        for name, text in attributes(f).items():
            make(f"{base}/{name}", text)
        make(f"{base}/power_state", "D0\n")
        os.mkdir(f"{base}/power")
        make(f"{base}/power/control", "on\n")
        make(f"{base}/power/runtime_status", "active\n")
        os.symlink(f"{up}../bus/pci", f"{base}/subsystem")
        os.symlink(f"{up}virtual/iommu/dmar{f.unit}", f"{base}/iommu")
        os.symlink(f"{up}../kernel/iommu_groups/{f.group}", f"{base}/iommu_group")
        os.symlink(f"../../../devices/{f.path}", self.sys / "bus/pci/devices" / f.address)
        os.symlink(f"../../../../{f.path}", self.sys / f"devices/virtual/iommu/dmar{f.unit}/devices" / f.address)
        if f.driver:
            os.symlink(f"{up}../bus/pci/drivers/{f.driver}", f"{base}/driver")
            os.symlink(f"../../../../devices/{f.path}", self.sys / "bus/pci/drivers" / f.driver / f.address)
        if f.vectors:
            os.mkdir(f"{base}/msi_irqs")
            for irq in f.vectors:
                make(f"{base}/msi_irqs/{irq}", "msix\n")
        if f.cdev >= 0:
            os.makedirs(f"{base}/vfio-dev/vfio{f.cdev}")
            make(f"{base}/vfio-dev/vfio{f.cdev}/uevent")
            os.symlink(f"../../devices/{f.path}/vfio-dev/vfio{f.cdev}", self.sys / f"class/vfio-dev/vfio{f.cdev}")
        if f.physfn:
            os.symlink(f"../{f.physfn.address}", f"{base}/physfn")
        for index, vf in enumerate(f.vfs):
            os.symlink(f"../{vf.address}", f"{base}/virtfn{index}")

    def groups(self):
        """linux: drivers/iommu/iommu.c: the attributes of a group."""
        members = {}
        for f in self.plan.functions:
            members.setdefault(f.group, []).append(f)
        for number, functions in members.items():
            base = str(self.sys / f"kernel/iommu_groups/{number}")
            os.makedirs(base + "/devices")
            make(base + "/type", "DMA-FQ\n")
            make(base + "/reserved_regions", "0x00000000fee00000 0x00000000feefffff msi\n")
            for f in functions:
                os.symlink(f"../../../../devices/{f.path}", f"{base}/devices/{f.address}")
            if any(f.driver == "vfio-pci" for f in functions):
                make(self.root / f"dev/vfio/{number}")
        make(self.root / "dev/vfio/vfio")

    def interrupts(self):
        """/proc/interrupts of a few processors, and the chips."""
        lines = ["            CPU0       CPU1       CPU2       CPU3       \n"]
        for f in self.plan.functions:
            for index, irq in enumerate(f.vectors):
                chip = f"IR-PCI-MSIX-{f.address}"
                counts = "".join(f"{irq * 7 % 1000:10d} " for _ in range(4))
                lines.append(f"{irq:4d}: {counts} {chip}  {index}-edge      {f.driver}\n")
                os.mkdir(self.sys / f"kernel/irq/{irq}")
                make(self.sys / f"kernel/irq/{irq}/chip_name", chip + "\n")
        make(self.root / "proc/interrupts", "".join(lines))


def main():
    """Makes one tree."""
    parser = argparse.ArgumentParser(description="make a synthetic host")
    parser.add_argument("directory", type=Path, help="a new directory, or an empty one")
    parser.add_argument("functions", type=int, help="how many PCI functions")
    parser.add_argument("--builtin", action="store_true", help="VFIO is built in")
    parser.add_argument("--one-group", action="store_true", help="all devices are in one group")
    args = parser.parse_args()
    if args.directory.exists() and any(args.directory.iterdir()):
        parser.error(f"{args.directory} is not empty")
    Tree(args.directory, Plan(args.functions, args.one_group), args.builtin).write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
