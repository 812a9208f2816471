# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest with systemd as its first process and udevd, as Debian 12 has them: what a busybox guest cannot tell is how rules,
units and driverctl of a real system take what vfiotool wrote. Programs and units come from Debian's packages, unpacked and never
installed; shared libraries from this machine as far as it has them. The rig's init then is a service, after multi-user.target.

driverctl lies in /packages/driverctl, for a script to put in place; udev's part of initramfs-tools in /packages/udev.
"""

import os
import re
import subprocess
from pathlib import Path

from . import apt, cache
from .cpio import Archive

NAME = "systemd"
SUITE = "bookworm"
PACKAGES = ("systemd", "udev", "libsystemd-shared", "driverctl")
# Packages of libraries that not every machine has; the name in the program -> the package.
LIBRARIES = {
    "libacl.so.1": "libacl1", "libapparmor.so.1": "libapparmor1", "libaudit.so.1": "libaudit1", "libcap.so.2": "libcap2",
    "libcap-ng.so.0": "libcap-ng0", "libcrypto.so.3": "libssl3", "libcrypt.so.1": "libcrypt1", "libblkid.so.1": "libblkid1",
    "libgcrypt.so.20": "libgcrypt20", "libgpg-error.so.0": "libgpg-error0", "libip4tc.so.2": "libip4tc2",
    "libkmod.so.2": "libkmod2", "liblz4.so.1": "liblz4-1", "liblzma.so.5": "liblzma5", "libmount.so.1": "libmount1",
    "libpam.so.0": "libpam0g", "libpcre2-8.so.0": "libpcre2-8-0", "libseccomp.so.2": "libseccomp2",
    "libselinux.so.1": "libselinux1", "libzstd.so.1": "libzstd1",
}
PROGRAMS = {"udev": ("bin/udevadm",),
            "systemd": ("lib/systemd/systemd", "lib/systemd/systemd-shutdown", "lib/systemd/systemd-modules-load",
                        "bin/systemctl", "usr/bin/systemd-run")}
# What of a package is text, and goes in as it is.
TEXTS = {"udev": ("lib/systemd/system", "lib/udev/rules.d"), "systemd": ("lib/udev/rules.d",)}
CMDLINE = "rdinit=/lib/systemd/systemd systemd.unit=rig.target systemd.log_target=kmsg systemd.show_status=0"
UNITS = {
    "rig.target": "[Unit]\nDescription=The scenarios of the rig\nRequires=rig.service\nWants=multi-user.target\n",
    # The script lives on the serial ports of its own; what it leaves running is no concern of systemd's.
    "rig.service": "[Unit]\nDescription=Scenarios\nDefaultDependencies=no\nAfter=multi-user.target\n\n"
                   "[Service]\nType=oneshot\nExecStart=/init\nStandardInput=null\nStandardOutput=null\nStandardError=null\n"
                   "TimeoutStartSec=infinity\n",
}
GROUPS = ("tty:x:5", "disk:x:6", "lp:x:7", "kmem:x:15", "dialout:x:20", "cdrom:x:24", "floppy:x:25", "tape:x:26",
          "audio:x:29", "video:x:44", "input:x:101", "sgx:x:102", "kvm:x:103", "render:x:104")


class SystemMissing(RuntimeError):
    """Something that the guest needs cannot be had."""


def _libraries(program: Path, folders) -> dict:
    """Path in the guest -> file, of all that @program is linked with; @folders are searched besides this machine's."""
    found = {}
    for _attempt in LIBRARIES:
        environment = os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, folders))}
        said = subprocess.run(["ldd", str(program)], check=False, text=True, capture_output=True, env=environment).stdout
        lost = re.findall(r"(\S+) => not found", said)
        if not lost:
            found.update(re.findall(r"(?:(\S+) => )?(/\S+) \(0x", said) and
                         {name or path: path for name, path in re.findall(r"(?:(\S+) => )?(/\S+) \(0x", said)})
            return found
        for name in lost:
            if name not in LIBRARIES:
                raise SystemMissing(f"{program.name} needs {name}, which neither this machine nor the rig's list has")
            tree = apt.fetch(SUITE, re.escape(LIBRARIES[name]))
            folders.extend(sorted({path.parent for path in tree.path.rglob("*.so*")} - set(folders)))
    raise SystemMissing(f"{program.name}: its libraries cannot be found")


def _add_programs(archive: Archive, trees: dict) -> None:
    folders = sorted({path.parent for path in trees["libsystemd-shared"].path.rglob("*.so")})
    for package, names in PROGRAMS.items():
        for name in names:
            program = trees[package] / name
            archive.data(name, program.read_bytes(), 0o755)
            for library, path in _libraries(program, folders).items():
                # The loader has to be where the program says, any other where the loader looks first: there the other
                # archives have a libcrypto that does nothing.
                where = library if library.startswith("/") else f"lib/x86_64-linux-gnu/{library}"
                archive.data(where, Path(path).read_bytes(), 0o755)


def _add_bash(archive: Archive) -> None:
    """driverctl is written for it."""
    for library, path in _libraries(Path("/bin/bash"), []).items():
        where = library if library.startswith("/") else f"usr/lib/x86_64-linux-gnu/{library}"
        archive.data(where, Path(path).read_bytes(), 0o755)
    archive.data("bin/bash", Path("/bin/bash").read_bytes(), 0o755)
    archive.link("bin/realpath", "busybox")


def _make(folder: Path, trees: dict) -> None:
    archive = Archive()
    _add_programs(archive, trees)
    _add_bash(archive)
    archive.link("lib/systemd/systemd-udevd", "/bin/udevadm")
    for package, places in TEXTS.items():
        for place in places:
            archive.tree(place, trees[package] / place)
    units = trees["systemd"] / "lib/systemd/system"
    for path in sorted((*units.glob("*.target"), *units.glob("*.slice"))):
        if not path.is_symlink():
            archive.file(f"lib/systemd/system/{path.name}", path, 0o644)
    for name, text in UNITS.items():
        archive.data(f"etc/systemd/system/{name}", text)
    archive.data("etc/group", "root:x:0:\nuser:x:1000:\n" + "".join(f"{group}:\n" for group in GROUPS))
    archive.data("etc/machine-id", "")
    archive.data("etc/os-release", 'ID=rig\nNAME="the rig"\n')
    archive.tree("packages/driverctl", trees["driverctl"].path)
    archive.tree("packages/udev", trees["udev"] / "usr/share/initramfs-tools")
    (folder / "system").write_bytes(archive.bytes())


def archive() -> bytes:
    """The archive that makes a guest such a system; not packed, as those before and behind it."""
    trees = {name: apt.fetch(SUITE, re.escape(name)) for name in PACKAGES}
    key = cache.digest_of([tree.sha256 for tree in trees.values()], cache.digest_file(Path(__file__)),
                          cache.digest_file(Path("/bin/bash")))
    return (cache.entry("system", key, lambda folder: _make(folder, trees)) / "system").read_bytes()
