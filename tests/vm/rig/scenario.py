# SPDX-License-Identifier: GPL-2.0-or-later
"""
Scenarios as data: reads tests/vm/scenarios/*.toml and refuses what it does not know. The format is described in
tests/vm/README.md.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from . import kernels

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
PATHS = ("container", "iommufd", "compat", "noiommu")
VIEWS = ("now", "bound")

KEYS = {"summary", "kernels", "devices", "cmdline", "modules", "setup", "target", "caller", "probe", "mock", "absent",
        "assume", "unknown", "expect", "facts", "needs", "rmrr", "unity", "remedy", "faked", "board", "acpi", "tree",
        "own", "hopeless", "otherwise", "apart", "disks", "asker", "script"}

LISTS = {"hopeless", "otherwise", "tree", "devices", "modules", "absent", "assume", "unknown", "faked"}


class ScenarioError(ValueError):
    """A scenario file says something that is not understood."""


@dataclass(frozen=True)
class Scenario:
    """One situation, on some kernels."""

    name: str
    summary: str
    kernels: tuple
    target: str
    devices: tuple = ()
    cmdline: str = ""
    modules: tuple = ()
    setup: str = ""
    caller: str = ""
    probe: str = ""
    mock: object = ""
    absent: tuple = ()
    assume: tuple = ()
    unknown: tuple = ()
    needs: str = ""
    rmrr: str = ""
    unity: str = ""
    remedy: object = ""
    faked: tuple = ()
    board: object = ""
    acpi: bool = False
    tree: tuple = ()
    own: str = ""
    hopeless: tuple = ()
    apart: str = ""
    asker: str = ""
    script: bool = False
    disks: dict = field(default_factory=dict)
    otherwise: tuple = ()
    expect: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    def expected(self, view: str, path: str, kernel: str):
        """'ok', 'OP ERRNO', or None where the scenario does not say."""
        return pick(self.expect.get(view, {}).get(path), kernel)


def pick(value, kernel: str):
    """
    The part of @value that is meant for @kernel: in a table, what the first words say that mean it, or the default.
    What is no table is meant for all.
    """
    if not isinstance(value, dict):
        return value
    fitting = (part for words, part in value.items() if words != "default" and kernels.means(words, kernel, True))
    return next(fitting, value.get("default"))


def choose(name: str, selection, chosen: bool = False):
    """The kernels that the scenario @name selects."""
    try:
        return kernels.choose(selection, chosen)
    except kernels.KernelError as error:
        raise ScenarioError(f"{name}: {error}") from error


def choose_items(name: str, items):
    """Items for some kernels only, { kernels = ..., value = ... }, get the names of these; of many values each is an item."""
    ret = []
    for item in items:
        if isinstance(item, str):
            ret.append(item)
            continue
        values = item["value"] if isinstance(item["value"], list) else [item["value"]]
        ret += [{"kernels": choose(name, item["kernels"], True), "value": value} for value in values]
    return tuple(ret)


def _check_keys(name: str, where: str, table: dict, allowed) -> None:
    for key in table:
        if key not in allowed:
            raise ScenarioError(f"{name}: {where} {key!r} is not known; there are {', '.join(sorted(allowed))}")


def _check(name: str, data: dict) -> None:
    _check_keys(name, "key", data, KEYS)
    for key in ("summary", "kernels", "target", "expect"):
        if key not in data:
            raise ScenarioError(f"{name}: no {key!r}")
    _check_keys(name, "view", data["expect"], (*VIEWS, "both"))
    for table in data["expect"].values():
        _check_keys(name, "path", table, PATHS)


def _check_values(scenario: Scenario) -> None:
    """Every value has words that are known, and every kernel is told what its container does."""
    values = [scenario.mock, scenario.remedy, *scenario.facts.values()]
    for value in values + [value for table in scenario.expect.values() for value in table.values()]:
        for words in set(value if isinstance(value, dict) else ()) - {"default"}:
            choose(scenario.name, words)
    for view in VIEWS:
        for kernel in scenario.kernels:
            if not scenario.expected(view, "container", kernel):
                raise ScenarioError(f"{scenario.name}: expect.{view}.container says nothing of {kernel}")


def load(path: Path) -> Scenario:
    """The scenario in the file @path."""
    name = path.stem
    with open(path, "rb") as file:
        data = tomllib.load(file)
    _check(name, data)
    both = data["expect"].pop("both", {})
    data["expect"] = {view: both | data["expect"].get(view, {}) for view in VIEWS}
    data["kernels"] = choose(name, data["kernels"])
    for key in LISTS & set(data):
        data[key] = choose_items(name, data[key])
    scenario = Scenario(name=name, **data)
    _check_values(scenario)
    return scenario


def load_all():
    """Every scenario, by name."""
    return [load(path) for path in sorted(FOLDER.glob("*.toml"))]
