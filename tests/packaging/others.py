# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages of Fedora and RHEL, and of Arch, as far as Debian has their programs."""

import re
import shutil
from pathlib import Path

import debian
from points import need, run

# Where Debian has its files elsewhere.
ELSEWHERE = (("/lib/systemd/", "/usr/lib/systemd/"), ("/zsh/vendor-completions/", "/zsh/site-functions/"))
# What makepkg calls and Debian does not have.
STOOD_IN = {"arch-meson": 'exec meson setup --prefix=/usr --buildtype=plain "$@"', "pacman": "exit 0"}
# What each distribution has of its own.
OWN = re.compile(r"/usr/(share/doc/(packages/)?vfiotool/[^/]+|share/(licenses|doc)/vfiotool|share/vfiotool$|lib/\.build-id|src/debug)")


def _comparable(names):
    """Paths of files, without what differs between distributions by rule."""
    names = {name.removesuffix(".gz") for name in names if not name.endswith("/")}
    for theirs, ours in ELSEWHERE:
        names = {ours.join(name.split(theirs, 1)) if name.startswith("/lib/") or theirs in name and "zsh" in theirs else name
                 for name in names}
    return {name for name in names if not OWN.match(name)}


def _of_deb(place: Path):
    lines = run("dpkg-deb", "-c", debian.deb(place)).splitlines()
    return _comparable(line.split(None, 5)[5].split(" -> ")[0][1:] for line in lines)


def _rpm(place: Path) -> Path:
    found = [path for path in place.glob(f"vfiotool-{debian.version()}-*.rpm") if not path.name.endswith(".src.rpm")]
    need(len(found) == 1, f"{found}")
    return found[0]


def _rpm_files(place: Path) -> None:
    """The same files as the .deb."""
    rows = run("rpm", "-qp", "--qf", r"[%{FILEMODES:octal} %{FILENAMES}\n]", _rpm(place)).splitlines()
    here = _comparable(name for mode, name in (row.split(" ", 1) for row in rows) if not mode.startswith("04"))
    there = _of_deb(place)
    need(here == there, f"only rpm: {sorted(here - there)}, only deb: {sorted(there - here)}")


def _rpm_runs(place: Path, scratch: Path) -> None:
    """Its program starts."""
    tree = scratch / "rpm-tree"
    tree.mkdir()
    run("sh", "-c", f"rpm2cpio {_rpm(place)} | bsdtar -C {tree} -xf -")
    need(f"vfiotool {debian.version()}\n" in run(tree / "usr/bin/vfiotool", "--version"), "another version")


def _rpmlint(place: Path) -> None:
    """Neither an error nor a warning."""
    config = debian.ROOT / "packaging/rpmlint.toml"
    said = run("rpmlint", "--config", config, *sorted(place.glob("*.rpm")))
    need(" 0 errors, 0 warnings" in said, said)


def rpm(points, place: Path, scratch: Path) -> None:
    """The part rpm."""
    if not points.check("rpm: it is built", debian.build, place, "rpm"):
        return
    points.note(f"rpm: {_rpm(place).stat().st_size} bytes")
    points.check("rpm: rpmlint has neither an error nor a warning", _rpmlint, place)
    if list(place.glob("*.deb")):
        points.check("rpm: it has the files of the .deb", _rpm_files, place)
    points.check("rpm: vfiotool --version", _rpm_runs, place, scratch)


def _makepkg(place: Path, scratch: Path) -> None:
    """makepkg reads the PKGBUILD, checks the sums, and runs both functions; Arch's own programs are stood in for."""
    folder = scratch / "arch"
    folder.mkdir()
    for name in ("PKGBUILD", f"vfiotool-{debian.version()}.tar.xz"):
        shutil.copy(place / name, folder)
    tools = scratch / "tools"
    tools.mkdir()
    for name, line in STOOD_IN.items():
        (tools / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    for path in [scratch, folder, *folder.iterdir()]:
        shutil.chown(path, "nobody", "nogroup")
    # makepkg refuses root, and Debian has none of Arch's packages.
    run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "makepkg", "--nodeps", "--noconfirm", cwd=folder,
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(folder), "PKGEXT": ".pkg.tar.gz", "CARCH": "x86_64"})
    names = run("bsdtar", "-tf", next(folder.glob("*.pkg.tar.gz"))).splitlines()
    here, there = _comparable(f"/{name}" for name in names if not name.startswith(".")), _of_deb(place)
    need(here == there, f"only Arch: {sorted(here - there)}, only deb: {sorted(there - here)}")


def arch(points, place: Path, scratch: Path) -> None:
    """The part arch."""
    if points.check("arch: PKGBUILD is filled in", debian.build, place, "arch"):
        points.check("arch: makepkg makes a package with the files of the .deb", _makepkg, place, scratch)
