# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares. First the scenario with the kernel (it must be what it says it is), then vfiotool's predictions with what
the prober met: step and errno for each path and view, and the facts that the kernel reports once attached. Each
disagreement is one line of text; none means that the pair agrees.
"""

import json

from . import attaching, kernels, outcome
from .guest import Result, pick_list
from .scenario import PATHS, VIEWS, Scenario, pick

# What a stable release changed without a trace that could be read: 'unknown' is the right answer.
BACKPORTED = {("UPDATE_VADDR", "before", "6.1")}


class Outcomes:
    """The prober's answers of one guest, by view and path; those after a refused bind are that refusal."""

    def __init__(self, result: Result):
        self.problems = []
        self.bind = self._read(result, "bind") if "bind" in result.status else None
        self.raw = {(view, path): self._read(result, f"{view}.{path}") for view in VIEWS for path in PATHS}

    def _read(self, result: Result, name: str):
        try:
            return outcome.parse(result.text(f"{name}.out"))
        except outcome.NoOutcome as error:
            said = result.text(f"{name}.err").strip()
            self.problems.append(f"prober {name} (status {result.status.get(name)}): {error} {said}".strip())
            return None

    def of(self, view: str, path: str):
        """The outcome of @path in @view, the bind included where the view has one."""
        if view == "bound" and self.bind and not self.bind.yes:
            return self.bind
        return self.raw[view, path]

    def attached(self):
        """
        The outcome of the first container or iommufd path that told the ranges of an attached device, bound or not.
        The container that iommufd serves tells some before a device joined it: those say nothing.
        """
        for path in ("container", "iommufd"):
            for view in ("bound", "now"):
                got = self.raw[view, path]
                refused = got and any(op == "GROUP_GET_DEVICE_FD" and errno for op, errno in got.steps)
                if got and got.ranges is not None and not refused:
                    return path, got
        return None, None


def check_guest(result: Result):
    """Reasons for which nothing that this guest said can be used."""
    if result.failure:
        return [result.failure]
    return [f"setup failed: {item}: {result.text('setup.err').strip()}" for item in result.broken]


def check_scenario(scenario: Scenario, kernel: kernels.Kernel, outcomes: Outcomes):
    """Where the kernel did not do what the scenario states."""
    problems = list(outcomes.problems)
    for view in VIEWS:
        for path in PATHS:
            want = scenario.expected(view, path, kernel.name)
            got = outcomes.of(view, path)
            if want and got and str(got) != want:
                problems.append(f"scenario {view}.{path}: stated {want!r}, the kernel did {str(got)!r}")
    problems += _check_stated_facts(scenario, kernel, outcomes)
    return problems


def _check_stated_facts(scenario: Scenario, kernel: kernels.Kernel, outcomes: Outcomes):
    problems = []
    _, got = outcomes.attached()
    for name, value in scenario.facts.items():
        want = pick(value, kernel.name)
        if want is None:
            continue
        if got is None:
            problems.append(f"scenario fact {name}: stated, but nothing was attached")
        elif name == "iova_ranges":
            have = [f"0x{start:x}-0x{end:x}" for start, end in got.ranges]
            if have != want:
                problems.append(f"scenario fact {name}: stated {want}, the kernel reported {have}")
        elif name == "dma_cc":
            have = got.extensions.get("attached", {}).get(outcome.DMA_CC)
            if have != want:
                problems.append(f"scenario fact {name}: stated {want}, the kernel answered {have}")
        else:
            problems.append(f"scenario fact {name}: not known")
    return problems


class Tool:
    """vfiotool's answers of one guest, held against the prober's."""

    def __init__(self, scenario: Scenario, kernel: kernels.Kernel, result: Result, outcomes: Outcomes, generations):
        self.scenario, self.kernel, self.result, self.outcomes = scenario, kernel, result, outcomes
        # All of vfiotool's, by name, and the one that the kernel must be taken for.
        self.generations, self.generation = generations, kernels.generation(kernel.name, generations)
        self.unknown = set(pick_list(scenario.unknown, kernel.name))
        self.assumed = bool(pick_list(scenario.assume, kernel.name))
        self.problems = []

    def _say(self, text: str) -> None:
        self.problems.append(text)

    def _load(self, name: str):
        """The document that step @name printed and its only device, or (None, None)."""
        text = self.result.text(f"{name}.out")
        status = self.result.status.get(name)
        try:
            document = json.loads(text)
            devices = document["devices"]
            if len(devices) != 1:
                self._say(f"vfiotool {name}: {len(devices)} devices, asked for one")
                return None, None
            return document, devices[0]
        except (ValueError, KeyError, TypeError) as error:
            said = self.result.text(f"{name}.err").strip()[:300]
            self._say(f"vfiotool {name} (status {status}): {type(error).__name__} {error}; it said {said!r}")
            return None, None

    def judge(self):
        """Every disagreement."""
        for suffix in ("", ".assume") if self.assumed else ("",):
            document, device = self._load(f"now{suffix}")
            if device:
                self._check_kernel(document, f"now{suffix}")
                self._check_paths(device, "now", f"now{suffix}")
                self._check_paths(device.get("if_bound") or {}, "bound", f"if_bound{suffix}")
            document, device = self._load(f"bound{suffix}")
            if device:
                self._check_kernel(document, f"bound{suffix}")
                self._check_bound_paths(device, f"bound{suffix}")
                self._check_facts(device, suffix)
                self._check_isolation(device, suffix)
        self._judge_faked()
        self._check_remedy()
        self._judge_attach()
        return self.problems

    def _judge_attach(self) -> None:
        """attach did what the prober then did, and predicted it."""
        for view in VIEWS:
            for path in PATHS:
                name, real = f"{view}.attach.{path}", self.outcomes.raw[view, path]
                if name in self.result.status and real:
                    may_be_open = f"{view}.{path}" in self.unknown
                    self.problems += attaching.judge_attach(
                        name, self.result.text(f"{name}.out"), self.result.status[name],
                        self.result.text(f"{name}.err").strip(), real, may_be_open)

    def _judge_faked(self) -> None:
        """A release that lies changes nothing, is shown, and where it names other kernels, as not believed."""
        for view in VIEWS if self.scenario.faked else ():
            plain, _ = self._load(view)
            lies = 0
            for release in self.scenario.faked:
                where = f"{view}.faked-{release}"
                document, device = self._load(where)
                if not device:
                    continue
                self._check_kernel(document, where)
                if view == "bound":
                    self._check_bound_paths(device, where)
                else:
                    self._check_paths(device, "now", where)
                    self._check_paths(device.get("if_bound") or {}, "bound", f"{where}.if_bound")
                lies += self._check_lie(document["kernel"], (plain or {}).get("kernel") or {}, where)
            if not lies:
                self._say(f"{view}: no faked release contradicts the evidence")

    def _check_lie(self, faked: dict, plain: dict, where: str) -> bool:
        """Whether the release that @faked shows names other kernels than this one."""
        if faked.get("release") in (None, self.kernel.release):
            self._say(f"{where}: the release is {faked.get('release')!r}, it was not faked")
        if faked.get("generations") != plain.get("generations"):
            self._say(f"{where}: generations {faked.get('generations')}, without the lie {plain.get('generations')}")
        rows = [row for row in faked.get("evidence") or [] if row.get("basis") == "version"]
        if len(rows) != 1:
            self._say(f"{where}: {len(rows)} rows of evidence tell the version")
            return False
        lie = self.generation not in rows[0]["generations"]
        if lie and rows[0]["used"]:
            self._say(f"{where}: {rows[0]['value']!r} is shown as believed")
        return lie

    def _check_remedy(self) -> None:
        """Each path that is refused names the remedy that the scenario states; without an IOMMU it is that mode."""
        want = pick(self.scenario.remedy, self.kernel.name)
        _, device = self._load("now") if want else (None, None)
        for item in ((device or {}).get("if_bound") or {}).get("paths") or []:
            needs = "without an IOMMU" if item.get("path") == "noiommu" else want
            if item.get("answer") == "no" and needs not in (item.get("remedy") or ""):
                self._say(f"if_bound.{item.get('path')}: remedy {item.get('remedy')!r} without {needs!r}")

    def _check_kernel(self, document: dict, where: str) -> None:
        kernel = document.get("kernel") or {}
        have = kernel.get("generations")
        if have != [self.generation]:
            self._say(f"{where}: generations {have}, the kernel is of {self.generation!r}")
        # What the kernel itself shows, its name apart, must leave exactly one, in all three states: 5.10, 6.1, 6.12, 7.3
        # and small-6.12 have modules, loaded in some scenarios and not in others (imported and exported symbols tell),
        # small-7.3 and small-7.3-compat have VFIO built in (names in kallsyms tell).
        left = set(self.generations)
        for row in kernel.get("evidence") or []:
            if row.get("used") and row.get("basis") != "version":
                left &= set(row.get("generations") or ())
        # The modules of these two have nothing that began with 6.19, and neither has type information. In small-7.2 the names
        # in kallsyms would tell, but they are not read where the release does.
        told_by_release = self.kernel.name in ("small-7.2", *kernels.SMALL_ARM64)
        if left != {self.generation} and not (told_by_release and left == {"6.11", self.generation}):
            self._say(f"{where}: without its release the kernel could be of {sorted(left)}")

    def _check_paths(self, table: dict, view: str, where: str) -> None:
        self._check_all(table, lambda path: self.outcomes.of(view, path), view, where)

    def _check_bound_paths(self, device: dict, where: str) -> None:
        self._check_all(device, lambda path: self.outcomes.raw["bound", path], "bound", where)

    def _check_all(self, table: dict, outcome_of, view: str, where: str) -> None:
        predicted = {item.get("path"): item for item in table.get("paths") or []}
        for path in PATHS:
            real = outcome_of(path)
            if real is None:
                continue
            if path not in predicted:
                if not self._may_be_left_out(path, real):
                    self._say(f"{where}.{path}: not predicted; the kernel did {str(real)!r}")
                continue
            self._check_path(predicted[path], real, f"{view}.{path}", f"{where}.{path}")

    def _may_be_left_out(self, path: str, real) -> bool:
        """A path that this kernel does not have need not be listed: what it lacks is the node to open."""
        if path == "container" or real.yes:
            return False
        if real.op == "BIND":
            return path == "noiommu" or not self.kernel.small
        return real.op.startswith("OPEN_") and real.errno == "ENOENT"

    def _check_path(self, item: dict, real, key: str, where: str) -> None:
        answer = item.get("answer")
        # An errno that hangs on the unknown is as unknown as the answer.
        open_end = answer == "unknown" or (answer == "no" and not real.yes and item.get("errno") is None)
        if open_end and key in self.unknown and not where.split(".")[1] == "assume":
            return
        have = {"yes": "ok", "no": f"{item.get('op')} {item.get('errno')}"}.get(answer, answer)
        if have != str(real):
            why = item.get("rule") or item.get("because") or ""
            self._say(f"{where}: predicted {have!r} ({why}), the kernel did {str(real)!r}")
            return
        self._check_steps(item, real, where)

    def _check_steps(self, item: dict, real, where: str) -> None:
        """The steps that the prediction lists must not contradict those that were taken."""
        done = dict(real.steps)
        for entry in item.get("steps") or []:
            if entry.get("op") not in done or entry.get("answer") == "unknown":
                continue
            errno = done[entry["op"]]
            if (entry.get("answer") == "yes") != (errno is None) or (errno and entry.get("errno") != errno):
                self._say(f"{where}: step {entry['op']} predicted {entry.get('answer')} {entry.get('errno')}, "
                          f"the kernel did {errno or 'ok'}")

    # -- facts that the kernel reports once attached

    def _check_facts(self, device: dict, suffix: str) -> None:
        path, real = self.outcomes.attached()
        if not real:
            return
        # A container that holds mediated devices only has no list of ranges; iommufd still tells them.
        told = real if real.ranges else self.outcomes.raw["bound", "iommufd"]
        self._compare("iova_ranges", _ranges(device.get("iova_ranges")), (told and told.ranges) or None, suffix)
        if path == "container":
            self._compare("page_sizes", _page_sizes(device.get("page_sizes")), real.page_sizes, suffix)
            self._check_extensions(device.get("extensions"), real, suffix)
            # A container without a domain answers 1, which says nothing of a mediated device.
            if not self.scenario.target.startswith("mdev:"):
                self._check_coherency(device.get("capabilities") or {}, real, suffix)

    def _check_isolation(self, device: dict, suffix: str) -> None:
        """
        SET_IOMMU tells whether interrupts are isolated, where nothing else decides: a group of one, type1 and no
        parameter of it that lifts the demand, no reserved region (which 5.10 refuses there with the same errno), and
        no mock, whose claims for a bus and for a device differ.
        """
        real = self.outcomes.raw["bound", "container"]
        answers = dict(real.steps) if real else {}
        lifted = self.result.text("unsafe").strip() not in ("", "N")
        before_6_3 = kernels.means("before 6.3", self.kernel.series)
        # There the MSI domains of the whole machine answer, of which x86 never says yes.
        if self.kernel.arm64 and before_6_3:
            return
        other = self.scenario.mock or self.scenario.rmrr or self.scenario.unity
        if other or lifted or self.kernel.compat or "SET_IOMMU" not in answers or self._group_size() != 1:
            return
        want = {None: True, "EPERM": False}.get(answers["SET_IOMMU"])
        name = "interrupt_remapping" if before_6_3 else "isolated_msi"
        self._compare(name, (device.get("capabilities") or {}).get(name), want, suffix)

    def _group_size(self) -> int:
        rows = [line.split(" ") for line in self.result.text("devices.bound").splitlines()]
        groups = [row[1] for row in rows if row[1]]
        mine = [row[1] for row in rows if row[0] == self.scenario.target]
        return groups.count(mine[0]) if mine else 0

    def _compare(self, name: str, have, want, suffix: str) -> None:
        # No assumption says what addresses and pages an IOMMU can do.
        lasting = name in ("iova_ranges", "page_sizes")
        if want is None or (have is None and name in self.unknown and (lasting or not suffix)):
            return
        if have != want:
            self._say(f"{name}{suffix}: predicted {_show(have)}, the kernel reported {_show(want)}")

    def _check_coherency(self, capabilities: dict, real, suffix: str) -> None:
        after = real.extensions.get("attached", {}).get(outcome.DMA_CC)
        name = "cache_coherency" if kernels.means("before 5.19", self.kernel.name) else "enforce_cache_coherency"
        self._compare(name, capabilities.get(name), None if after is None else bool(after), suffix)

    def _check_extensions(self, table, real, suffix: str) -> None:
        """What type1 answers once the group joined its container, and once it is attached."""
        if self.kernel.compat:
            return
        for when, measured in (("before", "joined"), ("after", "attached")):
            for number, want in real.extensions.get(measured, {}).items():
                name = outcome.EXTENSIONS[number]
                have = _extension(table, number, when)
                if have is None and (name, when, self.kernel.series) in BACKPORTED:
                    continue
                if have is not None or "extensions" not in self.unknown or suffix:
                    self._compare(f"extension {name} {when}", have, want, suffix)


def _is_open(item: dict, real) -> bool:
    """Whether the prediction leaves open what happens, or that it is refused but not where or with what errno."""
    if item.get("answer") == "unknown":
        return True
    return (item.get("answer") == "no" and item.get("errno") is None and not real.yes
            and item.get("op") in (None, real.op))


def _extension(table, number: int, when: str):
    """The predicted answer for one extension, by its uAPI name without VFIO_: 1, 0, or None when there is none."""
    row = (table or {}).get(outcome.EXTENSIONS[number])
    return {"yes": 1, "no": 0, True: 1, False: 0}.get(row.get(when)) if row else None


def _number(value) -> int:
    return int(value, 0) if isinstance(value, str) else value


def _ranges(value):
    return None if value is None else [(_number(item["start"]), _number(item["end"])) for item in value]


def _page_sizes(value):
    if isinstance(value, list):
        mask = 0
        for item in value:
            mask |= _number(item)
        return mask
    return None if value is None else _number(value)


def _show(value) -> str:
    if isinstance(value, list):
        return "[" + " ".join(f"0x{start:x}-0x{end:x}" for start, end in value) + "]"
    return hex(value) if isinstance(value, int) and not isinstance(value, bool) and value > 4095 else str(value)
