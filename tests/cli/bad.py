#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The program as a user meets it, with bad input and special hosts of every kind. TAP on stdout.

    bad.py PROGRAM [CASE|MODULE...]
"""

import importlib
import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from harness import CASES, Program, Skip, Wrong

# Each registers its cases.
for module in ("arguments", "captures", "fleets", "hosts", "logs", "output", "trees"):
    importlib.import_module(module)


def run_case(number, function, program):
    """One line of TAP, and why."""
    name = function.__name__.replace("_", " ")
    try:
        function(program)
    except Skip as skip:
        print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        return True
    except Wrong as wrong:
        print(f"not ok {number} - {name}", flush=True)
        for line in str(wrong).splitlines():
            print(f"# {line}", flush=True)
        return False
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}", flush=True)
        for line in traceback.format_exc().splitlines():
            print(f"# {line}", flush=True)
        return False
    print(f"ok {number} - {name}", flush=True)
    return True


def main():
    """Runs the cases, each in a place of its own."""
    if len(sys.argv) < 2:
        print("usage: bad.py PROGRAM [CASE...]", file=sys.stderr)
        return 64
    wanted = set(sys.argv[2:])
    cases = [function for function in CASES if not wanted or wanted & {function.__name__, function.__module__}]
    if not cases:
        print("no such case", file=sys.stderr)
        return 64
    print(f"1..{len(cases)}", flush=True)
    good = True
    for number, function in enumerate(cases, 1):
        with tempfile.TemporaryDirectory(prefix="vfiotool-cli-", ignore_cleanup_errors=True) as place:
            good &= run_case(number, function, Program(sys.argv[1], Path(place)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
