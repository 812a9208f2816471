#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Holds the documents of the commands that act to their schemas, as they end beside a kernel in memory: see tests/unit/documents.c.
Says TAP.

    documents.py PROGRAM
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import schema as json_schema

COMMANDS = ("attach", "irq", "monitor", "prove", "regions", "reset")


def documents(program: str):
    """(command, text) of each document that is not empty."""
    with tempfile.TemporaryDirectory(prefix="vfiotool-documents-") as place:
        for folder in ("sys", "proc"):
            (Path(place) / folder).mkdir()
        out = subprocess.run([program, place], check=True, text=True, capture_output=True).stdout
    for part in out.split("\n.\n")[:-1]:
        command, _, text = part.partition("\n")
        if text.strip():
            yield command, text


def main() -> int:
    """A point for each command."""
    count, problems = Counter(), {command: [] for command in COMMANDS}
    for command, text in documents(sys.argv[1]):
        count[command] += 1
        try:
            problems[command] += json_schema.Checker.named(command).check(json.loads(text))
        except ValueError as error:
            problems[command].append(f"no JSON: {error}")
    for number, command in enumerate(COMMANDS, 1):
        bad = sorted(set(problems[command])) or ([] if count[command] else ["no document"])
        print(f"{'not ok' if bad else 'ok'} {number} - {count[command]} documents of {command} by the schema")
        print("".join(f"# {line}\n" for line in bad[:20]), end="")
    print(f"1..{len(COMMANDS)}")
    return any(problems.values()) or len(count) < len(COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
