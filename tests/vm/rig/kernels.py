# SPDX-License-Identifier: GPL-2.0-or-later
"""
The kernels that the rig can boot, by name: Debian's and the small ones of our own. Knows where each
comes from, and which of them the words of a scenario mean; the files are fetched or built when first asked for.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from . import apt

# Name -> the suite, and one pattern for each package that makes up the kernel, the one with the image first.
DEBIAN = {
    "5.10": ("bullseye", (r"linux-image-5\.10\.0-\d+-amd64",)),
    "6.1": ("bookworm", (r"linux-image-6\.1\.0-\d+-amd64",)),
    "6.12": ("trixie", (r"linux-image-6\.12\.\d+\+deb13[.\d]*-amd64",)),
    "7.2": ("trixie-backports", (r"linux-binary(-unsigned)?-7\.2\.\d+\+deb13[.\d]*-amd64",
                                 r"linux-modules-7\.2\.\d+\+deb13[.\d]*-amd64",
                                 r"linux-base-7\.2\.\d+\+deb13[.\d]*-amd64")),
    "7.3": ("trixie-backports", (r"linux-binary(-unsigned)?-7\.3\.\d+\+deb13[.\d]*-amd64",
                                 r"linux-modules-7\.3\.\d+\+deb13[.\d]*-amd64",
                                 r"linux-base-7\.3\.\d+\+deb13[.\d]*-amd64")),
}
# The same of Debian for arm64.
DEBIAN_ARM64 = {
    "arm64-6.1": ("bookworm", (r"linux-image-6\.1\.0-\d+-arm64",)),
    "arm64-6.12": ("trixie", (r"linux-image-6\.12\.\d+\+deb13[.\d]*-arm64",)),
    "arm64-6.12-16k": ("trixie", (r"linux-image-6\.12\.\d+\+deb13[.\d]*-arm64-16k",)),
    "arm64-7.3": ("trixie-backports", (r"linux-binary(-unsigned)?-7\.3\.\d+\+deb13[.\d]*-arm64",
                                       r"linux-modules-7\.3\.\d+\+deb13[.\d]*-arm64",
                                       r"linux-base-7\.3\.\d+\+deb13[.\d]*-arm64")),
}
SMALL = ("small-6.12", "small-7.2", "small-7.3", "small-7.3-compat")
SMALL_ARM64 = ("arm64-small-7.3-64k",)
ARM64 = (*DEBIAN_ARM64, *SMALL_ARM64)
NAMES = (*DEBIAN, *SMALL, *ARM64)
# For a border or a page size that the others do not show: meant only by their names.
BY_NAME = ("7.2", "small-7.2", "arm64-6.12-16k", *SMALL_ARM64)
# Made from a second source, which takes ten minutes of a processor to compile: the default run does without them.
SECOND_BUILD = ("small-7.3", "small-7.3-compat")

# What a scenario may say of kernels, besides their names, "since X.Y" and "before X.Y". Those of arm64 are meant only where
# it says so.
WORDS = {
    "all": lambda name: True,
    "arm64": lambda name: name in ARM64 and name not in BY_NAME,
    "debian": lambda name: name in DEBIAN,
    "small": lambda name: name in SMALL,
    # Which module is behind /dev/vfio/vfio: iommufd, or vfio_iommu_type1.
    "compat": lambda name: name.endswith("-compat"),
    "type1": lambda name: not name.endswith("-compat"),
    # One kernel of each series, the small one where there is one.
    "each series": lambda name: name == next((k for k in (f"small-{series(name)}", series(name)) if k in NAMES and k not in BY_NAME),
                                                ""),
}


@dataclass(frozen=True)
class Kernel:
    """A bootable kernel. @modules are folders that together make up /lib/modules/<release>."""

    name: str
    release: str
    image: Path
    config: Path
    modules: tuple
    origin: str

    @property
    def series(self) -> str:
        """5.10, 6.1, 6.12, 7.2 or 7.3: the sources that it was made from."""
        return series(self.name)

    @property
    def arm64(self) -> bool:
        """One for arm64, not for x86."""
        return self.name in ARM64

    @property
    def small(self) -> bool:
        """One of our own, with iommufd, cdev and no-IOMMU."""
        return self.name in (*SMALL, *SMALL_ARM64)

    @property
    def compat(self) -> bool:
        """iommufd serves /dev/vfio/vfio."""
        return WORDS["compat"](self.name)


class KernelError(RuntimeError):
    """A kernel is not as its packages used to be."""


def is_usual(name: str) -> bool:
    """Whether the default run may boot the kernel @name."""
    return name not in (*BY_NAME, *SECOND_BUILD)


def series(name: str) -> str:
    """The sources that the kernel called @name was made from."""
    return re.search(r"\d+\.\d+", name).group()


def _number(release: str):
    return tuple(int(part) for part in release.split("."))


def _holds(word: str, name: str) -> bool:
    if word in WORDS:
        return WORDS[word](name)
    if word in NAMES:
        return name == word
    border = re.fullmatch(r"(since|before) (\d+\.\d+)", word)
    if not border:
        raise KernelError(f"{word!r} means no kernel; there are {', '.join((*NAMES, *WORDS))}, since X.Y and before X.Y")
    return (_number(series(name)) >= _number(border[2])) == (border[1] == "since")


def means(words: str, name: str, chosen: bool = False) -> bool:
    """Whether all of @words, as in "small since 6.6", hold for the kernel @name; @chosen: that it is one of the scenario's."""
    found = re.findall(r"each series|(?:since|before) \S+|\S+", words)
    unasked = (name in ARM64 and not {"arm64", name} & {*found}) or (name in BY_NAME and name not in found and not chosen)
    return all([_holds(word, name) for word in found or [words]]) and not unasked


def choose(selection, chosen: bool = False):
    """The names of the kernels that @selection means: words, or a list of such; see means() for @chosen."""
    items = [selection] if isinstance(selection, str) else selection
    for item in items:
        if not any(means(item, name, chosen) for name in NAMES):
            raise KernelError(f"there is no kernel {item!r}")
    return tuple(name for name in NAMES if any(means(item, name, chosen) for item in items))


def generation(name: str, generations) -> str:
    """The one of @generations, each called by its first release, that the kernel called @name is of."""
    return max((item for item in generations if _number(item) <= _number(series(name))), key=_number)


def _helper(folder: str):
    """The module tests/vm/<folder>/build.py."""
    home = str(Path(__file__).resolve().parent.parent)
    if home not in sys.path:
        sys.path.insert(0, home)
    return __import__(f"{folder}.build", fromlist=["build"])


def _only(paths, what: str) -> Path:
    found = sorted(paths)
    if len(found) != 1:
        raise KernelError(f"{what}: expected one, found {len(found)}")
    return found[0]


def _module_folder(tree: Path):
    return [folder for top in ("lib/modules", "usr/lib/modules")
            for folder in (tree / top).glob("*") if folder.is_dir()]


def _debian(name: str) -> Kernel:
    suite, patterns = (DEBIAN | DEBIAN_ARM64)[name]
    trees = [apt.fetch(suite, pattern, "arm64" if name in ARM64 else "amd64") for pattern in patterns]
    folders = [folder for tree in trees for folder in _module_folder(tree.path)]
    releases = {folder.name for folder in folders}
    if len(releases) != 1:
        raise KernelError(f"{name}: packages of several releases: {sorted(releases)}")
    images = [path for tree in trees for path in (tree.path / "boot").glob("vmlinuz-*")]
    images += [path for folder in folders for path in folder.glob("vmlinuz*")]
    configs = [path for tree in trees for path in (tree.path / "boot").glob("config-*")]
    configs += [path for folder in folders for path in folder.glob("config")]
    return Kernel(name, releases.pop(), _only(images, f"{name}: image"), _only(configs, f"{name}: configuration"),
                  tuple(folders), f"{trees[0].package} {trees[0].version}")


def _small(name: str) -> Kernel:
    place = Path(_helper("small").build(name))
    folder = _only(_module_folder(place), f"{name}: modules folder")
    return Kernel(name, folder.name, place / "vmlinuz", place / "config", (folder,), "built from Debian's source")


def get(name: str) -> Kernel:
    """The kernel called @name, fetched or built if it is not in the cache yet."""
    if name in DEBIAN | DEBIAN_ARM64:
        return _debian(name)
    if name in (*SMALL, *SMALL_ARM64):
        return _small(name)
    raise KernelError(f"no kernel is called {name!r}; there are {', '.join(NAMES)}")


def own_module(kernel: Kernel, name: str) -> Path:
    """The module @name of tests/vm/modules, built for exactly this kernel."""
    return Path(_helper("modules").build(kernel.name, kernel.release, name))


def platform_modules(kernel: Kernel):
    """VFIO's modules for platform devices, which a small kernel on x86 has not by itself."""
    return _helper("modules").build_platform(kernel.name)
