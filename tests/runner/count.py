# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns what tests print into counts: TAP, cmocka's own output, and meson's log of a whole run."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

TAP_POINT = re.compile(r"^\s*(not )?ok\b(?:\s+\d+)?(.*)$")
CMOCKA_POINT = re.compile(r"^\[\s*(OK|FAILED|SKIPPED|ERROR)\s*\] (\S+)\s*$")
CMOCKA_GOOD = re.compile(r"^\[\s*(RUN|OK)\s*\] ")
CMOCKA_WORDS = {"OK": "passed", "FAILED": "failed", "ERROR": "failed", "SKIPPED": "skipped"}
MESON_WORDS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


@dataclass
class Count:
    """How many points passed, failed, were skipped; and what is worth telling of those that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)
    skips: list = field(default_factory=list)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.skips += other.skips
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    @property
    def total(self) -> int:
        """All points."""
        return self.passed + self.failed + self.skipped

    def fail(self, text: str) -> None:
        """One more failure."""
        self.failed += 1
        self.failures.append(text)

    def skip(self, text: str) -> None:
        """One more point that was not run, and why."""
        self.skipped += 1
        self.skips.append(text)


def tap_line(line: str, count: Count) -> bool:
    """Counts @line if it is a test point of TAP."""
    found = TAP_POINT.match(line)
    if not found:
        return False
    bad, rest = found.groups()
    if re.search(r"#\s*skip", rest, re.I):
        count.skip(rest.strip(" -"))
    elif bad and not re.search(r"#\s*todo", rest, re.I):
        count.fail(rest.strip(" -"))
    else:
        count.passed += 1
    return True


def tap(text: str) -> Count:
    """The points of a whole TAP stream; a plan that is not kept is a failure."""
    count, plan = Count(), None
    for line in text.splitlines():
        found = re.match(r"^1\.\.(\d+)", line)
        if found:
            plan = int(found.group(1))
            if plan == 0:
                count.skip(line.partition("#")[2].strip() or "nothing planned")
                return count
        tap_line(line, count)
    if plan is None:
        count.fail("no plan: the stream ended early")
    elif plan != count.total:
        count.fail(f"{plan} points planned, {count.total} seen")
    return count


def cmocka(text: str) -> Count:
    """The points of cmocka's standard output; a test it names twice (once more in its summary) counts once."""
    count, seen = Count(), {}
    for line in text.splitlines():
        found = CMOCKA_POINT.match(line)
        if found and not found.group(2).isdigit():
            seen[found.group(2)] = CMOCKA_WORDS[found.group(1)]
    for name, word in seen.items():
        if word == "failed":
            count.fail(name)
        elif word == "skipped":
            count.skip(name)
        else:
            count.passed += 1
    return count


def meson_test(entry: dict) -> Count:
    """One test of meson's testlog.json."""
    out, name = entry.get("stdout", ""), entry["name"]
    result = MESON_WORDS.get(entry["result"], "failed")
    if re.search(r"^1\.\.\d+", out, re.M):
        count = tap(out)
    else:
        count = cmocka(out + "\n" + entry.get("stderr", ""))
    if not count.total:
        count = Count()
        if result == "failed":
            count.fail("")
        elif result == "skipped":
            count.skip((out.strip().splitlines() or [""])[-1])
        else:
            count.passed = 1
    if result == "failed" and not count.failed:
        count.fail(f"every point passed, yet it ended with {entry['result']} ({entry.get('returncode')})")
    elif result != "failed" and count.failed:
        count.fail(f"a point failed, yet meson says {entry['result']}")
    count.failures = [f"{name}: {text}" if text else name for text in count.failures]
    count.skips = [f"{name}: {text}" if text else name for text in count.skips]
    return count


def relevant(text: str) -> str:
    """Of a TAP stream the bad points with what is said about them; of other text all but cmocka's good tests."""
    kept, keep = [], False
    for line in text.splitlines():
        if TAP_POINT.match(line):
            keep = line.lstrip().startswith("not ok")
        if keep:
            kept.append(line)
    return "\n".join(kept or (line for line in text.splitlines() if not CMOCKA_GOOD.match(line)))


def meson_log(path: Path):
    """(count, [(name, text) of what failed]) of a testlog.json."""
    count, details = Count(), []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        entry = json.loads(line)
        one = meson_test(entry)
        count += one
        if one.failed:
            text = relevant(entry.get("stdout", "")) + "\n" + entry.get("stderr", "")
            details.append((entry["name"], text.strip()))
    return count, details
