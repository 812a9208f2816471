# SPDX-License-Identifier: GPL-2.0-or-later
"""
Acting scenarios: tests/vm/acting/NAME.toml and the shell script beside it, NAME.sh or another that it names, in which
vfiotool's acting commands are run and checked. Scenarios that name one machine share its guest, one after the other. The format is described in
tests/vm/README.md.
"""

import dataclasses
import importlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from . import attaching, documents, kernels, system, trees
from .guest import Result, pick_list
from .scenario import ScenarioError, choose, choose_items, pick

FOLDER = Path(__file__).resolve().parent.parent / "acting"
MACHINES = FOLDER / "machines"
EXAMPLES = FOLDER.parent.parent.parent / "examples"

# What describes the guest; a scenario either has these itself or names a machine that has them.
MACHINE_KEYS = {"kernels", "devices", "disks", "cmdline", "modules", "setup", "mock", "absent", "needs", "rmrr", "unity",
                "memory", "counted", "board", "acpi", "system", "vfio_platform", "own", "trees"}
OWN_KEYS = {"summary", "machine", "script", "kernels", "judge", "log", "limit", "programs", "alone", "needs", "again",
            "thorough", "once", "forests", "of"}
LISTS = ("devices", "modules", "absent")

# Scenarios to a guest at most: a boot is paid once for so many, and no guest runs on when all others have ended.
TOGETHER = 8
# How often the limit of a script, which an idle machine never needs half of, may pass until it is said to hang.
PATIENCE = 5

# A line of the kernel's log that says the kernel is not well. A stall is the emulation's: the machine is shared.
UNWELL = re.compile(r"WARNING:|\bBUG\b|\bOops\b|general protection fault|Kernel panic|UBSAN|KASAN|refcount_t:"
                    r"|INFO: task|unable to handle|scheduling while atomic|Bad page|Call Trace")
EMULATION = re.compile(r"soft lockup|clocksource|rcu.*stall|hrtimer: interrupt took|workqueue: .* hogged")


@dataclass(frozen=True)
class Machine:
    """A guest, as rig/guest.py boots it."""

    name: str
    kernels: tuple = ()
    devices: tuple = ()
    disks: object = None
    cmdline: object = ""
    modules: tuple = ()
    setup: str = ""
    mock: object = ""
    absent: tuple = ()
    needs: str = ""
    rmrr: str = ""
    unity: str = ""
    memory: int = 768
    counted: bool = False
    system: str = ""
    vfio_platform: bool = False
    own: str = ""
    board: object = ""
    acpi: bool = False
    trees: tuple = ()

    def __post_init__(self):
        if self.trees:
            object.__setattr__(self, "devices", (*self.devices, *trees.devices(*self.trees)))


@dataclass(frozen=True)
class Acting:
    """One scenario; @machine is its guest, maybe shared."""

    name: str
    summary: str
    kernels: tuple
    machine: Machine
    script: str
    judge: str = ""
    log: tuple = ()
    limit: int = 120
    programs: tuple = ()
    alone: bool = False
    needs: str = ""
    again: object = None
    thorough: bool = False
    # It tests vfiotool's own files and reading: what a kernel decides is no part of it.
    once: bool = False
    of: str = ""
    # One of many with the trees of other seeds.
    alike: bool = False


@dataclass(frozen=True)
class Batch:
    """Scenarios that go through one guest: what rig/guest.py asks of a scenario, and the parts."""

    name: str
    machine: Machine
    parts: tuple

    def __getattr__(self, name: str):
        return getattr(object.__getattribute__(self, "machine"), name)

    @property
    def programs(self):
        """C files whose programs the guest gets."""
        return tuple(sorted({FOLDER / name for part in self.parts for name in part.programs}))

    @property
    def limit(self) -> int:
        """Seconds that the guest may take, the boot apart."""
        return sum(part.limit for part in self.parts) * PATIENCE


def _read(path: Path, allowed) -> dict:
    with open(path, "rb") as file:
        data = tomllib.load(file)
    for key in data:
        if key not in allowed:
            raise ScenarioError(f"{path.name}: {key!r} is not known; there are {', '.join(sorted(allowed))}")
    if "kernels" in data:
        data["kernels"] = choose(path.name, data["kernels"])
    return {key: choose_items(path.name, value) if key in LISTS else value for key, value in data.items()}


def load_machine(name: str) -> Machine:
    """The machine of machines/NAME.toml."""
    path = MACHINES / f"{name}.toml"
    if not path.exists():
        raise ScenarioError(f"no machine is called {name!r}")
    data = _read(path, MACHINE_KEYS | {"summary"})
    data.pop("summary", None)
    if data.get("system", system.NAME) != system.NAME:
        raise ScenarioError(f"{path.name}: the only system is {system.NAME!r}")
    return Machine(name, **data)


def load(path: Path) -> Acting:
    """The scenario in the file @path."""
    data = _read(path, MACHINE_KEYS | OWN_KEYS)
    script = path.with_name(data.get("script", f"{path.stem}.sh"))
    if not script.exists() or "summary" not in data:
        raise ScenarioError(f"{path.name}: needs a summary, and a script {script.name} beside it")
    own = {key: data[key] for key in MACHINE_KEYS & set(data)}
    if "machine" in data:
        if set(own) - {"kernels", "needs", "counted"}:
            raise ScenarioError(f"{path.name}: a named machine has its own {', '.join(sorted(set(own) - {'kernels'}))}")
        machine = load_machine(data["machine"])
        if own.get("counted"):
            machine = dataclasses.replace(machine, name=f"{machine.name}-counted", counted=True)
    else:
        machine = Machine(path.stem, **own)
    chosen = data.get("kernels", machine.kernels)
    if not chosen or set(chosen) - set(machine.kernels or chosen):
        raise ScenarioError(f"{path.name}: kernels must be some of its machine's")
    rest = {key: data[key] for key in ("judge", "limit", "alone", "needs", "thorough", "once", "of") if key in data}
    if "again" in data:
        rest |= {"again": load_machine(data["again"]), "alone": True}
    return Acting(path.stem, data["summary"], chosen, machine, script.read_text(encoding="utf-8"),
                  log=tuple(data.get("log", ())), programs=tuple(data.get("programs", ())), **rest)


def forests(scenario: Acting, number: int):
    """The scenario on @number further machines, with the trees of the next seeds each, on its kernels by turns."""
    first, count = scenario.machine.trees or (0, 0)
    for index in range(1, number + 1):
        name = f"{scenario.name}-{index:02}"
        machine = dataclasses.replace(scenario.machine, name=name, trees=(first + index * count, count),
                                      devices=_without_trees(scenario.machine))
        yield dataclasses.replace(scenario, name=name, machine=machine, of=scenario.name, alike=True,
                                  kernels=(scenario.kernels[index % len(scenario.kernels)],))


def _without_trees(machine: Machine):
    return machine.devices[:len(machine.devices) - len(trees.devices(*machine.trees))]


def load_all():
    """Every acting scenario, by name."""
    ret = []
    for path in sorted(FOLDER.glob("*.toml")):
        ret.append(load(path))
        with open(path, "rb") as file:
            ret += forests(ret[-1], tomllib.load(file).get("forests", 0))
    return ret


def batches(pairs):
    """[(batch, kernel)] for these [(scenario, kernel)]: a guest for each few of one machine and kernel."""
    found = {}
    for scenario, kernel in pairs:
        machine = scenario.machine.name
        key = (f"{machine}-{scenario.name}" if scenario.alone else machine, kernel)
        found.setdefault(key, []).append(scenario)
    ret = []
    for (name, kernel), parts in found.items():
        guests = -(-len(parts) // TOGETHER)
        ret += [(Batch(f"{name}-{number}", parts[0].machine, tuple(parts[number::guests])), kernel)
                for number in range(guests)]
    return ret


def second(batch: Batch) -> Batch | None:
    """The second boot of a batch that has one."""
    part = batch.parts[0]
    return Batch(f"{batch.name}-again", part.again, batch.parts) if part.again else None


def join(first: Result, again: Result) -> Result:
    """What both boots of one scenario sent; one that was not done is the scenario's end."""
    ret = Result(first.files | again.files, first.status | again.status, first.broken + again.broken,
                 first.checks + again.checks, again.release, again.done, again.failure, again.console, first.seconds + again.seconds)
    for name in {*first.files} & {*again.files}:
        if name.endswith(("dmesg", "log")):
            ret.files[name] = first.files[name] + again.files[name]
    for name in {*first.status} & {*again.status}:
        ret.status[name] = first.status[name] + again.status[name]
    # The scenario itself has to come to its end in both; what it saved in one is one's.
    for name in {*first.status} ^ {*again.status}:
        if "." not in name:
            del ret.status[name]
    return ret


def environment(batch: Batch, kernel: kernels.Kernel, boot: int = 1) -> dict:
    """What guest/acting.sh finds in /scenario/env."""
    return {"BOOT": str(boot), "SCENARIOS": " ".join(part.name for part in batch.parts), "KERNEL": kernel.name, "SERIES": kernel.series,
            "SMALL": "1" if kernel.small else "", "COMPAT": "1" if kernel.compat else "",
            "MODULES": " ".join(pick_list(batch.machine.modules, kernel.name))}


def files(batch: Batch) -> dict:
    """Path in the guest -> text, for each part, and the examples."""
    ret = {f"examples/{path.name}": path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.rglob("*.*"))}
    for part in batch.parts:
        ret[f"scenario/{part.name}.sh"] = part.script
        ret[f"scenario/{part.name}.limit"] = f"{part.limit * PATIENCE}\n"
    return ret


class Part:
    """What the guest sent for one scenario; the names of its files without the scenario's."""

    def __init__(self, scenario: Acting, kernel: kernels.Kernel, result: Result):
        self.scenario, self.kernel = scenario, kernel
        prefix = f"{scenario.name}."
        self.files = {name[len(prefix):]: content for name, content in result.files.items() if name.startswith(prefix)}
        self.status = {name[len(prefix):]: value for name, value in result.status.items() if name.startswith(prefix)}
        self.checks = [(word, title, number) for name, word, number, title in result.checks if name == scenario.name]
        self.ended = result.status.get(scenario.name)
        # The kernel's log until the first script.
        self.boot = result.text("boot.dmesg")

    def text(self, name: str) -> str:
        """A file as text; empty when the guest did not send it."""
        return self.files.get(name, b"").decode("utf-8", "replace")

    def said(self, name: str) -> str:
        """The end of a file as one line."""
        return " | ".join(line for line in self.text(name).splitlines() if line.strip())[-900:]


def _kernel_log(part: Part):
    allowed = [re.compile(pick(item, part.kernel.name) or "$^") for item in part.scenario.log]
    for line in part.text("dmesg").splitlines():
        if UNWELL.search(line) and not EMULATION.search(line) and not any(item.search(line) for item in allowed):
            yield f"kernel log: {line.strip()}"


def _judge(part: Part):
    if not part.scenario.judge:
        return []
    module, _, function = part.scenario.judge.partition(":")
    return list(getattr(importlib.import_module(f"rig.{module}"), function)(part))


def judge(scenario: Acting, kernel: kernels.Kernel, result: Result):
    """What is wrong with one scenario of a guest; nothing means that all checks hold."""
    part = Part(scenario, kernel, result)
    broken = [f"setup failed: {item}: {result.text('setup.err').strip()}" for item in result.broken]
    if broken or part.ended is None:
        return broken or [f"did not come to its end: {result.failure or 'the guest left it out'}"]
    problems = []
    if part.ended:
        why = "took too long" if part.ended in (137, 143) else f"ended with {part.ended}"
        problems.append(f"the script {why}: {part.said('log')}")
    for word, title, number in part.checks:
        if word != "ok":
            problems.append(f"{title}: {part.said(f'check{number}')}")
    judged = [*attaching.judge_part(part), *documents.judge_part(part), *_judge(part)]
    if not part.checks and not scenario.judge:
        problems.append("nothing was checked")
    return problems + judged + list(_kernel_log(part))
