# SPDX-License-Identifier: GPL-2.0-or-later
"""The .deb: built, judged by lintian, installed in a fresh root, tried there, upgraded and purged."""

import hashlib
import re
import sys
from pathlib import Path

from points import Failed, need, run

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/vm"))
# pylint: disable=wrong-import-position
from rig import apt, cache

BUILD = ROOT / "packaging/build.sh"
INSTALLED_MAX = 2 << 20
CAPTURE = "vm-intel-on-6.12"
UNIT = "vfiotool-bind.service"
# What a root needs to try the package in, besides what the package depends on.
TOOLS = ("bash-completion", "man-db", "zsh", "fish", "python3", "python3-jsonschema")
# What installing writes for every package: not vfiotool's, and apt keeps it.
OTHERS = re.compile(r"\./(var/(lib/(dpkg|apt|systemd)|log|cache)|etc/ld\.so\.cache|tmp|run|root)\b")
# The answer of a real shell to a key is judged by tests/completions: here, that each shell finds the file on its own.
SHELLS = {"bash": ". /usr/share/bash-completion/bash_completion; _completion_loader vfiotool; complete -p vfiotool",
          "zsh": "autoload -U compinit; compinit -u -D; print $_comps[vfiotool]",
          "fish": "complete -C 'vfiotool ins'"}
SAYS = {"bash": "vfiotool", "zsh": "_vfiotool", "fish": "inspect"}


def version() -> str:
    """The one in meson.build."""
    return re.search(r"version: '(.*)'", (ROOT / "meson.build").read_text(encoding="utf-8")).group(1)


def deb(place: Path, name: str = "vfiotool") -> Path:
    """The package that was built."""
    return next(place.glob(f"{name}_{version()}-*_*.deb"))


def build(place: Path, what: str) -> None:
    """packaging/build.sh; a release has all of it already."""
    if not (place / "SHA256SUMS").exists():
        run(BUILD, "-o", place, what)


def sums(place: Path) -> None:
    """The checksums are those of every file, and agree."""
    names = {line.split("  ")[1] for line in (place / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    need(names == {path.name for path in place.iterdir()} - {"SHA256SUMS"}, f"{names}")
    run("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=place)


def field(package: Path, name: str) -> str:
    """A field of a package."""
    return run("dpkg-deb", "-f", package, name).strip()


def lintian(place: Path) -> None:
    """No tag of level warning or above."""
    said = run("lintian", "--fail-on", "error,warning", next(place.glob("*.changes")), "--allow-root")
    need(not re.search(r"^[EW]:", said, re.M), said)


def sizes(place: Path) -> None:
    """What the package installs, and that the symbols for debuggers are in a package of their own."""
    installed = int(field(deb(place), "Installed-Size")) * 1024
    need(installed < INSTALLED_MAX, f"it installs {installed} bytes")
    need("/usr/lib/debug/.build-id/" in run("dpkg-deb", "-c", deb(place, "vfiotool-dbgsym")), "dbgsym has no symbols")


def nothing_by_itself(place: Path) -> None:
    """Only an administrator loads modules, writes rules or enables units."""
    files = run("dpkg-deb", "-c", deb(place))
    for word in ("/etc/", "udev/rules.d", "modprobe.d", ".wants/"):
        need(word not in files, f"{word} in\n{files}")
    need(f"./lib/systemd/system/{UNIT}" in files, files)


def _fill(folder: Path, needs) -> None:
    main, security = apt.mirrors()
    suite = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
    lines = [f"deb {main} {suite} main"] + ([f"deb {security} {suite}-security main"] if security else [])
    (folder / "sources").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # Debian's images leave out what this is about.
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(needs)}", suite, folder / "root.tar",
        folder / "sources")


def fresh(place: Path, root: Path) -> None:
    """A root with what vfiotool depends on, and without it."""
    depends = re.sub(r"\([^)]*\)| ", "", field(deb(place), "Depends") + "," + field(deb(place), "Recommends")).split(",")
    needs = sorted({*depends, *TOOLS})
    made = cache.entry("root", cache.digest_of(needs, "1"), lambda folder: _fill(folder, needs))
    root.mkdir()
    run("tar", "-C", root, "-xf", made / "root.tar")


def inside(root: Path, *argv, **kwargs) -> str:
    """Runs a program in the root."""
    return run("unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={root}", *argv,
               env={"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COLUMNS": "80", "DEBIAN_FRONTEND": "noninteractive"},
               **kwargs)


def files(root: Path) -> dict:
    """Each path of a root with what it holds."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = f"./{path.relative_to(root)}"
        if OTHERS.match(name):
            continue
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = ""
    return found


def install(root: Path, package: Path) -> None:
    """Installs or upgrades."""
    (root / "tmp/vfiotool.deb").write_bytes(package.read_bytes())
    inside(root, "dpkg", "-i", "/tmp/vfiotool.deb")


def older(package: Path, place: Path) -> Path:
    """The same package with the version before all others."""
    tree = place / "older"
    run("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", "Version: 0.0.1-1", control.read_text(encoding="utf-8"), flags=re.M),
                       encoding="utf-8")
    run("dpkg-deb", "-b", tree, place / "older.deb")
    return place / "older.deb"


def says_version(root: Path) -> None:
    """The program starts with the libraries that the package asks for."""
    first = inside(root, "vfiotool", "--version").splitlines()[0]
    need(first == f"vfiotool {version()}", first)


def lists(root: Path) -> None:
    """A capture gets the text that is expected everywhere."""
    (root / "tmp/host.capture").write_bytes((ROOT / f"tests/captures/{CAPTURE}.capture").read_bytes())
    expected = (ROOT / f"tests/golden/expected/{CAPTURE}/list.80.txt").read_text(encoding="utf-8")
    said = inside(root, "vfiotool", "--sysroot", "/tmp/host.capture", "list")
    need(said == expected, f"{said}\nbut expected\n{expected}")


def pages(root: Path) -> None:
    """man finds each page and shows it."""
    for path in sorted((root / "usr/share/man").glob("man*/vfiotool*")):
        name, section = path.name.removesuffix(".gz").rsplit(".", 1)
        need("NAME" in inside(root, "man", "-P", "cat", section, name), f"{name}({section}) is empty")


def completion(root: Path, shell: str) -> None:
    """The shell finds the completion where it looks for it."""
    said = inside(root, shell, "-c", SHELLS[shell])
    need(SAYS[shell] in said, said)


def unit(root: Path) -> None:
    """The unit is there, systemd has nothing against it, and it is not enabled."""
    said = run("systemctl", f"--root={root}", "is-enabled", UNIT, status=(1,)).strip()
    need(said == "disabled", said)
    run("systemd-analyze", "verify", "--man=no", f"--root={root}", UNIT)


def autopkgtests(place: Path, root: Path) -> None:
    """
    Debian's tests of the package, as autopkgtest would run them. The one that needs a machine of its own only says so
    here; tests/vm attaches in guests.
    """
    run("dpkg-source", "-x", next(place.glob("*.dsc")), root / "tmp/source")
    control = (root / "tmp/source/debian/tests/control").read_text(encoding="utf-8")
    names = [stanza.partition("Tests: ")[2].split("\n")[0] for stanza in control.split("\n\n")
             if "isolation-machine" not in stanza]
    need(names == ["help", "captures"], f"{names}")
    for name in names:
        inside(root, "sh", "-c", f"cd /tmp/source && exec debian/tests/{name}")


def purge(root: Path, before: dict) -> None:
    """Purging leaves nothing."""
    inside(root, "dpkg", "--purge", "vfiotool")
    after = files(root)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    need(not changed, "\n".join(changed))


def check(points, place: Path, scratch: Path) -> None:
    """The part deb."""
    root = scratch / "root"
    if not points.check("deb: it is built", build, place, "deb"):
        return
    points.note(f"deb: {deb(place).stat().st_size} bytes, installs {field(deb(place), 'Installed-Size')} KiB")
    points.check("deb: lintian has no warning", lintian, place)
    points.check("deb: it installs less than 2 MB, and dbgsym is there", sizes, place)
    points.check("deb: it does nothing on its own", nothing_by_itself, place)
    if not points.check("deb: a fresh root", fresh, place, root):
        return
    before = files(root)
    points.check("deb: an older one is installed", lambda: install(root, older(deb(place), scratch)))
    if not points.check("deb: it is upgraded", install, root, deb(place)):
        return
    points.check("deb: vfiotool --version", says_version, root)
    points.check("deb: vfiotool list of a capture", lists, root)
    points.check("deb: manual pages", pages, root)
    for shell in SHELLS:
        points.check(f"deb: completions of {shell}", completion, root, shell)
    points.check("deb: the unit is there and not enabled", unit, root)
    points.check("deb: autopkgtests", autopkgtests, place, root)
    points.check("deb: purge leaves nothing", purge, root, before)


def again(points, place: Path, scratch: Path) -> None:
    """The part again: another folder gives the same bytes."""
    def same() -> None:
        other = scratch / "another/folder"
        build(other, "deb")
        for path in sorted(place.glob("*.deb")) + sorted(place.glob("*.dsc")) + sorted(place.glob("*.tar.xz")):
            if path.read_bytes() != (other / path.name).read_bytes():
                raise Failed(f"{path.name} differs from that of another build")

    points.check("deb: built twice in different folders, same bytes", same)
