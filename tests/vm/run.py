#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Boots real kernels into the scenarios and judges. One TAP test point for each scenario on each kernel:
first the kernel must do what the scenario states, then vfiotool must have predicted exactly that.

Exit status: 0 all agree, 1 something does not, 64 usage.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from rig import acting, board, cover, guest, initramfs, judge, kernels, planning, schedule, turns
from rig.scenario import PATHS, VIEWS, Scenario, ScenarioError, load_all
from rig.schedule import Job


@dataclass
class Verdict:
    """What became of one pair."""

    name: str
    problems: list = field(default_factory=list)
    skip: str = ""
    seconds: float = 0.0
    outcomes: judge.Outcomes = None
    notes: list = field(default_factory=list)
    # Seconds of a processor, and what rig/cover.py counts.
    cost: float = 0.0
    shows: set = field(default_factory=set)
    # Plans that were judged, and the steps of them that the guests executed.
    plans: int = 0
    steps: int = 0


class Kernels:
    """Fetches or builds each kernel once, whoever asks first; failures are remembered as well."""

    def __init__(self):
        self._locks = {name: threading.Lock() for name in kernels.NAMES}
        self._have = {}

    def get(self, name: str) -> kernels.Kernel:
        """The kernel, or the exception that fetching it raised."""
        with self._locks[name]:
            if name not in self._have:
                try:
                    self._have[name] = kernels.get(name)
                except Exception as error:  # pylint: disable=broad-except
                    self._have[name] = error
        found = self._have[name]
        if isinstance(found, Exception):
            raise found
        return found

    def prepare(self, name: str) -> None:
        """Gets the kernel ready; who needs it is told by get() why that failed."""
        with contextlib.suppress(Exception):
            self.get(name)


def missing(need: str) -> str:
    """Why this machine cannot run what needs the QEMU device @need; empty when it can."""
    if not need:
        return ""
    listed = subprocess.run([board.Pc.qemu, "-device", "help"], check=False, text=True, capture_output=True).stdout
    return "" if f'name "{need}"' in listed else f"this QEMU has no {need}"


def run_pair(args, shop: Kernels, scenario: Scenario, name: str) -> Verdict:
    """Boots one guest and judges it."""
    verdict = Verdict(f"{scenario.name}@{name}")
    start = time.monotonic()
    try:
        verdict.skip = board.missing(name) or missing(scenario.needs)
        if verdict.skip:
            return verdict
        kernel = shop.get(name)
        plans = guest.Plans(planning.paths(scenario, kernel) if args.vfiotool and not scenario.apart else ())
        result = guest.run(scenario, kernel, args.vfiotool, args.keep, plans=plans)
        verdict.cost = result.seconds
        verdict.problems = judge.check_guest(result)
        if not verdict.problems:
            verdict.outcomes = judge.Outcomes(result)
            verdict.problems = judge.check_scenario(scenario, kernel, verdict.outcomes)
            if args.vfiotool:
                verdict.problems += judge.Tool(scenario, kernel, result, verdict.outcomes, args.generations).judge()
                verdict.shows = cover.of_scenario(result, kernel)
                judge_plans(args, shop, kernel, scenario, result, verdict)
            if args.save_captures:
                save_capture(args.save_captures, scenario, verdict, result, args.generations)
    except Exception as error:  # pylint: disable=broad-except
        verdict.problems.append(f"{type(error).__name__}: {error}")
    verdict.seconds = time.monotonic() - start
    return verdict


def judge_plans(args, shop, kernel: kernels.Kernel, scenario: Scenario, result: guest.Result, verdict: Verdict) -> None:
    """Judges the plans that the guest executed, with the boots that they ask for."""
    def boot(other: Scenario, plans: guest.Plans, name: str) -> guest.Result:
        other = dataclasses.replace(other, name=f"{scenario.name}-{plans.paths[0]}")
        again = guest.run(other, shop.get(name), args.vfiotool, args.keep, plans=plans)
        verdict.cost += again.seconds
        return again

    problems, kinds, verdict.plans, verdict.steps = planning.judge(scenario, kernel, result, boot)
    verdict.problems += problems
    verdict.shows |= kinds


def run_boots(args, kernel: kernels.Kernel, batch: acting.Batch, programs: dict) -> guest.Result:
    """Boots the guest of a batch, and the second one where there is one, with what the first kept."""
    extra = guest.Extra(acting.environment(batch, kernel), acting.files(batch), programs, batch.limit)
    result, again = guest.run(batch, kernel, args.vfiotool, args.keep, extra), acting.second(batch)
    if not again or not result.done:
        return result
    kept = result.files.get(f"{batch.parts[0].name}.kept", b"")
    extra = guest.Extra(acting.environment(again, kernel, 2), acting.files(again), programs, again.limit, kept)
    return acting.join(result, guest.run(again, kernel, args.vfiotool, args.keep, extra))


def run_batch(args, shop: Kernels, batch: acting.Batch, name: str):
    """Boots one guest for all its acting scenarios and judges each."""
    verdicts, result = [Verdict(f"{part.name}@{name}") for part in batch.parts], guest.Result()
    try:
        wanting = board.missing(name) or missing(batch.machine.needs) or ("" if args.vfiotool else "acts with vfiotool")
        if not wanting:
            kernel = shop.get(name)
            programs = {f"bin/{path.stem}": initramfs.program(path.stem, [path], kernel.arm64) for path in batch.programs}
            result = run_boots(args, kernel, batch, programs)
        for verdict, part in zip(verdicts, batch.parts):
            verdict.skip = wanting or missing(part.needs)
            if not verdict.skip:
                verdict.problems = acting.judge(part, kernel, result)
                verdict.notes = result.text(f"{part.name}.notes").splitlines()
                verdict.shows = cover.of_part(part, result, kernel)
    except Exception as error:  # pylint: disable=broad-except
        for verdict in verdicts:
            verdict.problems.append(f"{type(error).__name__}: {error}")
    for verdict, part in zip(verdicts, batch.parts):
        # Each its own time, which the guest measured.
        verdict.seconds = result.status.get(f"{part.name}.ms", 0.0) / 1000
    whole, shared = sum(verdict.seconds for verdict in verdicts) or 1.0, 0.0 if batch.parts[0].alone else cover.BOOT
    for verdict in verdicts:
        verdict.cost = max(0.0, result.seconds - shared) * verdict.seconds / whole
    return verdicts


def save_capture(folder: Path, scenario: Scenario, verdict: Verdict, result: guest.Result, generations) -> None:
    """Writes vm-SCENARIO-KERNEL.capture, and beside it what the kernel then did: what tests/golden replays."""
    scenario_name, kernel = verdict.name.split("@")
    unknown = guest.pick_list(scenario.unknown, kernel)
    outcome = {"summary": scenario.summary, "kernel": kernels.generation(kernel, generations),
               "target": scenario.target, "assume": guest.pick_list(scenario.assume, kernel),
               "unknown": [name for name in unknown if "." in name]}
    for view in VIEWS:
        found = {path: verdict.outcomes.of(view, path) for path in PATHS}
        outcome[view] = {path: str(value) for path, value in found.items() if value}
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"vm-{scenario_name}-{kernel}"
    (folder / f"{stem}.capture").write_bytes(result.files["capture.out"])
    (folder / f"{stem}.outcome.json").write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")


def report(number: int, verdict: Verdict) -> None:
    """One TAP test point; what the guest noted goes to standard error, as comments."""
    if verdict.skip:
        print(f"ok {number} - {verdict.name} # SKIP {verdict.skip}")
    elif not verdict.problems:
        plans = f" plans={verdict.plans} steps={verdict.steps}" if verdict.plans else ""
        print(f"ok {number} - {verdict.name} # time={verdict.seconds:.1f}s{plans}")
    else:
        print(f"not ok {number} - {verdict.name}")
        for line in "\n".join(verdict.problems).splitlines():
            print(f"# {line}")
    sys.stdout.flush()
    for line in verdict.notes:
        print(f"# {verdict.name}: {line}", file=sys.stderr, flush=True)


def print_table(verdicts) -> None:
    """The true outcomes as Markdown: a row for each scenario, view and path, a column for each kernel."""
    columns = [name for name in kernels.NAMES if any(v.name.endswith(f"@{name}") for v in verdicts)]
    rows = {}
    for verdict in verdicts:
        scenario, kernel = verdict.name.split("@")
        for view in VIEWS:
            for path in PATHS:
                got = verdict.outcomes.of(view, path) if verdict.outcomes else None
                rows.setdefault((scenario, view, path), {})[kernel] = str(got) if got else ""
    print(f"\n| scenario | view | path | {' | '.join(columns)} |")
    print("|" + "---|" * (len(columns) + 3))
    for (scenario, view, path), cells in rows.items():
        if any(not _not_offered(text) for text in cells.values()):
            texts = ["-" if _not_offered(cells.get(name, "")) else cells[name] for name in columns]
            print(f"| {scenario} | {view} | {path} | {' | '.join(texts)} |")


def _not_offered(text: str) -> bool:
    return text in ("", "OPEN_CDEV ENOENT", "OPEN_IOMMUFD ENOENT", "OPEN_GROUP ENOENT")


def select(args, scenarios):
    """The pairs that the options ask for; what takes hours only when it is named."""
    return [(scenario, name) for scenario in scenarios for name in scenario.kernels
            if (scenario.name in args.scenario if args.scenario else not getattr(scenario, "thorough", False))
            and (not args.kernel or name in args.kernel)]


def select_all(args):
    """(pairs that predict, pairs that act)."""
    predicting, active = load_all(), acting.load_all()
    names = [scenario.name for scenario in (*predicting, *active)]
    unknown = set(args.scenario or ()) - set(names)
    if unknown:
        raise ScenarioError(f"no scenario is called {', '.join(sorted(unknown))}")
    if len(set(names)) != len(names):
        raise ScenarioError(f"two scenarios are called {max(names, key=names.count)}")
    return select(args, predicting), select(args, active)


def by_cover(args, pairs, active):
    """Of these the ones to run: [(pairs, active, whether they are dropped when the time is over)], the cover first."""
    known, machines = cover.load(), machines_of(active)
    recorded = {name.split("@")[0] for name in known.seconds}
    names = {f"{scenario.name}@{kernel}": scenario for scenario, kernel in (*pairs, *active) if kernels.is_usual(kernel)}
    first = {name for name, scenario in names.items() if name in known.pairs or
             (scenario.name not in recorded and not getattr(scenario, "of", "") and
              name == f"{scenario.name}@{scenario.kernels[0]}")}
    some = set(cover.a_slice(known, set(names) - first, machines, args.commit, args.slice))
    return [([pair for pair in pairs if f"{pair[0].name}@{pair[1]}" in chosen],
             [pair for pair in active if f"{pair[0].name}@{pair[1]}" in chosen], late)
            for chosen, late in ((first, False), (some, True))]


def machines_of(active):
    """Acting scenario -> the machine whose guest it shares."""
    return {scenario.name: scenario.machine.name for scenario, _ in active if not scenario.alone}


def check_cover(args, verdicts) -> Verdict:
    """Whether the pairs of the cover still show what they were chosen for, and all that there is."""
    known, want = cover.load(), cover.wanted(args.vfiotool)
    done = {verdict.name: verdict.shows for verdict in verdicts if verdict.shows and not verdict.problems}
    return Verdict("cover", known.problems(want, done) + known.broken(want, done))


def generations_of(vfiotool: Path):
    """The names of vfiotool's generations; its paths are the prober's."""
    said = subprocess.run([vfiotool, "--introspect"], check=True, text=True, capture_output=True).stdout
    program = json.loads(said)
    if program["paths"] != list(PATHS):
        raise ScenarioError(f"vfiotool knows the paths {program['paths']}, the prober {PATHS}")
    return [item["name"] for item in program["generations"]]


def default_tool() -> Path | None:
    """The binary of the usual build folder."""
    path = Path(__file__).resolve().parent.parent.parent / "build" / "src" / "cmd" / "vfiotool"
    return path if path.exists() else None


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description="boot real kernels and judge vfiotool's predictions")
    parser.add_argument("--kernel", action="append", choices=kernels.NAMES, help="only this kernel (again: more)")
    parser.add_argument("--scenario", action="append", help="only this scenario (again: more)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="guests at a time")
    parser.add_argument("--list", action="store_true", help="list the pairs and end")
    parser.add_argument("--vfiotool", type=Path, default=default_tool(), help="the binary to judge")
    parser.add_argument("--prober-only", action="store_true", help="judge only the scenarios themselves")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what each guest sent")
    parser.add_argument("--save-captures", type=Path, metavar="DIR", help="keep captures and true outcomes")
    parser.add_argument("--record", type=Path, metavar="FILE", help="add what each pair showed to FILE, for cover.py")
    parser.add_argument("--turns", action="store_true", help="each scenario, on kernels by turns, see rig/turns.py")
    parser.add_argument("--cover", action="store_true", help="only the pairs of cover.json, which show all, and the new")
    parser.add_argument("--slice", type=int, default=0, metavar="SECONDS", help="with --cover: others too, for so long")
    parser.add_argument("--commit", default="", help="which others --slice and --turns pick")
    parser.add_argument("--time", type=float, default=1e9, metavar="SECONDS", help="then no more of --slice begins")
    parser.add_argument("--table", action="store_true", help="print the true outcomes as a Markdown table")
    args = parser.parse_args()
    if args.prober_only:
        args.vfiotool = None
    elif args.vfiotool is None and not args.list:
        parser.error("no vfiotool: build it, name it with --vfiotool, or say --prober-only")
    elif args.vfiotool:
        args.vfiotool = args.vfiotool.resolve()
    args.generations = generations_of(args.vfiotool) if args.vfiotool and not args.list else ()
    return args


def main() -> int:
    """Runs what was asked for."""
    try:
        args = parse_arguments()
        pairs, active = select_all(args)
    except ScenarioError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 64
    if args.turns:
        pairs, active = (turns.choose(args.commit, cover.load(), some) for some in (pairs, active))
    parts = by_cover(args, pairs, active) if args.cover else [(pairs, active, False)]
    number = sum(len(pairs) + len(active) for pairs, active, _ in parts)
    if args.list:
        list_pairs(parts)
        return 0
    if not number:
        print("run.py: no pair matches", file=sys.stderr)
        return 64
    if all(board.missing(name) for _, name in (*pairs, *active)):
        print(f"run.py: {board.missing((*pairs, *active)[0][1])}", file=sys.stderr)
        return 1
    print(f"TAP version 13\n1..{number + args.cover}", flush=True)
    verdicts = []
    for found in run_all(args, parts):
        for verdict in found:
            verdicts.append(verdict)
            report(len(verdicts), verdict)
            if args.record and verdict.shows and not verdict.problems:
                cover.record(args.record, verdict.name, verdict.cost, verdict.shows)
    if args.cover:
        verdicts.append(check_cover(args, verdicts))
        report(len(verdicts), verdicts[-1])
    bad = [verdict.name for verdict in verdicts if verdict.problems]
    skipped = sum(bool(verdict.skip) for verdict in verdicts)
    print(f"# {len(verdicts) - len(bad) - skipped} agree, {len(bad)} do not, {skipped} skipped")
    judged = [verdict for verdict in verdicts if verdict.plans and not verdict.problems]
    print(f"# {sum(verdict.plans for verdict in judged)} plans of {len(judged)} pairs judged, "
          f"{sum(verdict.steps for verdict in judged)} steps executed")
    if args.table:
        print_table(sorted((verdict for verdict in verdicts if verdict.outcomes), key=lambda verdict: verdict.name))
    return 1 if bad else 0


def list_pairs(parts) -> None:
    """Prints what would run, and for how long."""
    known, spent = cover.load(), 0.0
    for pairs, active, _ in parts:
        for scenario, name in (*pairs, *active):
            print(f"{scenario.name}@{name}: {scenario.summary}")
        spent += known.total([f"{scenario.name}@{name}" for scenario, name in (*pairs, *active)], machines_of(active))
    print(f"# about {spent:.0f} s of a processor")


def run_all(args, parts):
    """The verdicts of each guest, as lists, as they end."""
    shop, known, jobs, end = Kernels(), cover.load(), [], time.monotonic() + args.time

    def unless_late(late: bool, names, run):
        if late and time.monotonic() > end:
            return [Verdict(name, skip="the time is over") for name in names]
        return run()

    def add(late: bool, kernel: str, names, run) -> None:
        cost = cover.BOOT + sum(map(known.cost, names))
        jobs.append(Job(kernel, cost, lambda: unless_late(late, names, run), late))

    for pairs, active, late in parts:
        for batch, name in acting.batches(active):
            add(late, name, [f"{part.name}@{name}" for part in batch.parts],
                lambda item=(batch, name): run_batch(args, shop, *item))
        for scenario, name in pairs:
            add(late, name, [f"{scenario.name}@{name}"], lambda item=(scenario, name): [run_pair(args, shop, *item)])
    # Kernels that have to be built come last, and are built meanwhile.
    jobs.sort(key=lambda job: kernels.NAMES.index(job.kernel))
    return schedule.run(jobs, args.jobs, shop.prepare)


if __name__ == "__main__":
    sys.exit(main())
