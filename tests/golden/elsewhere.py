#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Asks each capture what another kernel decides there, and holds it against what that kernel did in a guest of the same scenario; says TAP.
The captures are of kernels that were built alike. To be unknown is no contradiction, a refusal without its step is none of a refusal.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CAPTURES = Path(__file__).resolve().parent.parent / "captures/between"
LIMIT_S = 120


def contradictions(device, truth):
    """What the prediction says that the kernel did not do, and how many answers there were."""
    problems, nr = [], 0
    reasons = {path["path"]: path["because"] for path in device["not_offered"]}
    for view, paths in (("now", device["paths"]), ("bound", device["if_bound"]["paths"])):
        said = {path["path"]: path for path in paths}
        for name, want in truth[view].items():
            path = said.get(name) or {"answer": "no", "op": None, "errno": None, "because": reasons.get(name)}
            if path["answer"] == "unknown":
                continue
            nr += 1
            have = "ok" if path["answer"] == "yes" else f"{path['op']} {path['errno']}"
            open_end = path["answer"] == "no" and path["errno"] is None
            if have != want and not (open_end and want != "ok" and path["op"] in (None, want.split()[0])):
                problems.append(f"{view}.{name}: predicted {have} ({path['because']}), the kernel did {want}")
    return problems, nr


def ask(tool, capture: Path, kernel: str, other: Path):
    """The contradictions of @capture with what @kernel did, and the number of answers."""
    truth = json.loads(other.with_suffix(".outcome.json").read_text(encoding="utf-8"))
    assumed = [f"--assume={item}" for item in truth["assume"]]
    done = subprocess.run([*tool, "--sysroot", str(capture), "inspect", "--json", "--kernel", kernel, *assumed, truth["target"]],
                          check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    if done.returncode:
        return [f"status {done.returncode}: {done.stderr.decode(errors='backslashreplace')}"], 0
    return contradictions(json.loads(done.stdout)["devices"][0], truth)


def main() -> int:
    """A test for each scenario that has captures of several kernels."""
    tool = sys.argv[1:]
    scenarios = {}
    for capture in sorted(CAPTURES.glob("*.capture")):
        name, kernel = capture.stem.rsplit("-", 1)
        scenarios.setdefault(name, {})[kernel] = capture
    pairs = [(name, mine, kernel, other) for name, kernels in scenarios.items() for mine in kernels.values()
             for kernel, other in kernels.items() if other != mine]
    print(f"1..{len(pairs) + 1}")
    failed = answers = 0
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda pair: ask(tool, *pair[1:]), pairs)
        for number, ((_, mine, kernel, _), (problems, nr)) in enumerate(zip(pairs, results), 1):
            answers += nr
            failed += bool(problems)
            print(f"{'not ok' if problems else 'ok'} {number} - {mine.stem} as Linux {kernel} decides", flush=True)
            for line in problems:
                print(f"# {line}")
    enough = answers > 6 * len(pairs)
    print(f"{'ok' if enough else 'not ok'} {len(pairs) + 1} - most are answered: {answers}")
    return 1 if failed or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
