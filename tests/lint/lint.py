#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The checks on the sources themselves. Each check can prove that it works: bad/<check>/ is a small tree that breaks
its rule, bad/<check>/expect says which complaints it must lead to, one a line, and nothing else.

    lint.py CHECK            checks this tree
    lint.py --self-test CHECK

Exit status: 0 nothing found, 1 problems, 64 usage, 77 a program that the check needs is missing.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# pylint: disable=wrong-import-position
import docs
import english
import layers
import programs
import texts

CHECKS = {
    "arrows": layers.arrows,
    "purity": layers.purity,
    "spdx": texts.spdx,
    "size": texts.size,
    "words": texts.words,
    "format": programs.formatting,
    "shell": programs.shell,
    "manual": programs.manual,
    "python": programs.python,
    "completion-syntax": programs.completion_syntax,
    "docs": docs.docs,
    "english": english.english,
    "unit-names": layers.unit_names,
}


def _pair(text: str):
    name, _, path = text.partition("=")
    return name, Path(path)


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description="check the sources")
    parser.add_argument("--self-test", action="store_true", help="check that the check finds what is wrong")
    parser.add_argument("--root", type=Path, default=HERE.parent.parent, help="the tree to check")
    parser.add_argument("--library", action="append", type=_pair, default=[], metavar="LAYER=FILE",
                        help="a layer's library (purity)")
    parser.add_argument("--expect-layer", action="append", default=[], help="a layer that must be there (purity)")
    parser.add_argument("--manual", type=Path, help="folder of the manual pages (manual)")
    parser.add_argument("--introspect", type=shlex.split, metavar="COMMAND",
                        help="prints what the program has (docs)")
    parser.add_argument("--cc", type=shlex.split, default=["cc"], help="compiler (purity --self-test)")
    parser.add_argument("check", choices=CHECKS)
    return parser.parse_args()


def compile_samples(args, root: Path, place: Path):
    """One library for each layer below root/src: the purity check looks at objects, not at sources."""
    for folder in sorted((root / "src").iterdir()):
        objects = []
        for source in sorted(folder.glob("*.c")):
            objects.append(place / f"{folder.name}_{source.name}.o")
            subprocess.run([*args.cc, "-O1", "-I", str(root / "src"), "-c", str(source), "-o", str(objects[-1])],
                           check=True)
        library = place / f"lib{folder.name}.a"
        subprocess.run(["ar", "crs", str(library), *map(str, objects)], check=True)
        args.library.append((folder.name, library))


def repeat_lines(root: Path, place: Path) -> Path:
    """A copy of a sample in which a line that ends in @N stands N times."""
    shutil.copytree(root, place / "tree")
    for path in (place / "tree").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(.*) @(\d+)\n", lambda found: f"{found[1]}\n" * int(found[2]), text), encoding="utf-8")
    return place / "tree"


def self_test(args) -> list:
    """What is wrong with the check itself."""
    args.root = HERE / "bad" / args.check
    expected = [line for line in (args.root / "expect").read_text(encoding="utf-8").splitlines() if line]
    with tempfile.TemporaryDirectory(prefix="vfiotool-lint-") as place:
        args.library, args.manual, args.introspect = [], None, None
        if args.check == "purity":
            args.expect_layer = ["decode", "model", "facts"]
            compile_samples(args, args.root, Path(place))
        if args.check == "size":
            args.root = repeat_lines(args.root, Path(place))
        found = CHECKS[args.check](args.root, args)
    problems = [f"finds nothing like: {line}" for line in expected if not any(line in got for got in found)]
    problems += [f"finds too much: {got}" for got in found if not any(line in got for line in expected)]
    return problems if expected else [f"{args.root}/expect is empty"]


def main() -> int:
    """Runs one check."""
    args = parse_arguments()
    try:
        problems = self_test(args) if args.self_test else CHECKS[args.check](args.root.resolve(), args)
    except programs.Missing as error:
        print(f"{args.check}: {error}")
        return 77
    for problem in problems:
        print(problem)
    if problems:
        print(f"{args.check}: {len(problems)} problem{'s' if len(problems) > 1 else ''}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
