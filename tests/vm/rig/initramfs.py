# SPDX-License-Identifier: GPL-2.0-or-later
"""
What a guest boots into: busybox, kmod, the modules that the scenarios use, the prober, and vfiotool when there is
one, each with the shared libraries that ldd names. The modules lie where a host has them, compressed as the
distribution compressed them, with the indexes that depmod makes: a program in the guest that asks libkmod finds
them as on a host.
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import cache, cross, kernels
from .cpio import Archive

HERE = Path(__file__).resolve().parent
GUEST = HERE / "guest"
PROBER = HERE.parent / "prober"

# Modules that some scenario uses; a kernel that has one built in, or not at all, goes without.
MODULES = ("vfio", "vfio_iommu_type1", "vfio_virqfd", "vfio_pci", "vfio_pci_core", "irqbypass", "iommufd", "mdev",
           "vfio_platform", "vfio_platform_base", "pci_stub", "virtio_pci", "virtio_iommu", "virtio_net", "e1000",
           "e1000e", "igb", "igbvf", "nvme", "i2c_i801", "mtty",
           # Of the guards.
           "ahci", "sd_mod", "xhci_pci", "usb_storage", "usbhid", "hid_generic", "ext4", "dm_mod", "md_mod", "raid1",
           "crc32c_generic", "bridge", "8021q", "9p", "9pnet_virtio",
           # Of the proofs.
           "virtio_blk", "virtio_scsi", "virtio_rng", "snd_hda_intel", "snd_hda_codec_generic")
SUFFIXES = (".ko", ".ko.xz", ".ko.gz", ".ko.zst")
INDEXES = ("modules.builtin", "modules.builtin.modinfo", "modules.order")
# Applets the guest's scripts call; the link is the name.
SHELL = ("sh", "mount", "mkdir", "cat", "echo", "ls", "ln", "stty", "base64", "gzip", "sha256sum", "reboot", "sleep",
         "chmod", "chown", "rm", "cp", "mv", "basename", "dirname", "readlink", "grep", "sed", "cut", "head", "tail",
         "sort", "tr", "wc", "dmesg", "uname", "id", "find", "test", "[", "true", "false", "printf", "kill", "ps",
         "timeout", "tar", "mknod", "seq", "expr", "touch", "umount", "usleep", "date", "awk", "xargs", "od", "env", "ip", "mke2fs", "mkswap", "swapon", "swapoff",
         "losetup", "cmp", "diff", "dd", "stat", "tee", "pidof", "setsid", "hexdump", "mkfifo", "sync", "mktemp",
         "truncate", "pgrep", "killall", "blockdev", "mountpoint", "getopt", "which", "tac", "uniq", "renice", "ping")


class BuildError(RuntimeError):
    """Something that goes into the guest could not be made."""


def _run(*argv, **kwargs) -> str:
    result = subprocess.run(argv, check=False, text=True, capture_output=True, **kwargs)
    if result.returncode:
        raise BuildError(f"{argv[0]}: {result.stderr.strip()}")
    return result.stdout


def _module_name(path: Path) -> str:
    return path.name.split(".ko")[0].replace("-", "_")


@functools.cache
def _module_index(kernel: kernels.Kernel):
    """Module name -> (file, path below the modules folder)."""
    return {_module_name(path): (path, path.relative_to(folder))
            for folder in kernel.modules for path in folder.rglob("*.ko*")
            if path.name.endswith(SUFFIXES) and "build" not in path.relative_to(folder).parts}


def _closure(kernel: kernels.Kernel, wanted):
    """@wanted and all they depend on, as far as they are modules in this kernel."""
    index = _module_index(kernel)
    todo, done = [name.replace("-", "_") for name in wanted], set()
    while todo:
        name = todo.pop()
        if name in done or name not in index:
            continue
        done.add(name)
        depends = _run("/sbin/modinfo", "-F", "depends", str(index[name][0])).strip()
        todo += [item.replace("-", "_") for item in depends.split(",") if item]
    return sorted(done)


def _stage_modules(kernel: kernels.Kernel, base: Path, absent, extra) -> None:
    """Puts the modules below @base as on a host, and lets depmod index them."""
    index = _module_index(kernel)
    home = base / "lib" / "modules" / kernel.release
    home.mkdir(parents=True)
    for name in INDEXES:
        for folder in kernel.modules:
            if (folder / name).exists():
                shutil.copyfile(folder / name, home / name)
    unwanted = {name.replace("-", "_") for name in absent}
    for name in _closure(kernel, [name for name in MODULES if name not in unwanted]):
        if name not in unwanted:
            source, where = index[name]
            (home / where).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, home / where)
    for source in extra:
        (home / "extra").mkdir(exist_ok=True)
        shutil.copyfile(source, home / "extra" / source.name)
    order = home / "modules.order"
    if order.exists():
        # Names that are not here would only make depmod talk.
        lines = [line for line in order.read_text(encoding="utf-8").splitlines()
                 if any((home / f"{line}{tail}").exists() for tail in ("", ".xz", ".gz", ".zst"))]
        order.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _run("/sbin/depmod", "-b", str(base), kernel.release)


@functools.cache
def _libraries(binary: str):
    """The shared objects that ldd names for @binary: (path in the guest, file) of each."""
    result = subprocess.run(["ldd", binary], check=False, text=True, capture_output=True)
    return tuple((path, Path(path)) for path in sorted(set(re.findall(r"(/\S+) \(0x", result.stdout))))


class _Here:
    """What a guest of this machine's own architecture is given of it."""

    libraries = staticmethod(_libraries)

    @staticmethod
    def busybox() -> Path:
        """The shell and all its programs."""
        return Path(shutil.which("busybox") or "/bin/busybox")

    @staticmethod
    def kmod() -> Path:
        """What loads modules."""
        return Path(os.path.realpath(shutil.which("kmod") or "/bin/kmod"))


def _origin(arm64: bool):
    """Where programs and libraries come from."""
    return cross if arm64 else _Here


def _add_program(archive: Archive, path: str, source: Path, libraries, arm64: bool) -> None:
    archive.data(path, source.read_bytes(), 0o755)
    for library, file in libraries:
        if Path(library).name.startswith("libcrypto."):
            file = _crypto(file, [source, *(user for _, user in libraries if user != file)], arm64)
        archive.data(library, file.read_bytes(), 0o755)


def _crypto(real: Path, users, arm64: bool) -> Path:
    """
    A library in the place of OpenSSL's: it has what @users import of it, and does nothing. libkmod asks it only who signed
    a module. Its relocations are four of five that a start of vfiotool or modprobe needs, which an emulated processor does in
    50 ms, some hundred times in each guest.
    """
    imports = "".join(_run("readelf", "-W", "--dyn-syms", str(user)) for user in users)
    names = sorted(set(re.findall(r"UND (\w+)@(OPENSSL_[\w.]+)", imports)))
    argv = [*_compiler(arm64), "-shared", "-nostdlib", "-O2", f"-Wl,-soname,{real.name}"]

    def make(folder: Path):
        versions = sorted({version for _, version in names})
        (folder / "crypto.c").write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name, _ in names), encoding="utf-8")
        (folder / "map").write_text("".join(
            f"{version} {{ global: {' '.join(f'{name};' for name, of in names if of == version)} }};\n" for version in versions),
            encoding="utf-8")
        _run(*argv, f"-Wl,--version-script={folder / 'map'}", "-o", str(folder / "crypto"), str(folder / "crypto.c"))

    return cache.entry("crypto", cache.digest_of(argv, names, _recipe()), make) / "crypto"


def _compiler(arm64: bool):
    return [cross.COMPILER] if arm64 else os.environ.get("CC", "cc").split()


def program(name: str, sources, arm64: bool = False) -> Path:
    """A static program of ours, built if a source changed, or one of the headers that they share."""
    argv = [*_compiler(arm64), "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-static"]
    key = cache.digest_of(argv, [cache.digest_file(path) for path in sorted({*sources, *PROBER.glob("*.h")})])

    def make(folder: Path):
        _run(*argv, "-o", str(folder / name), *(str(path) for path in sources if path.suffix == ".c"))

    return cache.entry(name, key, make) / name


def prober(arm64: bool = False) -> Path:
    """The prober."""
    return program("prober", sorted(PROBER.glob("*.c")), arm64)


def _system(archive: Archive, origin) -> None:
    for folder in ("bin", "sbin", "usr/bin", "usr/sbin", "dev", "proc", "sys", "run", "tmp", "etc", "root", "out", "spool"):
        archive.folder(folder)
    archive.folder("tmp", 0o1777)
    busybox = origin.busybox()
    if origin.libraries(str(busybox)):
        raise BuildError(f"{busybox} is not static: install busybox-static")
    archive.data("bin/busybox", busybox.read_bytes(), 0o755)
    for name in SHELL:
        archive.link(f"bin/{name}", "busybox")
    _add_program(archive, "bin/kmod", origin.kmod(), origin.libraries(str(origin.kmod())), origin is cross)
    for name in ("modprobe", "insmod", "rmmod", "lsmod", "modinfo", "depmod"):
        archive.link(f"sbin/{name}", "../bin/kmod")
    archive.data("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n")
    archive.data("etc/group", "root:x:0:\nuser:x:1000:\n")
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.data("init", (GUEST / "init").read_bytes(), 0o755)
    for name in ("guest.sh", "acting.sh", "plan.sh"):
        archive.data(f"lib/{name}", (GUEST / name).read_bytes())


@dataclass(frozen=True)
class Initramfs:
    """What a guest boots into: archives, one behind the other, as the kernel reads them."""

    parts: tuple

    def read_bytes(self) -> bytes:
        """All of them."""
        return b"".join(part.read_bytes() for part in self.parts)


def _tool(vfiotool: Path, arm64: bool) -> Path:
    """The archive with vfiotool and those of its libraries that kmod does not need too."""
    origin, strip = _origin(arm64), f"{cross.TRIPLET}-strip" if arm64 else "strip"
    needed = origin.libraries(str(vfiotool))

    def make(folder: Path):
        # Who reads reports of a sanitiser wants to see lines; else debug information is most of the file.
        lean = folder / "vfiotool"
        if any("san.so" in library for library, _ in needed) or not shutil.which(strip):
            shutil.copyfile(vfiotool, lean)
        else:
            _run(strip, "--strip-debug", "-o", str(lean), str(vfiotool))
        archive = Archive()
        there = origin.libraries(str(origin.kmod()))
        _add_program(archive, "bin/vfiotool", lean, [item for item in needed if item not in there], arm64)
        lean.unlink()
        (folder / "initramfs").write_bytes(archive.bytes())

    libraries = [cache.digest_file(file) for _, file in needed]
    return cache.entry("tool", cache.digest_of(cache.digest_file(vfiotool), libraries, _recipe()), make) / "initramfs"


def _recipe():
    return [cache.digest_file(HERE / name) for name in ("initramfs.py", "cpio.py")]


def build(kernel: kernels.Kernel, vfiotool: Path | None = None, absent=(), extra=()) -> Initramfs:
    """
    What @kernel boots into, from the cache when nothing that goes in has changed. Modules named in @absent are left out
    (what depends on them stays); @extra are module files of ours. Nothing is packed: unpacking takes an emulated processor
    longer than this one takes to copy all of it.
    """
    asker = prober(kernel.arm64)
    parts = [cache.digest_file(path) for path in (asker, *extra, *sorted(GUEST.iterdir()))]
    key = cache.digest_of(kernel.release, kernel.name, kernel.origin, sorted(absent), str(kernel.modules[0]), parts, _recipe())

    def make(folder: Path):
        archive = Archive()
        _system(archive, _origin(kernel.arm64))
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".stage-") as stage:
            _stage_modules(kernel, Path(stage), absent, extra)
            archive.tree("", Path(stage))
            archive.file(f"boot/config-{kernel.release}", kernel.config, 0o644)
            archive.data("bin/prober", asker.read_bytes(), 0o755)
            (folder / "initramfs").write_bytes(archive.bytes())

    base = cache.entry("initramfs", key, make) / "initramfs"
    # The binary under judgement is one of this machine's architecture: the other's is built from the same tree.
    binary = cross.vfiotool() if vfiotool and kernel.arm64 else vfiotool
    return Initramfs((base, _tool(binary, kernel.arm64)) if binary else (base,))
