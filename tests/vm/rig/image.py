# SPDX-License-Identifier: GPL-2.0-or-later
"""
The file that QEMU boots. An emulated processor spends half of a short guest's life on unpacking the kernel, so it
is unpacked here, once, and entered by its PVH note. It is the same kernel, byte by byte. Where a kernel has no
such note, or this machine lacks the unpacker, the packed image is booted; $VFIOTOOL_BOOT=packed asks for that.
"""

import lzma
import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

from . import cache, kernels

# The ELF note that names the entry: type 18 of owner "Xen".
NOTE = struct.pack("<III", 4, 8, 18) + b"Xen\0"
NOTE_SHORT = struct.pack("<III", 4, 4, 18) + b"Xen\0"


def _payload(image: bytes) -> bytes:
    """The packed kernel inside a bzImage, found through its setup header."""
    if image[0x202:0x206] != b"HdrS":
        return b""
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = ((image[0x1f1] or 4) + 1) * 512 + offset
    return image[start:start + length]


def _unpack(packed: bytes) -> bytes:
    """The kernel as ELF, or nothing when its packing is not known here."""
    if packed.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(packed)
    if packed.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(packed)
    if packed.startswith(b"\x28\xb5\x2f\xfd") and shutil.which("zstd"):
        # Four bytes behind the stream hold the unpacked size.
        result = subprocess.run(["zstd", "-dc"], check=False, input=packed[:-4], capture_output=True)
        return result.stdout if result.returncode == 0 else b""
    return b""


def bootable(kernel: kernels.Kernel) -> Path:
    """The kernel's image, unpacked when that can be booted."""
    if os.environ.get("VFIOTOOL_BOOT") == "packed":
        return kernel.image

    def make(folder: Path):
        elf = _unpack(_payload(kernel.image.read_bytes()))
        if elf.startswith(b"\x7fELF") and (NOTE in elf or NOTE_SHORT in elf):
            (folder / "vmlinux").write_bytes(elf)

    place = cache.entry("image", cache.digest_file(kernel.image), make) / "vmlinux"
    return place if place.exists() else kernel.image
