# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about the text of the files: licence line, length, words, white space."""

import ast
import re
from pathlib import Path

import tree

LICENCE = "SPDX-License-Identifier: GPL-2.0-or-later"
# Formats that cannot hold a comment, the licence itself, and what is copied from nowhere.
UNLICENSED = {".json", ".capture", ".gz", ".xz", ".png", ".bin"}
UNLICENSED_NAMES = {"COPYING", "expect", "format", ".gitignore", ".gitattributes", ".editorconfig", ".clang-format"}
FILE_LINES = 600
FUNCTION_LINES = 50
# What is one file on purpose: a kernel module.
ONE_FILE = {"tests/vm/modules/mock_iommu.c": 900}
CODE = {".c", ".h", ".py", ".sh"}

# Words of C that STYLE forbids, with what to use instead.
FORBIDDEN = {
    r"\b(v?sprintf|strcpy|strcat|strncpy|strncat|stpncpy)\s*\(": "use arena_printf() or memcpy() with a checked size",
    r"\b(sscanf|fscanf|atoi|atol|atoll|strtoll?|strtoull?)\s*\(": "use parse_*()",
    r"\b(basename|dirname|fgets|gets|strtok(_r)?|alloca)\s*\(": "STYLE forbids it",
    r"\b(setjmp|longjmp|signal)\s*\(": "STYLE forbids it",
    r"^\s*//": "comments are /* */",
    r"__attribute__\s*\(\(constructor": "no constructor functions",
}
# libpci ends the process unless its error callback jumps out (STYLE 30).
ALLOWED = {("base/parse.c", "strto"), ("facts/pci-names.c", "setjmp"), ("facts/pci-names.c", "longjmp")}
# Put together here so that this file does not flag itself.
MARKS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
BROKEN_WORDS = re.compile("not implemented " + "yet|lorem " + "ipsum", re.I)


def spdx(root: Path, _options):
    """Each file says its licence in its first five lines."""
    problems = []
    for path in tree.walk(root):
        if path.suffix in UNLICENSED or path.name in UNLICENSED_NAMES:
            continue
        if LICENCE not in "\n".join(tree.text(root, path).splitlines()[:5]):
            problems.append(f"{path}:1: no '{LICENCE}' in the first five lines")
    return problems


def _c_functions(text: str):
    """(line, body lines) of each function: kernel braces stand in the first column."""
    start, previous = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{" and previous.rstrip().endswith((")", "*/", "\\")):
            start = number
        elif line.startswith("}") and start:
            yield start, number - start - 1
            start = 0
        previous = line


def _python_functions(text: str):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno


def size(root: Path, _options):
    """Functions below 50 lines, files below 600."""
    problems = []
    for path in tree.walk(root):
        if path.suffix not in CODE:
            continue
        text = tree.text(root, path)
        lines = text.count("\n")
        limit = ONE_FILE.get(path.as_posix(), FILE_LINES)
        if lines >= limit:
            problems.append(f"{path}:{lines}: {lines} lines; this file has fewer than {limit}")
        functions = {".c": _c_functions, ".py": _python_functions}.get(path.suffix, lambda _: ())
        problems += [f"{path}:{start}: a function of {length} lines; it has fewer than {FUNCTION_LINES}"
                     for start, length in functions(text) if length >= FUNCTION_LINES]
    return problems


def _strip_c(text: str) -> str:
    """The code without what stands in comments and strings; lines stay where they are."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group())
    return re.sub(r'/\*.*?\*/|"(\\.|[^"\\\n])*"', blank, text, flags=re.S)


def _forbidden(path: Path, text: str):
    inner = "/".join(path.parts[1:])
    for number, line in enumerate(_strip_c(text).splitlines(), 1):
        for pattern, advice in FORBIDDEN.items():
            found = re.search(pattern, line)
            if found and not any(inner == name and found.group().startswith(word) for name, word in ALLOWED):
                yield f"{path}:{number}: {found.group().strip().rstrip('(')}: {advice}"


# A declaration that clang-format broke for a comment's sake; what goes on beside code, line by line.
TORN = re.compile(r"^\s+(?:(?:const|struct|enum|unsigned) )*\w+\n\s+\**\w+(?:\[\w+\])?;|[;,] +/\*(?:(?!\*/)[^\n])*\n\s+\* ", re.M)


def _torn(path: Path, text: str):
    for found in TORN.finditer(text):
        yield f"{path}:{text.count(chr(10), 0, found.start()) + 1}: torn: the comment stands above what it is about"


def words(root: Path, _options):
    """No forbidden function, nothing torn, no marks of unfinished work, no trailing white space, one newline at the end."""
    problems = []
    for path in tree.walk(root):
        text = tree.text(root, path)
        if path.suffix in (".c", ".h") and path.parts[0] == "src":
            problems += _forbidden(path, text)
        if path.suffix in (".c", ".h"):
            problems += _torn(path, text)
        for number, line in enumerate(text.splitlines(), 1):
            if MARKS.search(line) or BROKEN_WORDS.search(line):
                problems.append(f"{path}:{number}: a mark of unfinished work")
            if line != line.rstrip() and path.name != "COPYING" and path.suffix not in (".patch", ".expect"):
                problems.append(f"{path}:{number}: white space at the end of the line")
        if text and not text.endswith("\n"):
            problems.append(f"{path}: no newline at the end")
    return problems
