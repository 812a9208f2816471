#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Chooses anew which pairs show every site of a rule, every command and every kind of step of a plan by the fewest guest
seconds, and writes them to cover.json, which the default run goes by.

    cover.py [--add] [--vfiotool PATH] RECORD...

RECORD is what run.py --record wrote (tests/run.sh --all leaves build-ci/record.json). What other pairs cost is known from
earlier records, and taken by the ratio of those in this one. With --add the chosen pairs and all costs stay, and the records only
add what cover.json does not have: for a new rule, command or scenario.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import run
from rig import acting, cover
from rig.scenario import load_all


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="choose the guests of the default run")
    parser.add_argument("--add", action="store_true", help="keep what is chosen and add what is missing")
    parser.add_argument("--vfiotool", type=Path, default=run.default_tool(), help="the binary that knows the rules")
    parser.add_argument("record", nargs="+", type=Path, help="what run.py --record wrote")
    args = parser.parse_args()
    if not args.vfiotool:
        parser.error("no vfiotool: build it, or name it with --vfiotool")
    rows = {}
    for path in args.record:
        rows |= json.loads(path.read_text(encoding="utf-8"))
    active, start = acting.load_all(), cover.load()
    machines = run.machines_of([(item, None) for item in active])
    if not args.add:
        there = {f"{item.name}@{kernel}" for item in (*load_all(), *active) for kernel in item.kernels}
        start = cover.Cover(seconds=cover.priced({pair: cost for pair, cost in start.seconds.items() if pair in there}, rows))
    want = cover.wanted(args.vfiotool.resolve())
    chosen = cover.choose(want, rows, machines, start)
    cover.save(chosen)
    print(f"{len(chosen.pairs)} of {len(chosen.seconds)} pairs, {chosen.total(chosen.pairs, machines):.0f} s of a "
          f"processor, show {len(want) - len(chosen.unseen)} of {len(want)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
