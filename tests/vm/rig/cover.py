# SPDX-License-Identifier: GPL-2.0-or-later
"""
What each pair (a scenario on a kernel) shows, and the fewest guest seconds that show everything once. A pair shows a site
of a rule when vfiotool predicted the refusal and the kernel then gave exactly it; a command when its script runs it.
"""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from . import cache, kernels

FILE = Path(__file__).resolve().parent.parent / "cover.json"
# Seconds of a processor for a guest that does nothing, and for a pair that nobody has recorded.
BOOT, UNKNOWN = 3.0, 8.0
# Pairs that take longer are no part of the cover, even if only they show something.
DEAR = 22.0
# What a plan does that a guest can do, or a boot of it.
STEPS = ("bind", "boot-option", "close", "firmware", "grant", "install", "limit", "load", "parameter", "vm", "write")
# Functions of guest/acting.sh that run a command.
FUNCTIONS = {"agree": "attach", "agree_map": "map"}


def ask(vfiotool: Path, *words):
    """A document of the program."""
    return json.loads(subprocess.run([vfiotool, *words], check=True, capture_output=True).stdout)


def wanted(vfiotool: Path):
    """What all pairs together should show: {name: any of what shows it}: sites of rules, commands, steps of plans, kernels."""
    chosen = [name for name in kernels.NAMES if kernels.is_usual(name)]
    ret = {name: {name} for name in (*(f"kernel {name}" for name in chosen), *(f"plan {kind}" for kind in STEPS))}
    introspect = ask(vfiotool, "--introspect")
    names = [item["name"] for item in introspect["generations"]]
    series = {kernels.series(name): kernels.generation(name, names) for name in kernels.NAMES}
    for rule in ask(vfiotool, "rules", "--json")["rules"]:
        for site in rule["sites"]:
            name = " ".join((rule["id"], site["op"], site["errno"], site["paths"][0], site["generations"][0]))
            # Two sites that differ only in their order, or in the release where they begin, are shown by the same.
            ret[name] = ret.get(name, set()) | {f"{rule['id']} {site['op']} {site['errno']} {path} {of}"
                                                for path in site["paths"] for of, generation in series.items()
                                                if generation in site["generations"]}
    return ret | {f"command {item['name']}": {f"command {item['name']}"} for item in introspect["commands"]}


def _refusals(document: dict):
    """(rule, op, errno, path) of each refusal that is predicted, and of each met one that was predicted so."""
    devices = document.get("devices") or []
    for device in devices:
        for item in (*(device.get("paths") or ()), *((device.get("if_bound") or {}).get("paths") or ())):
            yield item.get("rule"), item.get("op"), item.get("errno"), item.get("path")
    for row in chain(document.get("steps") or (), document.get("requests") or (),
                     *(device.get("steps") or () for device in devices)):
        if row.get("predicted") == row.get("actual"):
            yield row.get("rule"), row.get("op"), row.get("actual"), document.get("path")


def shown(files, series: str):
    """What a pair that agreed shows of the rules, from the contents of all that its guest sent."""
    ret = set()
    for content in files:
        try:
            document = json.loads(content) if content[:1] == b"{" else None
        except ValueError:
            continue
        if isinstance(document, dict):
            ret |= {f"{rule} {op} {errno} {path} {series}" for rule, op, errno, path in _refusals(document)
                    if rule and errno}
    return ret


def of_scenario(result, kernel):
    """What a scenario that only predicts shows, the commands that it always runs included."""
    return shown(result.files.values(), kernel.series) | {
        f"kernel {kernel.name}", "command inspect", "command attach", "command capture", "command plan"}


def of_part(part, result, kernel):
    """What an acting scenario shows, the commands of its script included."""
    files = [content for name, content in result.files.items() if name.startswith(f"{part.name}.")]
    found = set(re.findall(r"\bvfiotool(?: -\S+)* ([a-z]+)\b", part.script))
    found |= {command for function, command in FUNCTIONS.items()
              if re.search(rf"^\s*{function}\b", part.script, re.MULTILINE)}
    return shown(files, kernel.series) | {f"command {name}" for name in found} | {f"kernel {kernel.name}"}


def _guest(pair: str, machines: dict):
    """What a pair shares a boot by: the kernel and the machine; None: it has a guest of its own."""
    name, _, kernel = pair.partition("@")
    return (machines[name], kernel) if machines.get(name) else None


@dataclass
class Cover:
    """The chosen pairs with what each was chosen for, what no (cheap) pair shows, and the seconds of every recorded pair."""

    pairs: dict = field(default_factory=dict)
    unseen: list = field(default_factory=list)
    seconds: dict = field(default_factory=dict)

    def cost(self, pair: str) -> float:
        """Seconds of a processor, the boot of a shared guest apart."""
        return self.seconds.get(pair, UNKNOWN)

    def total(self, pairs, machines: dict) -> float:
        """Seconds of a processor that these pairs take together."""
        shared = {_guest(pair, machines) for pair in pairs} - {None}
        return sum(map(self.cost, pairs)) + BOOT * len(shared)

    def problems(self, want: dict, done: dict):
        """What the file should say and does not; what a new scenario of this run showed is no problem yet."""
        said = {name for names in self.pairs.values() for name in names} | set(self.unseen)
        seen = set().union(*done.values())
        return [f"no guest is known to show '{name}'" for name in want if name not in said and not want[name] & seen]

    def broken(self, want: dict, done: dict):
        """What a pair of @done (its name, and what it showed) was chosen for and did not show."""
        return [f"{pair} no longer shows '{name}'" for pair, names in self.pairs.items() if pair in done
                for name in names if name in want and not want[name] & done[pair]]


def load(path: Path = FILE) -> Cover:
    """The cover that is checked in."""
    return Cover(**json.loads(path.read_text(encoding="utf-8")))


def save(cover: Cover, path: Path = FILE) -> None:
    """Writes a line for each pair."""
    def table(rows: dict) -> str:
        return ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(rows.items()))

    path.write_text(f'{{"pairs": {{\n{table(cover.pairs)}\n}},\n"unseen": {json.dumps(cover.unseen, indent=0)},\n'
                    f'"seconds": {{\n{table(cover.seconds)}\n}}}}\n', encoding="utf-8")


def record(path: Path, pair: str, seconds: float, shows) -> None:
    """Adds what a run of a pair showed to a record."""
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows[pair] = {"seconds": round(seconds, 1), "shows": sorted(shows)}
    cache.write_json(path, rows)


def choose(want: dict, rows: dict, machines: dict, start: Cover) -> Cover:
    """
    The pairs of a record that show all of @want that any of them does, by a greedy choice. Pairs of @start stay for what
    they were chosen for; what they cost and show besides is known only when they are in the record too.
    """
    shows = {pair: {name for name, any_of in want.items() if any_of & set(row["shows"])} for pair, row in rows.items()
             if row["seconds"] <= DEAR and kernels.is_usual(pair.partition("@")[2])}
    cover = Cover({pair: set(names) & set(want) for pair, names in start.pairs.items()},
                  seconds=start.seconds | {pair: row["seconds"] for pair, row in rows.items()})
    left = set().union(*shows.values()) - set().union(*cover.pairs.values())
    guests = {None} | {_guest(pair, machines) for pair in cover.pairs}

    def price(pair: str) -> float:
        return max(0.5, cover.cost(pair)) + (0 if _guest(pair, machines) in guests else BOOT)

    while left:
        best = max(sorted(shows), key=lambda pair: len(shows[pair] & left) / price(pair))
        cover.pairs[best] = cover.pairs.get(best, set()) | (shows[best] & left)
        left -= shows[best]
        guests.add(_guest(best, machines))
    _prune(cover, shows)
    cover.pairs = {pair: sorted(names) for pair, names in cover.pairs.items()}
    cover.unseen = sorted(set(want) - {name for names in cover.pairs.values() for name in names})
    return cover


def priced(seconds: dict, rows: dict) -> dict:
    """
    What pairs that a record does not have would cost on the machine where it was made: the known @seconds, by the ratio of those
    that it has.
    """
    both = [pair for pair in rows if pair in seconds]
    before = sum(seconds[pair] for pair in both)
    ratio = sum(rows[pair]["seconds"] for pair in both) / before if before else 1.0
    return {pair: round(cost * ratio, 1) for pair, cost in seconds.items()}


def _prune(cover: Cover, shows: dict) -> None:
    """What later choices show as well may leave an early one without a purpose: the dearest goes first."""
    for pair in sorted(cover.pairs, key=cover.cost, reverse=True):
        heirs = {name: [other for other in cover.pairs if other != pair and name in shows.get(other, ())]
                 for name in cover.pairs[pair]}
        if all(heirs.values()):
            del cover.pairs[pair]
            for name, others in heirs.items():
                cover.pairs[others[0]].add(name)


def a_slice(cover: Cover, pairs, machines: dict, commit: str, budget: float):
    """Of @pairs those that @commit picks, as many as @budget seconds allow."""
    ret, spent = [], 0.0
    for pair in sorted(pairs, key=lambda name: hashlib.sha256(f"{commit} {name}".encode()).digest()):
        cost = cover.cost(pair) + (BOOT if _guest(pair, machines) else 0)
        if spent + cost <= budget:
            ret.append(pair)
            spent += cost
    return ret
