#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Which groups could be passed through, if a host driver did not hold one of their devices? Prints one line per device to
free: its group, its address, its driver.

    held-groups.py

VFIOTOOL names another binary, VFIOTOOL_SYSROOT a capture instead of this host.
"""

import json
import os
import subprocess
import sys


def ask(*argv):
    """The JSON of vfiotool for @argv; exit status 0, 2 and 3 are answers, everything else is a failure."""
    root = os.environ.get("VFIOTOOL_SYSROOT")
    command = [os.environ.get("VFIOTOOL", "vfiotool"), *(["--sysroot", root] if root else []), *argv]
    result = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if result.returncode not in (0, 2, 3):
        sys.exit(result.returncode)
    return json.loads(result.stdout)


def plain(text: str) -> str:
    """What a terminal would act on, written out: names come from devices and from captures."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def accepted(paths) -> bool:
    """One path into VFIO is enough."""
    return any(path["answer"] == "yes" for path in paths)


def main() -> int:
    """Finds groups that are refused now and accepted after binding, and prints the devices that block them."""
    groups = {}
    for device in ask("inspect", "--json")["devices"]:
        if device["group"] is not None:
            groups.setdefault(device["group"], []).append(device)
    for group, devices in sorted(groups.items(), key=lambda item: int(item[0])):
        if not any(accepted(device["if_bound"]["paths"]) and not accepted(device["paths"]) for device in devices):
            continue
        for device in devices:
            if device["driver"] and not device["driver"].startswith("vfio"):
                print(plain(f"group {group}: {device['address']} is held by {device['driver']}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
