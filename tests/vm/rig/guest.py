# SPDX-License-Identifier: GPL-2.0-or-later
"""
One guest: the command line of QEMU, the run with its time limit, and what came back through the second serial
port. Never uses KVM. A guest that stays silent or does not reach its end is a failure, with the reason named.
"""

import base64
import binascii
import contextlib
import gzip
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from . import board, dmar, initramfs, ivrs, kernels, system
from .channel import Channel
from .cpio import Archive
from .scenario import PATHS, Scenario, pick

LIMIT = int(os.environ.get("VFIOTOOL_GUEST_LIMIT", "600"))
# What the emulator need not do. norandmaps: it keeps what it translated by address; where every process has the same, a
# program's second run takes two thirds of the first's time. The self-tests of ciphers took a tenth of a boot, cubic's
# reading of all of BTF another twentieth; so did breaking up large pages to write-protect the kernel, clearing pages that
# are written anyway, filling the archive's with a pattern, and guarding against a processor that speculates.
CMDLINE = ("BOOT_IMAGE=/boot/vmlinuz quiet loglevel=1 panic=-1 random.trust_cpu=on norandmaps cryptomgr.notests=1 "
           "mitigations=off init_on_alloc=0 retain_initrd rodata=off initcall_blacklist=crypto_kdf108_init,cubictcp_register")


@dataclass
class Result:
    """What a guest gave back: files by name, exit status by step, and why it failed if it did."""

    files: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    broken: list = field(default_factory=list)
    checks: list = field(default_factory=list)
    release: str = ""
    done: bool = False
    failure: str = ""
    console: str = ""
    seconds: float = 0.0

    def text(self, name: str) -> str:
        """A file as text; empty when the guest did not send it."""
        return self.files.get(name, b"").decode("utf-8", "replace")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _assignments(values: dict) -> str:
    return "".join(f"{key}={_quote(value)}\n" for key, value in values.items())


@dataclass(frozen=True)
class Plans:
    """
    The paths whose plan is judged; in a boot that a plan asked for, @after, what the one before it kept.
    """

    paths: tuple = ()
    after: bool = False
    kept: bytes = b""


def _environment(scenario: Scenario, kernel: kernels.Kernel, plans: Plans) -> str:
    assume = " ".join(f"--assume {item}" for item in pick_list(scenario.assume, kernel.name))
    values = {"TARGET": scenario.target, "PATHS": " ".join(PATHS), "CALLER": scenario.caller,
              "PROBE": scenario.probe, "MODULES": " ".join(pick_list(scenario.modules, kernel.name)), "ASSUME": assume,
              "FAKED": " ".join(scenario.faked), "PLANS": " ".join(plans.paths), "AFTER": "1" if plans.after else "",
              "ASKER": scenario.asker, "SCRIPT": "1" if scenario.script else ""}
    return _assignments(values)


def pick_list(items, kernel: str):
    """Those of @items that are for @kernel: words, or {kernels = [...], value = ...}."""
    return [item if isinstance(item, str) else item["value"] for item in items
            if isinstance(item, str) or kernel in item["kernels"]]


@dataclass(frozen=True)
class Extra:
    """What a guest with acting scenarios has beyond its machine: see rig/acting.py."""

    environment: dict
    files: dict
    programs: dict
    limit: int
    kept: bytes = b""

# QEMU puts the initrd right below the top of memory, where the firmware's drivers for NVMe, AHCI and USB take what they
# need: they get zeros, which the kernel skips, not the end of the archive.
PADDING = bytes(1 << 20)


def _loader(archive: Archive, scenario: Scenario, kernel: kernels.Kernel, plans: Plans) -> None:
    """A boot loader's settings, for the commands of a plan, or what is left of them."""
    archive.folder("etc/modprobe.d")
    archive.folder("boot/grub")
    archive.folder("boot/initramfs/etc/modprobe.d")
    archive.data("boot/grub/grub.cfg", "")
    for tool in ("update-grub", "update-initramfs"):
        archive.data(f"usr/sbin/{tool}", (Path(__file__).parent / "guest" / tool).read_bytes(), 0o755)
    options = pick(scenario.cmdline, kernel.name) or ""
    archive.data("boot/cmdline", f"{options}\n")
    archive.data("etc/default/grub", f'GRUB_CMDLINE_LINUX="{options}"\n')
    if plans.kept:
        _unpack(archive, plans.kept)


def _overlay(scenario: Scenario, kernel: kernels.Kernel, extra: Extra | None, plans: Plans) -> bytes:
    """The second archive, that makes a common initramfs this scenario's."""
    archive = Archive()
    setup = scenario.setup
    mock = pick(scenario.mock, kernel.name)
    if mock:
        archive.file("lib/mock_iommu.ko", kernels.own_module(kernel, "mock_iommu"), 0o644)
        setup = f"must insmod /lib/mock_iommu.ko {mock}\n{setup}"
    if scenario.own:
        archive.file(f"lib/{scenario.own}.ko", kernels.own_module(kernel, scenario.own), 0o644)
    archive.data("scenario/env", _assignments(extra.environment) if extra else _environment(scenario, kernel, plans))
    for path, text in (extra.files if extra else {}).items():
        archive.data(path, text)
    for path, program in (extra.programs if extra else {}).items():
        archive.data(path, program.read_bytes(), 0o755)
    archive.data("scenario/setup.sh", setup)
    if extra and extra.kept:
        _unpack(archive, extra.kept)
    if plans.paths:
        _loader(archive, scenario, kernel, plans)
    return archive.bytes()


def _unpack(archive: Archive, kept: bytes) -> None:
    """Files that another guest kept, where it had them."""
    with tarfile.open(fileobj=io.BytesIO(kept)) as tar:
        for member in tar.getmembers():
            if member.issym():
                archive.link(member.name, member.linkname)
            elif member.isdir():
                archive.folder(member.name, member.mode)
            elif member.isfile():
                archive.data(member.name, tar.extractfile(member).read(), member.mode)


def _first_process(scenario: Scenario):
    return [system.CMDLINE] if getattr(scenario, "system", "") else []


def command(scenario: Scenario, kernel: kernels.Kernel, folder: Path, results=None):
    """QEMU's argument list; @results are the options of the port that the guest's answers come through."""
    results = results or ["-chardev", f"file,id=results,path={folder / 'results'}"]
    # Time is the number of instructions then, one a nanosecond, whatever else this machine does.
    counted = getattr(scenario, "counted", False)
    machine = board.of(kernel)
    words = [machine.cmdline, CMDLINE, *_first_process(scenario), pick(scenario.cmdline, kernel.name) or ""]
    argv = [machine.qemu, "-accel", "tcg,thread=single" if counted else "tcg,thread=multi", *machine.options(scenario, kernel),
            "-m", str(getattr(scenario, "memory", 768)), "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-initrd", str(folder / "initrd"), "-append", " ".join(words).strip(),
            "-chardev", f"file,id=console,path={folder / 'console'}", "-serial", "chardev:console", *results, *machine.port]
    if counted:
        argv += ["-icount", "shift=0"]
    for name, size in (getattr(scenario, "disks", None) or {}).items():
        with open(folder / f"{name}.disk", "wb") as disk:
            disk.truncate(size << 20)
        argv += ["-drive", f"if=none,id={name},format=raw,file={folder / f'{name}.disk'}"]
    for device in pick_list(scenario.devices, kernel.name):
        plain = ["-netdev" if device.startswith("user,") else "-device", device]
        argv += device.split(" ", 1) if device.startswith("-") else plain
    return argv + machine.tree(scenario, argv, folder)


def _unpacked(packed: str) -> dict:
    """The files of one `flush` of guest/guest.sh."""
    content = gzip.decompress(base64.b64decode(packed, validate=True))
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {member.name.removeprefix("./"): tar.extractfile(member).read() for member in tar if member.isfile()}


def parse(raw: bytes, result: Result) -> None:
    """Reads the frames that guest/guest.sh sends."""
    packed = None
    # On a busy machine the port drops a byte now and then: the end of a line is missed most, and can be had back.
    for line in raw.replace(b"@@", b"\n@@").decode("ascii", "replace").splitlines():
        line = line.strip()
        if line == "@@files":
            packed = []
        elif line == "@@end" and packed is not None:
            try:
                result.files |= _unpacked("".join(packed))
            except (binascii.Error, EOFError, OSError, zlib.error, tarfile.TarError) as error:
                result.failure = f"what the guest sent is damaged: {error}"
                return
            packed = None
        elif line.startswith("@@status "):
            step, _, status = line[9:].rpartition(" ")
            if not status.isdigit():
                result.failure = f"a line that the guest sent is damaged: {line!r}"
                return
            result.status[step] = int(status)
        elif line.startswith("@@check "):
            part, word, number, title = line[8:].split(" ", 3)
            result.checks.append((part, word, int(number), title))
        elif line.startswith("@@broken "):
            result.broken.append(line[9:])
        elif line.startswith("@@start "):
            result.release = line[8:]
        elif line == "@@done":
            result.done = True
        elif packed is not None:
            packed.append(line)


def _last_words(console: str) -> str:
    lines = [line for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1bc", "", console).splitlines() if line.strip()]
    return " | ".join(lines[-4:])[-400:]


def _wait(argv, folder: Path, limit: int, channel):
    """
    Runs QEMU to its end, or to the limit's: what to say of it when the guest did not come to its own, and the seconds of
    a processor that it took.
    """
    with open(folder / "qemu", "wb") as log, channel:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        late = threading.Event()
        timer = threading.Timer(limit, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said = f"no end within {limit} s" if late.is_set() else f"QEMU ended with {process.returncode}"
        return said, usage.ru_utime + usage.ru_stime


def _collect(folder: Path, status: str, kernel: kernels.Kernel, result: Result) -> None:
    """Reads what QEMU left in @folder."""
    if (folder / "results").exists():
        parse((folder / "results").read_bytes(), result)
    if (folder / "console").exists():
        result.console = (folder / "console").read_text(encoding="utf-8", errors="replace")
    if not result.done and not result.failure:
        said = (folder / "qemu").read_text(encoding="utf-8", errors="replace").strip()[-300:]
        where = f"after {len(result.status)} steps" if result.release else "and never reached init"
        result.failure = f"{status}, {where}; console: {_last_words(result.console)!r} QEMU: {said!r}"
    elif result.release != kernel.release and not result.failure:
        result.failure = f"booted {result.release}, not {kernel.release}"


def _keep(place: Path, folder: Path, argv, result: Result) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name, content in result.files.items():
        (place / name).write_bytes(content)
    for name in ("console", "qemu", "results"):
        if (folder / name).exists():
            shutil.copyfile(folder / name, place / name)
    (place / "seconds").write_text(f"{result.seconds:.1f}\n", encoding="utf-8")
    (place / "command").write_text(" ".join(map(_quote, argv)) + "\n", encoding="utf-8")


def run(scenario: Scenario, kernel: kernels.Kernel, vfiotool: Path | None = None, keep: Path | None = None,
        extra: Extra | None = None, plans: Plans = Plans()) -> Result:
    """Boots @kernel into @scenario and waits for the end."""
    result = Result()
    folder = Path(tempfile.mkdtemp(prefix="vfiotool-vm-"))
    try:
        platform = kernels.platform_modules(kernel) if getattr(scenario, "vfio_platform", False) and kernel.small else ()
        base = initramfs.build(kernel, vfiotool, tuple(pick_list(scenario.absent, kernel.name)), platform)
        tables = dmar.archive(scenario.rmrr) if scenario.rmrr else b""
        tables += ivrs.archive(scenario.unity) if scenario.unity else b""
        parts = [tables, base.read_bytes(), system.archive() if getattr(scenario, "system", "") else b"",
                 _overlay(scenario, kernel, extra, plans), PADDING]
        (folder / "initrd").write_bytes(b"".join(parts))
        channel = Channel(folder) if extra else contextlib.nullcontext()
        argv = command(scenario, kernel, folder, channel.options() if extra else None)
        status, result.seconds = _wait(argv, folder, LIMIT + (extra.limit if extra else 0), channel)
        _collect(folder, status, kernel, result)
        if keep:
            _keep(keep / f"{scenario.name}@{kernel.name}", folder, argv, result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result
