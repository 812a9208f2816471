#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Small kernels of our own for the rig, from Debian's linux-source packages: tinyconfig and a few
fragments. They have what Debian's kernels lack (iommufd, the VFIO device cdev, no-IOMMU mode, mdev
samples, failslab).

    small-6.12         VFIO and iommufd are modules; VT-d is off unless intel_iommu=on asks for it
    small-7.2          as small-6.12
    small-7.3          VFIO and iommufd are built in; VT-d is on by itself
    small-7.3-compat   as small-7.3, but /dev/vfio/vfio is served by iommufd: there is no type1
    arm64-small-7.3-64k  for arm64, with pages of 64K, and with vfio-platform; VFIO and iommufd are modules

    from small import build
    folder = build.build("small-6.12")    (with tests/vm on sys.path)

    python3 tests/vm/small/build.py small-6.12      prints the folder
    python3 tests/vm/small/build.py --dependencies  prints the Debian packages that a build needs

The folder holds vmlinuz, config, release (one line, as uname -r says), lib/modules/<release>/ with
its modules.dep, and build/, the object tree, against which other modules can be built (make -C build
M=...). Its name is made from the source, the fragments, the recipe and the compiler: a second call
returns at once.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from rig import apt, cache  # pylint: disable=wrong-import-position

DEPENDENCIES = ("bc", "bison", "flex", "gcc", "kmod", "libc6-dev", "libelf-dev", "libssl-dev", "make",
                "xz-utils")

# Raise it when a change of this file alone must lead to another kernel.
RECIPE = 1

# Nothing of the machine that builds goes into the kernel.
PLACE = {"KBUILD_BUILD_USER": "vfiotool", "KBUILD_BUILD_HOST": "small", "KBUILD_BUILD_VERSION": "1",
         "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 2026", "LC_ALL": "C"}

# The bulkiest folders of the source that nothing here reads.
UNUSED = {"x86": ("arch/arm/boot", "arch/arm64/boot", "drivers/gpu/drm/amd/include/asic_reg", "tools/testing"),
          "arm64": ("arch/arm/boot", "arch/arm64/boot/dts", "drivers/gpu/drm/amd/include/asic_reg", "tools/testing")}

# Settings of the caller that would reach into the kernel's make.
FOREIGN = ("MAKEFLAGS", "MFLAGS", "ARCH", "CROSS_COMPILE", "CFLAGS", "LDFLAGS")


# Of each architecture: what make is told, what it makes, and where that lies.
CROSS = "aarch64-linux-gnu-"
MAKE = {"x86": (), "arm64": ("ARCH=arm64", f"CROSS_COMPILE={CROSS}")}
IMAGE = {"x86": "bzImage", "arm64": "Image"}


class BuildError(RuntimeError):
    """A kernel could not be built; the text says what to look at."""


@dataclass(frozen=True)
class Kernel:
    """Where a kernel's source comes from, and the fragments laid over tinyconfig, in order."""

    suite: str
    package: str
    fragments: tuple
    # Kernel of the same source whose objects are taken over: make rebuilds what differs.
    like: str = ""
    arch: str = "x86"


KERNELS = {
    "small-6.12": Kernel("trixie", r"linux-source-6\.12",
                         ("common.config", "x86.config", "vfio-modules.config", "vtd-off.config")),
    "small-7.2": Kernel("trixie-backports", r"linux-source-7\.2",
                        ("common.config", "x86.config", "vfio-modules.config", "vtd-off.config")),
    "small-7.3": Kernel("trixie-backports", r"linux-source-7\.3",
                        ("common.config", "x86.config", "vfio-builtin.config")),
    "small-7.3-compat": Kernel("trixie-backports", r"linux-source-7\.3",
                               ("common.config", "x86.config", "vfio-compat.config"), like="small-7.3"),
    "arm64-small-7.3-64k": Kernel("trixie-backports", r"linux-source-7\.3",
                                  ("common.config", "arm64.config", "vfio-modules.config"), arch="arm64"),
}


def parse_config(text: str) -> dict:
    """Symbol to value for each line that sets something; None is 'is not set'."""
    values = {}
    for line in text.splitlines():
        if line.startswith("CONFIG_"):
            symbol, value = line.split("=", 1)
            values[symbol] = value
        elif line.startswith("# CONFIG_") and line.endswith(" is not set"):
            values[line.split()[1]] = None
    return values


def wanted(kernel: Kernel) -> dict:
    """What the fragments of @kernel ask for; the later fragment wins."""
    values = {}
    for name in kernel.fragments:
        values |= parse_config((HERE / name).read_text(encoding="utf-8"))
    return values


def unmet(want: dict, got: dict) -> list:
    """The wishes that Kconfig did not grant, as lines for a person."""
    return [f"{symbol}: asked for {value or 'n'}, got {got.get(symbol) or 'n'}"
            for symbol, value in want.items() if (got.get(symbol) or "n") != (value or "n")]


def compiler(arch: str = "x86") -> str:
    """The compiler's own one-line name, part of a build's identity."""
    name = f"{CROSS if arch == 'arm64' else ''}gcc"
    try:
        text = subprocess.run([name, "--version"], check=True, text=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        needs = " ".join((*DEPENDENCIES, *([f"gcc-{CROSS.rstrip('-')}"] if arch == "arm64" else [])))
        raise BuildError(f"no working {name} ({error}); a build needs: {needs}") from error
    return text.splitlines()[0]


def environment() -> dict:
    """What the kernel's make sees of the caller's environment, and what it is told instead."""
    return {key: value for key, value in os.environ.items() if key not in FOREIGN} | PLACE


def source(tree, unused) -> Path:
    """The unpacked kernel source of the package @tree, without the folders @unused."""
    tarballs = list((tree / "usr/src").glob("linux-source-*.tar.xz"))
    if len(tarballs) != 1:
        raise BuildError(f"{tree.package} {tree.version} holds no kernel source")

    def make(folder: Path):
        leave = [f"--exclude=*/{name}/*" for name in unused]
        argv = ["tar", "-C", folder, "--strip-components=1", "-xf", tarballs[0], *leave]
        result = subprocess.run(argv, check=False, text=True, capture_output=True)
        if result.returncode:
            raise BuildError(f"{tarballs[0].name}: {result.stderr.strip()}")

    return cache.entry("source", cache.digest_of(tree.sha256, unused), make)


def make_kernel(src: Path, build: Path, *targets, log, arch: str, jobs: int = 1) -> None:
    """Runs the kernel's make, politely, with its words in the file @log; it does not outlive who asked for it."""
    argv = ["setpriv", "--pdeathsig", "TERM", "nice", "-n", "10", "make", "-C", str(src), f"O={build}", f"-j{jobs}", *MAKE[arch], *targets]
    log.write(f"+ {' '.join(argv)}\n")
    log.flush()
    result = subprocess.run(argv, check=False, stdout=log, stderr=subprocess.STDOUT,
                            stdin=subprocess.DEVNULL, env=environment())
    if result.returncode:
        last = Path(log.name).read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        last.append(f"make {' '.join(targets)} failed, the whole log is {log.name}; "
                    f"a build needs: {' '.join(DEPENDENCIES)}")
        raise BuildError("\n".join(last))


def configure(kernel: Kernel, src: Path, build: Path, log) -> None:
    """Leaves build/.config: tinyconfig, the fragments, Kconfig's defaults for what they open up."""
    make_kernel(src, build, "tinyconfig", log=log, arch=kernel.arch)
    want = wanted(kernel)
    config = build / ".config"
    kept = [line for line in config.read_text(encoding="utf-8").splitlines()
            if not parse_config(line).keys() & want.keys()]
    asked = [f"{symbol}={value}" if value else f"# {symbol} is not set"
             for symbol, value in want.items()]
    config.write_text("\n".join(kept + asked) + "\n", encoding="utf-8")
    make_kernel(src, build, "olddefconfig", log=log, arch=kernel.arch)
    refused = unmet(want, parse_config(config.read_text(encoding="utf-8")))
    if refused:
        raise BuildError("\n  ".join(["Kconfig did not grant what the fragments ask for:", *refused]))


def take_over(old: Path, new: Path) -> None:
    """
    Copies the object tree @old to @new, and lets its records say so: objtool is built under absolute
    names, and were it built again, so would everything that it checks.
    """
    subprocess.run(["cp", "-a", "--reflink=auto", old, new], check=True)
    for record in (new / "tools").rglob(".*.cmd"):
        text = record.read_text(encoding="utf-8")
        record.write_text(text.replace(f"{old}/", f"{new}/"), encoding="utf-8")


def compile_and_install(src: Path, folder: Path, log, arch: str) -> None:
    """Everything that a guest needs goes from folder/build to @folder."""
    build = folder / "build"
    make_kernel(src, build, IMAGE[arch], "modules", log=log, arch=arch, jobs=len(os.sched_getaffinity(0)))
    make_kernel(src, build, f"INSTALL_MOD_PATH={folder}", "modules_install", log=log, arch=arch)
    shutil.copy2(build / "arch" / arch / "boot" / IMAGE[arch], folder / "vmlinuz")
    shutil.copy2(build / ".config", folder / "config")
    release = (build / "include/config/kernel.release").read_text(encoding="utf-8").strip()
    for link in ("build", "source"):
        (folder / "lib/modules" / release / link).unlink(missing_ok=True)
    (folder / "lib/modules" / release / "build").symlink_to(build)
    (folder / "release").write_text(release + "\n", encoding="utf-8")


def build(name: str) -> Path:
    """
    The folder of the kernel @name, built now when the cache has none that fits. An object tree
    remembers where it was made, so it is made in its final place; `done`, written last, tells a whole
    folder from a part.
    """
    if name not in KERNELS:
        raise BuildError(f"no small kernel is called {name!r}: there are {', '.join(KERNELS)}")
    kernel = KERNELS[name]
    tree = apt.fetch(kernel.suite, kernel.package)
    unused = UNUSED[kernel.arch]
    key = cache.digest_of(RECIPE, tree.sha256, unused, wanted(kernel), PLACE, compiler(kernel.arch))
    folder = cache.root() / "small" / f"{name}-{key}"
    if (folder / "done").exists():
        return folder
    start = build(kernel.like) if kernel.like else None
    with cache.lock(f"small-{folder.name}"):
        if (folder / "done").exists():
            return folder
        src = source(tree, unused)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        began, used = time.monotonic(), os.times()
        if start:
            take_over(start / "build", folder / "build")
        else:
            (folder / "build").mkdir()
        with open(folder / "log", "w", encoding="utf-8") as log:
            configure(kernel, src, folder / "build", log)
            compile_and_install(src, folder, log, kernel.arch)
        spent = os.times()
        cache.write_json(folder / "done", {
            "kernel": name, "package": tree.package, "version": tree.version,
            "compiler": compiler(kernel.arch), "seconds": round(time.monotonic() - began),
            "cpu_seconds": round(spent.children_user + spent.children_system
                                 - used.children_user - used.children_system)})
    return folder


def main() -> int:
    """Command line: build kernels and print where they are."""
    parser = argparse.ArgumentParser(description="build the rig's small kernels into the cache")
    parser.add_argument("kernel", nargs="*", metavar="KERNEL", help=", ".join(KERNELS))
    parser.add_argument("--dependencies", action="store_true",
                        help="print the Debian packages that a build needs, one a line")
    args = parser.parse_args()
    if args.dependencies:
        print("\n".join(DEPENDENCIES))
        return 0
    if not args.kernel:
        parser.error(f"which kernel? {', '.join(KERNELS)}")
    try:
        for name in args.kernel:
            print(build(name))
    except (BuildError, apt.AptError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
