#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Writes a published schema, which stands alone, from NAME.schema.json beside this file and the parts that several share.

    publish.py NAME       prints it

A file says only what is its own. 'members' are those of an object, all of them required; each is a schema, or a word: a type of JSON
or a part, with [] or {} behind it an array or an object of such, and at the end ? where null may stand for it. 'extends' names the
part whose members come first.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEAD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$comment": "SPDX-License-Identifier: GPL-2.0-or-later",
    "title": "",
    "description": "Members are only ever added. null is 'unknown' or 'there is none'.",
}
TYPES = {"string", "integer", "boolean"}


def names():
    """The schemas that there are."""
    return sorted(path.name.partition(".")[0] for path in HERE.glob("*.schema.json"))


def _read(name: str) -> dict:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def _word(word: str) -> dict:
    if word.endswith("?"):
        return {"oneOf": [{"type": "null"}, _word(word[:-1])]}
    if word.endswith("[]"):
        return {"type": "array", "items": _word(word[:-2])}
    if word.endswith("{}"):
        return {"type": "object", "additionalProperties": _word(word[:-2])}
    return {"type": word} if word in TYPES else {"$ref": f"#/$defs/{word}"}


def _spelled(schema: dict, parts: dict) -> dict:
    """@schema as JSON Schema has it."""
    if not {"members", "extends"} & schema.keys():
        return schema
    members = parts.get(schema.get("extends"), {}).get("members", {}) | schema.get("members", {})
    rest = {key: value for key, value in schema.items() if key not in ("members", "extends")}
    return rest | {"type": "object", "required": list(members),
                   "properties": {key: _word(value) if isinstance(value, str) else value for key, value in members.items()}}


def _references(schema):
    """The parts that @schema names, in order."""
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"].removeprefix("#/$defs/")
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _references(value)


def schema(name: str) -> dict:
    """The published schema @name."""
    own, shared = _read(f"{name}.schema.json"), _read("parts.json")
    parts = shared | own.pop("$defs", {})
    ret = HEAD | _spelled(own, parts)
    wanted, used = list(_references(ret)), {}
    while wanted:
        part = wanted.pop(0)
        if part in parts and part not in used:
            used[part] = _spelled(parts[part], parts)
            wanted += _references(used[part])
    return ret | ({"$defs": used} if used else {})


if __name__ == "__main__":
    json.dump(schema(sys.argv[1]), sys.stdout, indent=2)
    print()
