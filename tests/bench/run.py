#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Measures list and inspect of synthetic hosts against a lean loop, which reads the uevent and two links of each
device, and against lspci -Dnnk, in the same run. Prints a table, then TAP.

    run.py --vfiotool PROGRAM --lean PROGRAM [--repeat N] [--quick]

Times are processor time, user and system, of the whole process, the best of several runs that take turns: other work on
the machine disturbs them least. A budget that is missed is measured again, a few times, before it counts. Hosts are read
as a tree (--sysroot) and, where a mount namespace can be had, as the live system.
Exit status: 0 within the budgets, 1 not, 77 strace or lspci is missing.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# pylint: disable=wrong-import-position
import mksys

# What holds on a busy machine as well, whose caches others use: with fifteen processes to two processors 2.3 and 2.7 were
# measured. The aim is 2.5 for both.
LIST_TO_LEAN = 2.6
LIVE_TO_LEAN = 3
ONE_OF_MANY = 1.15
SYSCALLS_PER_DEVICE = 5.5
INSPECT_TO_LIST = 2
LIST_TO_LSPCI = 1.3  # of 16 devices
PLAN_TO_INSPECT = 1.3
# One process reads a capture after the other; to start one for each costs more.
COMPARE_TO_EACH = 1.3
SUMMARY_TO_INSPECT = 1.2
PLANNED, CALLS_PER_PLANNED = 64, 80  # devices together; 61 were counted
EXPLAIN_ONE = 2  # its path: the port's slot has two functions in the small tree, eight in the large one
# Groups computed, nothing printed, against a loop that reads power state and configuration space as well: 1.3 to 1.5 were measured
# where nothing else ran, 2.2 beside four guests. The aim is 1.5. What it asks besides is where the device is, and who drives it; a
# seventh of the time goes to the memory of the snapshot.
EXPLAIN_TO_CONFIG = 3
ONE_GROUP_TO_MANY = 2
# How often a missed budget is measured again.
AGAIN = 10
# What diagnose must read a second of one processor; 190 were measured.
LOG, LOG_MIB, LOG_MIB_PER_SECOND = HERE.parent / "golden/ordinary.log", 16, 50
ONE = "0000:01:00.0"  # a NIC with virtual functions, in every tree
INSIDE = "VFIOTOOL_BENCH_NAMESPACE"
# Kinds of trees, and how they are looked at.
LIVE, BUILT_IN, ONE_GROUP = " live", " built in", " one group"
# Answers are no failures, and neither are the devices of a group that cannot be bound.
GOOD = {"compare": (0, 2), "inspect": (0, 2, 3), "explain": (0, 3), "-q": (0, 3), "bind": (0, 2, 5), "plan": (0, 2, 3)}
# What of /proc a live host shows of the tree.
PROC = ("cmdline", "cpuinfo", "interrupts", "kallsyms", "modules", "version", "sys/kernel/osrelease")


@dataclass
class Row:
    """One line of the table."""

    devices: int
    command: list
    times: list = field(default_factory=list)  # ms of processor time
    calls: int = 0
    status: int = 0

    def best(self):
        """The fastest run: what the work costs undisturbed."""
        return min(self.times)

    def run(self):
        """One run more."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.status = subprocess.run(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     check=False).returncode
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.times.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)


def mount(*words):
    """mount(8)."""
    subprocess.run(["mount", *map(str, words)], check=True)


class Bench:
    """The programs, the trees, and what was measured."""

    def __init__(self, args, place: Path):
        self.args, self.place = args, place
        self.rows = {}
        self.results = []

    def tree(self, count, kind=""):
        """The tree with so many functions."""
        path = self.place / f"{count}{kind}"
        if not path.exists():
            mksys.Tree(path, mksys.Plan(count, kind == ONE_GROUP), kind == BUILT_IN).write()
        return path

    @contextmanager
    def live(self, count):
        """The tree as the live system."""
        tree = self.tree(count)
        (tree / "dev/null").touch()
        mount("--bind", "/dev/null", tree / "dev/null")
        there = [(tree / "sys", "/sys"), (tree / "dev", "/dev"),
                 *((tree / "proc" / name, f"/proc/{name}") for name in PROC if os.path.exists(f"/proc/{name}"))]
        for what, where in there:
            mount("--rbind", what, where)
        try:
            yield
        finally:
            for _, where in reversed(there):
                subprocess.run(["umount", "--lazy", where], check=True)
            subprocess.run(["umount", tree / "dev/null"], check=True)

    def row(self, name, count, *command):
        """A line of the table, new or known."""
        return self.rows.setdefault((name, count), Row(count, [str(word) for word in command]))

    def ours(self, count, *words, kind=""):
        """vfiotool on a tree, of a kind."""
        root = () if kind == LIVE else ("--sysroot", self.tree(count, kind))
        return self.row(" ".join(words) + kind, count, self.args.vfiotool, *root, *words)

    def lean(self, count, live=False, words=()):
        """The loop on a tree."""
        return self.row(" ".join(("lean", *words, *(["live"] if live else []))), count, self.args.lean,
                        "/" if live else self.tree(count), *words)

    def lspci(self, count):
        """lspci on a tree."""
        return self.row("lspci", count, "lspci", "-A", "linux-sysfs", "-O",
                        f"sysfs.path={self.tree(count)}/sys/bus/pci", "-Dnnk")

    def ratio(self, row, other, limit):
        """A budget: @row takes at most @limit times what @other takes."""
        def measured():
            for _ in range(self.args.repeat):
                row.run()
                other.run()
            return row.best() / other.best()

        names = {id(value): name for name, value in self.rows.items()}
        value = measured()
        for _ in range(AGAIN):
            if value <= limit:
                break
            value = measured()
        first, second = (f"'{name}' of {count}" for name, count in (names[id(row)], names[id(other)]))
        self.result(value <= limit, f"{first} within {limit} of {second}", f"{value:.2f}")

    def result(self, good, text, why):
        """A line of TAP."""
        self.results.append((good, text, why))

    def trace(self, command, *options):
        """What strace says of one run, as lines."""
        out = self.place / "trace"
        subprocess.run(["strace", "-f", "-qq", "-o", out, *options, *command], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        return out.read_text(encoding="utf-8", errors="replace").splitlines()

    def count(self, row):
        """How many system calls a run makes, the loading of the program included."""
        words = [line.split() for line in self.trace(row.command, "-c", "-U", "calls,name")]
        row.calls = sum(int(w[0]) for w in words if len(w) == 2 and w[0].isdigit() and w[1] != "total")
        return row.calls

    def linear(self, name, few, many):
        """The cost of one more device does not grow with the number of devices."""
        rows = [self.ours(count, name) for count in (few, 10 * few, many)]
        for _ in range(AGAIN):
            for row in (row for row in rows for _ in range(self.args.repeat)):
                row.run()
            first, last = ((b.best() - rows[0].best()) / (b.devices - few) for b in rows[1:])
            good = last <= 2 * max(first, 1e-4)
            if good:
                break
        self.result(good, f"{name} is linear from {few} to {many}", f"{first * 1000:.1f} then {last * 1000:.1f} us a device")

    def one_of_many(self, name, few, many, limit):
        """One device costs what one costs."""
        rows = [self.ours(count, name, ONE) for count in (many, few)]
        self.ratio(*rows, limit)
        calls = [self.count(row) for row in rows]
        # A longer /proc/interrupts is a few more reads of it.
        self.result(calls[0] <= int(limit) * calls[1] + 16 + many // 50,
                    f"{name} of one device of {many} in the system calls of one of {few}",
                    f"{calls[0]} and {calls[1]}")

    def as_live(self, count):
        """The whole list as the live system gives it."""
        if INSIDE not in os.environ:
            self.result(True, f"list of {count} live # SKIP no mount namespace can be had here", "")
            return
        with self.live(count):
            row = self.ours(count, "list", kind=LIVE)
            self.ratio(row, self.lean(count, live=True), LIVE_TO_LEAN)
            self.result(self.count(row) <= SYSCALLS_PER_DEVICE * count,
                        f"list of {count} live in at most {SYSCALLS_PER_DEVICE} system calls a device",
                        f"{row.calls / count:.1f}")

    def one_group(self, many, some):
        """The devices of a large group cost what as many groups of one cost, and are said once."""
        self.ratio(self.ours(many, "list", kind=ONE_GROUP), self.ours(many, "list"), ONE_GROUP_TO_MANY)
        document = self.ours(some, "inspect", "--json", kind=ONE_GROUP), self.ours(some, "inspect", "--json")
        self.ratio(*document, ONE_GROUP_TO_MANY)
        sizes = [len(subprocess.run(row.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout)
                 for row in document]
        self.result(sizes[0] <= ONE_GROUP_TO_MANY * sizes[1],
                    f"the document of a group of {some} within {ONE_GROUP_TO_MANY} of {some} groups",
                    f"{sizes[0]} and {sizes[1]} bytes")
        move = ("bind", "--dry-run", "--group", ONE)
        self.ratio(self.ours(many, *move, kind=ONE_GROUP), self.ours(some, *move, kind=ONE_GROUP), 2 * many / some)

    def plans(self, few, many):
        """
        A plan costs little more than an inspection, of one device and of many. Times are compared of commands that take about
        as long: beside other work a short one has quiet moments that a long one never gets.
        """
        for count in (few, many):
            self.ratio(self.ours(count, "plan", ONE), self.ours(count, "inspect", ONE), PLAN_TO_INSPECT)
        # Behind the platform, whose group is in use: a plan for its members reads the places of all devices.
        listed = subprocess.run([self.args.vfiotool, "--sysroot", self.tree(many), "list", "-n", "-o", "ADDRESS"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        names = [name for name in listed if ":" in name and not name.startswith("0000:00:")][:PLANNED]
        plan, inspect = (self.row(f"{word} of {PLANNED}", many, self.args.vfiotool, "--sysroot", self.tree(many), word, *names)
                         for word in ("plan", "inspect"))
        self.ratio(plan, inspect, PLAN_TO_INSPECT)
        more = (self.count(plan) - self.count(self.ours(many, "plan", ONE))) / (PLANNED - 1)
        self.result(more <= CALLS_PER_PLANNED, f"a further device of a plan in at most {CALLS_PER_PLANNED} system calls", f"{more:.0f}")

    def fleet(self, hosts, devices):
        """Many captures cost what decoding each of them costs; a summary costs what an inspection costs."""
        folder, capture = self.place / "captures", self.place / "one.capture"
        folder.mkdir()
        subprocess.run([self.args.vfiotool, "--sysroot", self.tree(devices), "capture", capture], check=True)
        text = capture.read_text(encoding="utf-8")
        for number in range(hosts):
            one = text.replace(mksys.RELEASE, f"6.1.0-{number % 5}-amd64")
            one = one if number % 50 else one.replace("intel_iommu=on", "quiet")
            (folder / f"{number}.capture").write_text(one, encoding="utf-8")
        each = self.row("each of the captures", hosts, "sh", "-c", f'for one in {folder}/*; do "$0" --sysroot "$one" list; done',
                        self.args.vfiotool)
        self.ratio(self.row("compare", hosts, self.args.vfiotool, "compare", folder), each, COMPARE_TO_EACH)
        self.ratio(self.ours(1000, "inspect", "--json=summary"), self.ours(1000, "inspect", "--json"), SUMMARY_TO_INSPECT)

    def log(self):
        """Lines of an ordinary log are read at the pace that a log may have."""
        text, log = LOG.read_bytes(), self.place / "log"
        log.write_bytes(text * (LOG_MIB * 1024 * 1024 // len(text)))
        row = self.row(f"diagnose of {LOG_MIB} MiB", 1, self.args.vfiotool, "diagnose", log)
        for _ in range(AGAIN):
            row.run()
            if row.best() <= LOG_MIB * 1000 / LOG_MIB_PER_SECOND:
                break
        self.result(row.best() <= LOG_MIB * 1000 / LOG_MIB_PER_SECOND, f"a log of {LOG_MIB} MiB at {LOG_MIB_PER_SECOND} MiB/s",
                    f"{LOG_MIB * 1000 / row.best():.0f}")

    def untouched(self):
        """What asks nothing of a host reads nothing of it."""
        for word in ("--version", "--help"):
            lines = self.trace([self.args.vfiotool, word], "-e", "trace=%file")
            # Before main() is entered libcap-ng looks at one number, and libselinux, which libmount brings, whether
            # there is SELinux.
            own = re.compile(r"cap_last_cap|/sys/fs/selinux|/proc/filesystems")
            bad = [line for line in lines
                   if re.search(r'"/(sys|proc|dev/vfio|dev/iommu)\b', line) and not own.search(line)]
            self.result(bool(lines) and not bad, f"{word} touches no sysfs", "; ".join(bad[:3]))

    def run(self):
        """Everything."""
        few, many = 16, 4096 if self.args.quick else 10000
        self.ratio(self.ours(few, "list"), self.lspci(few), LIST_TO_LSPCI)
        self.ratio(self.ours(few, "list", kind=BUILT_IN), self.lspci(few), LIST_TO_LSPCI)
        self.ratio(self.ours(many, "list"), self.lspci(many), 1)
        self.ratio(self.ours(many, "list"), self.lean(many), LIST_TO_LEAN)
        self.ratio(self.ours(many, "inspect"), self.ours(many, "list"), INSPECT_TO_LIST)
        self.one_of_many("inspect", few, many, ONE_OF_MANY)
        self.one_of_many("explain", few, many, EXPLAIN_ONE)
        self.ratio(self.ours(many, "-q", "explain"), self.lean(many, words=("config",)), EXPLAIN_TO_CONFIG)
        self.plans(few, many)
        self.as_live(many)
        self.one_group(4000, 1000)
        for name in ("list", "inspect", "explain"):
            self.linear(name, 100, many)
        self.fleet(200, 60)
        self.log()
        self.untouched()
        print(f"# {'name':<44} {'n':>6} {'min ms':>9} {'calls':>9} {'rc':>3}")
        for (name, count), row in self.rows.items():
            print(f"# {name:<44} {count:>6} {row.best():9.2f} {row.calls or '-':>9} {row.status:>3}")
            self.result(row.status in GOOD.get(name.split()[0], (0,)), f"'{name}' of {count} ends well",
                        f"status {row.status}")
        print(f"1..{len(self.results)}")
        for number, (good, text, why) in enumerate(self.results, 1):
            print(f"{'ok' if good else 'not ok'} {number} - {text}{f' ({why})' if why else ''}")
        return 0 if all(good for good, _, _ in self.results) else 1


def enter_namespace():
    """Starts this program again where it may mount; goes on where that cannot be had."""
    if INSIDE in os.environ:
        return
    for options in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        if shutil.which("unshare") and not subprocess.run(["unshare", *options, "true"], stderr=subprocess.DEVNULL,
                                                          check=False).returncode:
            os.execvpe("unshare", ["unshare", *options, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="measure list and inspect")
    parser.add_argument("--vfiotool", required=True, help="the program, as it is shipped (not sanitised)")
    parser.add_argument("--lean", required=True, help="the lean loop")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="up to 4,096 devices")
    args = parser.parse_args()
    for program in ("strace", "lspci"):
        if not shutil.which(program):
            print(f"1..0 # SKIP {program} is not installed")
            return 77
    enter_namespace()
    with tempfile.TemporaryDirectory(prefix="vfiotool-bench-") as place:
        # Half a million small files: in memory, where that is allowed.
        inside = INSIDE in os.environ and not subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=0", "bench", place],
                                                             check=False).returncode
        try:
            return Bench(args, Path(place)).run()
        finally:
            if inside:
                subprocess.run(["umount", "--lazy", place], check=True)


if __name__ == "__main__":
    sys.exit(main())
