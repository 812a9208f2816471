# SPDX-License-Identifier: GPL-2.0-or-later
"""
Holds every JSON document that a script had vfiotool print to its published schema. rig/guest/acting.sh sends them by themselves:
document.COMMAND.NUMBER.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests/golden"))

import schema as json_schema  # noqa: E402  pylint: disable=wrong-import-position

SHOWN = 5


def problems(command: str, text: str):
    """What is not as the schema of @command says; monitor prints a document a line."""
    command = json_schema.SAME.get(command, command)
    checker = json_schema.Checker.named(command)
    for one in text.splitlines() if command == "monitor" else [text]:
        try:
            yield from checker.check(json.loads(one))[:SHOWN]
        except ValueError as error:
            yield f"no JSON ({error})"


def judge_part(part):
    """All that the guest sent of one scenario."""
    for name in sorted(part.files):
        if name.startswith("document."):
            yield from (f"{name}: {problem}" for problem in problems(name.split(".")[1], part.text(name)))
