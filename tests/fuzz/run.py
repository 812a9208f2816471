#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Fuzzes every target for a while, with clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.

    run.py [--seconds N] [--build DIRECTORY] [--jobs N] [TARGET...]

What is found on the way is kept below the build directory; an input that breaks a target is copied to the target's
corpus, where the suite 'fuzz' replays it for ever. TAP on stdout. Exit status: 0 nothing found, 1 something was,
77 clang is missing.
"""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def build(directory: Path, names):
    """Configures, and builds these fuzzers."""
    if not (directory / "build.ninja").exists():
        # A fuzzer's main() is in the engine: the linker must not mind.
        subprocess.run(["meson", "setup", str(directory), str(ROOT), "-Dfuzz=true", "-Dbuildtype=debugoptimized",
                        "-Db_sanitize=address,undefined", "-Db_lundef=false"],
                       check=True, env={**os.environ, "CC": "clang"}, stdout=sys.stderr)
    targets = [f"tests/fuzz/fuzz-{name}" for name in names]
    subprocess.run(["ninja", "--quiet", "-C", str(directory), *targets], check=True, stdout=sys.stderr)


def fuzz(directory: Path, name: str, seconds: int):
    """Runs one target. What it said, and the inputs that break it."""
    place = directory / "fuzzing" / name
    found, broken = place / "found", place / "broken"
    for folder in (found, broken):
        folder.mkdir(parents=True, exist_ok=True)
    for old in broken.iterdir():
        old.unlink()
    command = [str(directory / "tests/fuzz" / f"fuzz-{name}"), f"-max_total_time={seconds}", "-timeout=10",
               "-rss_limit_mb=2048", "-max_len=65536", f"-artifact_prefix={broken}/", "-print_final_stats=1", str(found),
               str(HERE / "corpus" / name)]
    dictionary = HERE / f"{name}.dict"
    if dictionary.exists():
        command.insert(1, f"-dict={dictionary}")
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds + 120,
                              check=False)
        said, status = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        said, status = (late.stdout or b"").decode(errors="replace") + "\nthe fuzzer did not end\n", 1
    return said, status, sorted(broken.iterdir())


def executions(said: str):
    """How many inputs were tried, from the final statistics."""
    for line in said.splitlines():
        if line.startswith("stat::number_of_executed_units:"):
            return int(line.split(":")[-1])
    return 0


def main():
    """Builds, fuzzes, tells."""
    parser = argparse.ArgumentParser(description="fuzz every target")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--build", type=Path, default=ROOT / "build-fuzz", help="build directory")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="targets at a time")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    args = parser.parse_args()
    known = sorted(path.stem[len("fuzz-"):] for path in HERE.glob("fuzz-*.c"))
    unknown = set(args.targets) - set(known)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    if not shutil.which("clang"):
        print("1..0 # SKIP clang is not installed")
        return 77
    names = args.targets or known
    build(args.build, names)
    print(f"1..{len(names)}", flush=True)
    failed = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        results = pool.map(lambda name: fuzz(args.build, name, args.seconds), names)
        for number, (name, (said, status, broken)) in enumerate(zip(names, results), 1):
            tried = executions(said)
            good = not status and not broken and tried > 0
            print(f"{'ok' if good else 'not ok'} {number} - {name} # {tried} inputs", flush=True)
            if good:
                continue
            failed += 1
            for line in said.splitlines()[-60:]:
                print(f"# {line}")
            for path in broken:
                shutil.copy(path, HERE / "corpus" / name / path.name)
                print(f"# kept as tests/fuzz/corpus/{name}/{path.name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
