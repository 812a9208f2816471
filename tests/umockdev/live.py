#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The live path on a machine that umockdev pretends: the devices that 'list' shows are the made-up ones, and none of the
real ones. umockdev redirects opened files and directories but no links, so groups are left to the suite vm.

    live.py VFIOTOOL
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
DEVICES = {
    "0000:00:07.0": ("vfio-pci", "20000", "8086:1521"),
    "0000:00:08.0": ("", "10802", "144D:A808"),
    "10000:e1:00.0": ("nvme", "10802", "144D:A808"),
}


def testbed(devices):
    """The devices as umockdev reads them."""
    lines = []
    for address, (driver, class_code, ids) in devices.items():
        lines += [f"P: /devices/pci0000:00/{address}"]
        # A driver without its link is one that is being taken away.
        lines += [f"E: DRIVER={driver}", f"L: driver=../../../bus/pci/drivers/{driver}"] if driver else []
        lines += [f"E: PCI_CLASS={class_code}", f"E: PCI_ID={ids}", "E: PCI_SUBSYS_ID=1AF4:1100"]
        lines += [f"E: PCI_SLOT_NAME={address}", "E: SUBSYSTEM=pci", "A: enable=0\\n", ""]
    return "\n".join(lines) + "\n"


def run(binary, devices, *arguments):
    """One run of the program among @devices."""
    # The sanitizer wants to be loaded first, which a preloaded library prevents; it also sees the leaks of others.
    environment = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0", LC_ALL="C.UTF-8")
    with tempfile.TemporaryDirectory() as where:
        description = Path(where, "testbed")
        description.write_text(testbed(devices), encoding="utf-8")
        command = ["umockdev-run", "--device", str(description), "--", binary, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def check(what, seen, wanted):
    """One comparison; the first that fails ends the test."""
    if seen != wanted:
        sys.exit(f"{what}: {seen!r} instead of {wanted!r}")


def main(binary):
    """Lists many devices, one, and none."""
    if not shutil.which("umockdev-run"):
        print("needs umockdev-run, of the package umockdev")
        return SKIP
    result = run(binary, DEVICES, "list", "--json", "-o", "address,bus,driver,id,class")
    check("exit status", (result.returncode, result.stderr), (0, ""))
    rows = json.loads(result.stdout)["devices"]
    check("rows", len(rows), len(DEVICES))
    for row, (address, (driver, class_code, ids)) in zip(rows, DEVICES.items()):
        check("address", row["address"], address)
        check("driver", row["driver"], driver or None)
        check("id", row["id"], ids.lower())
        check("class", row["class"], "0x" + class_code.zfill(6).lower())
    result = run(binary, DEVICES, "list", "-n", "-o", "address", "144d:")
    check("by vendor", result.stdout.split(), ["0000:00:08.0", "10000:e1:00.0"])
    result = run(binary, DEVICES, "list", "00:09.0")
    check("unknown target", (result.returncode, result.stdout), (66, ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
