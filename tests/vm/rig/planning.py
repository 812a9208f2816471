# SPDX-License-Identifier: GPL-2.0-or-later
"""
Judges plans. The guest took `vfiotool plan --json` for each path and executed its commands (guest/plan.sh): after each step
the prober must meet what the plan expects, at the end of a plan that ends in yes it must attach, and what is undone must
leave what was first. Where a plan asks for a boot option, a firmware setting or another machine, that is booted, and the plan
that the device has there is judged as well, until it attaches.
"""

import dataclasses
import json
import re
import shlex

from . import kernels, outcome
from .guest import Plans, Result, pick_list
from .scenario import PATHS, VIEWS, Scenario, pick

# Boots that one path may take.
BOOTS = 4
# What a firmware setting is in QEMU, by the word that names it.
FIRMWARE = {"SMMU": ("-machine", "virt,iommu=smmuv3"), "AMD-Vi": ("-device", "amd-iommu"), "VT-d": ("-device", "intel-iommu")}
IOMMUS = ("intel-iommu", "amd-iommu", "virtio-iommu-pci")
# Where a plan asks for a kernel that has what this one lacks.
OTHER_KERNEL = "6.12"
# Steps that nothing takes back: a process that ended, the driver of an IOMMU, what a person did.
FINAL = ("close", "load", "install", "request", "plan")
# The exit status for what holds after the last step; one that takes a reboot is unknown.
STATUS = {"yes": 0, "no": 2, "unknown": 3}


def paths(scenario: Scenario, kernel: kernels.Kernel):
    """The paths of which the scenario says what the kernel does, as far as kernel and machine have them."""
    said = {path: [scenario.expected(view, path, kernel.name) for view in VIEWS] for path in PATHS}
    return tuple(path for path in PATHS if path == "container" or kernel.small and
                 any(text and not (text.startswith("OPEN_") and text.endswith("ENOENT")) for text in said[path]))


def is_hopeless(scenario: Scenario, kernel: kernels.Kernel, path: str) -> bool:
    """Whether the scenario says that nothing helps there."""
    return bool({path, "all"} & {*pick_list(scenario.hopeless, kernel.name)})


class Trial:
    """What one guest did about the plan for one path."""

    def __init__(self, result: Result, path: str):
        self.result, self.path, self.problems = result, path, []
        self.plan, self.steps, self.pending, self.scripted = None, [], None, False
        self._read()

    def _say(self, text: str) -> None:
        self.problems.append(f"plan {self.path}: {text}")

    def _met(self, name: str):
        return outcome.parse(self.result.text(f"plan.{self.path}.{name}.out"))

    def _read(self) -> None:
        name = f"plan.{self.path}"
        try:
            plans = json.loads(self.result.text(f"{name}.out"))["plans"]
            self.plan = plans[0]
            self.steps = self.plan["steps"]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            said = self.result.text(f"{name}.err").strip()[:300]
            self._say(f"no plan (status {self.result.status.get(name)}): {type(error).__name__} {error}; it said {said!r}")
            return
        wanted = STATUS[self.plan["answer"]]
        if self.result.status.get(name) != wanted:
            self._say(f"the answer is {self.plan['answer']}, the exit status {self.result.status.get(name)}")

    def judge(self) -> None:
        """Compares step by step, and what was undone."""
        try:
            first, again = self._met("first"), self._met("again")
            self._expect("now", self.plan["now"], first)
            last = self._follow() or first
        except outcome.NoOutcome as error:
            self._say(f"the prober: {error}")
            return
        self._judge_script(last)
        if self.plan["answer"] == "yes" and not self.pending and not last.yes:
            self._say(f"it ends in yes, the kernel did {last}")
        if self.plan["answer"] == "no" and self.steps:
            self._say("it has steps and no answer")
        done = [step for step in self.steps if step is not self.pending and step["do"] != "plan"]
        lasting = [step for step in done if not step["undo"] and step.get("user") != "user"]
        for step in lasting:
            if step["do"] not in FINAL:
                self._say(f"nothing takes back {step['command']!r}")
        if lasting:
            return
        # A module that was loaded stays, if others need it.
        if again.yes != first.yes:
            self._say(f"undone, the kernel did {again}, at first {first}")
        changed = _changed(self.result.text(f"plan.{self.path}.state"))
        if changed:
            self._say("undone, the state differs: " + " | ".join(changed)[:400])

    def _judge_script(self, last) -> None:
        """The script that the plan printed did the same, where there was one."""
        status = self.result.status.get(f"plan.{self.path}.script")
        if status is None:
            return
        self.scripted = True
        if status:
            self._say(f"its script ended with {status}: {self.result.text(f'plan.{self.path}.script.err').strip()[-300:]}")
        scripted = self._met("scripted")
        if str(scripted) != str(last):
            self._say(f"after its script the kernel did {scripted}, after its commands {last}")

    def _follow(self):
        """The outcome after the last step that was executed; what comes after a reboot, or is left to a person, is pending."""
        last = None
        for number, step in enumerate(self.steps, 1):
            for what in ("command", "undo"):
                status = self.result.status.get(f"plan.{self.path}.{number}.{what}")
                # Whether a driver takes the device was left open.
                may_fail = what == "command" and step["do"] == "bind" and step["expected"]["answer"] == "unknown"
                if status and not may_fail:
                    said = self.result.text(f"plan.{self.path}.{number}.{what}.err") or self.result.text(
                        f"plan.{self.path}.{number}.{what}.out")
                    self._say(f"{what} of step {number} ended with {status}: {step[what]!r}: {said.strip()[-300:]}")
            if f"plan.{self.path}.{number}" not in self.result.status:
                self.pending = step
                break
            last = self._met(str(number))
            self._expect(f"step {number} ({step['do']})", step["expected"], last)
        return last

    def _expect(self, where: str, expected: dict, real) -> None:
        have = "ok" if expected["answer"] == "yes" else f"{expected['op']} {expected['errno']}"
        # Where something is not known, which refusal comes first may not be, or its errno.
        refused = expected["answer"] == "no" and expected["errno"] is None and not real.yes and expected["op"] in (None, real.op)
        if expected["answer"] != "unknown" and have != str(real) and not refused:
            self._say(f"{where}: expected {have!r}, the kernel did {str(real)!r}")


def _changed(diff: str):
    """Lines of a diff of states that nobody may see. A device that no driver has probed has no group on Arm before 6.15 and behind
    virtio-iommu: a bind makes it, and it stays."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    fields = [(line[0], *(line[1:].split(" ") + ["", ""])[:3]) for line in lines]
    grouped = {(name, driver) for sign, name, group, driver in fields if sign == "+" and group.isdigit()}
    return [line for line, (sign, name, group, driver) in zip(lines, fields)
            if not (line.startswith("+/sys/kernel/iommu_groups/") or ((name, driver) in grouped and (sign == "+" or not group)))]


def _machine(scenario: Scenario, kernel: kernels.Kernel, options: str) -> Scenario:
    """The scenario with QEMU's @options, as a plan prints them."""
    words = shlex.split(options)
    for option, value in zip(words[::2], words[1::2]):
        if option == "-device":
            others = tuple(item for item in pick_list(scenario.devices, kernel.name) if not item.startswith(IOMMUS))
            scenario = dataclasses.replace(scenario, devices=(value, *others))
        elif option == "-machine" and kernel.arm64:
            board = pick(scenario.board, kernel.name) or "gic-version=3"
            scenario = dataclasses.replace(scenario, board=f"{board},{value.removeprefix('virt,')}")
    return scenario


def _remapping(item: str, kernel: kernels.Kernel) -> str:
    """The IOMMU @item with interrupt remapping; 7.3 wants a southbridge for AMD's, which no machine of QEMU has."""
    name = item.split(",")[0]
    southless = name == "amd-iommu" and kernels.means("since 7.3", kernel.name)
    return f"{'intel-iommu' if southless else name},intremap=on"


def after(scenario: Scenario, kernel: kernels.Kernel, trial: Trial):
    """What is booted to do what @trial has pending; None when nobody knows how."""
    step, options = trial.pending, re.search(r"\(QEMU: (.*)\)", trial.pending["what"])
    if options:
        return _machine(scenario, kernel, options.group(1))
    if step["do"] == "firmware" and "interrupt remapping" in step["what"]:
        return dataclasses.replace(scenario, devices=tuple(
            _remapping(item, kernel) if item.startswith(IOMMUS) else item
            for item in pick_list(scenario.devices, kernel.name)))
    if step["do"] == "firmware" and "firmware feature" in step["what"]:
        mock = re.sub(r"all/[^, ]*/direct,?", "", pick(scenario.mock, kernel.name) or "")
        return dataclasses.replace(scenario, rmrr="", unity="", mock=mock)
    if step["do"] == "firmware":
        option, device = next(value for word, value in FIRMWARE.items() if word in step["what"])
        return _machine(scenario, kernel, f"{option} {device if kernel.arm64 else _remapping(device, kernel)}")
    if step["do"] == "hardware" and scenario.otherwise:
        return dataclasses.replace(scenario, devices=tuple(pick_list(scenario.otherwise, kernel.name)))
    if step["do"] == "close":
        return scenario
    if step["do"] == "install":
        return dataclasses.replace(scenario, absent=())
    if step["command"] or step["do"] in ("boot-option", "module-option"):
        return dataclasses.replace(scenario, cmdline=trial.result.text(f"plan.{trial.path}.cmdline").strip())
    return None


def _verdict(scenario: Scenario, kernel: kernels.Kernel, path: str, answer: str):
    """Whether it had to end like this."""
    hopeless = is_hopeless(scenario, kernel, path)
    if answer == "no" and not hopeless:
        yield f"plan {path}: there is none, and the scenario does not say that it is hopeless"
    if answer != "no" and hopeless:
        yield f"plan {path}: {answer}, and the scenario says that it is hopeless"


def judge(scenario: Scenario, kernel: kernels.Kernel, result: Result, boot):
    """
    (problems, kinds of steps that were executed, plans, steps executed as printed). boot(scenario, plans, kernel) boots what a plan asks for.
    """
    problems, kinds, plans, steps, scripted = [], set(), 0, 0, False
    for path in paths(scenario, kernel):
        now, trial = scenario, Trial(boot(scenario, Plans((path,), True), kernel.name) if scenario.apart else result, path)
        for _ in range(BOOTS):
            if not trial.plan:
                break
            trial.judge()
            plans += 1
            scripted |= trial.scripted
            steps += sum(step is not trial.pending for step in trial.steps)
            kinds |= {f"plan {step['do']}" for step in trial.steps if step is not trial.pending}
            if not trial.pending or trial.problems:
                break
            # Nothing but a new plan: it was made in the same guest.
            if trial.pending["do"] == "plan":
                trial = Trial(trial.result, f"{trial.path}+")
                continue
            kinds.add(f"plan {trial.pending['do']}")
            # What the program has to ask for, as a VF token: the prober asks what the scenario says.
            if trial.pending["do"] == "request":
                break
            now = after(now, kernel, trial)
            if not now:
                problems.append(f"plan {path}: nobody knows how to do {trial.pending['what']!r}")
                break
            kept = trial.result.files.get(f"plan.{trial.path}.kept", b"")
            another = OTHER_KERNEL if trial.pending["what"].startswith("boot a kernel with") else kernel.name
            again = boot(now, Plans((path,), True, kept), another)
            if again.failure or again.broken:
                problems.append(f"plan {path}: after {trial.pending['what']!r}: {again.failure or again.broken}")
                break
            problems += trial.problems
            trial = Trial(again, path)
        problems += trial.problems
        answer = trial.plan["answer"] if trial.plan else "none"
        open_ends = {"plan", *(f"{view}.{path}" for view in VIEWS)} & {*pick_list(scenario.unknown, kernel.name)}
        if answer == "unknown" and not trial.pending and not open_ends:
            problems.append(f"plan {path}: unknown: {trial.plan['because']}")
        problems += _verdict(scenario, kernel, path, answer)
    if scenario.script and not scripted:
        problems.append("no plan was done by its script")
    return problems, kinds, plans, steps
