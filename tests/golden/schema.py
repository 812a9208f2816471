# SPDX-License-Identifier: GPL-2.0-or-later
"""
A JSON Schema checker for the words that our schema uses, stricter in one thing: a member that the schema does not name is
an error, because a member that nobody describes is one that nobody can rely on.
"""

import re

TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None),
}
KNOWN_WORDS = {
    "$schema", "$comment", "$defs", "$ref", "title", "description", "type", "required", "properties", "items", "enum",
    "const", "pattern", "oneOf", "additionalProperties",
}


class Checker:
    """Holds documents to one schema."""

    def __init__(self, schema: dict):
        self.schema = schema

    def check(self, document):
        """Every place where @document is not as the schema says."""
        return list(self._check(document, self.schema, "$"))

    def _resolve(self, schema: dict) -> dict:
        while "$ref" in schema:
            target = self.schema
            for name in schema["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            schema = target
        return schema

    def _check(self, value, schema: dict, where: str):
        schema = self._resolve(schema)
        unknown = set(schema) - KNOWN_WORDS
        if unknown:
            raise ValueError(f"the schema uses words that this checker does not know: {sorted(unknown)}")
        if "type" in schema and not self._has_type(value, schema["type"]):
            yield f"{where}: {type(value).__name__}, not {schema['type']}"
            return
        if "const" in schema and value != schema["const"]:
            yield f"{where}: {value!r}, not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of {schema['enum']}"
        if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
            yield f"{where}: {value!r} does not match {schema['pattern']}"
        if "oneOf" in schema:
            yield from self._check_one_of(value, schema["oneOf"], where)
        if isinstance(value, dict):
            yield from self._check_object(value, schema, where)
        if isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                yield from self._check(item, schema["items"], f"{where}[{index}]")

    @staticmethod
    def _has_type(value, types) -> bool:
        types = [types] if isinstance(types, str) else types
        if isinstance(value, bool):
            return "boolean" in types
        return any(isinstance(value, TYPES[name]) for name in types)

    def _check_one_of(self, value, choices, where: str):
        problems = [list(self._check(value, choice, where)) for choice in choices]
        if sum(not found for found in problems) != 1:
            yield from min(problems, key=lambda found: (all("not null" in text for text in found), len(found)))

    def _check_object(self, value: dict, schema: dict, where: str):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{where}: {name} is missing"
        for name, item in value.items():
            if name in properties:
                yield from self._check(item, properties[name], f"{where}.{name}")
            elif others:
                yield from self._check(item, others, f"{where}.{name}")
            elif properties:
                yield f"{where}: {name} is not in the schema"


def described_keys(schema: dict, name: str):
    """The members of the part @name of the schema, in order."""
    part = schema["$defs"]["device" if name == "inspect" else name]
    return list(part["properties"])
