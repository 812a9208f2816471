# SPDX-License-Identifier: GPL-2.0-or-later
"""
Holds what `vfiotool attach --json` and `vfiotool map --json` did against what the prober met with the same requests,
made independently: step and errno, the attached space, and the exit status. Each disagreement is one line of text.
"""

import json

from . import outcome

# The two sides name some requests by what they are for.
MAPS = {"MAP_DMA", "IOAS_MAP", "UNMAP_DMA", "IOAS_UNMAP"}


def load(text: str):
    """The document, or None."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _steps(document: dict):
    """Each request once, in order: a shared one stands below each device that it concerns."""
    seen, ret = set(), []
    for device in document.get("devices") or []:
        for row in device.get("steps") or []:
            key = (row.get("op"), row.get("object"), row.get("ns"))
            if key not in seen:
                seen.add(key)
                ret.append(row)
    return ret


def wanted_status(real: outcome.Outcome) -> int:
    """What the exit status must be when prediction and kernel agree."""
    if real.yes:
        return 0
    return 77 if real.op.startswith("OPEN_") and real.errno == "EACCES" else 2


def judge_attach(where: str, text: str, status, said: str, real: outcome.Outcome, may_be_open: bool = False):
    """What of one attach, that exited with @status, is not as @real."""
    document = load(text)
    if document is None:
        # Nothing could be asked: there is no node for the path.
        gone = not real.yes and real.op.startswith("OPEN_") and real.errno == "ENOENT"
        if gone and status in (1, 2) and said:
            return
        yield f"{where}: no document (status {status}), the kernel did {str(real)!r}; it said {said[:300]!r}"
        return
    if status != wanted_status(real):
        yield f"{where}: exit status {status} instead of {wanted_status(real)}, the kernel did {str(real)!r}"
    have = "ok" if document.get("result") == "attached" else f"{document.get('op')} {document.get('errno')}"
    if have != str(real):
        yield f"{where}: attach ended with {have!r}, the prober with {str(real)!r}"
    # Where there is no node, the kernel was not asked, and nothing can differ.
    asked = any(row.get("actual") is not None for row in _steps(document))
    if document.get("match") is not True and (document.get("match") is False or (asked and not may_be_open)):
        yield f"{where}: match is {document.get('match')}: {document.get('space_difference') or ''}"
    yield from _judge_steps(where, document, real, may_be_open)
    if real.yes and document.get("result") == "attached":
        yield from _judge_space(where, document, real)


def _judge_steps(where: str, document: dict, real: outcome.Outcome, may_be_open: bool):
    done, have = {}, {}
    for op, errno in real.steps:
        done.setdefault(op, []).append(errno or "ok")
    for row in _steps(document):
        op, actual, predicted = row.get("op"), row.get("actual"), row.get("predicted")
        if actual is not None:
            have.setdefault(op, []).append(actual)
        # "refused" leaves the errno open, "unknown" the answer.
        left_open = predicted == "unknown" or (predicted == "refused" and actual != "ok")
        if row.get("match") is False or (actual and predicted not in (None, actual) and not left_open):
            yield f"{where}: step {op} predicted {predicted} ({row.get('rule')}), actual {actual}"
        if left_open and not may_be_open:
            yield f"{where}: step {op} predicted only {predicted} ({row.get('rule')}), actual {actual}"
    # What one of the two asked more often was asked for another purpose.
    for op, answers in have.items():
        if any(mine != other for mine, other in zip(answers, done.get(op, []))):
            yield f"{where}: step {op} was answered {answers}, the prober's {done[op]}"


def _number(value):
    return int(value, 0) if isinstance(value, str) else value


def _judge_space(where: str, document: dict, real: outcome.Outcome):
    space = document.get("space") or {}
    ranges = [(_number(row["start"]), _number(row["end"])) for row in space.get("iova_ranges") or []]
    if (real.ranges or []) != ranges:
        yield f"{where}: ranges {ranges}, the prober's {real.ranges}"
    if real.page_sizes is not None and _number(space.get("page_sizes")) != real.page_sizes:
        yield f"{where}: page sizes {space.get('page_sizes')}, the prober's {real.page_sizes:#x}"
    answers = document.get("extensions") or {}
    for name, when in (("before", "joined"), ("after", "attached")):
        for number, want in real.extensions.get(when, {}).items():
            row = answers.get(outcome.EXTENSIONS[number])
            if row is not None and _number(row.get(name)) != want:
                yield f"{where}: extension {outcome.EXTENSIONS[number]} {name} {row.get(name)}, the prober's {want}"


def judge_map(where: str, text: str, status, said: str, rows):
    """What of one map is not as the prober's lines @rows; its requests were made with the same addresses."""
    document = load(text)
    if document is None:
        yield f"{where}: no document (status {status}); it said {said[:300]!r}"
        return
    have, refused = [], False
    for row in document.get("requests") or []:
        op, actual = row.get("op"), row.get("actual")
        if row.get("predicted") != actual or row.get("match") is False:
            yield f"{where}: {op} {row.get('iova')} predicted {row.get('predicted')} ({row.get('rule')}), actual {actual}"
        refused |= actual != "ok"
        if op in ("MAP_DMA", "IOAS_MAP"):
            have.append((_number(row.get("iova")), _number(row.get("size")), actual))
    want = [(int(row["iova"], 16), row["size"], row["errno"] or "ok") for row in rows
            if row.get("op") in ("MAP_DMA", "IOAS_MAP")]
    if have != want:
        yield f"{where}: requests {_show(have)}, the prober's {_show(want)}"
    if status != (2 if refused else 0):
        yield f"{where}: exit status {status} instead of {2 if refused else 0}"
    last = (document.get("moments") or [{}])[-1]
    if _number(last.get("locked") or 0) or _number(last.get("pinned") or 0):
        yield f"{where}: still locked at the end: {last}"


def _show(items) -> str:
    return "[" + " ".join(f"{iova:#x}+{size:#x}={answer}" for iova, size, answer in items) + "]"


def _after_attaching(text: str):
    """The prober's answers to its --do requests."""
    rows = [json.loads(line) for line in text.splitlines()]
    starts = [index for index, row in enumerate(rows) if row.get("fact") == "locked" and row.get("when") == "before"]
    return rows[starts[0]:] if starts else []


def judge_part(part):
    """Every pair that the scripts' agree and agree_map sent."""
    for name in sorted(part.status):
        kind = name.rpartition(".")[2]
        if kind not in ("attach", "map"):
            continue
        stem = name.rpartition(".")[0]
        text, said = part.text(f"{name}.out"), part.text(f"{name}.err").strip()
        try:
            if kind == "attach":
                real = outcome.parse(part.text(f"{stem}.prober.out"))
                # An ordinary user does not see who holds a group; whose token it is only the kernel knows.
                caller = part.text(f"{stem}.caller").split()
                may_be_open = "--uid" in caller or "--open" in caller
                yield from judge_attach(stem, text, part.status[name], said, real, may_be_open)
            else:
                yield from judge_map(stem, text, part.status[name], said,
                                     _after_attaching(part.text(f"{stem}.prober.out")))
        except (outcome.NoOutcome, ValueError, KeyError) as error:
            yield f"{stem}: the prober: {error} {part.text(f'{stem}.prober.err').strip()}"
