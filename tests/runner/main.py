#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every suite, in stages. The last line is the sum over all of them: N passed, N failed, N skipped.

Exit status: 0 nothing failed, 1 something did, 64 usage.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from count import Count
from stage import PLACE, ROOT, Stage, say
from stages import STAGES, TOGETHER

# What the guests boot; fetched and built beside the other stages, which use one processor most of the time.
PREFETCH = """
import sys
sys.path.insert(0, sys.argv[1])
from rig import kernels
for name in kernels.NAMES:
    try:
        kernels.get(name)
        print(name, "is there", flush=True)
    except Exception as error:
        print(name, error, flush=True)
"""


def start_prefetch():
    """Starts fetching the kernels in the background."""
    (PLACE / "logs").mkdir(parents=True, exist_ok=True)
    with open(PLACE / "logs" / "prefetch.log", "w", encoding="utf-8") as log:
        return subprocess.Popen(["nice", "-n", "15", sys.executable, "-c", PREFETCH, str(ROOT / "tests" / "vm")],
                                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                start_new_session=True)


def parse_arguments():
    """The command line."""
    names = [name for name, *_ in STAGES]
    parser = argparse.ArgumentParser(description="run the suites", epilog="stages: " + ", ".join(names))
    parser.add_argument("--stage", action="append", choices=names, metavar="NAME", help="only this stage (again: more)")
    parser.add_argument("--list", action="store_true", help="list the stages and end")
    return parser.parse_args()


def run_stage(name, function, limit) -> Count:
    """One stage; whatever it raises is a failure of it."""
    stage = Stage(name, limit)
    try:
        function(stage)
    except Exception as error:  # pylint: disable=broad-except
        stage.fail(f"{name}: {type(error).__name__}: {error}")
    return stage.count


def main() -> int:
    """Runs the stages and adds up."""
    args = parse_arguments()
    if args.list:
        for name, _, _, what in STAGES:
            say(f"{name:10} {what}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [stage for stage in STAGES if not args.stage or stage[0] in args.stage]
    prefetch = start_prefetch() if any(stage[0] == "vm" for stage in chosen) else None
    total, began = Count(), time.monotonic()
    try:
        for name, function, limit, what in chosen:
            start = time.monotonic()
            say(f"== {name}: {what}")
            count = run_stage(name, function, min(limit, TOGETHER - (start - began)))
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
