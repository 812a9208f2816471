# SPDX-License-Identifier: GPL-2.0-or-later
"""
Judges the groups that vfiotool computes: each must be the kernel's, as its own links in sysfs say. NAME.explain.out is
what `vfiotool explain --json` printed, NAME.groups the links, "ADDRESS GROUP" a line, as a shell read them.
"""

import json

from . import documents


def partition(text: str):
    """The groups of a list of links, as sets of addresses; what has none is left out."""
    groups = {}
    for line in text.splitlines():
        address, _, group = line.partition(" ")
        if group:
            groups.setdefault(group, set()).add(address)
    return {frozenset(members) for members in groups.values()}


def _sets(lists):
    return {frozenset(members) for members in lists}


def _names(groups):
    return "; ".join(sorted(" ".join(sorted(group)) for group in groups)) or "none"


def compare(name: str, text: str, links: str):
    """What differs between a document of explain and the kernel's links."""
    try:
        document = json.loads(text)
    except ValueError as error:
        yield f"{name}: no JSON ({error})"
        return
    yield from (f"{name}: {problem}" for problem in documents.problems("explain", text))
    if not partition(links):
        yield f"{name}: the kernel made no group"
    kernel, said = partition(links), _sets(group["devices"] for group in document["groups"])
    if said != kernel:
        yield f"{name}: vfiotool reads other groups than the kernel's: {_names(said ^ kernel)}"
    for group in document["groups"]:
        if group["agrees"] is not True:
            yield f"{name}: {group['devices']}: agrees {group['agrees']}, {group['unknown']}; computed {group['computed']}"
    computed = _sets(members for group in document["groups"] for members in group["computed"])
    if computed != kernel:
        yield f"{name}: computed {_names(computed - kernel)}, the kernel has {_names(kernel - computed)}"
    for group in document["groups"]:
        if len(group["devices"]) != len(group["reasons"]) + 1:
            yield f"{name}: {group['devices']} have {len(group['reasons'])} reasons"


def check(part):
    """Every document of explain that the script saved, against the links that it sent beside it."""
    names = sorted(name for name in part.files if name.endswith(".groups"))
    if not names:
        yield "nothing was saved"
    for name in names:
        stem = name.removesuffix(".groups")
        yield from compare(stem, part.text(f"{stem}.out"), part.text(name))


def predicted(document, before):
    """The groups that a what-if makes of these."""
    return (before - _sets(document["before"])) | _sets(document["after"])


def check_whatifs(part):
    """NAME.out is a what-if of NAME.before; NAME.after are the links when it was done."""
    names = sorted(name.removesuffix(".before") for name in part.files if name.endswith(".before"))
    if not names:
        yield "nothing was saved"
    for name in names:
        text, before, after = part.text(f"{name}.out"), part.text(f"{name}.before"), part.text(f"{name}.after")
        try:
            document = json.loads(text)
        except ValueError as error:
            yield f"{name}: no JSON ({error}): {part.said(f'{name}.err')}"
            continue
        yield from (f"{name}: {problem}" for problem in documents.problems("explain", text))
        then, now = predicted(document, partition(before)), partition(after)
        if not document["after"] and name != "without":
            yield f"{name}: nothing would change"
        if then != now:
            yield f"{name}: predicted {_names(then - now)}, the kernel has {_names(now - then)}"
