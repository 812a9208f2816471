# SPDX-License-Identifier: GPL-2.0-or-later
"""
Holds documents to the published schemas, by Debian's python3-jsonschema. Stricter in one thing: a member that the schema does
not name is an error, because a member that nobody describes is one that nobody can rely on.
"""

import sys
from functools import lru_cache
from pathlib import Path

import jsonschema

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/report"))

import publish  # noqa: E402  pylint: disable=wrong-import-position

# Commands that print what another prints.
SAME = {"unbind": "bind", "restore": "bind"}
# Parts that mean the same in every schema that has them.
COMMON = {"text", "number", "truth", "hex", "errno", "path", "result", "range", "space", "extension", "irq"}


def _closed(schema):
    """The same, with members that it names and no others."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    ret = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        ret.setdefault("additionalProperties", False)
    return ret


def _deepest(error):
    """What is wrong inside of the alternative that comes nearest."""
    while error.context:
        error = max(error.context, key=lambda one: (one.validator != "type", len(one.path)))
    return error


class Checker:
    """Holds documents to one schema, which needs no other."""

    def __init__(self, schema: dict):
        jsonschema.Draft202012Validator.check_schema(schema)
        self.schema = schema
        self._validator = jsonschema.Draft202012Validator(_closed(schema))

    @classmethod
    @lru_cache
    def named(cls, name: str):
        """That of the published schema @name."""
        return cls(publish.schema(name))

    def check(self, document):
        """Every place where @document is not as the schema says."""
        return [f"{error.json_path}: {error.message[:300]}" for error in map(_deepest, self._validator.iter_errors(document))]


def _references(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield from [value] if key == "$ref" else _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def dependent(names):
    """What of the schemas of @names, and of those that nobody named, cannot be had from their own file or differs."""
    files = set(publish.names())
    problems = [f"{name}: no document, or no schema" for name in sorted(files ^ set(names))]
    meanings = {}
    for name in sorted(files):
        schema = publish.schema(name)
        parts = schema.get("$defs", {})
        problems += [f"{name}: refers to {place}" for place in sorted(set(_references(schema)))
                     if place.removeprefix("#/$defs/") not in parts]
        for part in COMMON & set(parts):
            if meanings.setdefault(part, parts[part]) != parts[part]:
                problems.append(f"{name}: {part} is not what it is in other schemas")
    return problems


# Where what --introspect calls a document is described: a schema, and a part of it or, without one, its top.
DESCRIBED = {
    "explain": ("explain", None), "explain_groups": ("explain", "group"), "explain_reasons": ("explain", "reason"),
    "explain_hops": ("explain", "hop"), "explain_slots": ("explain", "slot"), "explain_p2p": ("explain", "p2p"),
    "diff": ("diff", None), "diff_hosts": ("diff", "side"), "changes": ("diff", "change"),
    "kernel": ("inspect", "kernel"), "inspect": ("inspect", "device"), "rules": ("rules", "rule"), "rule_sites": ("rules", "site"),
    "attach": ("attach", None), "attach_devices": ("attach", "device"), "attach_steps": ("attach", "step"),
    "regions": ("attach", "region"), "irqs": ("attach", "irq"), "space": ("attach", "space"),
    "areas": ("attach", "area"), "space_ranges": ("attach", "range"), "extension_answers": ("attach", "extension"),
    "probes": ("attach", "probes"), "probe_answers": ("attach", "probe_answers"), "hw_infos": ("attach", "hw_infos"),
    "migrations": ("attach", "migrations"),
    "map_bench": ("map-bench", None), "map_costs": ("map-bench", "cost"), "map": ("map", None), "map_memory": ("map", "memory"), "map_limit": ("map", "limit"), "map_moments": ("map", "moment"),
    "map_requests": ("map", "request"), "map_cost": ("map", "cost"), "map_dirty": ("map", "dirty"), "map_checks": ("map", "check"),
    "proof": ("prove", "proof"), "proof_claims": ("prove", "claim"),
    "irq_devices": ("irq", "device"), "irq_kinds": ("irq", "interrupt"), "irq_vectors": ("irq", "vector"),
    "irq_raised": ("irq", "raised"), "reset_devices": ("reset", "device"), "reset_hits": ("reset", "hit"),
    "regions_devices": ("regions", "device"), "device_regions": ("regions", "region"), "config": ("regions", "config"),
    "config_fields": ("regions", "field"), "config_capabilities": ("regions", "capability"), "region_dump": ("regions", "dump"),
    "region_write": ("regions", "write"), "event": ("monitor", None), "bind": ("bind", None), "bind_steps": ("bind", "step"),
    "bind_devices": ("bind", "device"), "bind_guards": ("bind", "guard"),
    "check_results": ("check", "check_results"),
    "plans": ("plan", "plan"), "expected": ("plan", "plan_expected"), "plan_steps": ("plan", "plan_step"), "actions": ("plan", "action"),
    "plan_obstacles": ("plan", "plan_obstacle"), "plan_uses": ("plan", "plan_use"), "causes": ("diagnose", "cause"),
    "summary": ("summary", "device"), "summary_answer": ("summary", "view"), "summary_steps": ("summary", "step"),
    "summary_plan": ("summary", "way"),
    "fleet": ("compare", None), "fleet_groups": ("compare", "group"), "fleet_answers": ("compare", "answer"),
    "fleet_facts": ("compare", "fact"), "fleet_unread": ("compare", "unread"), "fleet_duplicates": ("compare", "duplicate"),
    "symptoms": ("rules", "symptom"), "patterns": ("rules", "pattern"), "plan_notices": ("plan", "plan_notice"),
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
