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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from count import Count
from stage import PLACE, PROGRESS, ROOT, Stage, say
from stages import LIMIT, LIMIT_ALL, SLICE, STAGES

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
    parser.add_argument("--all", action="store_true", help="every suite in every build and every guest, an hour's work")
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
    words = [] if everything else ["--cover", "--slice", SLICE, "--commit", commit()]
    return [sys.executable, str(ROOT / "tests/vm/run.py"), "--list", *map(str, words)]


def run_stage(name, function, limit, everything) -> Count:
    """One stage; whatever it raises is a failure of it."""
    stage = Stage(name, limit, everything, commit())
    if limit <= 0:
        stage.fail(f"{name}: the time of all stages is over")
        return stage.count
    try:
        function(stage)
    except Exception as error:  # pylint: disable=broad-except
        stage.fail(f"{name}: {type(error).__name__}: {error}")
    return stage.count


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
    total, expected = Count(), [stage[3 if args.all else 2] for stage in chosen]
    try:
        for number, (name, function, _, _, what) in enumerate(chosen):
            start = time.monotonic()
            say(f"== {name}: {what}")
            PROGRESS.stage(name, expected[number], sum(expected[number + 1:]))
            count = run_stage(name, function, (LIMIT_ALL if args.all else LIMIT) - (start - began), args.all)
            say(f"   {count} in {time.monotonic() - start:.0f} s")
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
