# SPDX-License-Identifier: GPL-2.0-or-later
"""
Documents in step with the program: what `vfiotool --introspect` says, the manual pages and the completions name
the same commands, options, columns, assumptions, generations, paths and members of JSON, in both directions.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import tree

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/report"))

import publish  # noqa: E402  pylint: disable=wrong-import-position


class Page:
    """A manual page in scdoc, by sections."""

    def __init__(self, root: Path, name: str):
        self.name = f"man/{name}.scd"
        path = root / self.name
        self.text = path.read_text(encoding="utf-8") if path.exists() else ""

    def section(self, title: str) -> str:
        """The text below a heading, up to the next one of its kind; empty when there is none."""
        found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,2}} |\Z)", self.text, re.M | re.S)
        return found.group(2) if found else ""

    def whole(self, title: str) -> str:
        """A top section with the headings inside."""
        found = re.search(rf"^# {re.escape(title)}$(.*?)(?=^# |\Z)", self.text, re.M | re.S)
        return found.group(1) if found else ""

    def terms(self, title: str, pattern: str) -> set:
        """What the lines that begin a term (in bold, in the first column) name."""
        lines = [line for line in self.section(title).splitlines() if line.startswith("*")]
        return {name for line in lines for name in re.findall(pattern, line)}


def _differences(where: str, what: str, has, wants):
    """A problem for each name that is on one side only."""
    return ([f"{where}: {what} {name} is missing" for name in sorted(set(wants) - set(has))]
            + [f"{where}: {what} {name} is not known to the program" for name in sorted(set(has) - set(wants))])


def _names(options, hidden: bool = False) -> set:
    """--long and -s of each option."""
    names = set()
    for option in options:
        if option["hidden"] and not hidden:
            continue
        names.add(f"--{option['name']}")
        if option["short"]:
            names.add(f"-{option['short']}")
    return names


def _releases(page: Page, releases: list):
    """The page says for which releases the rules are, and how each of them was verified."""
    if f"Linux {releases[0]} to {releases[-1]}" not in " ".join(page.text.split()):
        yield f"{page.name}: does not say 'Linux {releases[0]} to {releases[-1]}'"
    verified = set()
    for row in re.findall(r"^\|  (\d.*)$", page.section("What is verified, and how"), re.M):
        for first, last in re.findall(r"(\d+\.\d+)(?: - (\d+\.\d+))?", row):
            ends = [releases.index(end) for end in (first, last or first) if end in releases]
            verified |= set(releases[ends[0]:ends[-1] + 1]) if ends else {first}
    yield from _differences(page.name, "release", verified, releases)


def _option_terms(page: Page) -> set:
    return page.terms("OPTIONS", r"\*(--?[A-Za-z][\w-]*)\*")


def _pages(root: Path, program: dict):
    main = Page(root, "vfiotool.8")
    common = _names(program["options"])
    commands = {command["name"]: command for command in program["commands"]}
    yield from _differences(main.name, "command", main.terms("COMMANDS", r"^\*([\w-]+)\*"), commands)
    yield from _differences(main.name, "option", _option_terms(main), common)
    rows = re.findall(r"^\|  (\S+)\n:< (.+)$", main.section("Generations"), re.M)
    wanted = {f"{row['name']} ({row['kernels']})" for row in program["generations"]}
    yield from _differences(main.name, "generation", {f"{name} ({kernels})" for name, kernels in rows}, wanted)
    for alias in (row["alias"] for row in program["generations"] if row["alias"]):
        if f"_{alias}_" not in main.section("Generations"):
            yield f"{main.name}: generation {alias} is missing"
    yield from _releases(main, program["releases"])
    yield from (f"{main.name}: path {name} is missing" for name in program["paths"]
                if f"_{name}_" not in main.section("Steps and paths"))
    for name, command in commands.items():
        page = Page(root, f"vfiotool-{name}.8")
        if not page.text:
            yield f"{page.name}: missing"
            continue
        # A page may say what a global option means for its command.
        own = _option_terms(page)
        yield from _differences(page.name, "option", own - common, _names(command["options"]) - common)
        columns = page.terms("COLUMNS", r"\*([A-Z][A-Z_]*)\*")
        yield from _differences(page.name, "column", columns, {column["name"] for column in command["columns"]})
    if "guards" in program:
        page = Page(root, "vfiotool-bind.8")
        yield from _differences(page.name, "guard", page.terms("Safety checks", r"^\*([\w-]+)\*"),
                                {row["name"] for row in program["guards"]} | {"predicted"})
    page = Page(root, "vfiotool-inspect.8")
    yield from _differences(page.name, "assumption", page.terms("Assumptions", r"^\*([\w.]+)\*="),
                            {row["key"] for row in program["assumptions"]})


def _properties(schema) -> set:
    """The members that a JSON Schema describes, at any depth."""
    below = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = set(schema.get("properties", ())) if isinstance(schema, dict) else set()
    return own.union(*map(_properties, below))


def _json(root: Path, program: dict):
    page = Page(root, "vfiotool-json.5")
    known = {row["key"] for table in program["documents"].values() for row in table}
    # What is described elsewhere: a column in its command's page, the tops of documents in their schemas only.
    others = {column["key"] for command in program["commands"] for column in command["columns"]}
    for path in (root / "src/report").glob("*.schema.json"):
        others |= _properties(publish.schema(path.name.partition(".")[0])) - known
    body = "".join(page.whole(command["name"].upper()) for command in program["commands"])
    named = set(re.findall(r"\*([a-z][a-z0-9_]*)\*", body))
    yield from _differences(page.name, "member", named - others, known - others)


def _completions(root: Path, program: dict):
    options = list(program["options"]) + [option for row in program["commands"] for option in row["options"]]
    wanted = {f"--{option['name']}" for option in options if not option["hidden"]}
    hidden = {f"--{option['name']}" for option in options if option["hidden"]}
    for name, pattern in (("bash/vfiotool", r"(?<![\w-])(--[a-z][\w-]*)"), ("zsh/_vfiotool", r"(?<![\w-])(--[a-z][\w-]*)"),
                          ("fish/vfiotool.fish", r"\s-l ([a-z][\w-]*)")):
        path = root / "completions" / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        text = "\n".join(line for line in lines if "fish" not in name or line.startswith("complete "))
        found = {word if word.startswith("-") else f"--{word}" for word in re.findall(pattern, text)}
        yield from _differences(f"completions/{name}", "option", found - hidden, wanted)
        for command in program["commands"]:
            if not re.search(rf"\b{command['name']}\b", text):
                yield f"completions/{name}: command {command['name']} is missing"


def _of_bash(text: str, name: str) -> set:
    """What the function says that lists the options of a command."""
    body = re.search(r"^(_vfiotool_options\(\) \{.*?^\})", text, re.M | re.S)
    done = subprocess.run(["bash", "-c", f'{body.group(1) if body else ":"}\n_vfiotool_options "$1"', "bash", name],
                          capture_output=True, text=True, check=False)
    return set(done.stdout.split())


def _of_zsh(text: str, name: str) -> set:
    """The options in the arrays that a command's line names."""
    line = re.search(rf"^\t{name}\) _arguments (.*) ;;$", text, re.M)
    arrays = re.findall(r"\$(\w+)", line.group(1)) if line else []
    bodies = (re.search(rf"^\tlocal -a {array}=\((.*?)\)$", text, re.M | re.S) for array in arrays)
    return {option for body in bodies if body for option in re.findall(r"(?<![\w-])(--[a-z][\w-]*)", body.group(1))}


def _of_fish(text: str, name: str) -> set:
    """The options without a condition, and those whose condition names the command."""
    found = set()
    for line in text.splitlines():
        option = re.search(r"^complete -c vfiotool .*-l ([a-z][\w-]*)", line)
        condition = re.search(r"-n '__vfiotool_is ([^']*)'", line)
        if option and (not condition or name in condition.group(1).split()):
            found.add(f"--{option.group(1)}")
    return found


def _completions_by_command(root: Path, program: dict):
    """Each shell offers each command its own options and the common ones, and no others."""
    common = {f"--{option['name']}" for option in program["options"] if not option["hidden"]}
    for place, options_of in (("bash/vfiotool", _of_bash), ("zsh/_vfiotool", _of_zsh), ("fish/vfiotool.fish", _of_fish)):
        path = root / "completions" / place
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for command in program["commands"]:
            wanted = common | {f"--{option['name']}" for option in command["options"] if not option["hidden"]}
            yield from _differences(f"completions/{place}: {command['name']}", "option", options_of(text, command["name"]),
                                    wanted)


def _mentions(root: Path, program: dict):
    """Texts of the program and of documents that send a person to a command: it must be there."""
    commands = {row["name"] for row in program["commands"]}
    files = [path for path in tree.walk(root) if path.suffix in (".c", ".scd", ".md") and path.parts[0] != "tests"]
    for path in files:
        # A command stands at the end of a string, before an option, a target, a quotation mark, or in bold.
        for number, line in enumerate(tree.text(root, path).splitlines(), 1):
            pattern = r"[\"']vfiotool ([a-z]+)" if path.suffix == ".c" else r"(?:\*|^\s+|[|`] ?)vfiotool ([a-z]+)"
            for name in re.findall(pattern, line):
                if name not in commands:
                    yield f"{path}:{number}: there is no 'vfiotool {name}'"


def _rules(manual, program: dict):
    if not manual:
        return
    path = Path(manual) / "vfiotool-rules.7"
    text = path.read_text(encoding="utf-8").replace("\\-", "-") if path.exists() else ""
    yield from (f"vfiotool-rules.7: rule {row['id']} is missing" for row in program["rules"]
                if f'"{row["id"]}"' not in text and f"SS {row['id']}" not in text)


def _promises(root: Path, program: dict):
    """COMPATIBILITY.md has the exit statuses of the code, CHANGELOG.md begins with the program's version."""
    codes = root / "src/base/failure.h"
    if codes.exists():
        page = root / "COMPATIBILITY.md"
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        rows = [word for row in re.findall(r"^\| ([\d, ]+) \|", text, re.M) for word in row.split(", ")]
        yield from _differences(page.name, "exit status", rows,
                                re.findall(r"^\tSTATUS_\w+ = (\d+),", codes.read_text(encoding="utf-8"), re.M))
    log = root / "CHANGELOG.md"
    if log.exists():
        first = re.search(r"^## (.*)", log.read_text(encoding="utf-8"), re.M)
        if not first or not re.fullmatch(re.escape(program["version"]) + r" \(\d{4}-\d\d-\d\d\)", first.group(1)):
            yield f"CHANGELOG.md: the first entry is not '{program['version']} (DATE)'"


def docs(root: Path, options):
    """Everything above."""
    if options.introspect:
        text = subprocess.run(options.introspect, check=True, text=True, capture_output=True).stdout
    else:
        text = (root / "introspect.json").read_text(encoding="utf-8")
    program = json.loads(text)
    return [*_pages(root, program), *_json(root, program), *_completions(root, program),
            *_completions_by_command(root, program), *_rules(options.manual, program), *_mentions(root, program),
            *_promises(root, program)]
