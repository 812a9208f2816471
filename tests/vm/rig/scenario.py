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
        "assume", "unknown", "expect", "facts", "needs", "rmrr", "unity", "remedy", "faked"}


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
    expect: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    def expected(self, view: str, path: str, kernel: str):
        """'ok', 'OP ERRNO', or None where the scenario does not say."""
        return pick(self.expect.get(view, {}).get(path), kernel)


def pick(value, kernel: str):
    """
    The part of @value that is meant for @kernel: its own, its series', that of small kernels or of Debian's, the
    default. What is no table is meant for all.
    """
    if not isinstance(value, dict):
        return value
    small = "small" if kernel in kernels.SMALL else "debian"
    for key in (kernel, kernels.series(kernel), small, "default"):
        if key in value:
            return value[key]
    return None


def _check_keys(name: str, where: str, table: dict, allowed) -> None:
    for key in table:
        if key not in allowed:
            raise ScenarioError(f"{name}: {where} {key!r} is not known; there are {', '.join(sorted(allowed))}")


def _check(name: str, data: dict) -> None:
    _check_keys(name, "key", data, KEYS)
    for key in ("summary", "kernels", "target", "expect"):
        if key not in data:
            raise ScenarioError(f"{name}: no {key!r}")
    _check_keys(name, "kernel", dict.fromkeys(data["kernels"]), kernels.NAMES)
    _check_keys(name, "view", data["expect"], VIEWS)
    selectors = {*kernels.NAMES, *kernels.GENERATIONS, "small", "debian", "default"}
    for view in VIEWS:
        table = data["expect"].get(view, {})
        _check_keys(name, "path", table, PATHS)
        for value in table.values():
            if isinstance(value, dict):
                _check_keys(name, "kernel", value, selectors)
        for kernel in data["kernels"]:
            if not pick(table.get("container"), kernel):
                raise ScenarioError(f"{name}: expect.{view}.container says nothing of {kernel}")


def load(path: Path) -> Scenario:
    """The scenario in the file @path."""
    name = path.stem
    with open(path, "rb") as file:
        data = tomllib.load(file)
    _check(name, data)
    lists = {key: tuple(data.get(key, ())) for key in ("kernels", "devices", "modules", "absent", "assume", "unknown",
                                                   "faked")}
    rest = {key: value for key, value in data.items() if key not in lists}
    return Scenario(name=name, **lists, **rest)


def load_all():
    """Every scenario, by name."""
    return [load(path) for path in sorted(FOLDER.glob("*.toml"))]
