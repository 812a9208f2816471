#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
What people met, as captures made by hand after their reports: each must be answered as the report turned out. cases.toml beside
the captures has the commands and what they must say; says TAP.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from pathlib import Path

CASES = Path(__file__).resolve().parent.parent / "captures/cases"
LIMIT_S = 60


def run(tool, capture: Path, arguments):
    """What one command prints, on a wide terminal, with blanks as one, and its status."""
    env = {"COLUMNS": "200", "LC_ALL": "C.UTF-8", "TERM": "dumb", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    env |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
    done = subprocess.run([*tool, "--sysroot", str(capture), *arguments], env=env, capture_output=True, timeout=LIMIT_S,
                          check=False, stdin=subprocess.DEVNULL)
    return " ".join((done.stdout + done.stderr).decode(errors="backslashreplace").split()), done.returncode


def judge(tool, case: dict):
    """Why a case is not as it must be."""
    text, status = run(tool, CASES / f"{case['capture']}.capture", case["run"])
    problems = [] if status == case.get("status", 0) else [f"status {status}: {text}"]
    problems += [f"does not say {word!r}: {text}" for word in case.get("says", []) if word not in text]
    problems += [f"says {word!r}: {text}" for word in case.get("lacks", []) if word in text]
    return problems


def main():
    """Runs all cases; a capture without one is a mistake."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", nargs="+", help="vfiotool, and what stands before its arguments")
    args = parser.parse_args()
    cases = tomllib.loads((CASES / "cases.toml").read_text(encoding="utf-8"))["case"]
    results = [(f"{case['capture']}: {' '.join(case['run'])}", judge(args.tool, case)) for case in cases]
    unused = {path.stem for path in CASES.glob("*.capture")} - {case["capture"] for case in cases}
    results.append(("each capture is asked", [f"nothing asks {name}" for name in sorted(unused)]))
    for number, (name, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for line in problems:
            print(f"# {line}")
    print(f"1..{len(results)}")
    return any(problems for _, problems in results)


if __name__ == "__main__":
    sys.exit(main())
