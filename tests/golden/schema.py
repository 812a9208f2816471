# SPDX-License-Identifier: GPL-2.0-or-later
"""
A JSON Schema checker for the words that our schemas use, stricter in one thing: a member that the schema does not name is
an error, because a member that nobody describes is one that nobody can rely on.
"""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "src/report"
TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None),
}
KNOWN_WORDS = {
    "$schema", "$comment", "$defs", "$ref", "title", "description", "type", "required", "properties", "items", "enum",
    "const", "pattern", "oneOf", "additionalProperties",
}


class Checker:
    """Holds documents to one schema, which may refer to parts of those beside it."""

    def __init__(self, schema: dict):
        self.schema = schema
        self._others = {}

    @classmethod
    def named(cls, name: str):
        """That of the published schema @name."""
        return cls(json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")))

    def check(self, document):
        """Every place where @document is not as the schema says."""
        return list(self._check(document, self.schema, "$"))

    def _resolve(self, schema: dict):
        """What @schema refers to, and the checker of the file that it stands in."""
        if "$ref" not in schema:
            return self, schema
        file, _, place = schema["$ref"].partition("#/")
        owner = self
        if file:
            name = file.removesuffix(".schema.json")
            owner = self._others[name] = self._others.get(name) or Checker.named(name)
        target = owner.schema
        for name in place.split("/"):
            target = target[name]
        return owner._resolve(target)

    def _check(self, value, schema: dict, where: str):
        owner, schema = self._resolve(schema)
        if owner is not self:
            yield from owner._check(value, schema, where)
            return
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


# Where what --introspect calls a document is described: a schema, and a part of it or, without one, its top.
DESCRIBED = {
    "kernel": ("inspect", "kernel"), "inspect": ("inspect", "device"), "rules": ("rules", "rule"), "rule_sites": ("rules", "site"),
    "attach": ("attach", None), "attach_devices": ("attach", "device"), "attach_steps": ("attach", "step"),
    "regions": ("attach", "region"), "irqs": ("attach", "irq"), "space": ("attach", "space"),
    "map": ("map", None), "map_memory": ("map", "memory"), "map_limit": ("map", "limit"), "map_moments": ("map", "moment"),
    "map_requests": ("map", "request"), "map_cost": ("map", "cost"), "map_dirty": ("map", "dirty"), "map_checks": ("map", "check"),
    "proof": ("prove", "proof"), "proof_claims": ("prove", "claim"),
    "irq_devices": ("irq", "device"), "irq_kinds": ("irq", "interrupt"), "irq_vectors": ("irq", "vector"),
    "irq_raised": ("irq", "raised"), "reset_devices": ("reset", "device"), "reset_hits": ("reset", "hit"),
    "regions_devices": ("regions", "device"), "device_regions": ("regions", "region"), "config": ("regions", "config"),
    "config_fields": ("regions", "field"), "config_capabilities": ("regions", "capability"), "region_dump": ("regions", "dump"),
    "region_write": ("regions", "write"), "event": ("monitor", None), "bind": ("bind", None), "bind_steps": ("bind", "step"),
    "bind_devices": ("bind", "device"), "bind_guards": ("bind", "guard"),
}
# Members of the tops that no table of fields has.
TOP = {"schema", "vfiotool", "kernel", "devices", "proof"}


def described_keys(name: str):
    """The members of what --introspect calls @name, in order; None when no schema describes it."""
    if name == "list":
        return [key for key in Checker.named("list").schema["$defs"]["device"]["properties"] if key != "children"]
    file, part = DESCRIBED.get(name, ("inspect", name))
    schema = Checker.named(file).schema
    if part is None:
        return [key for key in schema["properties"] if key not in TOP]
    return list(schema["$defs"][part]["properties"]) if part in schema["$defs"] else None
