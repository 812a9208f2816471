# SPDX-License-Identifier: GPL-2.0-or-later
"""The stages of a whole run, in order. A suite that is not there is a failure, never silence."""

import json
import os
import re
import shutil
import tarfile
from pathlib import Path

from count import meson_log, tap_line
from stage import BINARY, PLACE, PROGRESS, ROOT, Stage, jobs, say

# What the plain build shows, and what the sanitised one, made by the other compiler, shows better.
PLAIN, SANITIZED = ("lint", "golden", "shell"), ("unit", "golden", "umockdev", "cli", "fuzz")
# What --all shows of the program made from the tarball as well; its golden runs once installed.
SHIPPED = ("unit", "umockdev", "cli", "fuzz", "shell")
# How gcc builds: as it is shipped.
RELEASE = ("--prefix=/usr", "--buildtype=release")
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:strict_string_checks=1:malloc_context_size=8",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
# Pairs that the sanitised binary goes through again: one of each kind; by default two of them.
SANITIZED_PAIRS, SOME_PAIRS = 6, 2
# Seconds of a processor that the default run gives to guests beyond the cover.
SLICE = 120
# What of a TAP stream is no table.
TAP_LINE = re.compile(r"\s*((not )?ok\b|1\.\.|TAP version|#)|\s*$")
# What a scenario of the guests notes.
NOTE = re.compile(r"# [\w.-]+@[\w.-]+: ")
# With --all the tarball's build; what is installed, below root.
DIST = PLACE / "dist"
INSTALLED_BINARY = DIST / "root/usr/bin/vfiotool"


def _manual():
    """Where each page of man/ goes; those with a head and a tail are made from the program."""
    names = [path.name.removesuffix(end) for end in (".scd", ".head") for path in sorted((ROOT / "man").glob(f"*{end}"))]
    return [f"share/man/man{name[-1]}/{name}" for name in names]


def _schemas():
    """Where the schemas of src/report go."""
    return [f"share/vfiotool/{path.name}" for path in sorted((ROOT / "src/report").glob("*.schema.json"))]


INSTALLED = ("bin/vfiotool", "share/bash-completion/completions/vfiotool", "share/zsh/site-functions/_vfiotool",
             "share/fish/vendor_completions.d/vfiotool.fish", *_schemas(), *_manual())


def compiler(name: str) -> dict:
    """
    The environment that makes meson use this compiler, through ccache where there is one. What clang compiles, its own linker
    binds: hundreds of tests in half the time.
    """
    linker = {"CC_LD": "lld"} if name == "clang" and shutil.which("ld.lld") else {}
    return {"CC": f"ccache {name}" if shutil.which("ccache") else name, **linker}


def _configure(stage: Stage, folder: Path, *options, source=ROOT, cc="gcc") -> bool:
    """Sets up a build folder of @source and compiles it, without its tests."""
    known = (folder / "build.ninja").exists()
    if not known:
        shutil.rmtree(folder, ignore_errors=True)
    setup = ["meson", "setup", *(["--reconfigure"] if known else []), "--werror", *options, folder, source]
    return (stage.need(f"meson setup ({folder.name})", *setup, env=compiler(cc))
            and stage.need(f"compile ({folder.name})", "ninja", "-C", folder))


def _suites(stage: Stage, folder: Path, suites, env=None) -> None:
    """Compiles and runs these suites of a build folder; each must have a test."""
    status, output = stage.run("meson", "introspect", "--tests", folder)
    if status != 0:
        stage.fail(f"meson introspect ({folder.name})", output)
        return
    there = {suite.split(":")[-1] for test in json.loads(output) for suite in test["suite"]}
    for suite in suites:
        if suite not in there:
            stage.fail(f"suite {suite}: it has no test")
    wanted = [word for suite in suites if suite in there for word in ("--suite", suite)]
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    status, output = stage.run("meson", "test", "-C", folder, "--num-processes", jobs(), *wanted, env=env)
    if not log.exists():
        stage.fail(f"meson test ({folder.name})", output)
        return
    count, details = meson_log(log)
    for test, text in details:
        stage.show(f"{test} ({folder.name})", text)
    stage.count += count
    if status != 0 and not count.failed:
        stage.fail(f"meson test ({folder.name}): {'took too long' if status is None else f'exit status {status}'}", output)


def build(stage: Stage) -> None:
    """gcc, as it is shipped, warnings are errors; with all suites when nothing else runs them."""
    if _configure(stage, PLACE / "gcc", *RELEASE):
        _suites(stage, PLACE / "gcc", PLAIN if shutil.which("clang") else dict.fromkeys((*PLAIN, *SANITIZED)))


def sanitize(stage: Stage) -> None:
    """The other compiler's warnings are errors too; ASan and UBSan, and the fuzz targets, come out of the same build."""
    if not shutil.which("clang"):
        stage.count.skip("sanitize: clang is not installed")
        return
    folder = PLACE / "clang"
    # A fuzzer's main() is in the engine: the linker must not mind. The program starts thousands of times: what is not moved
    # in memory starts sooner.
    options = ("-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dc_link_args=-no-pie")
    if _configure(stage, folder, *options, cc="clang"):
        # Looking for leaks takes as long as a program's start: by default only unit tests and the corpus do, which say so themselves.
        leaks = {} if stage.everything else {"LSAN_OPTIONS": "detect_leaks=0"}
        _suites(stage, folder, SANITIZED, env=SANITIZERS | leaks)


def fuzz(stage: Stage) -> None:
    """Each fuzz target looks for new input for a while."""
    seconds = os.environ.get("VFIOTOOL_FUZZ", "5" if stage.everything else "1")
    _tap(stage, "python3", ROOT / "tests/fuzz/run.py", "--build", PLACE / "clang", "--seconds", seconds, "--jobs", jobs())


def _tap(stage: Stage, *argv, env=None) -> None:
    """A program that speaks TAP; its failures and notes are shown as they come."""
    before, plan, failing = stage.count.total, [], []

    def each(line: str) -> None:
        found = re.match(r"1\.\.(\d+)", line)
        if found:
            plan.append(int(found.group(1)))
            if not plan[-1]:
                stage.count.skip(line.partition("#")[2].strip())
        elif tap_line(line, stage.count):
            failing[:] = [line] if line.lstrip().startswith("not ok") else []
            if failing:
                say(f"   {line}")
            PROGRESS.tick(f"{stage.count.total - before} of {plan[-1] if plan else '?'}")
        elif line.startswith("#") and (failing or NOTE.match(line)):
            say(f"   {line}")

    status, output = stage.run(*argv, each=each, env=env)
    seen, name = stage.count.total - before, Path(str(argv[1])).name
    if not plan:
        stage.fail(f"{name}: no plan", output)
    elif status is None:
        stage.fail(f"{name}: the time is over, {plan[-1] - seen} of {plan[-1]} points were not run")
    elif plan[-1] and plan[-1] != seen:
        stage.fail(f"{name}: {plan[-1]} points planned, {seen} seen", output)
    elif status not in (0, 77) and not stage.count.failed:
        stage.fail(f"{name}: exit status {status}", output)


def _some_pairs(stage: Stage):
    """A few scenarios that kernel 6.1 goes through, spread over the list; which of them, the commit says."""
    status, output = stage.run("python3", ROOT / "tests/vm/run.py", "--list", "--kernel", "6.1")
    if status != 0:
        stage.fail("tests/vm/run.py --list", output)
        return []
    # What counts instructions would count those of the sanitizers.
    counted = {path.stem for path in (ROOT / "tests/vm/acting").glob("*.toml") if "\ncounted = true\n" in path.read_text(encoding="utf-8")}
    names = [name for name in re.findall(r"^(.*)@6\.1: ", output, re.M) if name not in counted]
    start, number = int(stage.commit[:6] or "0", 16), SANITIZED_PAIRS if stage.everything else SOME_PAIRS
    step = max(1, len(names) // number)
    return names[start % step::step][:number]


def _rig(stage: Stage, binary: Path, *options) -> None:
    # A guest waits a quarter of its time, for a device or for a deadline: more than there are processors.
    _tap(stage, "python3", ROOT / "tests/vm/run.py", "--vfiotool", binary, "--jobs", jobs() + 2, *options)


def guests(stage: Stage) -> None:
    """Real kernels judge the predictions, of the plain binary and, in part, of the sanitised one."""
    if not (PLACE / "gcc" / BINARY).exists():
        stage.fail("no binary to judge: the build failed")
        return
    only = os.environ.get("VFIOTOOL_SCENARIOS", "").split()
    if not only:
        stage.need("README's demonstration", "python3", ROOT / "tests/vm/demo.py", "--vfiotool", PLACE / "gcc" / BINARY)
    names = [] if only or not shutil.which("clang") else _some_pairs(stage)
    if names:
        _rig(stage, PLACE / "clang" / BINARY, "--kernel", "6.1", *(word for name in names for word in ("--scenario", name)))
    if only:
        stage.count.skip(f"vm: every scenario but {' '.join(only)} ($VFIOTOOL_SCENARIOS)")
        _rig(stage, PLACE / "gcc" / BINARY, *(word for name in only for word in ("--scenario", name)))
    elif stage.everything:
        _rig(stage, PLACE / "gcc" / BINARY, "--turns", "--commit", stage.commit, "--record", PLACE / "record.json")
    else:
        _rig(stage, PLACE / "gcc" / BINARY, "--cover", "--slice", SLICE, "--commit", stage.commit,
             "--time", int(max(0.0, stage.left() - (LIMIT - SOON))))


def dist(stage: Stage) -> None:
    """What is installed: of the build that the other suites judge; with --all of the tarball, with its own suites."""
    shutil.rmtree(DIST, ignore_errors=True)
    if not stage.everything:
        _install(stage, PLACE / "gcc")
    elif not (ROOT / ".git").exists():
        stage.count.skip("dist: this is no git work tree")
    elif source := _tarball(stage):
        folder = source / "build"
        if _configure(stage, folder, *RELEASE, source=source):
            _suites(stage, folder, SHIPPED)
            _install(stage, folder)
            # With the tarball's own captures and expected texts; the schemas are those of the first stage.
            _tap(stage, "python3", source / "tests/golden/run.py", "--no-schemas", INSTALLED_BINARY)


def _tarball(stage: Stage):
    """The folder of the tarball's content, or None."""
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    if not stage.need("meson dist", "meson", "dist", "-C", PLACE / "gcc", "--no-tests", "--allow-dirty", "--formats",
                      "xztar", env=git):
        return None
    with tarfile.open(sorted((PLACE / "gcc" / "meson-dist").glob("*.tar.xz"))[-1]) as archive:
        archive.extractall(DIST)
    return next(DIST.iterdir())


def _install(stage: Stage, folder: Path) -> None:
    """Every file in its place, and nothing else."""
    if not stage.need("meson install", "meson", "install", "-C", folder, env={"DESTDIR": str(DIST / "root")}):
        return
    there = {str(path.relative_to(DIST / "root")) for path in (DIST / "root").rglob("*") if not path.is_dir()}
    for name in INSTALLED:
        if f"usr/{name}" in there or f"usr/{name}.gz" in there:
            stage.count.passed += 1
        else:
            stage.fail(f"not installed: /usr/{name}", "\n".join(sorted(there)))
    extra = sorted(name for name in there if name.removeprefix("usr/").removesuffix(".gz") not in INSTALLED
                   and not name.startswith("usr/share/doc/vfiotool/"))
    if extra:
        stage.fail("installed without need", "\n".join(extra))


def packages(stage: Stage) -> None:
    """The packages and the image are built, installed in fresh roots, and tried there."""
    if not stage.everything:
        stage.count.skip("packages: only with --all")
    elif not (ROOT / ".git").exists():
        stage.count.skip("packages: this is no git work tree")
    elif stage.need("the packages of section packaging", ROOT / "tests/packages.sh", "packaging"):
        _tap(stage, "python3", ROOT / "tests/packaging/run.py", "--place", PLACE / "packages")


def host(stage: Stage) -> None:
    """libvirt and QEMU do what 'check --vm' predicts, in a guest that is a whole Debian."""
    if not stage.everything:
        stage.count.skip("host: only with --all")
    elif not (PLACE / "gcc" / BINARY).exists():
        stage.fail("no binary to judge: the build failed")
    elif stage.need("the packages of sections guest and packaging", ROOT / "tests/packages.sh", "guest", "packaging"):
        _tap(stage, "python3", ROOT / "tests/host/run.py", "--vfiotool", PLACE / "gcc" / BINARY)


def bench(stage: Stage) -> None:
    """Cost as ratios, of the program as it is shipped; the table is shown."""
    if not INSTALLED_BINARY.exists():
        stage.fail("no release to measure: dist failed")
        return
    lean = DIST / "lean"
    if not stage.need("compile (lean loop)", "gcc", "-O3", "-D_GNU_SOURCE", "-o", lean, ROOT / "tests/bench/lean.c"):
        return
    before = len(stage.count.failures)
    status, output = stage.run("python3", ROOT / "tests/bench/run.py", "--vfiotool", INSTALLED_BINARY, "--lean", lean)
    for line in output.splitlines():
        tap_line(line, stage.count)
        if line.startswith("# ") or not TAP_LINE.match(line):
            say(f"   {line}")
    if status not in (0, 77) and len(stage.count.failures) == before:
        stage.fail(f"bench: exit status {status}", output)


# Seconds for all stages, the packages' installation included; and those after which the default run begins no guest that only the
# commit's hash picked.
LIMIT, LIMIT_ALL, SOON = 44 * 60, 4 * 3600, 16 * 60
# Stages that run beside each other: the first two take one processor most of the time, and the guests what they leave.
BESIDE = ("packages", "host", "vm")

# Name, function, seconds that it should take on two idle processors, by default and with --all, what it is. The first
# two make what the others use.
STAGES = (
    ("build", build, 80, 80, "gcc -Werror: " + ", ".join(PLAIN)),
    ("sanitize", sanitize, 190, 220, "clang -Werror, ASan and UBSan: " + ", ".join(SANITIZED)),
    ("fuzz", fuzz, 45, 100, "libFuzzer, a bounded time for each target"),
    ("dist", dist, 5, 110, "what is installed; with --all the tarball builds and passes"),
    ("bench", bench, 60, 60, "cost as ratios"),
    ("packages", packages, 0, 1700, "packages and an image: built, installed, tried"),
    ("host", host, 0, 1700, "a whole Debian with libvirt and QEMU, in a guest"),
    ("vm", guests, 350, 2700, "real kernels in guests"),
)
