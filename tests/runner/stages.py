# SPDX-License-Identifier: GPL-2.0-or-later
"""The stages of a whole run, in order. A suite that is not there is a failure, never silence."""

import json
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

from count import meson_log, tap_line
from stage import BINARY, PLACE, ROOT, Stage, jobs, say

SUITES = ("lint", "unit", "golden", "umockdev", "cli", "fuzz")
SANITIZED = ("unit", "golden", "umockdev", "cli", "fuzz")
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:strict_string_checks=1",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
# Pairs that the sanitised binary goes through again: one of each kind.
SANITIZED_PAIRS = 6
# What of a TAP stream is no table.
TAP_LINE = re.compile(r"\s*((not )?ok\b|1\.\.|TAP version|#)|\s*$")
# What a scenario of the guests notes.
NOTE = re.compile(r"# [\w.-]+@[\w.-]+: ")


def _manual():
    """Where each page of man/ goes; the one of the rules is made from the program."""
    names = [path.name.removesuffix(".scd") for path in sorted((ROOT / "man").glob("*.scd"))] + ["vfiotool-rules.7"]
    return [f"share/man/man{name[-1]}/{name}" for name in names]


def _schemas():
    """Where the schemas of src/report go."""
    return [f"share/vfiotool/{path.name}" for path in sorted((ROOT / "src/report").glob("*.schema.json"))]


INSTALLED = ("bin/vfiotool", "share/bash-completion/completions/vfiotool", "share/zsh/site-functions/_vfiotool",
             "share/fish/vendor_completions.d/vfiotool.fish", *_schemas(), *_manual())


def _configure(stage: Stage, name: str, *options, env=None) -> bool:
    """Sets up build-ci/@name and compiles it."""
    folder = PLACE / name
    if (folder / "build.ninja").exists():
        setup = ["meson", "setup", "--reconfigure", "--werror", *options, folder, ROOT]
    else:
        shutil.rmtree(folder, ignore_errors=True)
        setup = ["meson", "setup", "--werror", *options, folder, ROOT]
    return (stage.need(f"meson setup ({name})", *setup, env=env)
            and stage.need(f"compile ({name})", "ninja", "-C", folder, env=env))


def _suites(stage: Stage, name: str, suites, env=None) -> None:
    """Runs these suites of build-ci/@name; each must have a test."""
    folder = PLACE / name
    status, output = stage.run("meson", "introspect", "--tests", folder)
    if status != 0:
        stage.fail(f"meson introspect ({name})", output)
        return
    there = {suite.split(":")[-1] for test in json.loads(output) for suite in test["suite"]}
    for suite in suites:
        if suite not in there:
            stage.fail(f"suite {suite}: it has no test")
    wanted = [word for suite in suites if suite in there for word in ("--suite", suite)]
    if not wanted:
        return
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    status, output = stage.run("meson", "test", "-C", folder, "--no-rebuild", "--num-processes", jobs(), *wanted,
                               env=env)
    if not log.exists():
        stage.fail(f"meson test ({name})", output)
        return
    count, details = meson_log(log)
    for test, text in details:
        stage.show(f"{test} ({name})", text)
    stage.count += count
    if status != 0 and not count.failed:
        stage.fail(f"meson test ({name}): {'took too long' if status is None else f'exit status {status}'}", output)


def build(stage: Stage) -> None:
    """gcc, warnings are errors, every suite."""
    if _configure(stage, "gcc", env={"CC": "gcc"}):
        _suites(stage, "gcc", SUITES)


def clang(stage: Stage) -> None:
    """The other compiler's warnings are errors too, and its code passes the quick suites."""
    if not shutil.which("clang"):
        stage.count.skip("clang: not installed")
    elif _configure(stage, "clang", env={"CC": "clang"}):
        _suites(stage, "clang", ("unit", "golden"))


def sanitize(stage: Stage) -> None:
    """ASan and UBSan, every suite that runs code of ours."""
    if _configure(stage, "sanitize", "-Db_sanitize=address,undefined", env={"CC": "gcc"}):
        _suites(stage, "sanitize", SANITIZED, env=SANITIZERS)


def fuzz(stage: Stage) -> None:
    """Each fuzz target looks for new input for a while."""
    script = ROOT / "tests" / "fuzz" / "run.py"
    if not script.exists():
        stage.fail("tests/fuzz/run.py: missing")
        return
    _tap(stage, "python3", script, "--build", PLACE / "fuzz", "--seconds", os.environ.get("VFIOTOOL_FUZZ", "20"),
         "--jobs", jobs())


def _tap(stage: Stage, *argv, env=None) -> None:
    """A program that speaks TAP; its points are shown as they come."""
    before, plan, failing = stage.count.total, [], []

    def each(line: str) -> None:
        found = re.match(r"1\.\.(\d+)", line)
        if found:
            plan.append(int(found.group(1)))
            if not plan[-1]:
                stage.count.skip(line.partition("#")[2].strip())
        elif tap_line(line, stage.count):
            failing[:] = [line] if line.lstrip().startswith("not ok") else []
            say(f"   {line}")
        elif line.startswith("#") and (failing or NOTE.match(line)):
            say(f"   {line}")

    status, output = stage.run(*argv, each=each, env=env)
    seen = stage.count.total - before
    if not plan:
        stage.fail(f"{Path(str(argv[1])).name}: no plan", output)
    elif plan[-1] and plan[-1] != seen:
        stage.fail(f"{Path(str(argv[1])).name}: {plan[-1]} points planned, {seen} seen", output)
    elif status not in (0, 77) and not stage.count.failed:
        stage.fail(f"{Path(str(argv[1])).name}: exit status {status}", output)


def _some_pairs(stage: Stage):
    """A few scenarios that kernel 6.1 goes through, spread over the list."""
    status, output = stage.run("python3", ROOT / "tests" / "vm" / "run.py", "--list")
    if status != 0:
        stage.fail("tests/vm/run.py --list", output)
        return []
    names = [line.split("@")[0] for line in output.splitlines() if "@6.1:" in line]
    return names[::max(1, len(names) // SANITIZED_PAIRS)][:SANITIZED_PAIRS]


def guests(stage: Stage) -> None:
    """Real kernels judge the predictions, of the plain binary and, in part, of the sanitised one."""
    runner = ROOT / "tests" / "vm" / "run.py"
    binary = PLACE / "gcc" / BINARY
    if not binary.exists():
        stage.fail("no binary to judge: the build failed")
        return
    only = os.environ.get("VFIOTOOL_SCENARIOS", "").split()
    if only:
        stage.count.skip(f"vm: every scenario but {' '.join(only)} ($VFIOTOOL_SCENARIOS)")
    # A guest waits a quarter of its time, for a device or for a deadline: one more than there are processors.
    places = jobs() + 1
    _tap(stage, "python3", runner, "--vfiotool", binary, "--jobs", places,
         *(word for name in only for word in ("--scenario", name)))
    binary = PLACE / "sanitize" / BINARY
    names = _some_pairs(stage)
    if not binary.exists():
        stage.fail("no sanitised binary to judge: its build failed")
    elif names:
        say("   with the sanitised binary:")
        wanted = [word for name in names for word in ("--scenario", name)]
        _tap(stage, "python3", runner, "--vfiotool", binary, "--jobs", places, "--kernel", "6.1", *wanted)


def bench(stage: Stage) -> None:
    """Cost as ratios, in a build as it is shipped; the table is shown."""
    if _configure(stage, "release", "--buildtype=release", env={"CC": "gcc"}):
        _suites(stage, "release", ("bench",))
        log = PLACE / "release" / "meson-logs" / "testlog.json"
        for entry in map(json.loads, log.read_text(encoding="utf-8").splitlines() if log.exists() else ()):
            for line in entry.get("stdout", "").splitlines():
                if line.startswith("# ") or not TAP_LINE.match(line):
                    say(f"   {line}")


def dist(stage: Stage) -> None:
    """The tarball builds and passes by itself."""
    folder = PLACE / "gcc"
    if not (ROOT / ".git").exists():
        stage.count.skip("dist: this is no git work tree")
        return
    if not (folder / "build.ninja").exists() and not _configure(stage, "gcc", env={"CC": "gcc"}):
        return
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    if not stage.need("meson dist", "meson", "dist", "-C", folder, "--no-tests", "--allow-dirty", "--formats",
                      "xztar", env=git):
        return
    tarballs = sorted((folder / "meson-dist").glob("*.tar.xz"))
    with tempfile.TemporaryDirectory(prefix="vfiotool-dist-") as place:
        with tarfile.open(tarballs[-1]) as archive:
            archive.extractall(place)
        source = next(Path(place).iterdir())
        if (stage.need("setup (tarball)", "meson", "setup", source / "build", source)
                and stage.need("compile (tarball)", "ninja", "-C", source / "build")):
            stage.need("test (tarball)", "meson", "test", "-C", source / "build", "--no-rebuild", "--suite", "lint",
                       "--suite", "unit", "--suite", "golden", "--suite", "cli", cwd=source)


def install(stage: Stage) -> None:
    """Everything lands where distributions expect it, and nothing else does."""
    with tempfile.TemporaryDirectory(prefix="vfiotool-install-") as place:
        folder = PLACE / "installed"
        shutil.rmtree(folder, ignore_errors=True)
        if not (stage.need("setup (install)", "meson", "setup", "--prefix=/usr", folder, ROOT)
                and stage.need("meson install", "meson", "install", "-C", folder, env={"DESTDIR": place})):
            return
        there = {str(path.relative_to(place)) for path in Path(place).rglob("*") if not path.is_dir()}
        for name in INSTALLED:
            if f"usr/{name}" in there or f"usr/{name}.gz" in there:
                stage.count.passed += 1
            else:
                stage.fail(f"not installed: /usr/{name}", "\n".join(sorted(there)))
        extra = sorted(name for name in there if name.removeprefix("usr/").removesuffix(".gz") not in INSTALLED
                       and not name.startswith("usr/share/doc/vfiotool/"))
        if extra:
            stage.fail("installed without need", "\n".join(extra))
        stage.need("the installed program", Path(place) / "usr/bin/vfiotool", "--version")


# Seconds for all stages: with the packages' installation before them they stay below 90 minutes.
TOGETHER = 5200

# Name, function, limit in seconds, what it is. The guests, which come last, may take what the others left.
STAGES = (
    ("build", build, 900, "gcc -Werror: lint, unit, golden, mock, cli, fuzz"),
    ("clang", clang, 450, "clang -Werror: unit, golden"),
    ("sanitize", sanitize, 900, "ASan and UBSan: unit, golden, mock, cli, fuzz"),
    ("fuzz", fuzz, 540, "libFuzzer, a bounded time for each target"),
    ("bench", bench, 600, "cost as ratios"),
    ("dist", dist, 600, "the tarball builds and passes"),
    ("install", install, 400, "what meson install puts where"),
    ("vm", guests, TOGETHER, "real kernels in guests"),
)
