#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
What COMPATIBILITY.md promises to scripts is still there: commands, options, columns, members of JSON, rules, safety checks,
symptoms and exit statuses, as promised.txt beside this file lists them. Says TAP.

    promises.py PROGRAM            whether each line of the list holds, and whether what is new stands in it
    promises.py --update PROGRAM   adds what is new; it never takes a line out
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LIST = HERE / "promised.txt"
HEADER = """# SPDX-License-Identifier: GPL-2.0-or-later
# What was promised to scripts, one a line: kind, then name. A line goes only in a release that may break it: see COMPATIBILITY.md.
"""
sys.path.insert(0, str(ROOT / "src/report"))

import publish  # noqa: E402  pylint: disable=wrong-import-position


def members(schema, path: str = ""):
    """Each member with its type, by its path: "devices[].address string". A part that several use stands for itself."""
    if "$ref" in schema:
        yield f"{path} {schema['$ref'].removeprefix('#/$defs/')}"
    for choice in schema.get("oneOf", []) + schema.get("anyOf", []):
        yield from members(choice, path)
    kind = schema.get("type")
    if path and kind and kind != "null":
        yield f"{path} {kind if isinstance(kind, str) else '|'.join(kind)}"
    if isinstance(schema.get("items"), dict):
        yield from members(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from members(schema["additionalProperties"], f"{path}{{}}")
    for name, value in schema.get("properties", {}).items():
        yield from members(value, f"{path}.{name}" if path else name)


def documents():
    """The members of all documents, and of the parts that they use."""
    for name in publish.names():
        schema = publish.schema(name)
        number = schema.get("properties", {}).get("schema", {}).get("const", 1)
        yield from (f"json {name} {number} {line}" for line in members(schema))
        for part, of_part in schema.get("$defs", {}).items():
            yield from (f"part {part} {line}" for line in members(of_part))


def present(program: str) -> set:
    """What there is now, as lines of the list."""
    said = json.loads(subprocess.run([program, "--introspect"], check=True, capture_output=True).stdout)
    symptoms = json.loads(subprocess.run([program, "rules", "--symptoms", "--json"], check=True, capture_output=True).stdout)["symptoms"]
    lines = {f"option --{option['name']}" for option in said["options"] if not option["hidden"]}
    for command in said["commands"]:
        lines.add(f"command {command['name']}")
        for option in command["options"]:
            if not option["hidden"]:
                lines.add(f"option {command['name']} --{option['name']}")
                lines |= {f"option {command['name']} -{option['short']}"} if option["short"] else set()
        lines |= {f"column {command['name']} {column['name']} {column['key']}" for column in command.get("columns") or []}
    lines |= {f"rule {rule['id']}" for rule in said["rules"]}
    lines |= {f"check {guard['name']}" for guard in said["guards"]}
    lines |= {f"symptom {symptom['id']}" for symptom in symptoms}
    lines |= set(documents())
    enumerators = (ROOT / "src/base/failure.h").read_text(encoding="utf-8")
    lines |= {f"status {value} {name}" for name, value in re.findall(r"^\s*STATUS_(\w+)\s*=\s*(\d+)", enumerators, re.M)}
    return lines


def promised() -> set:
    """The lines of the list."""
    return {line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def main() -> int:
    """Compares, or adds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("program")
    args = parser.parse_args()
    now, then = present(args.program), promised() if LIST.exists() else set()
    if args.update:
        LIST.write_text(HEADER + "".join(f"{line}\n" for line in sorted(now | then)), encoding="utf-8")
        return 0
    gone, new = sorted(then - now), sorted(now - then)
    print(f"{'not ok' if gone else 'ok'} 1 - {len(then)} promises hold")
    for line in gone:
        print(f"# '{line}' is gone or has another name or type, and scripts rely on it: keep it. If it must go, announce it in "
              "CHANGELOG.md under Changed, keep it for one MINOR release, raise 'schema' of a document, then take the line out of "
              "tests/golden/promised.txt.")
    print(f"{'not ok' if new else 'ok'} 2 - what is new is promised")
    for line in new:
        print(f"# '{line}' is new: run tests/golden/promises.py --update, and read it once more: it stays.")
    print("1..2")
    return bool(gone or new)


if __name__ == "__main__":
    sys.exit(main())
