#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Replays each capture through list and inspect and compares with the expected files beside this one; says TAP. With --update
the files are written instead: read the difference before committing it.
"""

import argparse
import csv
import difflib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import schema as json_schema

HERE = Path(__file__).resolve().parent
CAPTURES = HERE.parent / "captures"
README = HERE.parents[1] / "README.md"
NO_TARGET = 66
# README shows what commands print of these, of the first one that has the device.
README_CAPTURES = (HERE.parent / "examples/sibling-host.capture", CAPTURES / "groups-shared.capture")
EXPECTED = HERE / "expected"
LIMIT_S = 120
# Name of the expected file -> arguments, columns of the terminal.
REPORTS = {
    "list.80.txt": (["list"], 80),
    "list.200.txt": (["list"], 200),
    "tree.80.txt": (["list", "--tree", "-o", "ADDRESS,GROUP,KIND,ISOLATES,DRIVER,NOW,AFTER"], 80),
    "because.80.txt": (["list", "-o", "address,now,because,after,because_bound"], 80),
    "table.80.txt": (["inspect"], 80),
    "inspect.80.txt": (["inspect", "-v"], 80),
    "inspect.200.txt": (["inspect", "-v"], 200),
    "kernels.80.txt": (["inspect", "--all-kernels", "--path", "container"], 80),
    "inspect.json": (["inspect", "--json"], 80),
}
# Of a capture taken in a guest, with its true outcome beside it: only what concerns the target.
GUEST_REPORTS = {
    "list.80.txt": (["list"], 80),
    "because.80.txt": (["list", "-o", "address,now,because,after,because_bound"], 80),
    "brief.80.txt": (["inspect", "TARGET"], 80),
    "inspect.80.txt": (["inspect", "-v", "TARGET"], 80),
    "kernels.80.txt": (["inspect", "--all-kernels", "--path", "container", "TARGET"], 80),
    "plan.80.txt": (["plan", "TARGET"], 80),
    "plan.json": (["plan", "--json", "TARGET"], 80),
}
# Of a capture of cards that share a group, while a slot is free.
GROUP_REPORTS = {
    "explain.80.txt": (["explain", "--slots"], 80),
    "tree.80.txt": (["list", "--tree"], 80),
    "whatif.80.txt": (["explain", "--move", "01:00.0=00:02.0"], 80),
    "p2p.80.txt": (["explain", "--p2p", "01:00.0", "02:00.0"], 80),
    "picture.svg": (["explain", "--svg"], 80),
    "graph.dot": (["explain", "--dot"], 80),
    "prove.100.txt": (["prove", "--list"], 100),
    "plan.80.txt": (["plan", "01:00.0"], 80),
}
# Two captures, and what their comparison is called.
DIFFERENCES = {
    "another-kernel": ("vm-intel-on-5.10", "vm-intel-on-6.12"),
    "remapping-and-driver": ("vm-intel-noremap-6.1", "vm-sibling-host-6.1"),
    "groups-split": ("groups-shared", "groups-override"),
    "another-host": ("vm-amd-on-7.3", "vm-arm64-no-msi-arm64-6.1"),
}
# Captures of a fleet, and what their comparison is called.
FLEETS = {
    "intel": ("vm-intel-noremap-6.1", "vm-intel-noremap-small-7.3", "vm-intel-on-5.10", "vm-intel-on-6.12", "vm-intel-on-7.3",
              "vm-sibling-host-5.10", "vm-sibling-host-6.1", "vm-type1-absent-6.1", "edge-no-iommu"),
    "alike": ("vm-intel-on-5.10", "vm-intel-on-6.12", "vm-intel-on-7.3"),
    "groups": ("groups-shared", "groups-override"),
}
# Of a capture made with --in-use: what bind would do and what stands in its way, which is status 5.
GUARD_REPORTS = {
    "bind.80.txt": (["bind", "--dry-run", "0000:00:02.0", "0000:00:03.0", "0000:00:14.0", "0000:02:00.0", "0000:03:00.0",
                     "0000:04:00.0"], 80),
}


def run(tool, arguments, columns, where=None):
    """Output, messages and status of one run, in the folder @where."""
    env = {"COLUMNS": str(columns), "LC_ALL": "C.UTF-8", "TERM": "dumb", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    done = subprocess.run([*tool, *arguments], env=env, capture_output=True, timeout=LIMIT_S, check=False,
                          stdin=subprocess.DEVNULL, cwd=where)
    return done.stdout, done.stderr.decode(errors="backslashreplace"), done.returncode


def difference(want: bytes, have: bytes, name: str):
    """The first lines that differ, for a person."""
    lines = difflib.unified_diff(want.decode(errors="backslashreplace").splitlines(),
                                 have.decode(errors="backslashreplace").splitlines(), f"expected {name}", "printed",
                                 lineterm="", n=1)
    return list(lines)[:40]


def cell_of(value):
    """The cells of a table that say what JSON says."""
    if value is None:
        return ("", "?")
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    text = " ".join(value) if isinstance(value, list) else str(value)
    escaped = re.sub("[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]",
                     lambda found: "".join(f"\\x{byte:02x}" for byte in found[0].encode()), text)
    return (text, text.removeprefix("0x"), escaped)


class Golden:
    """The run over all captures."""

    def __init__(self, tool, update: bool, schemas: bool):
        self.tool, self.update, self.schemas = tool, update, schemas
        self.count, self.failed = 0, 0

    def say(self, name: str, problems) -> None:
        """One TAP line, and why it is not ok."""
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}", flush=True)
        for line in problems:
            print(f"# {line}")

    def truth(self, capture: Path) -> None:
        """Of a capture whose reports nobody reads: only that the prediction is what the kernel did."""
        truth = json.loads(capture.with_suffix(".outcome.json").read_text(encoding="utf-8"))
        problems = self._check_truth(capture, truth, [])
        if truth["assume"]:
            assumed = [f"--assume={item}" for item in truth["assume"]]
            problems += self._check_truth(capture, {**truth, "unknown": []}, assumed)
        self.say(f"{capture.stem} as the kernel decided", problems)

    def _compare(self, path: Path, have: bytes):
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(have)
            return []
        if not path.exists():
            return [f"{path.relative_to(HERE)} does not exist: --update writes it"]
        return difference(path.read_bytes(), have, path.name)

    def capture(self, capture: Path) -> None:
        """All reports of one capture."""
        outcome = capture.with_suffix(".outcome.json")
        truth = json.loads(outcome.read_text(encoding="utf-8")) if outcome.exists() else None
        for name, (arguments, columns) in self._reports(capture, truth).items():
            arguments = [truth["target"] if word == "TARGET" else word for word in arguments]
            out, err, status = run(self.tool, ["--sysroot", str(capture), *arguments], columns)
            # The status of a plan is its answer.
            problems = [f"status {status}"] if status not in ((0, 2, 3) if arguments[0] == "plan" else (0,)) else []
            problems += [f"stderr: {line}" for line in err.splitlines()]
            if not problems and name.endswith(".json"):
                problems = self._check_json(out, arguments[0])
            if not problems:
                problems = self._check_text(out, name) + self._compare(EXPECTED / capture.stem / name, out)
            self.say(f"{capture.stem} {name}", problems)
        for name, (arguments, columns) in (GUARD_REPORTS if capture.stem.endswith("in-use") else {}).items():
            out, err, status = run(self.tool, ["--sysroot", str(capture), *arguments], columns)
            problems = [f"status {status} instead of 5"] if status != 5 else []
            problems += [f"stderr: {line}" for line in err.splitlines()]
            self.say(f"{capture.stem} {name}",
                     problems or self._check_text(out, name) + self._compare(EXPECTED / capture.stem / name, out))
        out, err, status = run(self.tool, ["--sysroot", str(capture), "inspect", "--json", "--all-kernels", "--kernel", "patched",
                                           "--assume", "interrupt_remapping=1"], 80)
        problems = [f"status {status}: {err}"] if status else self._check_json(out)
        self.say(f"{capture.stem} every kernel, what if, by the schema", problems)
        for arguments in (["list", "--output-all", "--json"], ["list", "--tree", "--json"]):
            out, err, status = run(self.tool, ["--sysroot", str(capture), *arguments], 80)
            problems = [f"status {status}: {err}"] if status else self._check_json(out, "list")
            self.say(f"{capture.stem} {' '.join(arguments)}, by the schema", problems)
        self.say(f"{capture.stem} in CSV, the same as in JSON", self._check_csv(capture))
        self.say(f"{capture.stem} summary, by the schema, as the list", self._check_summary(capture))
        self.say(f"{capture.stem} explained, by the schema, without a contradiction", self._check_groups(capture))
        if truth:
            self.say(f"{capture.stem} as the kernel decided", self._check_truth(capture, truth, []))
            if truth["assume"]:
                assumed = [f"--assume={item}" for item in truth["assume"]]
                self.say(f"{capture.stem} as the kernel decided, its claims assumed",
                         self._check_truth(capture, {**truth, "unknown": []}, assumed))

    @staticmethod
    def _reports(capture: Path, truth):
        if capture.stem.startswith("groups-"):
            return GROUP_REPORTS
        return GUEST_REPORTS if truth else REPORTS

    def _check_csv(self, capture: Path):
        """Where a table of all columns in CSV, read by a program, is not what JSON has."""
        have = run(self.tool, ["--sysroot", str(capture), "list", "-a", "-O", "--csv"], 80)
        want = run(self.tool, ["--sysroot", str(capture), "list", "-a", "-O", "--json"], 80)
        if have[1] or have[2] or want[2]:
            return [f"status {have[2]}: {have[1]}"]
        lines = have[0].decode()
        rows, devices = list(csv.reader(io.StringIO(lines, newline=""), strict=True)), json.loads(want[0])["devices"]
        problems = [] if lines.count("\r\n") == lines.count("\n") == len(devices) + 1 else ["not one line with CR LF for each record"]
        for row, device in zip(rows[1:], devices):
            problems += [f"{device['address']}: {key} is '{cell}' and {value!r}"
                         for cell, (key, value) in zip(row, device.items(), strict=True) if cell not in cell_of(value)]
        return problems[:20]

    def _check_summary(self, capture: Path):
        """Lines that are short, as the schema says, with the answers that a list has."""
        out, err, status = run(self.tool, ["--sysroot", str(capture), "inspect", "--json=summary"], 80)
        problems = [f"status {status}: {err}"] if status or err else self._check_json(out, "summary")
        if problems:
            return problems
        lines = [line.strip().rstrip(",") for line in out.decode().splitlines() if line.startswith('    {"')]
        listed = run(self.tool, ["--sysroot", str(capture), "list", "--json", "-o", "address,verdict_now,verdict,rule,rule_bound"], 80)[0]
        for line, row in zip(lines, json.loads(listed)["devices"], strict=True):
            one = json.loads(line)
            have = [one["address"], one["now"]["answer"], one["after"]["answer"], one["now"]["rule"], one["after"]["rule"]]
            problems += [f"{have}, listed as {row}"] if have != list(row.values()) else []
            problems += [f"{one['address']}: {len(line)} bytes"] if len(line) > 1536 else []
        return problems

    def _check_groups(self, capture: Path):
        """Groups may be unknown, where the capture lacks what they take, but never other than the kernel's."""
        out, err, status = run(self.tool, ["--sysroot", str(capture), "explain", "--json"], 80)
        problems = [f"status {status}: {err}"] if status not in (0, 3) else self._check_json(out, "explain")
        if problems:
            return problems
        return [f"group {group['group']}: computed {group['computed']}, the kernel has {group['devices']}"
                for group in json.loads(out)["groups"] if group["agrees"] is False]

    def _check_truth(self, capture: Path, truth: dict, assumed):
        """Where the prediction from the capture is not what the kernel did in the guest it was taken in."""
        out, err, status = run(self.tool, ["--sysroot", str(capture), "inspect", "--json", *assumed, truth["target"]], 80)
        problems = [f"status {status}: {err}"] if status else self._check_json(out)
        if problems:
            return problems
        document = json.loads(out)
        if truth["kernel"] not in document["kernel"]["generations"]:
            problems.append(f"generations {document['kernel']['generations']} without {truth['kernel']}")
        device = document["devices"][0]
        for view, paths in (("now", device["paths"]), ("bound", device["if_bound"]["paths"])):
            for path in paths:
                want = truth[view].get(path["path"])
                open_end = path["answer"] == "unknown" or (path["answer"] == "no" and path["errno"] is None)
                have = "ok" if path["answer"] == "yes" else f"{path['op']} {path['errno']}"
                if open_end and f"{view}.{path['path']}" in truth["unknown"]:
                    continue
                if want and have != want:
                    problems.append(f"{view}.{path['path']}: predicted {have} ({path['because']}), the kernel did {want}")
        return problems

    def _check_json(self, out: bytes, name: str = "inspect"):
        try:
            document = json.loads(out)
            return json_schema.Checker.named(name).check(document)[:20] if self.schemas else []
        except ValueError as error:
            return [f"not JSON: {error}"]

    @staticmethod
    def _check_text(out: bytes, name: str):
        """Nothing that a terminal would act on, no blanks at the end of a line; in short means a screen."""
        lines = out.count(b"\n")
        problems = [f"{name}: {lines} lines, at most 24"] if name.startswith("brief") and lines > 24 else []
        for number, line in enumerate(out.decode(errors="backslashreplace").split("\n"), 1):
            if any(ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 for c in line):
                problems.append(f"{name}:{number}: a control character")
            if line.endswith(" "):
                problems.append(f"{name}:{number}: blanks at the end")
        return problems[:10]

    def differences(self) -> None:
        """What diff says of two captures, and that it finds nothing between a capture and itself."""
        for name, pair in DIFFERENCES.items():
            before, after = (f"{stem}.capture" for stem in pair)
            for file, arguments in (("80.txt", []), ("json", ["--json"])):
                out, err, status = run(self.tool, ["diff", *arguments, before, after], 80, CAPTURES)
                problems = [f"status {status}: {err}"] if status != 2 or err else []
                if not problems:
                    problems = self._check_json(out, "diff") if file == "json" else self._check_text(out, name)
                self.say(f"diff {name} {file}", problems or self._compare(EXPECTED / "diff" / f"{name}.{file}", out))
            for path in (before, after):
                out, err, status = run(self.tool, ["diff", path, path], 80, CAPTURES)
                self.say(f"diff {name}: nothing", [f"status {status}: {out.decode()} {err}"] if status or err else [])

    def fleets(self) -> None:
        """What compare says of several captures, whatever the number of processes that read them."""
        for name, stems in FLEETS.items():
            files = [f"{stem}.capture" for stem in stems]
            for file, arguments in (("80.txt", []), ("json", ["--json"]), ("csv", ["--csv"])):
                out, err, status = run(self.tool, ["compare", *arguments, *files], 80, CAPTURES)
                problems = [f"status {status}: {err}"] if status != (0 if name == "alike" else 2) or err else []
                if not problems:
                    problems = self._check_json(out, "compare") if file == "json" else self._check_text(out.replace(b"\r", b""), name)
                self.say(f"compare {name} {file}", problems or self._compare(EXPECTED / "compare" / f"{name}.{file}", out))
                for jobs in ("1", "5"):
                    again = run(self.tool, ["compare", "--jobs", jobs, *arguments, *reversed(files)], 80, CAPTURES)
                    self.say(f"compare {name} {file} by {jobs}", [] if again == (out, err, status) else difference(out, again[0], name))

    def introspection(self) -> None:
        """The schema describes exactly the members that the program says it prints, in its order."""
        out, _, status = run(self.tool, ["--introspect"], 80)
        if status:
            self.say("schema and --introspect", [f"--introspect: status {status}"])
            return
        problems = []
        known = json.loads(out)
        columns = [column for command in known["commands"] for column in command["columns"] if command["name"] == "list"]
        for name, fields in {**known["documents"], "list": columns}.items():
            have, want = [field["key"] for field in fields], json_schema.described_keys(name)
            if have != want:
                problems.append(f"{name}: the program has {have}, the schema {want}")
        self.say("schemas and --introspect", problems)
        printing = {command["name"] for command in known["commands"]
                    if any(option["name"] == "json" for option in command["options"])} | {"monitor", "summary", "map-bench"}
        self.say("schemas stand alone", json_schema.dependent(sorted(json_schema.SAME.get(name, name) for name in printing)))
        out, err, status = run(self.tool, ["rules", "--json"], 80)
        self.say("rules by the schema", [f"status {status}: {err}"] if status else self._check_json(out, "rules"))


    def readme(self) -> None:
        """What README shows of a command is what it prints of a capture; '...' leaves lines out."""
        shown = re.findall(r"^    # vfiotool (.+)\n((?:    (?!#).+\n)+)", README.read_text(encoding="utf-8"), re.M)
        for words, excerpt in shown:
            for capture in README_CAPTURES:
                out, err, status = run(self.tool, ["--sysroot", str(capture), *shlex.split(words)], 80)
                if status != NO_TARGET:
                    break
            text, problems = out.decode(), [f"stderr: {line}" for line in err.splitlines()]
            for part in filter(None, re.split(r"^ *\.\.\.\n", re.sub(r"^    ", "", excerpt, flags=re.M), flags=re.M)):
                _, found, text = text.partition(part)
                problems += [] if found else [f"not printed, or not in this order: {line}" for line in part.splitlines()]
            self.say(f"README: vfiotool {words}", problems)
        self.say("README shows what a command prints", [] if shown else ["none was found"])


def main():
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the expected files")
    parser.add_argument("--only", metavar="NAME", help="one capture")
    parser.add_argument("--no-schemas", action="store_true", help="hold no document to its schema, which takes most of the time")
    parser.add_argument("tool", nargs="+", help="vfiotool, and what stands before its arguments")
    args = parser.parse_args()
    captures = sorted(path for path in CAPTURES.glob("*.capture") if args.only in (None, path.stem))
    tool = [str(Path(word).resolve()) if Path(word).is_file() else word for word in args.tool]
    golden = Golden(tool, args.update, not args.no_schemas)
    for capture in captures:
        golden.capture(capture)
    between = sorted(path for path in (CAPTURES / "between").glob("*.capture") if args.only in (None, path.stem))
    for capture in between:
        golden.truth(capture)
    golden.differences()
    golden.fleets()
    golden.introspection()
    golden.readme()
    golden.say("there are captures", [] if captures or between else ["none was found"])
    print(f"1..{golden.count}")
    return golden.failed > 0


if __name__ == "__main__":
    sys.exit(main())
