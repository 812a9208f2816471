#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Builds what a release consists of, installs it in fresh roots, and tries it there. TAP on stdout.

    run.py [--part NAME]... [--place DIR]        NAME: deb, again, rpm, arch, image, sandbox; all of them when left out

It needs root, and the section packaging of tests/packages.txt.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import debian
import image
import others
import sandbox
from points import Points

# In this order: the image is made of the .deb.
PARTS = {"deb": debian.check, "again": debian.again, "rpm": others.rpm, "arch": others.arch, "image": image.check,
         "sandbox": sandbox.check}


def main() -> int:
    """Runs the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one (again: more)")
    parser.add_argument("--place", type=Path, help="where the packages go and stay")
    args = parser.parse_args()
    if os.geteuid() != 0:
        print("1..0 # packages: root is needed to install them in a root of their own")
        return 77
    points = Points()
    with tempfile.TemporaryDirectory(prefix="packaging-") as scratch:
        place = args.place or Path(scratch) / "packages"
        if args.place:
            shutil.rmtree(place, ignore_errors=True)
        if not args.part:
            points.check("release: one command makes all of it", debian.build, place, "release")
            points.check("release: checksums", debian.sums, place)
        for name in PARTS:
            if not args.part or name in args.part:
                PARTS[name](points, place, Path(scratch))
    return points.end()


if __name__ == "__main__":
    sys.exit(main())
