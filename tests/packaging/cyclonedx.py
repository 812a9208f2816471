#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
What CycloneDX 1.5 demands of the lists that packaging/sbom.py prints: members, their forms, references that lead somewhere. Run by
itself, it makes a list of two packages and holds it to that; says TAP.
"""

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SBOM = Path(__file__).resolve().parents[2] / "packaging/sbom.py"
# The specification's members of each object, those that must be there, and how a text looks.
DOCUMENT = {"bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"}
COMPONENT = {"type", "bom-ref", "name", "version", "purl", "licenses"}
KINDS = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware",
         "file", "machine-learning-model", "data"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
# Of the specification of package URLs: what is not a letter, a digit or one of .-_~: is percent-encoded.
PURL = r"pkg:deb/debian/[a-z0-9][a-z0-9.+-]*@(?:[A-Za-z0-9._~:-]|%[0-9A-F]{2})+\?arch=[a-z0-9-]+"
CONTROL = """Package: {name}
Version: {version}
Architecture: amd64
Depends: {needs}
Description: x
 more: of it
"""


def of_component(part: dict):
    """Why a component is none."""
    if not {"type", "name"} <= part.keys() <= COMPONENT:
        yield f"members {sorted(part)}"
    if part.get("type") not in KINDS or not part.get("name") or not part.get("bom-ref"):
        yield f"{part}"
    if not re.fullmatch(PURL, part.get("purl", "")):
        yield f"purl {part.get('purl')}"
    for row in part.get("licenses", []):
        if row.keys() != {"license"} or len(row["license"].keys() & {"id", "name"}) != 1:
            yield f"license {row}"


def problems(document: dict):
    """Why @document is not of CycloneDX 1.5."""
    found = [] if {"bomFormat", "specVersion"} <= document.keys() <= DOCUMENT else [f"members {sorted(document)}"]
    if (document.get("bomFormat"), document.get("specVersion")) != ("CycloneDX", "1.5"):
        found.append("not CycloneDX 1.5")
    if type(document.get("version")) is not int or document["version"] < 1:
        found.append(f"version {document.get('version')}")
    metadata = document.get("metadata", {})
    if not re.fullmatch(TIME, metadata.get("timestamp", "")) or metadata.keys() != {"timestamp", "component"}:
        found.append(f"metadata {sorted(metadata)} {metadata.get('timestamp')}")
    parts = [metadata.get("component", {}), *document.get("components", [])]
    found += [line for part in parts for line in of_component(part)]
    known = [part.get("bom-ref") for part in parts]
    rows = document.get("dependencies", [])
    for name, refs in (("bom-ref", known), ("dependency", [row.get("ref") for row in rows])):
        if len(refs) != len(set(refs)):
            found.append(f"a {name} is there twice")
    for row in rows:
        needs = row.get("dependsOn", [])
        if not {"ref"} <= row.keys() <= {"ref", "dependsOn"} or len(needs) != len(set(needs)) or not {row["ref"], *needs} <= {*known}:
            found.append(f"dependency {row}")
    return found


def main() -> int:
    """A list of two packages, and the same with a fault each."""
    packages = {"vfiotool": ("0.1.0-1", "libc6 (>= 2.36), libgcc+x"), "libgcc+x": ("1:12.2.0-14+deb12u1~x", "libc6")}
    with tempfile.TemporaryDirectory() as place:
        for name, (version, needs) in packages.items():
            (Path(place) / name).write_text(CONTROL.format(name=name, version=version, needs=needs), encoding="utf-8")
        document = json.loads(subprocess.run([sys.executable, SBOM, place], check=True, capture_output=True,
                                             env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000")).stdout)
    results = [("the list is CycloneDX", problems(document))]
    [other] = document["components"]
    [row] = [row for row in document["dependencies"] if row["dependsOn"]]
    results.append(("one package needs the other", [] if row["dependsOn"] == [other["bom-ref"]] else [f"{document['dependencies']}"]))
    faults = {"specVersion": lambda d: d.pop("specVersion"), "an unknown member": lambda d: d.update(x=1),
              "a component without a name": lambda d: d["components"][0].pop("name"),
              "a plus in a package URL": lambda d: d["components"][0].update(purl=other["purl"].replace("%2B", "+")),
              "a reference to nothing": lambda d: d["dependencies"][0]["dependsOn"].append("x"),
              "a time without a zone": lambda d: d["metadata"].update(timestamp="2026-01-01 00:00")}
    for name, spoil in faults.items():
        spoiled = copy.deepcopy(document)
        spoil(spoiled)
        results.append((f"refused: {name}", [] if problems(spoiled) else ["it was taken"]))
    for number, (name, why) in enumerate(results, 1):
        print(f"{'not ok' if why else 'ok'} {number} - {name}")
        for line in why:
            print(f"# {line}")
    print(f"1..{len(results)}")
    return int(any(why for _, why in results))


if __name__ == "__main__":
    sys.exit(main())
