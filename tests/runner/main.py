#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every suite, in stages. The last line is the sum over all of them: N passed, N failed, N skipped.

Exit status: 0 nothing failed, 1 something did, 64 usage.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from count import Count
from stage import PLACE, PROGRESS, ROOT, Stage, end_all, said_apart, say
from stages import BESIDE, LIMIT, LIMIT_ALL, SLICE, STAGES

# What the guests boot; fetched and built beside the other stages, which use one processor most of the time.
PREFETCH = """
import sys
sys.path.insert(0, sys.argv[1])
from rig import board, cross, kernels
for name in sys.argv[2:]:
    try:
        missing = board.missing(name)
        if not missing:
            kernels.get(name)
        if name in kernels.ARM64 and not missing:
            cross.vfiotool()
        print(name, missing or "is there", flush=True)
    except Exception as error:
        print(name, error, flush=True)
"""


def start_prefetch(everything: bool):
    """Starts fetching the kernels of the guests in the background, those first that most of them boot."""
    done = subprocess.run(guests_list(everything), check=False, text=True, capture_output=True)
    found = Counter(re.findall(r"^[\w.-]+@([\w.-]+): ", done.stdout, re.M))
    (PLACE / "logs").mkdir(parents=True, exist_ok=True)
    with open(PLACE / "logs" / "prefetch.log", "w", encoding="utf-8") as log:
        return subprocess.Popen(["nice", "-n", "15", sys.executable, "-c", PREFETCH, str(ROOT / "tests" / "vm"),
                                 *(name for name, _ in found.most_common())],
                                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                start_new_session=True)


def parse_arguments():
    """The command line."""
    names = [name for name, *_ in STAGES]
    parser = argparse.ArgumentParser(description="run the suites", epilog="stages: " + ", ".join(names))
    parser.add_argument("--all", action="store_true", help="every suite in every build, and every scenario, on several kernels; about an hour")
    parser.add_argument("--stage", action="append", choices=names, metavar="NAME", help="only this stage (again: more)")
    parser.add_argument("--list", action="store_true", help="list what would run, and end")
    return parser.parse_args()


def commit() -> str:
    """What the slice of the guests is picked by."""
    done = subprocess.run(["git", "-C", ROOT, "-c", "safe.directory=*", "rev-parse", "HEAD"], check=False, text=True,
                          capture_output=True)
    return done.stdout.strip()


def guests_list(everything: bool):
    """The command that lists the guests."""
    words = ["--turns"] if everything else ["--cover", "--slice", SLICE]
    return [sys.executable, str(ROOT / "tests/vm/run.py"), "--list", "--commit", commit(), *map(str, words)]


def run_stage(item, end: float, everything: bool) -> Count:
    """One stage, until @end at most; whatever it raises is a failure of it."""
    name, function, _, _, what = item
    start = time.monotonic()
    say(f"== {name}: {what}")
    count = counted(name, function, end - start, everything)
    say(f"   {count} in {time.monotonic() - start:.0f} s")
    return count


def counted(name: str, function, limit: float, everything: bool) -> Count:
    """What one stage counted."""
    stage = Stage(name, limit, everything, commit())
    if limit <= 0:
        stage.fail(f"{name}: the time of all stages is over")
        return stage.count
    try:
        function(stage)
    except Exception as error:  # pylint: disable=broad-except
        stage.fail(f"{name}: {type(error).__name__}: {error}")
    return stage.count


def run_stages(chosen, end: float, everything: bool):
    """What each stage counted. Of those that run beside each other the last one speaks at once, the others when all have ended."""
    parts = [list(part) for _, part in groupby(chosen, key=lambda item: BESIDE if item[0] in BESIDE else item[0])]
    usual = [max(item[3 if everything else 2] for item in part) for part in parts]
    for number, part in enumerate(parts):
        PROGRESS.stage(", ".join(item[0] for item in part), usual[number], sum(usual[number + 1:]))
        *beside, last = part
        with ThreadPoolExecutor(len(part)) as pool:
            try:
                others = [pool.submit(said_apart, run_stage, item, end, everything) for item in beside]
                yield run_stage(last, end, everything)
                ended = [other.result() for other in others]
            except BaseException:
                end_all()
                raise
        for count, lines in ended:
            for line in lines:
                say(line)
            yield count


def list_all(chosen, everything: bool) -> int:
    """The stages and the guests."""
    for name, _, usual, whole, what in chosen:
        say(f"{name:10} {what} (about {whole if everything else usual} s)")
    if any(stage[0] == "vm" for stage in chosen):
        return subprocess.run(guests_list(everything), check=False).returncode
    return 0


def main() -> int:
    """Runs the stages and adds up."""
    # The packages' installation is part of it.
    began = time.monotonic() - max(0.0, time.time() - float(os.environ.get("VFIOTOOL_BEGAN", "inf")))
    args = parse_arguments()
    chosen = [stage for stage in STAGES if not args.stage or stage[0] in args.stage]
    if args.list:
        return list_all(chosen, args.all)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    prefetch = start_prefetch(args.all) if any(stage[0] == "vm" for stage in chosen) else None
    total, end = Count(), began + (LIMIT_ALL if args.all else LIMIT)
    try:
        for count in run_stages(chosen, end, args.all):
            total += count
    finally:
        if prefetch and prefetch.poll() is None:
            os.killpg(prefetch.pid, signal.SIGTERM)
    for text in total.failures:
        say(f"failed: {text}")
    for text in total.skips:
        say(f"skipped: {text}")
    say(f"logs: {PLACE / 'logs'}; {time.monotonic() - began:.0f} s in all")
    say(str(total))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
