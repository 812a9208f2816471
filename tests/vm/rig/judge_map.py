# SPDX-License-Identifier: GPL-2.0-or-later
"""What mappings come to: stated by the scenario, done for the prober, done for vfiotool, predicted by it."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/golden"))

import schema as json_schema  # noqa: E402  pylint: disable=wrong-import-position

CHECKER = json_schema.Checker.named("map")

# Stable releases of one generation differ, and nothing tells them apart: nothing mapped in a range, iommufd behind a
# container. What is predicted may be unknown.
OPEN = {("unmap-twice", "compat"), ("half-way", "compat"), ("unmap-twice", "container"), ("half-way", "container")}


def _document(part, name: str):
    try:
        return json.loads(part.text(f"{name}.tool.out"))
    except ValueError as error:
        raise ValueError(f"{name}: vfiotool printed no JSON ({error}): {part.text(f'{name}.tool.err').strip()}") from error


def _asked(part, name: str) -> list:
    """(op, answer, bytes) of the requests that the prober was told to make."""
    rows = [json.loads(line) for line in part.text(f"{name}.prober.out").splitlines()]
    begin = next(i for i, row in enumerate(rows) if row.get("op") == "MMAP")
    return [(row["op"], row["errno"] or "ok", row.get("value")) for row in rows[begin + 1:]
            if row.get("op") in ("MAP_DMA", "UNMAP_DMA", "IOAS_MAP", "IOAS_UNMAP")]


def _differences(name: str, way: str, document: dict, asked: list, stated: list):
    yield from (f"{name} {way}: {problem}" for problem in CHECKER.check(document))
    rows = document["requests"][:len(stated)]
    if [answer for _, answer, _ in asked] != stated:
        yield f"{name} {way}: the kernel said {[answer for _, answer, _ in asked]}, stated is {stated}"
    if len(rows) != len(asked):
        yield f"{name} {way}: vfiotool made {len(rows)} requests, the prober {len(asked)}"
    for row, (op, answer, size) in zip(rows, asked):
        where = f"{name} {way}: {row['op']} at {row['iova']}"
        if (row["op"], row["actual"]) != (op, answer):
            yield f"{where}: vfiotool had {row['actual']}, the prober {op} {answer}"
        may_be_open = row["predicted"] == "unknown" and (name, way) in OPEN
        if row["predicted"] != answer and not may_be_open:
            yield f"{where}: predicted {row['predicted']} ({row['rule']}), the kernel says {answer}"
        if answer == "ok" and row["bytes"] is not None and row["bytes"] != size:
            yield f"{where}: vfiotool had {row['bytes']} bytes unmapped, the prober {size}"
    if not document["match"]:
        yield f"{name} {way}: does not match: {[row for row in document['requests'] if row['match'] is False]}"
    left = document["requests"][len(stated):]
    yield from (f"{name} {way}: cleaning up, {row['op']} at {row['iova']} had {row['actual']}"
                for row in left if row["actual"] != "ok")
    yield from (f"{name} {way}: check {row['check']}: {row['because']}"
                for row in document["checks"] if row["answer"] != "yes")


def requests(part):
    """The cases of map-requests.sh."""
    yield from _cases(part, 20)


def pages(part):
    """Those of map-pages.sh, on the pages that the kernel was built with."""
    name, page = part.kernel.name, int(part.text("page"))
    if page != next((size << 10 for size in (16, 64) if name.endswith(f"-{size}k")), 4096):
        yield f"{name} has pages of {page} bytes"
    yield from _cases(part, 8)


def _cases(part, least: int):
    cases = sorted(name.rsplit(".", 1)[0] for name in part.files if name.endswith(".stated"))
    if len(cases) < least:
        yield f"only {len(cases)} cases came"
    for case in cases:
        name, way = case.rsplit(".", 1)
        try:
            document, asked = _document(part, case), _asked(part, case)
        except (ValueError, StopIteration) as error:
            yield f"{case}: {error or part.text(f'{case}.prober.out')}"
            continue
        yield from _differences(name, way, document, asked, part.text(f"{case}.stated").split())
        status = part.status.get(f"{case}.tool")
        wanted = 2 if any(row["actual"] not in ("ok", None) for row in document["requests"]) else 0
        if status != wanted:
            yield f"{case}: vfiotool ended with {status} instead of {wanted}"


# -- cost --------------------------------------------------------------------------------------------------------------

# Of mapping and unmapping by vfiotool against the same bare requests, and of the automatic choice of pages against the best
# fixed one; each at its best of all turns, by a clock that counts instructions.
LIMIT = 1.05
GIB = 1 << 30
SIZE = 16 << 20


def _best(runs: list) -> list:
    return [min(column) for column in zip(*runs)]


def _costs(part):
    """{case: {tool: [(memory, map, unmap)], floor: the same}}, nanoseconds."""
    found = {}
    for name in part.files:
        words = name.split(".")
        if words[-1] != "out" or words[-2] not in ("tool", "floor"):
            continue
        text = part.text(name)
        if words[-2] == "floor":
            times = [int(word) for word in text.split()]
        else:
            document = json.loads(text)
            cost = document["cost"]
            times = [document["memory"]["ns"], cost["map_ns"], cost["unmap_ns"]]
        found.setdefault(".".join(words[:-3]), {}).setdefault(words[-2], []).append(times)
    return found


def _lines(costs: dict):
    """The table: milliseconds for a GiB, of vfiotool and of the bare requests."""
    yield f"# {'ms per GiB':<28} {'memory':>8} {'map':>8} {'bare':>8} {'ratio':>6} {'unmap':>8} {'bare':>8} {'ratio':>6}"
    for case, runs in sorted(costs.items()):
        size, _, count = case.rpartition(".")[2].partition(":")
        scale = GIB / (int(size) * int(count) if count else SIZE) / 1e6
        memory, *tool = (value * scale for value in _best(runs["tool"]))
        bare = [value * scale for value in _best(runs["floor"])[1:]] if "floor" in runs else (None, None)
        cells = (f"{mine:8.1f} {theirs:8.1f} {mine / theirs:6.3f}" if theirs else f"{mine:8.1f} {'-':>8} {'-':>6}"
                 for mine, theirs in zip(tool, bare))
        apart = "" if "floor" not in runs or _comparable(case) else "   by where the pages lie"
        yield f"# {case:<28} {memory:8.0f} {' '.join(cells)}{apart}"


def _judged(what: str, ratio: float):
    if ratio > LIMIT:
        yield f"{what}: {ratio:.3f}, the limit is {LIMIT}"


def _comparable(case: str) -> bool:
    """Each request maps one page, or the pages of the pool, which are the same for both. Where small pages lie is left to
    what ran before, and a request for many is quicker the more of them lie together: shown, not judged."""
    _, kind, shape = case.split(".")
    return kind == "2M" or shape.startswith("4096:") or (kind == "thp" and shape.startswith("2097152:"))


def _slow(costs: dict):
    for case, runs in sorted(costs.items()):
        if "floor" not in runs or not _comparable(case):
            continue
        for what, mine, theirs in zip(("mapping", "unmapping"), _best(runs["tool"])[1:], _best(runs["floor"])[1:]):
            yield from _judged(f"{case}, {what}, to the bare requests", mine / theirs)


def _automatic(part, costs: dict):
    """The choice is judged, not its timing: what was chosen costs what the same pages cost when they were asked for."""
    kinds = {_document(part, name.removesuffix(".tool.out"))["memory"]["kind"] for name in part.files
             if name.startswith("auto.") and name.endswith(".tool.out")}
    if len(kinds) != 1:
        yield f"the automatic choice changed: {sorted(kinds)}"
        return
    fixed = {case.split(".")[1]: list(runs["tool"]) for case, runs in costs.items()
             if case.startswith("container.") and case.endswith(f".{SIZE}:1")}
    chosen = kinds.pop()
    fixed[chosen] += costs["auto"]["tool"]
    best = {kind: sum(_best(runs)) for kind, runs in fixed.items()}
    yield from _judged(f"the automatic choice, {chosen}, to the best fixed one", best[chosen] / min(best.values()))


def cost(part):
    """The cases of map-cost.sh."""
    try:
        costs = _costs(part)
    except (ValueError, KeyError, TypeError) as error:
        yield f"a run printed no JSON: {error!r}"
        return
    if len(costs) < 5 or "auto" not in costs:
        yield f"only {sorted(costs)} came"
        return
    print("\n".join(_lines(costs)), flush=True)
    yield from _slow(costs)
    yield from _automatic(part, costs)
