# SPDX-License-Identifier: GPL-2.0-or-later
"""
Debian packages for the rig, unpacked and never installed.

The mirror is the one that this machine's apt already uses. apt itself does the transport (so proxies and
credentials work as they do for the machine) and checks the chain: the Release file's signature against the
Debian keyring, the index against Release, the package against the index. It runs on a private state folder in
the cache: the machine's own lists and package database are not read or changed. The digest of each package is
checked once more here before it is unpacked into the cache, under its digest.

    from rig import apt
    tree = apt.fetch("trixie", r"linux-source-6\\.12")
    tree.path, tree.package, tree.version

    python3 -m rig.apt trixie 'linux-source-6\\.12'        (in tests/vm; prints the folder)
"""

import argparse
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from rig import cache
else:
    from . import cache

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Suites of which a security archive exists; its packages count as the suite's own.
WITH_SECURITY = ("bullseye", "bookworm", "trixie")
# Suites that may have been frozen, so that nobody renews the date in their Release file.
MAY_BE_FROZEN = ("bullseye", "bookworm")
DEBIAN_RELEASE = re.compile(
    r"(stable|oldstable|oldoldstable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)"
    r"(-updates|-backports|-proposed-updates)?$")
INDEX_AGE = 24 * 3600


class AptError(RuntimeError):
    """A package could not be had; the text says which and what to do."""


@dataclass(frozen=True)
class Package:
    """One row of a Packages index."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Tree(os.PathLike):
    """An unpacked package: usable as a path, and knows what it is."""

    path: Path
    package: str
    version: str
    sha256: str
    suite: str

    def __fspath__(self) -> str:
        return str(self.path)

    def __truediv__(self, other) -> Path:
        return self.path / other


def _run(argv, **kwargs):
    return subprocess.run(argv, check=False, text=True, capture_output=True, **kwargs)


@functools.cache
def mirrors():
    """(main, security): base addresses from this machine's apt sources; security may be None."""
    main = os.environ.get("VFIOTOOL_DEBIAN_MIRROR")
    security = os.environ.get("VFIOTOOL_DEBIAN_SECURITY_MIRROR")
    if main:
        return main, security
    result = _run(["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)",
                   "Created-By: Packages"])
    for line in result.stdout.splitlines():
        fields = line.split()
        if len(fields) != 3 or fields[1] != "main":
            continue
        if re.search(r"(-security|/updates)$", fields[0]):
            security = security or fields[2]
        elif DEBIAN_RELEASE.match(fields[0]):
            main = main or fields[2]
    if not main:
        raise AptError("apt on this machine knows no Debian mirror: "
                       "set VFIOTOOL_DEBIAN_MIRROR (and VFIOTOOL_DEBIAN_SECURITY_MIRROR)")
    return main, security


def _sources(suite: str) -> str:
    main, security = mirrors()
    options = f"signed-by={KEYRING}"
    if suite in MAY_BE_FROZEN:
        options += " check-valid-until=no"
    lines = [f"deb [{options}] {main} {suite} main"]
    if suite in WITH_SECURITY and security:
        lines.append(f"deb [{options}] {security} {suite}-security main")
    return "\n".join(lines) + "\n"


def _configuration(state: Path, architecture: str) -> str:
    """
    The machine's own apt settings (proxies, certificates, timeouts) without its hooks and folders, and then ours.
    Hooks must go: many container images delete the machine's archives in one.
    """
    ours = {"Dir::State": state, "Dir::State::status": "/dev/null", "Dir::Cache": state / "cache",
            "Dir::Etc::main": "/dev/null", "Dir::Etc::Parts": "/dev/null",
            "Dir::Etc::SourceList": state / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null", "Dir::Etc::PreferencesParts": "/dev/null",
            "Acquire::Languages": "none", "Acquire::Retries": "3", "Acquire::GzipIndexes": "false",
            "APT::Sandbox::User": "root" if os.geteuid() == 0 else "", "APT::Architecture": architecture,
            "APT::Architectures": architecture}
    unwanted = re.compile(r"(Dir|APT::Architecture\w*|Acquire::Languages|Acquire::GzipIndexes|CommandLine|Binary)\b"
                          r"|.*Invoke", re.IGNORECASE)
    theirs = [line for line in _run(["apt-config", "dump"]).stdout.splitlines() if not unwanted.match(line)]
    return "\n".join(theirs + [f'{key} "{value}";' for key, value in ours.items()]) + "\n"


def _apt(state: Path, *argv, **kwargs):
    return _run(["apt-get", *argv], env=os.environ | {"APT_CONFIG": str(state / "apt.conf")}, **kwargs)


def _place(suite: str, architecture: str) -> str:
    return suite if architecture == "amd64" else f"{suite}-{architecture}"


def _state(suite: str, architecture: str) -> Path:
    state = cache.root() / "apt" / _place(suite, architecture)
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "apt.conf").write_text(_configuration(state, architecture), encoding="utf-8")
    return state


def _update(suite: str, state: Path) -> bool:
    """Brings the index of @suite up to date (its lock is held); true when a usable index is there."""
    stamp = state / "updated"
    sources = _sources(suite)
    listing = state / "sources.list"
    same = listing.exists() and listing.read_text(encoding="utf-8") == sources
    if same and stamp.exists() and time.time() - stamp.stat().st_mtime < INDEX_AGE:
        return True
    listing.write_text(sources, encoding="utf-8")
    result = _apt(state, "update", "--error-on=any")
    if result.returncode == 0:
        stamp.touch()
        return True
    print(f"rig: the index of {suite} could not be renewed: {result.stderr.strip()}", file=sys.stderr)
    return same and stamp.exists()


def _index(state: Path, pattern: re.Pattern):
    """Every package of the index whose name matches @pattern."""
    result = _apt(state, "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
    found = []
    for name in result.stdout.split():
        text = _run(["/usr/lib/apt/apt-helper", "cat-file", name]).stdout
        for stanza in text.split("\n\n"):
            if not stanza.startswith("Package: ") or not pattern.fullmatch(
                    stanza[9:stanza.find("\n") if "\n" in stanza else None]):
                continue
            fields = dict(line.split(": ", 1) for line in stanza.splitlines()
                          if ": " in line and not line.startswith(" "))
            found.append(Package(fields["Package"], fields["Version"], fields["SHA256"]))
    return found


def _version_order(one: Package, other: Package) -> int:
    if one.version == other.version:
        return 0
    newer = subprocess.run(["dpkg", "--compare-versions", one.version, "gt", other.version], check=False)
    return 1 if newer.returncode == 0 else -1


def resolve(suite: str, pattern: str, architecture: str = "amd64") -> Package:
    """
    The package of @suite (its security archive included) with the highest version among those whose whole name
    matches @pattern. The answer is remembered, so that a machine without network keeps what it has.
    """
    place = _place(suite, architecture)
    memory = cache.root() / "apt" / f"{place}.{cache.digest_of(suite, pattern)}.json"
    with cache.lock(f"apt-{place}"):
        state = _state(suite, architecture)
        fresh = _update(suite, state)
        stamp = state / "updated"
        if memory.exists() and (not fresh or memory.stat().st_mtime > stamp.stat().st_mtime):
            return Package(**json.loads(memory.read_text(encoding="utf-8")))
        if not fresh:
            raise AptError(f"no index of Debian {suite}: is the mirror reachable, does it still hold {suite}?")
        found = _index(state, re.compile(pattern))
        if not found:
            raise AptError(f"Debian {suite} has no package named like {pattern!r}")
        best = max(found, key=functools.cmp_to_key(_version_order))
        cache.write_json(memory, asdict(best))
        return best


def _download(suite: str, package: Package, folder: Path, architecture: str) -> Path:
    state = _state(suite, architecture)
    with cache.lock(f"apt-{_place(suite, architecture)}"):
        result = _apt(state, "download", f"{package.name}={package.version}", cwd=folder)
    debs = list(folder.glob("*.deb"))
    if result.returncode or len(debs) != 1:
        raise AptError(f"{package.name} {package.version} of {suite}: {result.stderr.strip() or 'no file came'}")
    if cache.digest_file(debs[0]) != package.sha256:
        raise AptError(f"{debs[0].name}: its digest is not the one in the signed index")
    return debs[0]


def unpack(suite: str, package: Package, architecture: str = "amd64") -> Tree:
    """The unpacked tree of @package, from the cache or from the mirror."""

    def make(folder: Path):
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".download-") as place:
            deb = _download(suite, package, Path(place), architecture)
            result = _run(["dpkg-deb", "-x", str(deb), str(folder / "root")])
            if result.returncode:
                raise AptError(f"{deb.name}: {result.stderr.strip()}")
        cache.write_json(folder / "package.json", asdict(package) | {"suite": suite})

    place = cache.entry("deb", package.sha256, make)
    return Tree(place / "root", package.name, package.version, package.sha256, suite)


def fetch(suite: str, pattern: str, architecture: str = "amd64") -> Tree:
    """Unpacked tree of the newest package of @suite whose whole name matches the regular expression @pattern."""
    return unpack(suite, resolve(suite, pattern, architecture), architecture)


def main() -> int:
    """Command line: fetch packages and print where they lie."""
    parser = argparse.ArgumentParser(description="fetch Debian packages and unpack them into the rig's cache")
    parser.add_argument("suite", help="bullseye, bookworm, bookworm-backports, trixie, trixie-backports")
    parser.add_argument("pattern", nargs="+", help="regular expression that the whole package name matches")
    parser.add_argument("--architecture", default="amd64", help="Debian's name of it (default amd64)")
    parser.add_argument("--dry-run", action="store_true", help="only say which package it would be")
    args = parser.parse_args()
    try:
        for pattern in args.pattern:
            package = resolve(args.suite, pattern, args.architecture)
            if args.dry_run:
                print(package.name, package.version)
            else:
                print(unpack(args.suite, package, args.architecture).path)
    except AptError as error:
        print(f"apt.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
