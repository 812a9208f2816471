# SPDX-License-Identifier: GPL-2.0-or-later
"""
What a guest of another architecture runs: Debian's arm64 packages in a folder of their own, programs compiled for it, and
vfiotool built for it from the tree that this file is in. Nothing of another architecture is installed on this machine.
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import apt, cache

SUITE = "bookworm"
TRIPLET = "aarch64-linux-gnu"
COMPILER = f"{TRIPLET}-gcc"
SOURCE = Path(__file__).resolve().parent.parent.parent.parent

# The libraries that vfiotool and kmod are linked with, theirs, and what compiling against them needs.
LIBRARIES = ("libc6", "libblkid1", "libcap-ng0", "libgcc-s1", "libjson-c5", "libkmod2", "liblzma5", "libmnl0", "libmount1",
             "libpci3", "libpcre2-8-0", "libselinux1", "libsmartcols1", "libssl3", "libudev1", "libzstd1", "zlib1g")
HEADERS = ("libc6-dev", "libblkid-dev", "libcap-ng-dev", "libjson-c-dev", "libkmod-dev", "libmnl-dev",
           "libmount-dev", "libicu-dev", "liblzma-dev", "libpci-dev", "libpcre2-dev", "libselinux1-dev",
           "libsepol-dev", "libsmartcols-dev", "libudev-dev", "libxml2-dev", "linux-libc-dev", "uuid-dev",
           "zlib1g-dev")
PROGRAMS = ("busybox-static", "kmod")

# The compiler's own name of the loader, which no package has in a folder of the search path.
CROSS_FILE = """[binaries]
c = {compiler}
ar = '{triplet}-ar'
strip = '{triplet}-strip'
pkgconfig = 'pkg-config'
[properties]
sys_root = '{root}'
pkg_config_libdir = '{root}/usr/lib/{triplet}/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
"""


class CrossError(RuntimeError):
    """Something for the other architecture could not be made."""


def _run(*argv, **kwargs) -> str:
    result = subprocess.run(argv, check=False, text=True, capture_output=True, **kwargs)
    if result.returncode:
        raise CrossError(f"{Path(argv[0]).name}: {(result.stderr or result.stdout).strip()[-800:]}")
    return result.stdout


def missing() -> str:
    """Why this machine cannot compile for it; empty when it can."""
    return "" if shutil.which(COMPILER) else f"no {COMPILER}: tests/packages.sh arm64 installs it"


@functools.cache
def root() -> Path:
    """The folder that looks like the root of such a system."""
    trees = [apt.fetch(SUITE, re.escape(name), "arm64") for name in (*LIBRARIES, *HEADERS, *PROGRAMS)]

    def make(folder: Path):
        for name in ("lib", "bin", "sbin"):
            (folder / "usr" / name).mkdir(parents=True)
            (folder / name).symlink_to(f"usr/{name}")
        for tree in trees:
            # Through tar, which keeps to the links that are there already.
            with subprocess.Popen(["tar", "-C", str(tree.path), "-c", *sorted(os.listdir(tree.path))], stdout=subprocess.PIPE) as packed:
                _run("tar", "-C", str(folder), "-x", "--keep-directory-symlink", stdin=packed.stdout)

    return cache.entry("sysroot", cache.digest_of([tree.sha256 for tree in trees]), make)


@functools.cache
def libraries(binary: str):
    """The shared objects that @binary needs, the loader among them: (path in the guest, file) of each."""
    folders, found, todo = [f"usr/lib/{TRIPLET}", "usr/lib"], {}, [binary]
    while todo:
        said = _run("readelf", "-W", "-l", "-d", todo.pop())
        names = re.findall(r"\(NEEDED\).*\[(.+)\]", said)
        for loader in re.findall(r"program interpreter: (/\S+)\]", said):
            found[loader] = (root() / loader.lstrip("/")).resolve()
        for name in names:
            files = [root() / folder / name for folder in folders]
            file = next((path for path in files if path.exists()), None)
            if not file:
                raise CrossError(f"{binary} needs {name}, which no package of the root has")
            if f"/lib/{TRIPLET}/{name}" not in found and file.resolve() not in found.values():
                found[f"/lib/{TRIPLET}/{name}"] = file.resolve()
                todo.append(str(file))
    return tuple(sorted(found.items()))


def _compiler():
    return (["ccache"] if shutil.which("ccache") else []) + [COMPILER]


@functools.cache
def vfiotool() -> Path:
    """vfiotool of this tree, built for arm64: again only what has changed."""
    folder = cache.root() / "cross" / cache.digest_of(str(SOURCE), str(root()))
    folder.mkdir(parents=True, exist_ok=True)
    with cache.lock(f"cross-{folder.name}"):
        build = folder / "build"
        if not (build / "build.ninja").exists():
            shutil.rmtree(build, ignore_errors=True)
            compiler = [*_compiler(), f"--sysroot={root()}"]
            (folder / "cross.ini").write_text(CROSS_FILE.format(compiler=compiler, triplet=TRIPLET, root=root()),
                                              encoding="utf-8")
            _run("meson", "setup", "--cross-file", str(folder / "cross.ini"), "-Dtests=false", "--werror", str(build),
                 str(SOURCE), env=os.environ | {"CC": "", "CC_FOR_BUILD": "cc"})
        _run("ninja", "-C", str(build), "src/cmd/vfiotool")
    return build / "src" / "cmd" / "vfiotool"


def busybox() -> Path:
    """The shell and all its programs."""
    return root() / "bin" / "busybox"


def kmod() -> Path:
    """What loads modules."""
    return root() / "bin" / "kmod"


def firmware() -> Path:
    """The UEFI firmware that gives a guest ACPI tables."""
    path = Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
    if not path.exists():
        raise CrossError(f"no {path}: tests/packages.sh arm64 installs it")
    return path


def patched_tree(qemu, changes) -> bytes:
    """
    The device tree that the machine of the command @qemu has by itself, with properties set, "/node@1 name TYPE VALUE..."
    as fdtput takes them, or taken away, "/node@1 name". A VALUE "&/node@2" of type u is the handle by which others refer to it.
    """
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree.dtb"
        argv = list(qemu)
        argv[argv.index("-machine") + 1] += f",dumpdtb={tree}"
        _run(*argv)
        for text in changes:
            node, name, *values = text.split()
            option = ["-t", values.pop(0)] if values else ["-d"]
            values = [_run("fdtget", "-t", "u", str(tree), value[1:], "phandle").strip() if value[0] == "&" else value for value in values]
            _run("fdtput", *option, str(tree), node, name, *values)
        return tree.read_bytes()
