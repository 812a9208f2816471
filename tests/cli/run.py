#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The program as a user meets it when something is wrong: bad words, bad files, a terminal that is too narrow, a pipe that
closes. Each case has the documented exit status and one line on stderr that names the thing. Says TAP.
"""

import argparse
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

import schema as json_schema  # noqa: E402  pylint: disable=wrong-import-position

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
INTEL = CAPTURES / "vm-intel-on-6.12.capture"
IN_USE = CAPTURES / "edge-in-use.capture"
LIMIT_S = 60
NOBODY = 65534


class Cli:
    """Runs the program and keeps the score."""

    def __init__(self, tool):
        self.tool = tool
        self.shared = None
        self.count = self.failed = 0

    def say(self, name: str, problems) -> None:
        """One TAP line, and why it is not ok."""
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}", flush=True)
        for line in problems:
            print(f"# {line}")

    def skip(self, name: str, why: str) -> None:
        """A case that this machine cannot show."""
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def share(self, folder: Path) -> None:
        """Lets @folder hold what another user runs and reads: the sources may lie where only their owner may go."""
        folder.chmod(0o755)
        self.shared = folder
        shutil.copy(self.tool[0], folder / "vfiotool")
        shutil.copy(INTEL, folder / INTEL.name)

    def run(self, *arguments, sysroot=None, env=None, stdout=subprocess.PIPE, user=None):
        """One run: a CompletedProcess with text."""
        tool = self.tool
        if user is not None:
            tool = [str(self.shared / "vfiotool"), *tool[1:]]
            sysroot = self.shared / INTEL.name if sysroot == INTEL else sysroot
        words = [*tool, *(["--sysroot", str(sysroot)] if sysroot else []), *map(str, arguments)]
        full = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb", **(env or {})}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                full[name] = os.environ[name]
        options = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        return subprocess.run(words, env=full, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                              timeout=LIMIT_S, check=False, errors="backslashreplace", **options)

    def refused(self, name: str, arguments, status: int, names: str, sysroot=None, **options) -> None:
        """A run that must end with @status, print nothing, and say one line that has @names in it."""
        done = self.run(*arguments, sysroot=sysroot, **options)
        problems = []
        if done.returncode != status:
            problems.append(f"status {done.returncode}, not {status}")
        if done.stdout:
            problems.append(f"printed {done.stdout[:200]!r}")
        lines = done.stderr.splitlines()
        if len(lines) != 1 or not lines[0].startswith("vfiotool: ") or names not in lines[0]:
            problems.append(f"said {done.stderr[:400]!r}, not one line with {names!r}")
        self.say(name, problems)

    def answers(self, name: str, arguments, status=0, sysroot=None, check=None, **options) -> None:
        """A run that must end with @status and say nothing on stderr; @check(stdout) gives further problems."""
        done = self.run(*arguments, sysroot=sysroot, **options)
        problems = [] if done.returncode == status else [f"status {done.returncode}, not {status}"]
        if done.stderr:
            problems.append(f"said {done.stderr[:400]!r}")
        if check and not problems:
            problems += check(done.stdout)
        self.say(name, problems)


# ---- bad words

WORDS = [
    ("a command that is none", ["frobnicate"], 64, "'frobnicate'"),
    ("a command misspelt", ["insepct"], 64, "'inspect'"),
    ("an option that is none", ["list", "--frob"], 64, "'--frob'"),
    ("an option without its value", ["list", "--sort"], 64, "'--sort'"),
    ("an option with a value too many", ["list", "--json=yes"], 64, "'--json'"),
    ("a column that is none", ["list", "-o", "ADDRESS,COLOUR"], 64, "'COLOUR'"),
    ("a column to sort by that is none", ["list", "--sort=FOO"], 64, "'FOO'"),
    ("two formats", ["list", "-J", "-P"], 64, "--json and --pairs"),
    ("a column far from any", ["list", "-o", "FOO"], 64, "--help lists"),
    ("help for a command that is none", ["help", "frob"], 64, "'frob'"),
    ("a colour that is none", ["list", "--color=purple"], 64, "'purple'"),
    ("a kernel that is none", ["inspect", "--kernel", "4.x"], 64, "'4.x'"),
    ("a path that is none", ["inspect", "--path", "foo"], 64, "'foo'"),
    ("an assumption that is none", ["inspect", "--assume", "foo=1"], 64, "'foo'"),
    ("an assumption without a value", ["inspect", "--assume", "held"], 64, "'held'"),
    ("an assumption with a bad value", ["inspect", "--assume", "held=maybe"], 64, "'maybe'"),
    ("an assumption about a device that is not there", ["inspect", "--assume", "0000:99:00.0:held=1"], 66,
     "0000:99:00.0"),
    ("an address that is none", ["inspect", "00:zz.0"], 64, "'00:zz.0'"),
    ("a function of 9", ["inspect", "0000:00:1f.9"], 64, "'0000:00:1f.9'"),
    ("a device that is not there", ["inspect", "0000:ff:1f.7"], 66, "'0000:ff:1f.7'"),
    ("a device that is not there, for list", ["list", "0000:ff:1f.7"], 66, "'0000:ff:1f.7'"),
    ("a group that is not there", ["inspect", "group:999"], 66, "'group:999'"),
    ("a group that is no number", ["inspect", "group:one"], 64, "'group:one'"),
    ("ids that no device has", ["inspect", "8086:ffff"], 66, "'8086:ffff'"),
    ("a platform device that is not there", ["inspect", "platform:no"], 66, "'platform:no'"),
    ("a known device and one that is not there", ["inspect", "00:04.0", "0000:ff:1f.7"], 66, "'0000:ff:1f.7'"),
    ("a rule that is none", ["rules", "nope"], 64, "'nope'"),
    ("a group without its word", ["inspect", "3"], 64, "group:12"),
    ("a group below 0", ["list", "group:-1"], 64, "write a group as group:12"),
    ("a device beyond 1f", ["list", "00:20.0"], 64, "devices up to 1f"),
    ("a node of a disk that is not there", ["list", "/dev/nvme0n9"], 66, "'/dev/nvme0n9'"),
    ("a node below a folder of /dev", ["list", "/dev/mapper/root"], 64, "/dev/nvme0n1"),
    ("a class that is none", ["list", "--class=3"], 64, "--class=3"),
    ("a class that no device has", ["inspect", "vga"], 66, "'vga'"),
    ("a class target that is none", ["inspect", "class:nothing"], 64, "write a class as class:03"),
    ("an answer that is none", ["list", "--verdict=maybe"], 64, "write yes, no or unknown"),
    ("a group that is no number, for a filter", ["list", "--group=x"], 64, "--group=x"),
    ("after binding, for a whole list", ["list", "--if-bound"], 64, "--if-bound is for --verdict"),
    ("all, without bridges", ["list", "-a", "--no-bridges"], 64, "contradict"),
    ("after binding, for a report", ["inspect", "--if-bound", "00:04.0"], 64, "--if-bound is for -q"),
    ("the node of all groups", ["list", "/dev/vfio/vfio"], 64, "/dev/vfio/12"),
    ("a pattern", ["list", "0000:00:0*"], 64, "01:00.*"),
    ("a proof of a capture", ["prove", "00:04.0"], 64, "leave it out"),
    ("a list of proofs with a path", ["prove", "--list", "--path=container"], 64, "--list only reads"),
    ("too few address bits", ["prove", "--address-bits=11", "00:04.0"], 64, "--address-bits=11"),
    ("too many address bits", ["prove", "--address-bits=65", "00:04.0"], 64, "--address-bits=65"),
    ("address bits that are no number", ["prove", "--address-bits", "48b", "00:04.0"], 64, "--address-bits=48b"),
    ("a token that is none", ["prove", "--vf-token", "1234", "00:04.0"], 64, "'1234'"),
    ("mappings of a capture", ["map", "00:04.0"], 64, "leave it out"),
    ("a mapping of nothing", ["map"], 64, "no target: name a device"),
    ("mappings for two", ["map", "00:04.0", "00:05.0"], 64, "one at a time"),
    ("a size of 0", ["map", "--size=0", "00:04.0"], 64, "'0'"),
    ("a size of 2^64-1", ["map", "--size=0xffffffffffffffff", "00:04.0"], 64, "'0xffffffffffffffff'"),
    ("a size that overflows by its unit", ["map", "--size=16777216T", "00:04.0"], 64, "does not fit 64 bits"),
    ("a size with a unit that is none", ["map", "--size=4Q", "00:04.0"], 64, "'4Q'"),
    ("a size below 0", ["map", "--size=-4K", "00:04.0"], 64, "'-4K'"),
    ("no mappings", ["map", "--count=0", "00:04.0"], 64, "'0'"),
    ("too many mappings", ["map", "--count=1048577", "00:04.0"], 64, "'1048577'"),
    ("pages that are none", ["map", "--pages=2m", "00:04.0"], 64, "'2m'"),
    ("a protection that is none", ["map", "--prot=rx", "00:04.0"], 64, "'rx'"),
    ("a layout that is none", ["map", "--layout=spreda", "00:04.0"], 64, "spread"),
    ("a layout of what is fixed", ["map", "--layout=spread", "--iova=0", "00:04.0"], 64, "--iova"),
    ("an IOVA that is none", ["map", "--iova=zero", "00:04.0"], 64, "'zero'"),
    ("a range without a size", ["map", "--unmap=0x1000", "00:04.0"], 64, "IOVA:SIZE"),
    ("a range of 0", ["map", "--unmap=0x1000:0", "00:04.0"], 64, "'0'"),
    ("a kind of interrupt that is none", ["irq", "--index", "msi-x", "00:04.0"], 64, "did you mean msix"),
    ("no vector at all", ["irq", "--vectors", "0", "00:04.0"], 64, "'--vectors=0'"),
    ("more vectors than MSI-X has", ["irq", "--index=msix", "--vectors=2049", "00:04.0"], 64, "2048"),
    ("a time without an end", ["irq", "--timeout=99999999999", "00:04.0"], 64, "'--timeout=99999999999'"),
    ("interrupts of a capture", ["irq", "00:04.0"], 64, "--sysroot"),
    ("a way to reset that is none", ["reset", "--method", "cold", "00:04.0"], 64, "'cold'"),
    ("a reset of nothing", ["reset"], 64, "--sysroot"),
    ("a region that is none", ["regions", "--dump", "BAR6", "00:04.0"], 64, "'BAR6'"),
    ("a length of nothing", ["regions", "--dump=BAR0", "--length=0", "00:04.0"], 64, "'--length=0'"),
    ("an offset past 64 bits", ["regions", "--dump=BAR0", "--offset=0x10000000000000000", "00:04.0"], 64, "offset"),
    ("a place without a dump", ["regions", "--save=x", "00:04.0"], 64, "--dump"),
    ("force without a write", ["regions", "--force", "00:04.0"], 64, "--write"),
    ("a width of 3", ["regions", "--dump=BAR0", "--width=3", "00:04.0"], 64, "'--width=3'"),
    ("a write to nowhere", ["regions", "--write=5", "00:04.0"], 64, "REGION+OFFSET=VALUE"),
    ("a write of nothing", ["regions", "--write=BAR0+0=", "00:04.0"], 64, "the value is not a number"),
    ("a write of too much", ["regions", "--write=BAR0+0=256:1", "00:04.0"], 64, "does not fit"),
    ("a write that is not aligned", ["regions", "--write=BAR0+2=1:4", "00:04.0"], 64, "multiple"),
    ("a register of no header", ["regions", "--write=config+COMAND=1", "00:04.0"], 64, "neither a number nor"),
    ("a register's name in a BAR", ["regions", "--write=BAR0+COMMAND=1", "00:04.0"], 64, "neither a number nor"),
    ("a capture without a file", ["capture"], 64, "FILE"),
    ("a capture into a folder that is not there", ["capture", "/nonexistent/x"], 1, "/nonexistent/x"),
]


def bad_words(cli: Cli) -> None:
    """Each on a small capture, so that nothing depends on this machine."""
    for name, arguments, status, names in WORDS:
        cli.refused(name, arguments, status, names, sysroot=INTEL)


# ---- bad files

def bad_files(cli: Cli, scratch: Path) -> None:
    """What --sysroot may be given."""
    def made(name: str, content: bytes) -> Path:
        (scratch / name).write_bytes(content)
        return scratch / name

    header = b'{"vfiotool-capture":1}\n'
    cli.refused("a sysroot that is not there", ["list"], 66, "/nonexistent", sysroot="/nonexistent")
    cli.refused("a sysroot that is a device", ["list"], 66, "/dev/null", sysroot="/dev/null")
    os.mkfifo(scratch / "fifo")
    cli.refused("a sysroot that is a FIFO", ["list"], 66, "fifo", sysroot=scratch / "fifo")
    for name, content in {
        "empty": b"",
        "text": b"hello\n",
        "another version": b'{"vfiotool-capture":99}\n',
        "a torn line": header + INTEL.read_bytes().splitlines(keepends=True)[1][:-9],
        "an unknown verb": header + b'["exec","/bin/sh","x"]\n',
        "an object too many": header + b'["read","/sys/x",{"hex":"0"}]\n',
        "deep nesting": header + b"[" * 200 + b"\n",
        "binary": header + bytes(range(256)) * 64,
    }.items():
        path = made("bad.capture", content)
        cli.refused(f"a capture that is {name}", ["list"], 1, "bad.capture", sysroot=path)
    escape = made("escape.capture", header + b'["list","/sys/bus/pci/devices","../../../../etc\\n..\\n0000:00:01.0"]\n'
                  b'["read","/sys/bus/pci/devices/0000:00:01.0/uevent","PCI_CLASS=20000\\nDRIVER=../../../etc/passwd"]\n'
                  b'["link","/sys/bus/pci/devices/0000:00:01.0/iommu_group","../../../../../../etc/shadow"]\n')
    for arguments in (["list"], ["inspect"], ["inspect", "--json"]):
        cli.answers(f"a capture that names files outside: {' '.join(arguments)}", arguments, sysroot=escape,
                    check=lambda out: ["it read a file of this machine"] if "root:" in out else [])
    bound = CAPTURES / "vm-sibling-host-6.1.capture"
    # Its kernel makes vfio-dev/vfio0, and no node of it.
    for name in ("vfio0", "/dev/vfio/devices/vfio0"):
        cli.answers(f"{name} of a capture", ["list", "-nro", "ADDRESS,CDEV", name], sysroot=bound,
                    check=lambda out: [] if out == "0000:00:04.0 -\n" else [out])
    cli.refused("a VFIO device that a capture does not have", ["list", "vfio1"], 66, "'vfio1'", sysroot=bound)
    old = made("old", b"keep me")
    cli.refused("a capture over a file that is there", ["capture", old], 64, "--force", sysroot=INTEL)
    cli.say("the file that was there is as it was", [] if old.read_bytes() == b"keep me" else ["it changed"])
    cli.answers("a capture over it with --force", ["capture", "--force", old], sysroot=INTEL)
    cli.answers("it is a capture now", ["list"], sysroot=old)


# ---- absurd trees

def absurd_tree(root: Path) -> Path:
    """A folder that looks like a host, each device spoilt in another way."""
    devices = root / "sys/bus/pci/devices"
    devices.mkdir(parents=True)
    (root / "sys/class/iommu").mkdir(parents=True)
    (root / "sys/kernel/iommu_groups").mkdir(parents=True)
    (root / "proc").mkdir()

    def device(number: int) -> Path:
        path = devices / f"0000:00:{number:02x}.0"
        path.mkdir()
        return path

    (device(1) / "uevent").write_bytes(b"")
    (device(2) / "uevent").write_bytes(bytes(range(256)))
    (device(3) / "uevent").write_bytes(b"A=" + b"x" * (1 << 20))
    (device(4) / "uevent").mkdir()
    (device(5) / "uevent").symlink_to("uevent")
    (device(6) / "uevent").symlink_to("/etc/passwd")
    (device(7) / "uevent").symlink_to("../../../../../../../../../../../../etc/passwd")
    os.mkfifo(device(8) / "uevent")
    path = device(9)
    (path / "uevent").write_text("PCI_CLASS=20000\nPCI_ID=8086:100E\nPCI_SLOT_NAME=0000:00:09.0\n")
    (path / "iommu_group").symlink_to("../../../kernel/iommu_groups/77777777777777777777")
    path = device(10)
    (path / "uevent").write_text("DRIVER=\x1b[31mred\nPCI_CLASS=20000\nPCI_ID=8086:100E\n")
    (path / "iommu_group").symlink_to("../../../../kernel/iommu_groups/3")
    group = root / "sys/kernel/iommu_groups/3"
    (group / "devices").mkdir(parents=True)
    (group / "devices/0000:00:0a.0").symlink_to("../../../../bus/pci/devices/0000:00:0a.0")
    (group / "devices/0000:77:00.0").symlink_to("../../../../bus/pci/devices/0000:77:00.0")
    (group / "reserved_regions").write_text("0x10 0x5 direct\nnonsense\n")
    (device(11) / "uevent").write_text("PCI_CLASS=20000\nPCI_ID=8086:100E\n")
    (devices / "0000:00:0b.0/uevent").chmod(0)
    # Listed, and gone when it is read.
    (devices / "0000:00:0c.0").symlink_to("../../../devices/vanished")
    return root


def engines(cli: Cli, scratch: Path) -> None:
    """Devices whose DMA test drivers nobody has run on hardware yet: that is said where they are listed."""
    root = scratch / "engines"
    for number, ids in ((1, "8086:0B25"), (2, "8086:2021"), (3, "8086:10D3")):
        path = root / f"sys/bus/pci/devices/0000:00:{number:02x}.0"
        path.mkdir(parents=True)
        (path / "uevent").write_text(f"PCI_CLASS=88000\nPCI_ID={ids}\nPCI_SUBSYS_ID=8086:0001\n")
    for folder in ("sys/class/iommu", "sys/kernel/iommu_groups", "proc"):
        (root / folder).mkdir(parents=True)
    expected = ["dsa (not yet run on hardware)", "ioat (not yet run on hardware)", "e1000e"]

    def check(out: str):
        got = [device["proof"] for device in json.loads(out)["devices"]]
        return [] if got == expected else [f"listed are {got}"]

    cli.answers("what is not yet run on hardware is listed as such", ["prove", "--list", "--json"], sysroot=root, check=check)


def absurd_trees(cli: Cli, scratch: Path) -> None:
    """Every report of it must be made, none may show what lies outside."""
    root = absurd_tree(scratch / "tree")

    def check(out: str):
        problems = [] if "0000:00:0a.0" in out else ["device 0000:00:0a.0 is missing"]
        if "root:" in out:
            problems.append("it read a file outside of the tree")
        if re.search("[\x00-\x08\x0b-\x1f\x7f]", out):
            problems.append("a control character came through")
        return problems

    users = {"root" if os.geteuid() == 0 else "this user": None}
    if os.geteuid() == 0:
        users["a plain user"] = NOBODY
    for who, user in users.items():
        for arguments in (["list"], ["list", "--tree"], ["list", "-O", "-J"], ["inspect"], ["inspect", "-v"],
                          ["inspect", "--json"], ["inspect", "--all-kernels"]):
            cli.answers(f"absurd attributes, {who}: {' '.join(arguments)}", arguments, sysroot=root, check=check,
                        user=user)
    cli.answers("a device that vanished is unknown, not no", ["list", "-nr", "-o", "ADDRESS,AFTER"], sysroot=root,
                check=lambda out: [] if "0000:00:0c.0 unknown\n" in out else [out])
    cli.refused("a device that vanished, asked for", ["inspect", "0000:00:0c.0"], 66, "'0000:00:0c.0'", sysroot=root)
    cli.answers("a group that makes no sense is unknown, not no", ["list", "-n", "-r", "-o", "GROUP", "0000:00:09.0"],
                sysroot=root, check=lambda out: [] if out.strip() == "?" else [f"group {out!r}"])
    shutil.rmtree(root / "sys/bus/pci/devices/0000:00:0a.0")
    cli.answers("a group whose member vanished", ["inspect", "--json"], sysroot=root)


# ---- a dry run

def dry_runs(cli: Cli) -> None:
    """What bind would write is a script, with all else as its comments."""
    def script(out: str):
        problems = [f"not a comment, and nothing would be done: {line!r}" for line in out.splitlines() if not line.startswith("# ")]
        problems += [] if "REFUSED" in out.splitlines()[0] else ["the first line does not say that it is refused"]
        problems += [] if "\n# echo " in out else ["no write is shown"]
        for line in out.splitlines():
            problems += [f"{len(line)} columns: {line!r}"] if line.startswith("#") and len(line) > 80 else []
        return problems

    for width in ("80", "200"):
        cli.answers(f"a dry run of bind is a script, {width} columns", ["bind", "--dry-run", "00:02.0", "00:03.0", "02:00.0"], 5,
                    IN_USE, script if width == "80" else None, env={"COLUMNS": width})
    every = "--force=disk,network,session,display,console,vfs,vm,open"
    hostile = "a b'$(id)\x1b[31m\u009b"
    cli.answers("a driver's name is one word of a shell, and none of a terminal", ["bind", "--dry-run", every, "--driver", hostile, "00:03.0"],
                0, IN_USE, lambda out: [] if "echo $'a b\\x27$(id)\\x1b[31m\\xc2\\x9b' > /sys/bus/pci/devices/0000:00:03.0/driver_override\n"
                in out and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out) else [repr(out)])
    cli.refused("a driver that is a folder above", ["bind", "--dry-run", "--driver", "..", "00:03.0"], 64, "'..'", sysroot=IN_USE)
    remedies = "ip link set bond0 down"
    cli.answers("a remedy is said once", ["bind", "--dry-run", "00:03.0"], 5, IN_USE,
                lambda out: [] if out.count(remedies) == 1 else [f"{out.count(remedies)} times {remedies!r}"])
    done = cli.run("bind", "--dry-run", "--json", "00:02.0", "00:14.0", "02:00.0", sysroot=IN_USE)
    findings = [guard for device in json.loads(done.stdout)["devices"] for guard in device["guards"]]
    cli.say("each guard in the way has a next step", [] if findings and all(f["remedy"] for f in findings) else [findings])
    done = cli.run("bind", "--dry-run", "--json", "00:04.0", sysroot=INTEL)
    findings = [guard for device in json.loads(done.stdout)["devices"] for guard in device["guards"]]
    helps = findings and all("--in-use" in f["remedy"] and "as root" not in f["remedy"] for f in findings)
    done = cli.run("bind", "--dry-run", "00:04.0", sysroot=INTEL)
    cli.say("what a capture cannot tell is said once", [] if done.stdout.count("--in-use") == 1 else [done.stdout])
    cli.say("of a capture without what is in use, to be root does not help", [] if helps else [findings])


# ---- mappings of a capture

def mappings(cli: Cli) -> None:
    """What map would do there; a refusal is a document, too."""
    for name, words, status, result in (("vm-intel-on-6.12", ["00:04.0"], 2, "refused"),
                                        ("vm-user-allowed-6.1", ["--iova=0x8000000000", "00:04.0"], 2, "refused"),
                                        ("vm-user-allowed-6.1", ["--iova=0x100000", "00:04.0"], 3, "predicted")):
        done = cli.run("map", "--dry-run", "--json", *words, sysroot=CAPTURES / f"{name}.capture")
        document = json.loads(done.stdout or "{}")
        problems = json_schema.Checker.named("map").check(document)
        problems += [] if (done.returncode, document.get("result")) == (status, result) else [done.returncode, done.stderr, done.stdout]
        cli.say(f"map --dry-run --json {' '.join(words)} of {name}: {result}", problems)
    cli.refused("mappings of a capture that has no such device", ["map", "--dry-run", "0000:ff:1f.7"], 66, "0000:ff:1f.7", sysroot=INTEL)
    done = cli.run("bind", "--dry-run", "--json", "00:03.0", sysroot=IN_USE)
    cli.say("bind --dry-run --json, by the schema", json_schema.Checker.named("bind").check(json.loads(done.stdout)))


# ---- a journal

def journals(cli: Cli, scratch: Path) -> None:
    """What restore finds in the place of its journal."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    place = scratch / "journal.d"
    place.mkdir(mode=0o700)
    path = place / "journal"
    words = ["restore", "--dry-run", "--journal", place]

    def record(number: int, **members) -> str:
        return json.dumps({"step": "intent", "id": number, "boot": boot, "bus": "pci", "identity": "x", "old_driver": None,
                           "old_override": None, "new_driver": "vfio-pci", **members}) + "\n"

    path.symlink_to("/etc/hostname")
    cli.refused("a journal that is a link", words, 1, "it is not a plain file")
    path.unlink()
    os.mkfifo(path)
    cli.refused("a journal that is a FIFO", words, 1, "it is not a plain file")
    path.unlink()
    path.write_text(record(1, device="0000:ff:1f.7") + record(2, device="12", bus="group") + record(3, device="a b")
                    + record(4, device="x" * 300), encoding="ascii")
    done = cli.run(*words)
    kept = [line for line in done.stderr.splitlines() if "the record is kept" in line]
    cli.say("a record that makes no sense does not keep the others from being undone",
            [] if len(kept) == 3 and "0000:ff:1f.7 is no longer there" in done.stdout else [done.stdout, done.stderr])
    path.chmod(0o666)
    cli.refused("a journal that anybody may write", words, 77, "others than root may write there")
    path.chmod(0o600)
    place.chmod(0o777)
    cli.refused("a journal in a folder that anybody may write", words, 77, "others than root may write there")


# ---- where the answer goes

def outputs(cli: Cli) -> None:
    """Full disks, closed pipes, colours, widths."""
    with open("/dev/full", "wb") as full:
        for arguments in (["list"], ["inspect", "--json"], ["rules"], ["--help"], ["--version"], ["capture", "-"]):
            done = cli.run(*arguments, sysroot=INTEL, stdout=full)
            good = done.returncode == 1 and len(done.stderr.splitlines()) == 1 and "No space left" in done.stderr
            cli.say(f"a full disk: {' '.join(arguments)}", [] if good else [f"{done.returncode} {done.stderr!r}"])
    for arguments in (["inspect", "--json"], ["list"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = cli.run(*arguments, sysroot=INTEL, stdout=writer)
        os.close(writer)
        good = done.returncode in (1, -signal.SIGPIPE) and len(done.stderr.splitlines()) <= 1
        cli.say(f"a closed pipe: {' '.join(arguments)}", [] if good else [f"{done.returncode} {done.stderr!r}"])

    def coloured(want: bool):
        return lambda out: [] if ("\x1b[" in out) == want else [f"colours: {not want}"]

    cli.answers("no colours in a pipe", ["list"], sysroot=INTEL, check=coloured(False), env={"TERM": "xterm"})
    cli.answers("colours when asked", ["list", "--color=always"], sysroot=INTEL, check=coloured(True),
                env={"TERM": "xterm"})
    for env, want in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        out, status = on_terminal(cli, ["list"], 100, env)
        problems = coloured(want)(out) + ([f"status {status}"] if status else [])
        cli.say(f"on a terminal, {env or 'as it is'}: {'colours' if want else 'none'}", problems)
    for width in (20, 1, 500):
        for arguments in (["list"], ["list", "--tree"], ["inspect", "00:04.0"], ["inspect", "--all-kernels", "00:04.0"]):
            out, status = on_terminal(cli, arguments, width, {})
            problems = [f"status {status}"] if status else []
            problems += [] if "0000:00:04.0" in re.sub("\x1b[^m]*m", "", out) or width < 20 else ["the device is not named"]
            cli.say(f"a terminal of {width} columns: {' '.join(arguments)}", problems)


def on_terminal(cli: Cli, arguments, columns: int, env):
    """The output and status of a run on a pseudo terminal of @columns."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "rows", "40", "cols", str(columns)], stdin=slave, check=True)
    full = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", **env}
    words = [*cli.tool, "--sysroot", str(INTEL), *arguments]
    with subprocess.Popen(words, env=full, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        out = b""
        while True:
            try:
                block = os.read(master, 65536)
            except OSError:
                break
            if not block:
                break
            out += block
        status = process.wait(LIMIT_S)
    os.close(master)
    return out.decode(errors="backslashreplace"), status


# ---- which devices are listed

def filters(cli: Cli) -> None:
    """By class, driver, group and answer; bridges only where they are asked for."""
    host, card, isa, disk, smbus = "0000:00:00.0", "0000:00:04.0", "0000:00:1f.0", "0000:00:1f.2", "0000:00:1f.3"
    bus = "0000:00"
    for arguments, want in (
        ([], [card, disk, smbus]),
        (["-a"], [host, card, isa, disk, smbus]),
        (["-J"], [card, disk, smbus]),
        (["--tree"], [bus, host, card, isa, disk, smbus]),
        (["--tree", "--no-bridges"], [bus, card, disk, smbus]),
        (["0000:00:1f"], [isa, disk, smbus]),
        (["--no-bridges", "0000:00:1f"], [disk, smbus]),
        (["--class", "06"], [host, isa]),
        (["--class=0601"], [isa]),
        (["--class", "network"], [card]),
        (["network"], [card]),
        (["class:06"], [host, isa]),
        (["class:0106", "class:network"], [disk, card]),
        (["--class", "vga"], []),
        (["--driver", "e1000"], [card]),
        (["--driver=none"], [disk, smbus]),
        (["--group", "2"], [isa, disk, smbus]),
        (["--group", "2", "--driver", "e1000"], []),
        (["--group=none"], []),
        (["--verdict", "no"], [card, disk, smbus]),
        (["--verdict", "yes"], []),
        (["--verdict", "yes", "--if-bound", "-a"], [host, card, isa, disk, smbus]),
        (["--tree", "--driver", "e1000"], [bus, card]),
        (["--tree", "--verdict", "yes"], []),
        (["--filter", "driver==none"], [disk, smbus]),
        (["--filter", "DRIVER eq 'e1000' or class =~ ^0106"], [card, disk]),
        (["--filter", "after == yes && group == 2", "-a"], [isa, disk, smbus]),
        (["--filter", "now == unknown"], []),
        (["--tree", "--filter", "driver==e1000"], [bus, card]),
        (["--tree", "--filter", "kind =~ endpoint && group > 1"], []),
        (["--csv", "--filter", "!driver"], [disk, smbus]),
        (["--driver=none", "--filter", "id == 8086:2922"], [disk]),
    ):
        cli.answers(f"list {' '.join(arguments)}", ["list", "-o", "ADDRESS,NAME", *arguments], sysroot=INTEL,
                    check=lambda out, want=want: [] if re.findall(r"[0-9a-f]{4}:[0-9a-f:.]+", out) == want else [out])
    out, status = on_terminal(cli, ["list"], 100, {})
    cli.say("a terminal is told how many bridges are not shown",
            [] if "2 bridges not shown: -a shows all devices" in out and not status else [out])


# ---- answers by exit status, and replay

def answers(cli: Cli, scratch: Path) -> None:
    """-q, live and captured answers, and what a plain user may not."""
    for name, arguments, status in (
        ("vm-intel-on-6.12", ["--if-bound", "00:04.0"], 0),
        ("vm-intel-on-6.12", ["00:04.0"], 2),
        # On vfio-pci, and its sibling on a host driver: the kernel says EPERM.
        ("vm-sibling-host-6.1", ["00:04.0"], 2),
        ("vm-sibling-host-6.1", ["--if-bound", "00:04.0"], 0),
        ("vm-intel-noremap-6.1", ["--if-bound", "00:04.0"], 2),
        ("vm-intel-noremap-6.1", ["--if-bound", "--assume", "allow_unsafe_interrupts=1", "00:04.0"], 0),
        ("vm-mock-mixed-pci-6.1", ["--if-bound", "00:04.0"], 3),
        ("vm-mock-mixed-pci-6.1", ["--if-bound", "--kernel", "5.10", "00:04.0"], 2),
    ):
        cli.answers(f"inspect -q {' '.join(arguments)} of {name}", ["inspect", "-q", *arguments], status=status,
                    sysroot=CAPTURES / f"{name}.capture", check=lambda out: ["it printed"] if out else [])
    live = scratch / "live.capture"
    cli.answers("capture this host", ["capture", live])
    here, there = cli.run("list"), cli.run("list", sysroot=live)
    cli.say("list answers the same live and from the capture", [] if here.stdout == there.stdout else ["they differ"])
    cli.answers("JSON of this host is JSON", ["inspect", "--json"], check=lambda out: [] if json.loads(out) else ["empty"])
    cli.answers("a host without devices", ["inspect"], sysroot=CAPTURES / "edge-empty-host.capture",
                check=lambda out: [] if out.endswith("This host has no device that VFIO could serve.\n") else [out])
    for words in (["--version"], ["-V"], ["version"], ["list", "-V"]):
        cli.answers(" ".join(words), words, check=lambda out: [] if out.startswith("vfiotool ") else [out])
    for words in (["--help"], ["-h"], ["help"]):
        cli.answers(" ".join(words), words, check=lambda out: [] if "Usage: vfiotool [OPTION...] [COMMAND]" in out else [out])
    for words in (["list", "-h"], ["help", "list"]):
        cli.answers(" ".join(words), words, check=lambda out: [] if "Usage: vfiotool list" in out else [out])
    known = json.loads(cli.run("--introspect").stdout)
    for command in (row["name"] for row in known["commands"]):
        cli.answers(f"{command} --help", [command, "--help"], check=lambda out, name=command: [
            problem for problem, bad in (
                ("no usage", f"Usage: vfiotool {name} [OPTION...]" not in out),
                ("blanks at the end of a line", re.search(" $", out, re.MULTILINE)),
                ("the note about arguments of short options", "Mandatory or optional" in out),
                ("no manual page is named", f"'man vfiotool-{name}'" not in out),
            ) if bad])
    if os.geteuid() != 0:
        cli.skip("a plain user may not write there", "needs root to become a plain user")
        return
    closed = scratch / "closed"
    closed.mkdir(mode=0o700)
    cli.refused("a plain user may not write there", ["capture", closed / "x"], 77, "closed", sysroot=INTEL, user=NOBODY)
    cli.answers("a plain user asks about this host", ["inspect", "--json"], user=NOBODY,
                check=lambda out: [] if json.loads(out)["schema"] == 1 else ["no schema"])


def main() -> int:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", nargs="+", help="vfiotool, and what stands before its arguments")
    args = parser.parse_args()
    os.umask(0o022)
    cli = Cli([str(Path(args.tool[0]).resolve()), *args.tool[1:]])
    with tempfile.TemporaryDirectory(prefix="vfiotool-cli-") as folder:
        scratch = Path(folder)
        cli.share(scratch)
        bad_words(cli)
        bad_files(cli, scratch)
        absurd_trees(cli, scratch)
        engines(cli, scratch)
        dry_runs(cli)
        mappings(cli)
        journals(cli, scratch)
        outputs(cli)
        filters(cli)
        answers(cli, scratch)
    print(f"1..{cli.count}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
