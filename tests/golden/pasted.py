#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Pastes hosts as people do and reads them again; says TAP. Of each capture a text is made: what lspci prints of its devices (the real
one, of a dump of their headers), its groups in the forms of well-known scripts, uname, the command line, lsmod and /dev/vfio. The capture
that vfiotool makes of the text must have the same devices, groups and drivers, and no verdict that contradicts the whole one's.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
LSPCI = (["-nn"], ["-nn", "-vvv"], ["-vmmnn"], ["-n", "-v"], ["-nn", "-xxx"])


class Host:
    """What a capture says, for those who would paste it."""

    def __init__(self, tool, capture: Path):
        self.capture = capture
        self.answers = {}
        for line in capture.read_text(encoding="utf-8").splitlines()[1:]:
            verb, path, answer, *_ = json.loads(line)
            self.answers[verb, path] = answer
        table = ask(tool, capture, "list", "-a", "-J", "-o", "address,bus,group,id,class,driver,subsystem")
        self.devices = {row["address"]: row for row in table["devices"] if row["bus"] == "pci"}

    def read(self, verb: str, path: str) -> str:
        """One answer, or nothing."""
        answer = self.answers.get((verb, path))
        return answer if isinstance(answer, str) else ""

    def groups(self):
        """Number -> addresses of PCI devices."""
        ret = {}
        for address, row in self.devices.items():
            if row["group"] is not None:
                ret.setdefault(row["group"], []).append(address)
        return ret


def ask(tool, capture, *argv):
    """A document about a capture."""
    done = subprocess.run([*tool, "--sysroot", str(capture), *argv], check=False, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 2, 3):
        raise ValueError(f"{argv}: status {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def header(row) -> bytes:
    """The first 64 bytes of the configuration space."""
    ret = bytearray(64)
    for at, text in ((0x00, row["id"]), (0x2c, row["subsystem"])):
        vendor, device = (text or "0000:0000").split(":")
        ret[at:at + 4] = int(vendor, 16).to_bytes(2, "little") + int(device, 16).to_bytes(2, "little")
    number = int(row["class"], 16)
    ret[0x09:0x0c] = number.to_bytes(3, "little")
    if number >> 8 == 0x0604:
        ret[0x0e] = 1
        ret[0x2c:0x30] = bytes(4)
        ret[0x18:0x1b] = bytes([0, 0xfe, 0xfe])
    return bytes(ret)


def dump(host: Host) -> str:
    """What lspci -F reads."""
    ret = ""
    for address, row in host.devices.items():
        data = header(row)
        ret += f"{address} a device\n"
        ret += "".join(f"{at:02x}: {data[at:at + 16].hex(' ')}\n" for at in range(0, 64, 16)) + "\n"
    return ret


def with_drivers(text: str, host: Host) -> str:
    """Adds what lspci -k prints, which a dump does not have."""
    ret, address, record = [], "", False

    def close():
        row = host.devices.get(address)
        if row and record:
            ret.append(f"Driver:\t{row['driver']}" if row["driver"] else "Rev:\t01")
        elif row and row["driver"]:
            ret.append(f"\tKernel driver in use: {row['driver']}")
            ret.append("\tKernel modules: some_module")

    for line in text.splitlines():
        found = re.match(r"(?:Slot:\t)?((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(\s|$)", line)
        if found or not line:
            close()
            address = ""
        if found:
            record = line.startswith("Slot:")
            address = found[1] if found[1].count(":") == 2 else f"0000:{found[1]}"
        ret.append(line)
    close()
    return "\n".join(ret) + "\n"


def lspci(host: Host, options, place: Path) -> str:
    """What the real program prints of such devices."""
    path = place / "dump"
    path.write_text(dump(host), encoding="ascii")
    done = subprocess.run(["lspci", "-D", "-F", str(path), *options], check=True, text=True, capture_output=True)
    return with_drivers(done.stdout, host)


def groups(host: Host, form: int) -> str:
    """The groups as scripts print them."""
    ret = ""
    for number, members in sorted(host.groups().items()):
        short = [address.removeprefix("0000:") for address in members]
        ids = [host.devices[address]["id"] for address in members]
        if form == 0:
            ret += f"IOMMU Group {number}:\n" + "".join(f"\t{name} Thing [ff00]: Some [{pair}]\n" for name, pair in zip(short, ids))
        elif form == 1:
            ret += "".join(f"IOMMU Group {number} {name} Thing [ff00]: Some [{pair}]\n" for name, pair in zip(short, ids))
        elif form == 2:
            ret += f"IOMMU group {number}:\t" + "\t".join(f"[{pair}] {name} Thing: Some\n" for name, pair in zip(short, ids))
        elif form == 3:
            ret += "".join(f"/sys/kernel/iommu_groups/{number}/devices/{name}\n" for name in members)
        else:
            ret += f"/sys/kernel/iommu_groups/{number}/devices:\ntotal 0\n"
            ret += "".join(f"lrwxrwxrwx 1 root root 0 Jan  1 00:00 {name} -> ../../../../devices/x/{name}\n" for name in members)
    return ret


def nodes(host: Host) -> str:
    """ls -l /dev/vfio."""
    names = host.read("list", "/dev/vfio").split()
    if not names:
        return ""
    ret = "# ls -l /dev/vfio\ntotal 0\n"
    for name in names:
        kind, mode, uid, gid, number = (host.read("stat", f"/dev/vfio/{name}") or "dir 0755 0 0 0:0").split()
        bits = "".join(c if int(mode, 8) >> 8 - i & 1 else "-" for i, c in enumerate("rwxrwxrwx"))
        owner, group = ("root" if one == "0" else one for one in (uid, gid))
        size = number.replace(":", ", ") if kind == "char" else "60"
        ret += f"{'c' if kind == 'char' else 'd'}{bits} 1 {owner} {group} {size} Jan  1 00:00 {name}\n"
    return ret


def text_of(host: Host, form: int, place: Path) -> str:
    """A report as it is posted."""
    modules = [path.split("/")[3] for (verb, path), answer in host.answers.items()
               if verb == "read" and path.startswith("/sys/module/") and path.endswith("/initstate") and answer == "live"]
    ret = "Hello, why is my device refused?\n"
    if release := host.read("read", "/proc/sys/kernel/osrelease"):
        ret += f"# uname -a\nLinux host {release} #1 SMP PREEMPT {host.read('ask', 'uname:machine')} GNU/Linux\n"
    if cmdline := host.read("read", "/proc/cmdline"):
        ret += f"$ cat /proc/cmdline\n{cmdline}\n"
    ret += f"# lspci -k\n{lspci(host, LSPCI[form % len(LSPCI)], place)}\n{groups(host, form // 2 % 5)}\n"
    ret += "Module                  Size  Used by\n" + "".join(f"{name}  16384  0\n" for name in modules) + "\n"
    ret += nodes(host) + "\n"
    ret += "".join(f"[    0.{number:06}] {line}\n" for number, line in enumerate(host.read("ask", "/dev/kmsg").splitlines()))
    return ret + "Thank you\n"


def rows(document):
    """What must be the same: of a class the programming interface is not always pasted."""
    return {row["address"]: (row["group"], row["id"], (row["class"] or "")[:4], row["driver"]) for row in document["devices"]
            if row["bus"] == "pci"}


def contradictions(whole, pasted):
    """Answers of the pasted host that are neither unknown nor those of the whole one."""
    truth = {device["address"]: device for device in whole["devices"]}
    for device in pasted["devices"]:
        for view, paths in (("now", device["paths"]), ("bound", device["if_bound"]["paths"])):
            other = truth[device["address"]]
            want = {path["path"]: path for path in (other["paths"] if view == "now" else other["if_bound"]["paths"])}
            for path in paths:
                # A path that the kernel does not have is one that it refuses.
                have, really = path["answer"], want.get(path["path"], {"answer": "no"})["answer"]
                if have not in ("unknown", really) and really != "unknown":
                    yield f"{device['address']} {view} {path['path']}: {have} ({path['because']}), the whole capture: {really}"


def check(tool, capture: Path, form: int, place: Path):
    """What is wrong with one capture, pasted in one form."""
    host = Host(tool, capture)
    text, out = place / "text", place / "out.capture"
    text.write_text(text_of(host, form, place), encoding="utf-8")
    done = subprocess.run([*tool, "capture", "--force", "--from", str(text), str(out)], check=False, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        return [f"capture --from: status {done.returncode}: {done.stderr}"]
    columns = ["list", "-a", "-J", "-o", "address,bus,group,id,class,driver"]
    want, have = (rows(ask(tool, one, *columns)) for one in (capture, out))
    problems = [f"{address}: {have.get(address)} instead of {want.get(address)}" for address in sorted(want | have)
                if have.get(address) != want.get(address)]
    return problems or list(contradictions(ask(tool, capture, "inspect", "--json"), ask(tool, out, "inspect", "--json")))[:10]


def main() -> int:
    """Every capture of a guest, each in another form."""
    tool = [str(Path(word).resolve()) if Path(word).is_file() else word for word in sys.argv[1:]]
    captures = sorted(CAPTURES.glob("vm-*.capture")) + sorted(CAPTURES.glob("between/*.capture"))[::4]
    failed = 0
    if not shutil.which("lspci"):
        print("1..0 # SKIP there is no lspci")
        return 0
    with tempfile.TemporaryDirectory(prefix="vfiotool-pasted-") as place:
        for number, capture in enumerate(captures, 1):
            problems = check(tool, capture, number, Path(place))
            failed += bool(problems)
            print(f"{'not ok' if problems else 'ok'} {number} - {capture.stem}, pasted", flush=True)
            for line in problems:
                print(f"# {line}")
    print(f"1..{len(captures)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
