# SPDX-License-Identifier: GPL-2.0-or-later
"""
Judges what `vfiotool attach --json` said in acting scenarios: json-PATH.out. Its shape is that of the published schema; what
it says of steps, times and devices must be true of itself.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/golden"))

import schema as json_schema  # noqa: E402  pylint: disable=wrong-import-position

CHECKER = json_schema.Checker.named("attach")
# What must have been asked on each path, in this order, of each device or of the space.
ORDER = {
    "container": ["OPEN_CONTAINER", "OPEN_GROUP", "GROUP_SET_CONTAINER", "SET_IOMMU", "MAP_DMA", "GROUP_GET_DEVICE_FD"],
    "compat": ["OPEN_IOMMUFD", "OPEN_GROUP", "GROUP_SET_CONTAINER", "SET_IOMMU", "MAP_DMA", "GROUP_GET_DEVICE_FD"],
    "iommufd": ["OPEN_CDEV", "OPEN_IOMMUFD", "BIND_IOMMUFD", "IOAS_ALLOC", "ATTACH_IOMMUFD_PT", "IOAS_MAP"],
}


def _steps(name: str, device: dict):
    ops = [step["op"] for step in device["steps"]]
    wanted = ORDER[device["path"]]
    if [op for op in ops if op in wanted] != wanted:
        yield f"{name}: {device['address']} was attached by {ops}"
    for step in device["steps"]:
        if step["actual"] != "ok" or step["match"] is not True or not 0 < step["ns"] < 10**10:
            yield f"{name}: {device['address']}: {json.dumps(step)}"
        if step["op"] in wanted and step["predicted"] != "ok":
            yield f"{name}: {step['op']} was not predicted to succeed: {step['predicted']}"


def _device(name: str, device: dict):
    yield from _steps(name, device)
    config = [region for region in device["regions"] if region["index"] == 7]
    if not config or int(config[0]["size"], 16) not in (256, 4096):
        yield f"{name}: {device['address']} has no config space: {config}"
    if not any(irq["count"] for irq in device["irqs"]):
        yield f"{name}: {device['address']} has no interrupt"


def attached(part):
    """Every json-PATH.out is a document of devices that were attached as predicted."""
    names = sorted(name for name in part.status if name.startswith("json-"))
    if not names:
        yield "no document was saved"
    for name in names:
        try:
            document = json.loads(part.text(f"{name}.out"))
        except ValueError as error:
            yield f"{name}: no JSON ({error}): {part.said(f'{name}.err')}"
            continue
        yield from (f"{name}: {problem}" for problem in CHECKER.check(document))
        if (document["result"], document["match"], document["path"]) != ("attached", True, name.removeprefix("json-")):
            yield f"{name}: {document['result']} by {document['path']}, match {document['match']}"
        for device in document["devices"]:
            yield from _device(name, device)
