#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Messages of real programs and of public reports, each of which diagnose must put to the right symptom and device, alone and all in one
log. And an ordinary log, in which it must find nothing. Says TAP.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EMPTY = HERE.parent / "captures/edge-empty-host.capture"
# A host that can be asked about the device of a message.
HOST, DEVICE = HERE.parent / "captures/vm-intel-on-6.12.capture", "0000:00:04.0"
LIMIT_S = 120


def diagnose(tool, text: str, host: Path = EMPTY):
    """The causes that the program finds in @text."""
    env = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    env |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
    done = subprocess.run([*tool, "--sysroot", str(host), "diagnose", "--json"], env=env, input=text.encode(), capture_output=True,
                          timeout=LIMIT_S, check=False)
    if done.returncode not in (0, 2, 3):
        raise ValueError(f"status {done.returncode}: {done.stderr.decode(errors='backslashreplace')}")
    return json.loads(done.stdout)


def main():
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", nargs="+", help="vfiotool, and what stands before its arguments")
    args = parser.parse_args()
    rows = [line.split("\t", 3) for line in (HERE / "lines.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    failed, points = 0, len(rows)
    for number, (origin, symptom, device, line) in enumerate(rows, 1):
        causes = diagnose(args.tool, line + "\n")["causes"]
        have = [(cause["symptom"], cause["device"] or "-") for cause in causes]
        good = have == [(symptom, device)]
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {origin}: {line[:90].replace('#', '')}")
        if not good:
            print(f"# wanted {symptom} {device}, found {have}")
    for origin, symptom, device, line in (row for row in rows if row[2] != "-"):
        causes = diagnose(args.tool, line.replace(device, DEVICE).replace(device[5:], DEVICE[5:]) + "\n", HOST)["causes"]
        have = [(cause["symptom"], cause["device"]) for cause in causes]
        good = have == [(symptom, DEVICE)] and causes[0]["seen"]
        failed += not good
        points += 1
        print(f"{'ok' if good else 'not ok'} {points} - {origin}, of a device that is there: {line[:70].replace('#', '')}")
        if not good:
            print(f"# wanted {symptom} {DEVICE}, found {have}")
    document = diagnose(args.tool, "".join(f"{row[3]}\nNothing of interest.\n" for row in rows))
    missing = {row[1] for row in rows} - {cause["symptom"] for cause in document["causes"]}
    # What a program only reports joins what explains it.
    missing -= {"set-iommu", "set-container", "bind-refused", "get-device", "bind-iommufd", "open-group", "group-status", "open-container"}
    counted = sum(cause["count"] for cause in document["causes"])
    good = not missing and counted == len(rows) and document["unrecognised"] == len(rows)
    failed += not good
    print(f"{'ok' if good else 'not ok'} {points + 1} - all in one log")
    if not good:
        print(f"# missing {sorted(missing)}, {counted} of {len(rows)} lines, {document['unrecognised']} unrecognised")
    ordinary = diagnose(args.tool, (HERE / "ordinary.log").read_text(encoding="utf-8", errors="replace"))
    failed += bool(ordinary["causes"])
    print(f"{'not ok' if ordinary['causes'] else 'ok'} {points + 2} - an ordinary log")
    for cause in ordinary["causes"]:
        print(f"# found {cause['symptom']} in lines {cause['lines']}")
    print(f"1..{points + 2}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
