# SPDX-License-Identifier: GPL-2.0-or-later
"""The rig's cache: where it is, how two callers share it, how an entry appears whole or not at all."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

# An entry that nobody asked for during so many days goes when the next one of its kind is made.
KEPT_DAYS = 14


def root() -> Path:
    """The cache folder: $VFIOTOOL_CACHE, else $XDG_CACHE_HOME/vfiotool, else ~/.cache/vfiotool."""
    if os.environ.get("VFIOTOOL_CACHE"):
        path = Path(os.environ["VFIOTOOL_CACHE"])
    elif os.environ.get("XDG_CACHE_HOME"):
        path = Path(os.environ["XDG_CACHE_HOME"]) / "vfiotool"
    else:
        path = Path.home() / ".cache" / "vfiotool"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


@contextlib.contextmanager
def lock(name: str):
    """Holds the lock called @name against every other process and thread that uses this cache."""
    folder = root() / "locks"
    folder.mkdir(exist_ok=True)
    fd = os.open(folder / name.replace("/", "_"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(*parts) -> str:
    """A short content address for anything that json can write."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def entry(kind: str, key: str, make) -> Path:
    """
    The folder KIND/KEY of the cache. When it is not there yet, make(folder) fills an empty
    folder beside it, which is then renamed into place; what fails half-way leaves no entry.
    """
    home = root() / kind
    home.mkdir(exist_ok=True)
    final = home / key
    if _use(final):
        return final
    with lock(f"{kind}-{key}"):
        if final.is_dir():
            return final
        work = Path(tempfile.mkdtemp(prefix=f".{key[:12]}-", dir=home))
        try:
            work.chmod(0o755)
            make(work)
            os.rename(work, final)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    _forget(home)
    return final


def _use(folder: Path) -> bool:
    """Whether the entry is there; its time of change tells when it was last asked for."""
    try:
        os.utime(folder)
    except FileNotFoundError:
        return False
    return True


def _forget(home: Path) -> None:
    """Removes the entries of a kind that are of no use any more, and what was left of a broken run."""
    for folder in home.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
                shutil.rmtree(folder, ignore_errors=True)


def write_json(path: Path, value) -> None:
    """Writes @value as JSON so that a reader sees the old text or the new one, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".json-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True)
    os.chmod(name, 0o644)
    os.rename(name, path)
