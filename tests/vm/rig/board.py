# SPDX-License-Identifier: GPL-2.0-or-later
"""
The two machines that guests run on: a PC, and QEMU's virt for arm64. Each says which emulator it is, how it boots a
kernel, and where the guest's second serial port is.
"""

import os
import shutil
from pathlib import Path

from . import cross, image, kernels
from .scenario import pick


class Pc:
    """q35. Its second port is ttyS1."""

    qemu = os.environ.get("VFIOTOOL_QEMU", "qemu-system-x86_64")
    package = "qemu-system-x86"
    # no_timer_check: on a busy machine the emulated timer may miss the few ticks that the kernel waits for at boot.
    # tsc=unstable: there the TSC may be measured at a fiftieth of its rate, and then every time limit is over at once.
    # lpj: what a driver waits for in a loop, an emulated device has done at once; the loops end after a twentieth of the time.
    cmdline = "console=ttyS0,115200 no_timer_check tsc=unstable lpj=500000"
    port = ("-serial", "chardev:results")
    # A fifth level of page tables (la57) only makes each walk longer. Where a processor says that it is fast at it (erms, fsrm),
    # the kernel clears and copies pages byte by byte; an emulated one is slow at it: a tenth of a guest's time.
    processor = "max,la57=off,erms=off,fsrm=off"

    @staticmethod
    def options(scenario, kernel: kernels.Kernel):
        """Machine, processor and kernel. The mode of `vga=` is set by the code in front of a packed kernel."""
        packed = " vga=" in f" {pick(scenario.cmdline, kernel.name) or ''}"
        boots = kernel.image if packed else image.bootable(kernel)
        return ["-machine", "q35,kernel-irqchip=split", "-cpu", Pc.processor, "-kernel", str(boots)]

    @staticmethod
    def tree(*_):
        """It has no device tree."""
        return []


class Virt:
    """
    virt, with what the scenario's `board` says of its interrupt controller and IOMMU. It has one port of its own; the
    second is a PCI device, ttyS0. It boots by a device tree, or where the scenario says `acpi`, by UEFI and its tables.
    """

    qemu = os.environ.get("VFIOTOOL_QEMU_ARM64", "qemu-system-aarch64")
    package = "qemu-system-arm"
    cmdline = "console=ttyAMA0"
    port = ("-device", "pci-serial,chardev=results,addr=1e.0")

    @staticmethod
    def options(scenario, kernel: kernels.Kernel):
        """Machine, processor and kernel. Emulating the pointer authentication of the architecture would double the time."""
        machine = pick(scenario.board, kernel.name) or "gic-version=3,iommu=smmuv3"
        firmware = ["-bios", str(cross.firmware())] if scenario.acpi else []
        return ["-machine", f"virt,{machine}", "-cpu", "max,pauth-impdef=on", *firmware, "-kernel",
                str(image.bootable(kernel))]

    @staticmethod
    def tree(scenario, argv, folder: Path):
        """The machine's own device tree with what the scenario's `tree` changes."""
        changes = getattr(scenario, "tree", ())
        if not changes:
            return []
        path = folder / "tree.dtb"
        path.write_bytes(cross.patched_tree(argv, changes))
        return ["-dtb", str(path)]


def of(kernel: kernels.Kernel):
    """The machine that @kernel runs on."""
    return Virt if kernel.arm64 else Pc


def missing(name: str) -> str:
    """Why this machine cannot run guests with the kernel called @name; empty when it can."""
    machine = Virt if name in kernels.ARM64 else Pc
    if not shutil.which(machine.qemu):
        return f"no {machine.qemu}: install {machine.package}"
    return cross.missing() if machine is Virt else ""
