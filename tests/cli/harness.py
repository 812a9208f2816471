# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the program as a user would, and looks at what it answers: status, output, one line of error."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "bench"))
# pylint: disable=wrong-import-position
import mksys

OK, FAILED, NO, UNKNOWN, USAGE, NO_TARGET, DENIED = 0, 1, 2, 3, 64, 66, 77
SANITIZER_STATUS = 86
SECONDS = 60
DEVICE = "0000:01:00.0"  # a NIC on its host driver, in every tree
SLOT = f"sys/bus/pci/devices/{DEVICE}"

CASES = []


class Skip(Exception):
    """What the case needs is not there."""


class Wrong(Exception):
    """The program did something else than documented."""


def case(function):
    """Registers a case; its name is the function's."""
    CASES.append(function)
    return function


def must(condition, what):
    """Not assert: it must hold under -O as well."""
    if not condition:
        raise Wrong(what)


@dataclass
class Answer:
    """What a run left behind."""

    argv: list
    status: int
    out: str
    err: str

    def json(self):
        """The document on stdout."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise Wrong(f"{self.argv}: no JSON: {error}") from error

    def must_be(self, *statuses):
        """The documented status, and nothing that looks like a crash."""
        must(self.status in statuses, f"{self.argv}: status {self.status}, not {statuses}; {self.err[-400:]}")
        return self

    def must_fail(self, status, *parts):
        """The documented status, no answer, and one line of error with @parts in it."""
        self.must_be(status)
        must(not self.out, f"{self.argv}: an answer with status {status}: {self.out[:200]!r}")
        must(self.err.startswith("vfiotool: ") and self.err.count("\n") == 1 and self.err.endswith("\n"),
             f"{self.argv}: not one line: {self.err!r}")
        must(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", self.err), f"{self.argv}: control characters: {self.err!r}")
        for part in parts:
            must(part in self.err, f"{self.argv}: no {part!r} in {self.err!r}")
        return self


class Program:
    """The program, and a place for files."""

    def __init__(self, path, place: Path):
        self.path, self.place = str(Path(path).resolve()), place
        self.number = 0

    def environment(self, extra):
        """The same everywhere."""
        ret = {key: value for key, value in os.environ.items()
               if key not in ("COLUMNS", "LINES", "NO_COLOR", "TERM", "TERMINAL_COLORS_DEBUG") and not key.startswith("LC_")}
        ret.update(LC_ALL="C.UTF-8", ASAN_OPTIONS=f"detect_leaks=1:malloc_context_size=8:exitcode={SANITIZER_STATUS}",
                   UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
        ret.update({key: value for key, value in extra.items() if value is not None})
        return ret

    def run(self, *argv, before=(), env=None, **options):
        """One run with a limit in time."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stdin", subprocess.DEVNULL)
        command = [*before, self.path, *map(str, argv)]
        try:
            done = subprocess.run(command, stderr=subprocess.PIPE, timeout=SECONDS,
                                  env=self.environment(env or {}), check=False, **options)
        except subprocess.TimeoutExpired as error:
            raise Wrong(f"{argv}: not done after {SECONDS} s") from error
        answer = Answer(list(argv), done.returncode, (done.stdout or b"").decode(errors="surrogateescape"),
                        done.stderr.decode(errors="surrogateescape"))
        check_sanitizers(answer)
        return answer

    def on(self, tree, *argv, **options):
        """One run about a tree or capture."""
        return self.run("--sysroot", tree, *argv, **options)

    def folder(self):
        """A new empty directory."""
        self.number += 1
        ret = self.place / str(self.number)
        ret.mkdir()
        return ret

    def tree(self, count=16, one_group=False, builtin=False):
        """A new tree with so many PCI functions; its kernel is small, since these cases make hundreds of trees."""
        ret = self.folder()
        mksys.Tree(ret, mksys.Plan(count, one_group), builtin, names=300).write()
        return ret


def check_sanitizers(answer):
    """No crash, no leak, no undefined behaviour."""
    found = re.search(r"(ERROR: \w+Sanitizer.*|runtime error:.*)", answer.err)
    must(not found and answer.status != SANITIZER_STATUS, f"{answer.argv}: {found and found.group(0)}\n{answer.err[-3000:]}")
    must(answer.status not in (-6, -7, -8, -11), f"{answer.argv}: signal {-answer.status}")


def write(path: Path, data):
    """Replaces a file, whatever was there."""
    remove(path)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def remove(path: Path):
    """Removes a file or a link."""
    if path.is_symlink() or path.exists():
        path.unlink()
