#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
What 'vfiotool check' says of hosts, and of the definitions of virtual machines, each broken in one known way. checks.toml beside
the definitions has a capture, the answers that are changed in it, and the results that must come; says TAP.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import schema as json_schema

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
MACHINES = CAPTURES / "vm"
LIMIT_S = 60
STATUS = {"pass": 0, "warn": 0, "fail": 2, "unknown": 3}


def changed(case: dict) -> str:
    """The capture with other answers: "VERB PATH" -> text, or "!ERRNO"."""
    lines = (CAPTURES / f"{case['capture']}.capture").read_text(encoding="utf-8").splitlines()
    for key, value in case.get("change", {}).items():
        question = key.split(" ", 1)
        lines = [line for line in lines if not line.startswith("[") or json.loads(line)[:2] != question]
        lines.append(json.dumps([*question, None, value[1:]] if value.startswith("!") else [*question, value]))
    return "\n".join(lines) + "\n"


def result_text(result: dict) -> str:
    """ANSWER CHECK, then the device and the line where there are any."""
    return " ".join(str(result[key]) for key in ("answer", "check", "device", "line") if result[key] is not None)


def judge(tool, case: dict, place: Path):
    """Why a case is not as it must be."""
    capture = place / "changed.capture"
    capture.write_text(changed(case), encoding="utf-8")
    argv = ["check", "--json", *case.get("run", [])]
    for name in case.get("vm", []):
        argv += ["--vm", name]
    env = {"LC_ALL": "C.UTF-8", "TERM": "dumb", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    env |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
    done = subprocess.run([*tool, "--sysroot", str(capture), *argv], env=env, capture_output=True, timeout=LIMIT_S,
                          check=False, stdin=subprocess.DEVNULL, cwd=MACHINES)
    if "error" in case:
        said = done.stderr.decode(errors="backslashreplace")
        return [] if case["error"] in said and done.returncode == case["status"] else [f"status {done.returncode}: {said}"]
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return [f"status {done.returncode}, not JSON: {done.stderr.decode(errors='backslashreplace')}"]
    problems = json_schema.Checker.named("check").check(document)[:10]
    have = [result_text(result) for result in document["results"]]
    wants, lacks = case.get("wants", []), case.get("lacks", [])
    problems += [f"no result '{want}'" for want in wants if want not in have]
    problems += [f"also '{one}': {result['text']}" for one, result in zip(have, document["results"])
                 if result["answer"] == "fail" and one not in wants]
    problems += [f"has '{one}'" for one in have if any(one.startswith(word) for word in lacks)]
    texts = " ".join(result["text"] + " ".join(f" {step['what']} {step['command']}" for step in result["plan"])
                     for result in document["results"])
    problems += [f"does not say '{word}'" for word in case.get("says", []) if word not in texts]
    if done.returncode != STATUS[document["answer"]]:
        problems.append(f"status {done.returncode} with answer {document['answer']}")
    return problems + ([f"has {have}"] if problems else [])


def main():
    """Runs all cases; a definition without one is a mistake."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="those with this in their name")
    parser.add_argument("tool", nargs="+", help="vfiotool, and what stands before its arguments")
    args = parser.parse_args()
    tool = [str(Path(args.tool[0]).resolve()), *args.tool[1:]]
    cases = tomllib.loads((MACHINES / "checks.toml").read_text(encoding="utf-8"))["check"]
    names = {name for case in cases for name in case.get("vm", [])}
    unused = {path.name for path in MACHINES.iterdir() if path.is_file() and path.suffix not in (".toml", ".cfg")} - names
    results = [("each definition is checked", [f"nothing checks {name}" for name in sorted(unused)])]
    with tempfile.TemporaryDirectory(prefix="vfiotool-checks-") as place:
        for case in cases:
            if args.only is None or args.only in case["name"]:
                results.append((case["name"], judge(tool, case, Path(place))))
    for number, (name, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for line in problems:
            print(f"# {line}")
    print(f"1..{len(results)}")
    return any(problems for _, problems in results)


if __name__ == "__main__":
    sys.exit(main())
