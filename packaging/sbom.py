#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Prints what an image consists of, in CycloneDX 1.5.

    sbom.py FOLDER        FOLDER: var/lib/dpkg/status.d of the image
"""

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

OURS = "vfiotool"


def fields(path: Path) -> dict:
    """The fields of a control file; lines that continue one are left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith(" "))


def component(package: dict) -> dict:
    """A package as a component."""
    place = f"pkg:deb/debian/{package['Package']}@{quote(package['Version'], safe='.:~-')}?arch={package['Architecture']}"
    return {"type": "application" if package["Package"] == OURS else "library", "bom-ref": place, "name": package["Package"],
            "version": package["Version"], "purl": place}


def names(relations: str):
    """The packages that a field like Depends names, versions and architectures left out."""
    return [word.split()[0].split(":")[0] for group in relations.split(",") for word in group.split("|") if word.strip()]


def main() -> int:
    """Reads the folder."""
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    packages = {package["Package"]: package for package in map(fields, sorted(Path(sys.argv[1]).iterdir()))}
    components = {name: component(package) for name, package in packages.items()}
    when = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    ours = components[OURS] | {"licenses": [{"license": {"id": "GPL-2.0-or-later"}}]}
    needs = [{"ref": components[name]["bom-ref"],
              "dependsOn": sorted({components[other]["bom-ref"]
                                   for kind in ("Pre-Depends", "Depends", "Recommends")
                                   for other in names(package.get(kind, "")) if other in components})}
             for name, package in packages.items()]
    json.dump({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
               "metadata": {"timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": ours},
               "components": [value for name, value in components.items() if name != OURS], "dependencies": needs},
              sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
