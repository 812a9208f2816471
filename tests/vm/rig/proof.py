# SPDX-License-Identifier: GPL-2.0-or-later
"""
Judges what `vfiotool prove --json` said in acting scenarios: DRIVER.PATH.out or DRIVER-DEVICE.PATH.out is what it printed. That the device really
moved bytes is vfiotool's own claim; what can be held against it is the kernel's log, read by the rig itself.
"""

import json
import re

from . import documents

CLAIMS = ("device-read", "device-write", "bounds", "interrupt", "outside", "physical", "read-only", "after-unmap", "teardown")
# Claims about addresses out of reach, in the order in which they are tried.
OUT_OF_REACH = ("outside", "physical", "read-only", "after-unmap", "teardown")
FAULT = re.compile(r"(?:fault addr |address=|fault from EP \d+ at |iova: |arm-smmu-v3 \S+ \\x09)(?:0x)?([0-9a-f]+)")


def _documents(part):
    """(name, document or None, what is wrong) of each run."""
    names = sorted(name for name in part.status if re.fullmatch(r"[a-z0-9-]+\.(container|iommufd|compat|noiommu)", name))
    if not names:
        yield "prove", None, "nothing was saved"
    for name in names:
        try:
            yield name, json.loads(part.text(f"{name}.out")), None
        except ValueError as error:
            yield name, None, f"ended with {part.status[name]}, no JSON ({error}): {part.said(f'{name}.err')}"


def _answers(claims) -> dict:
    return {claim["claim"]: claim["answer"] for claim in claims}


def _shape(name: str, document: dict):
    wrong = list(documents.problems("prove", json.dumps(document)))
    if wrong:
        return "; ".join(wrong)
    proof = document["proof"]
    if proof is None:
        return f"not attached: {json.dumps(document)[:300]}"
    if tuple(claim["claim"] for claim in proof["claims"]) != CLAIMS:
        return f"claims are {[claim['claim'] for claim in proof['claims']]}"
    if not re.match(f"{proof['exerciser']}[-.]", name):
        return f"exerciser is {proof['exerciser']}"
    return None


def _pinned(name: str, proof: dict):
    if proof["pinned_after"] != proof["pinned_before"]:
        yield f"{name}: pinned {proof['pinned_before']} before, {proof['pinned_after']} after"
    if name.endswith(".container") and proof["pinned_while"] <= proof["pinned_before"]:
        yield f"{name}: type1 counts what it pins, and {proof['pinned_while']} is no more than before"


def _faults(part, name: str, proof: dict):
    """The lines that vfiotool shows are the kernel's own, and are about the address in question."""
    logged = set(part.text("dmesg").splitlines())
    for claim in (claim for claim in proof["claims"] if claim["fault"]):
        found = FAULT.search(claim["fault"])
        if not any(line.endswith(claim["fault"].replace("\\x09", "\t")) for line in logged):
            yield f"{name}: {claim['claim']} shows a line that the kernel did not log: {claim['fault']}"
        elif not found or int(found[1], 16) >> 12 != int(claim["iova"], 16) >> 12:
            yield f"{name}: {claim['claim']} at {claim['iova']} shows another fault: {claim['fault']}"
        elif claim["claim"] not in OUT_OF_REACH:
            yield f"{name}: {claim['claim']} shows a fault: {claim['fault']}"


def _judge(part, answers: dict, status: int, proven: str):
    for name, document, wrong in _documents(part):
        wrong = wrong or _shape(name, document)
        if wrong:
            yield f"{name}: {wrong}"
            continue
        proof = document["proof"]
        got = _answers(proof["claims"])
        for claim in CLAIMS:
            if got[claim] != answers.get(claim, "yes"):
                evidence = next(item["evidence"] for item in proof["claims"] if item["claim"] == claim)
                yield f"{name}: {claim} is {got[claim]}: {evidence}"
        if part.status[name] != status or proof["proven"] != proven:
            yield f"{name}: ended with {part.status[name]}, proven {proof['proven']}: {proof['because']}"
        if document["path"] != name.split(".")[1]:
            yield f"{name}: path is {document['path']}"
        yield from _pinned(name, proof)


def every_claim(part):
    """Behind an IOMMU: all holds, and some fault is shown; QEMU merges them, and the kernel limits their rate."""
    yield from _judge(part, {}, 0, "yes")
    documents = [(name, document) for name, document, wrong in _documents(part) if not wrong and document["proof"]]
    for name, document in documents:
        yield from _faults(part, name, document["proof"])
    # QEMU's AMD IOMMU reports none.
    if not any("amd-iommu" in device for device in part.scenario.machine.devices) and not any(claim["fault"] for _, document in documents
                                                       for claim in document["proof"]["claims"]):
        yield "the IOMMU reports faults, and none is shown"


def no_protection(part):
    """Without an IOMMU: the device writes where nothing was mapped, and the exit status says so."""
    untried = dict.fromkeys(("outside", "read-only", "after-unmap", "teardown"), "untried")
    yield from _judge(part, {"physical": "no", **untried}, 2, "no")
    for name, document, wrong in _documents(part):
        if not wrong and document["proof"] and not document["proof"]["untranslated"]:
            yield f"{name}: not known as untranslated"


def apart(part):
    """Several devices: each reaches what is mapped for both, none what is mapped for another one only."""
    names = [name for name in part.status if name.startswith("group.")]
    if not names:
        yield "nothing was saved"
    for name in names:
        text = part.text(f"{name}.out")
        yield from (f"{name}: {problem}" for problem in documents.problems("prove", text))
        proof = json.loads(text)["proof"]
        claims = proof["claims"] if proof else []
        if [claim["claim"] for claim in claims] != ["shared"] * 6 + ["apart"] * 6:
            yield f"{name}: claims are {[claim['claim'] for claim in claims]}"
        yield from (f"{name}: {claim['title']}: {claim['answer']}: {claim['evidence']}" for claim in claims if claim["answer"] != "yes")
        if part.status[name] or not proof or proof["proven"] != "yes":
            yield f"{name}: ended with {part.status[name]}"


def peer(part):
    """A device and memory behind a BAR: written where it is mapped, and nowhere else. iommufd maps no BAR by its address in a process."""
    names = sorted(name for name in part.status if name.startswith("peer-"))
    if not names:
        yield "nothing was saved"
    for name in names:
        text = part.text(f"{name}.out")
        yield from (f"{name}: {problem}" for problem in documents.problems("prove", text))
        proof = json.loads(text)["proof"]
        mapped = "yes" if name.endswith(".container") else "untried"
        expected = {"p2p": mapped, "p2p-unmapped": mapped, "p2p-bus": "yes"}
        if not proof or _answers(proof["claims"]) != expected:
            yield f"{name}: claims are {proof and proof['claims']}"
            continue
        if (part.status[name], proof["proven"]) != ((0, "yes") if mapped == "yes" else (3, "unknown")):
            yield f"{name}: ended with {part.status[name]}, proven {proof['proven']}: {proof['because']}"
