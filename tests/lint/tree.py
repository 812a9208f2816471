# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the checks look at: a work tree, an unpacked tarball or a sample, without build folders."""

import os
from pathlib import Path

SKIP = {".git", "__pycache__", "subprojects"}
# Samples that break the rules on purpose, captures and inputs that are data.
SAMPLES = ("tests/lint/bad", "tests/fuzz/corpus", "tests/captures", "tests/golden")


def walk(root: Path):
    """Every file below @root that is a source of the project, as paths relative to @root, sorted."""
    found = []
    for folder, names, files in os.walk(root):
        here = Path(folder).relative_to(root)
        if "meson-private" in names or "meson-logs" in names:
            names.clear()
            continue
        if here == Path("."):
            names[:] = [name for name in names if not name.startswith("build")]
        names[:] = [name for name in names if name not in SKIP and str(here / name) not in SAMPLES]
        found += [here / name for name in files if name != ".git" and not name.endswith(".pyc")]
    return sorted(path for path in found if not (root / path).is_symlink())


def text(root: Path, path: Path) -> str:
    """The file as text; bytes that are no UTF-8 stay visible as replacement characters."""
    return (root / path).read_text(encoding="utf-8", errors="replace")


def shebang(root: Path, path: Path) -> str:
    """The interpreter that the first line names, without its folder; empty when there is none."""
    with open(root / path, "rb") as file:
        first = file.readline(200).decode("utf-8", "replace")
    if not first.startswith("#!"):
        return ""
    words = first[2:].split()
    return os.path.basename(words[-1] if words and words[0].endswith("/env") else words[0]) if words else ""


def scripts(root: Path, suffix: str, interpreters):
    """Files with this suffix or one of these interpreters."""
    return [path for path in walk(root) if path.suffix == suffix or shebang(root, path) in interpreters]
