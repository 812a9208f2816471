#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Builds mock_iommu.ko, or another module of this folder, for one of the rig's kernels: for Debian's 5.10 and 6.1 against their header
packages, unpacked and never installed; for the small kernels against their own object trees.

    from mock import build
    path = build.build("6.1")                      (with tests/vm on sys.path)
    path = build.build("6.1", "6.1.0-50-amd64")    for exactly this release

    python3 tests/vm/modules/build.py 6.1             prints the path

Debian's 6.12 and 7.3 are not among them: what they need of the compiler changes the layout of a
module, and the compiler of Debian 12 is too old for it.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from rig import apt, cache, kernels  # pylint: disable=wrong-import-position
from small import build as small  # pylint: disable=wrong-import-position

SOURCES = {"mock_iommu": (HERE / "mock_iommu.c", HERE / "mock_dirty.h"),
           "variant_vfio_pci": (HERE / "variant_vfio_pci.c",), "power_fault": (HERE / "power_fault.c",),
           "bar_claim": (HERE / "bar_claim.c",), "other_ids": (HERE / "other_ids.c",)}
DEBIAN = ("5.10", "6.1")
NAMES = (*DEBIAN, *small.KERNELS)

# As drivers/vfio/platform/Makefile puts them together.
PLATFORM_MODULES = ("vfio-platform-base.ko", "vfio-platform.ko")
PLATFORM = """vfio-platform-base-y := vfio_platform_common.o vfio_platform_irq.o
vfio-platform-y := vfio_platform.o
obj-m := vfio-platform-base.o vfio-platform.o
"""


class BuildError(RuntimeError):
    """The module could not be built; the text says what to look at."""


def headers(name: str, release: str):
    """The packages that a module of Debian's kernel @release is built against, unpacked."""
    suite = kernels.DEBIAN[name][0]
    base = release.removesuffix("-amd64").replace(".", r"\.")
    series = name.replace(".", r"\.")
    return [apt.fetch(suite, pattern) for pattern in (
        rf"linux-headers-{base}-amd64", rf"linux-headers-{base}-common", rf"linux-kbuild-{series}")]


def merge(trees, root: Path, release: str) -> Path:
    """
    The trees side by side in @root, as the packages would lie in /. The top Makefile names the common
    headers by absolute path and is pointed at @root; everything else refers to its neighbours by
    relative links.
    """
    for tree in trees:
        subprocess.run(["cp", "-a", "--link", f"{tree.path}/.", root], check=True)
    top = root / f"usr/src/linux-headers-{release}"
    makefile = top / "Makefile"
    text = makefile.read_text(encoding="utf-8")
    makefile.unlink()
    makefile.write_text(text.replace(" /usr/src/", f" {root}/usr/src/"), encoding="utf-8")
    return top


def compile_modules(kernel: Path, work: Path, kbuild: str, arch: str = "x86") -> None:
    """Makes what @kbuild says of the sources in @work, against the kernel's build folder @kernel."""
    (work / "Kbuild").write_text(kbuild, encoding="utf-8")
    argv = ["nice", "-n", "10", "make", "-C", str(kernel), f"M={work}", *(small.MAKE[arch] or ("CC=gcc",)), "HOSTCC=gcc",
            "modules"]
    result = subprocess.run(argv, check=False, text=True, capture_output=True,
                            stdin=subprocess.DEVNULL, env=small.environment())
    if result.returncode:
        raise BuildError(f"{kbuild.split()[-1]} against {kernel}:\n{result.stdout}{result.stderr}")


def build_platform(name: str):
    """
    Paths of vfio-platform-base.ko and vfio-platform.ko for the small kernel @name, of its own source. Kconfig offers
    them on ARM only, but nothing in them is ARM's.
    """
    folder = small.build(name)
    source = (folder / "build/source").resolve() / "drivers/vfio/platform"

    def make(place: Path):
        work = place / "work"
        work.mkdir()
        for path in sorted(source.glob("vfio_platform*.[ch]")):
            shutil.copy2(path, work)
        compile_modules(folder / "build", work, PLATFORM)
        for module in PLATFORM_MODULES:
            (work / module).rename(place / module)
        shutil.rmtree(work)

    key = cache.digest_of(cache.digest_file(Path(__file__)), folder.name, small.compiler())
    found = cache.entry("mock", f"{name}-platform-{key}", make)
    return tuple(found / module for module in PLATFORM_MODULES)


def build(name: str, release: str = "", module: str = "mock_iommu") -> Path:
    """
    Path of @module.ko for the kernel @name, built now when the cache has none that fits. @release,
    as uname -r says, picks one of several of Debian's; without it, the newest.
    """
    if name not in NAMES:
        raise BuildError(f"no {module} for a kernel called {name!r}: there are {', '.join(NAMES)}")
    arch = "x86" if name in DEBIAN else small.KERNELS[name].arch
    if name in DEBIAN:
        if not release:
            suite, patterns = kernels.DEBIAN[name]
            release = apt.resolve(suite, patterns[0]).name.removeprefix("linux-image-")
        trees = headers(name, release)
        identity = [tree.sha256 for tree in trees]
    else:
        folder = small.build(name)
        identity = folder.name

    def make(place: Path):
        work = place / "work"
        work.mkdir()
        if name in DEBIAN:
            root = place / "root"
            root.mkdir()
            against = merge(trees, root, release)
        else:
            against = folder / "build"
        for source in SOURCES[module]:
            shutil.copy2(source, work)
        compile_modules(against, work, f"obj-m := {module}.o\n", arch)
        (work / f"{module}.ko").rename(place / f"{module}.ko")
        shutil.rmtree(work)
        shutil.rmtree(place / "root", ignore_errors=True)

    key = cache.digest_of(*map(cache.digest_file, SOURCES[module]), cache.digest_file(Path(__file__)), identity,
                          small.compiler(arch))
    return cache.entry("mock", f"{name}-{key}", make) / f"{module}.ko"


def main() -> int:
    """Command line: build the module and print where it is."""
    parser = argparse.ArgumentParser(description="build mock_iommu.ko for one of the rig's kernels")
    parser.add_argument("kernel", choices=NAMES)
    parser.add_argument("release", nargs="?", default="",
                        help="of Debian's kernels, exactly this one")
    args = parser.parse_args()
    try:
        print(build(args.kernel, args.release))
    except (BuildError, small.BuildError, apt.AptError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
