# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that other programs do: clang-format, shellcheck, mandoc, pyflakes, syntax of the completions."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import tree


class Missing(Exception):
    """A program that the check needs is not installed."""


def _program(*names) -> str:
    for name in names:
        if shutil.which(name):
            return name
    raise Missing(f"needs {names[0]}")


def _run(*argv, cwd=None):
    result = subprocess.run(argv, check=False, text=True, capture_output=True, cwd=cwd)
    return result.returncode, [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]


def formatting(root: Path, _options):
    """C files as clang-format 14 writes them; other versions decide otherwise and are not asked."""
    files = [str(path) for path in tree.walk(root) if path.suffix in (".c", ".h")]
    program = _program("clang-format-14")
    if not files:
        return ["no C file found"]
    _, lines = _run(program, "--dry-run", "--style=file", *files, cwd=root)
    found = [line for line in lines if "warning:" in line or "error:" in line]
    # One line for a file is enough: clang-format -i mends the whole file.
    first = {}
    for line in found:
        first.setdefault(line.split(":")[0], line)
    return list(first.values())


def shell(root: Path, _options):
    """Shell scripts without a word from shellcheck."""
    program = _program("shellcheck")
    files = [str(path) for path in tree.scripts(root, ".sh", ("sh", "bash", "dash"))]
    files += [str(path) for path in tree.walk(root) if path.parts[:2] == ("completions", "bash")
              and path.name != "meson.build"]
    files = sorted({name for name in files if not name.endswith(".zsh")})
    if not files:
        return ["no shell script found"]
    # SC1091: a sourced file that is not given.
    return _run(program, "-f", "gcc", "-e", "SC1091", *files, cwd=root)[1]


def manual(root: Path, options):
    """Manual pages as mandoc wants them: -Tlint from warnings up, and none is missing."""
    program = _program("mandoc")
    folder = Path(options.manual) if options.manual else root / "man"
    pages = sorted(path for path in folder.glob("*.[578]"))
    if not pages:
        return [f"{folder}: no manual page"]
    problems = []
    for page in pages:
        lines = _run(program, "-Tlint", "-Wwarning", "-Kutf-8", str(page))[1]
        # scdoc writes these itself: a blank line in its preamble, and .P after a heading.
        quiet = ("skipping paragraph macro", "missing date", "cannot parse date")
        problems += [line.replace(str(folder) + "/", "") for line in lines if not any(word in line for word in quiet)]
        problems += [f"{page.name}:{number}: markup is left over: {mark[0]}"
                     for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
                     for mark in re.finditer(r"(?<![\w\\])([_*])[A-Za-z]+\1(?!\w)", line)]
    return problems


def python(root: Path, _options):
    """Python that parses, and that pyflakes has nothing to say about."""
    problems = []
    files = tree.scripts(root, ".py", ("python3",))
    for path in files:
        try:
            ast.parse(tree.text(root, path), str(path))
        except SyntaxError as error:
            problems.append(f"{path}:{error.lineno}: {error.msg}")
    if problems:
        return problems
    program = _program("pyflakes3", "pyflakes")
    return _run(program, *(str(path) for path in files), cwd=root)[1] if files else ["no Python file found"]


def completion_syntax(root: Path, _options):
    """Each completion parses in its own shell."""
    problems = []
    for name, argv in (("bash/vfiotool", ["bash", "-n"]), ("zsh/_vfiotool", ["zsh", "-n"]),
                       ("fish/vfiotool.fish", ["fish", "--no-execute"])):
        path = root / "completions" / name
        if not path.exists():
            problems.append(f"completions/{name}: missing")
            continue
        status, lines = _run(_program(argv[0]), *argv[1:], str(path))
        if status:
            problems.append(f"completions/{name}: {' '.join(lines) or f'{argv[0]} says {status}'}")
    return problems
