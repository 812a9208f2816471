# SPDX-License-Identifier: GPL-2.0-or-later
"""
Writes the archive that the kernel unpacks as its first root: cpio in the 'newc' format. The same content always
gives the same bytes: names are sorted, owners are root, times are zero.
"""

import gzip
import stat
from pathlib import Path


class Archive:
    """Files, links, folders and device nodes by their path in the guest."""

    def __init__(self):
        self._entries = {}

    def folder(self, path: str, mode: int = 0o755) -> None:
        """A folder, and those above it."""
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts)):
            self._entries.setdefault("/".join(parts[:depth]), (stat.S_IFDIR | 0o755, b"", (0, 0)))
        if parts != [""]:
            self._entries["/".join(parts)] = (stat.S_IFDIR | mode, b"", (0, 0))

    def _parents(self, path: str) -> str:
        name = path.strip("/")
        if "/" in name:
            top = name.rsplit("/", 1)[0]
            if top not in self._entries:
                self.folder(top)
        return name

    def data(self, path: str, content, mode: int = 0o644) -> None:
        """A regular file with @content, bytes or text."""
        if isinstance(content, str):
            content = content.encode()
        self._entries[self._parents(path)] = (stat.S_IFREG | mode, content, (0, 0))

    def file(self, path: str, source: Path, mode: int | None = None) -> None:
        """A copy of @source, with its own permissions unless @mode says otherwise."""
        if mode is None:
            mode = 0o755 if source.stat().st_mode & 0o111 else 0o644
        self.data(path, source.read_bytes(), mode)

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._entries[self._parents(path)] = (stat.S_IFLNK | 0o777, target.encode(), (0, 0))

    def device(self, path: str, major: int, minor: int, mode: int = 0o600) -> None:
        """A character device node."""
        self._entries[self._parents(path)] = (stat.S_IFCHR | mode, b"", (major, minor))

    def tree(self, path: str, source: Path) -> None:
        """Everything below @source, links as links."""
        for item in sorted(source.rglob("*")):
            where = f"{path.rstrip('/')}/{item.relative_to(source)}"
            if item.is_symlink():
                self.link(where, str(item.readlink()))
            elif item.is_dir():
                self.folder(where)
            else:
                self.file(where, item)

    def bytes(self) -> bytes:
        """The archive, not compressed."""
        ret = bytearray()
        for number, name in enumerate(sorted(self._entries), 1):
            mode, content, device = self._entries[name]
            ret += _entry(number, name, mode, content, device)
        ret += _entry(0, "TRAILER!!!", 0, b"", (0, 0))
        return bytes(ret)

    def compressed(self) -> bytes:
        """The archive as gzip, without a time in it."""
        return gzip.compress(self.bytes(), compresslevel=1, mtime=0)


def _entry(number: int, name: str, mode: int, content: bytes, device) -> bytes:
    raw = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, *device, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return _padded(head) + _padded(content)


def _padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % 4)
