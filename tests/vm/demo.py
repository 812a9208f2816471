#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest to look at: boots Debian 12's kernel with an emulated IOMMU, a card of two functions and a device that moves
memory. Shows what vfiotool says before and after the functions are given to vfio-pci, beside what the kernel then really
does; then vfiotool attaches and maps the card for real, and makes the other device prove what the IOMMU lets it reach.

Exit status: 0 prediction and kernel agreed each time and all was done, 1 not so, or there was no guest to ask.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from rig import guest, initramfs, kernels, outcome
from rig.cpio import Archive
from rig.scenario import Scenario

SCENARIO = Scenario(
    name="demo", summary="a card of two functions in one group, and a device that moves memory", kernels=("6.1",), target="0000:00:05.0",
    devices=("intel-iommu,intremap=on", "e1000,addr=04.0,romfile=",
             "e1000,addr=05.0,multifunction=on,romfile=", "e1000,addr=05.1,romfile=",
             "edu,addr=06.0,dma_mask=0xffffffffffffffff"),
    cmdline="intel_iommu=on")

# Where libpci finds the names of vendors and devices.
NAMES = Path("/usr/share/misc/pci.ids")

# Commands that act, and whose exit status is part of the demonstration.
ACTS = 6

# What the guest does instead of a scenario's steps. Lines that begin with @@ are for tell() below.
SCRIPT = r"""
stty -F /dev/ttyS1 raw -echo
show() {
	say "@@show $*"
	COLUMNS=80 timeout -s KILL 60 "$@" >/out/shown 2>&1 </dev/null
	status=$?
	cat /out/shown >/dev/ttyS1
	say "@@shown $status"
}
# acts STATUS COMMAND...: shows it, and the status is part of the demonstration.
acts() {
	say "@@wants $1"
	shift
	show "$@"
}
ask() {
	say "@@ask $1"
	timeout -s KILL 60 vfiotool inspect --json "$1" >/out/predicted 2>/out/error </dev/null
	gzip -c </out/predicted | base64 >/dev/ttyS1
	say "@@kernel $1"
	timeout -s KILL 60 prober container "$1" >/out/did 2>&1 </dev/null
	cat /out/did >/dev/ttyS1
	say "@@asked"
}
run_scenario() {
	modprobe e1000
	modprobe -a vfio_iommu_type1 vfio-pci
	say "@@title The guest has an emulated IOMMU and a card of two functions, both with the host driver e1000."
	show vfiotool list
	show vfiotool inspect 0000:00:05.0
	say "@@title Its first function is given to vfio-pci; the second one stays with e1000."
	give 0000:00:05.0 vfio-pci || say "@@broken bind 0000:00:05.0"
	show vfiotool list
	show vfiotool inspect 0000:00:05.0
	ask 0000:00:05.0
	acts 2 vfiotool attach 0000:00:05.0
	say "@@title vfiotool computes a plan. Its commands are executed as they are printed."
	acts 0 vfiotool plan 0000:00:05.0
	vfiotool plan --script 0000:00:05.0 >/out/plan 2>/dev/null
	acts 0 sh /out/plan
	show vfiotool inspect 0000:00:05.0
	ask 0000:00:05.0
	say "@@title So vfiotool attaches the card for real, and maps memory for it."
	acts 0 vfiotool attach 0000:00:05.0
	acts 0 vfiotool map --size 64K --count 4 0000:00:05.0
	say "@@title A mapping is a promise. A device that copies memory is made to prove what it reaches, and what not."
	give 0000:00:06.0 vfio-pci || say "@@broken bind 0000:00:06.0"
	acts 0 vfiotool prove 0000:00:06.0
}
"""


class Teller:
    """Turns the guest's lines into text for a person, and compares prediction with kernel."""

    def __init__(self):
        self.started = self.done = False
        self.asked, self.acted, self.wrong = 0, 0, []
        self._mode, self._kept, self._predicted, self._wanted = "", [], None, None

    def line(self, text: str) -> None:
        """One line of the guest."""
        if text.startswith("@@"):
            word, _, rest = text[2:].partition(" ")
            getattr(self, f"_on_{word}", lambda _rest: None)(rest)
        elif self._mode == "show":
            print(f"  {text}".rstrip(), flush=True)
        elif self._mode:
            self._kept.append(text)

    def _on_start(self, release: str) -> None:
        self.started = True
        print(f"  it runs Linux {release}", flush=True)

    def _on_title(self, text: str) -> None:
        print(f"\n== {text}", flush=True)

    def _on_show(self, command: str) -> None:
        self._mode = "show"
        print(f"\n  # {command}", flush=True)

    def _on_wants(self, status: str) -> None:
        self._wanted = status

    def _on_shown(self, status: str) -> None:
        self._mode = ""
        if status not in ((self._wanted,) if self._wanted else ("0", "2", "3")):
            self.wrong.append(f"vfiotool ended with {status}" + (f", not {self._wanted}" if self._wanted else ""))
        self.acted += bool(self._wanted)
        self._wanted = None

    def _on_ask(self, _target: str) -> None:
        self._mode, self._kept = "ask", []

    def _on_kernel(self, _target: str) -> None:
        self._predicted, self._mode, self._kept = "".join(self._kept), "kernel", []

    def _on_asked(self, _rest: str) -> None:
        self._mode = ""
        self.asked += 1
        did = outcome.parse("\n".join(self._kept))
        kernel = "yes" if did.yes else f"{did.op} {did.errno}"
        said = self._answer()
        print("\n  Asked for real, the kernel answered:")
        for op, errno in did.steps:
            print(f"    {op:22} {errno or 'ok'}")
        agree = "as predicted" if said == kernel else f"but vfiotool predicted: {said}"
        print(f"  {'it attaches' if did.yes else kernel}, {agree}", flush=True)
        if said != kernel:
            self.wrong.append(f"predicted {said}, the kernel did {kernel}")

    def _answer(self) -> str:
        try:
            text = guest.gzip.decompress(guest.base64.b64decode(self._predicted))
            path = next(path for path in json.loads(text)["devices"][0]["paths"] if path["path"] == "container")
        except (ValueError, OSError, EOFError, KeyError, IndexError, StopIteration) as error:
            return f"nothing ({type(error).__name__}: {error})"
        return path["answer"] if path["answer"] != "no" else f"{path['op']} {path['errno']}"

    def _on_broken(self, text: str) -> None:
        self.wrong.append(f"the guest could not: {text}")

    def _on_done(self, _rest: str) -> None:
        self.done = True


def boot(kernel: kernels.Kernel, vfiotool: Path, teller: Teller) -> None:
    """Runs the guest to its end; its words go to @teller as they come."""
    with tempfile.TemporaryDirectory(prefix="vfiotool-demo-") as place:
        folder = Path(place)
        archive = Archive()
        archive.data("scenario/env", SCRIPT)
        if NAMES.exists():
            archive.file("usr/share/misc/pci.ids", NAMES, 0o644)
        base = initramfs.build(kernel, vfiotool).read_bytes()
        (folder / "initrd").write_bytes(base + archive.compressed())
        (folder / "results").write_bytes(b"")
        with open(folder / "qemu", "wb") as log:
            process = subprocess.Popen(guest.command(SCENARIO, kernel, folder), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT)
        timer = threading.Timer(guest.LIMIT, process.kill)
        timer.start()
        try:
            _follow(folder / "results", process, teller)
        finally:
            timer.cancel()
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        if not teller.done:
            said = (folder / "qemu").read_text(encoding="utf-8", errors="replace").strip()
            console = (folder / "console").read_text(encoding="utf-8", errors="replace").strip()
            teller.wrong.append(f"the guest did not reach its end; QEMU: {said[-300:]!r} console: {console[-300:]!r}")


def _follow(results: Path, process, teller: Teller) -> None:
    """Reads the guest's port until QEMU has ended and nothing more is there."""
    with open(results, "rb") as file:
        rest = b""
        while True:
            ended = process.poll() is not None
            data = file.read()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                teller.line(line.decode("utf-8", "replace").rstrip("\r"))
            if ended and not data:
                return
            if not data:
                time.sleep(0.1)


def main() -> int:
    """Fetches what is missing, boots, tells."""
    parser = argparse.ArgumentParser(description="show vfiotool in a guest with an emulated IOMMU")
    parser.add_argument("--vfiotool", type=Path, required=True, help="the binary to show")
    args = parser.parse_args()
    teller = Teller()
    print("fetching a kernel for the guest (once; Debian 12's own)", flush=True)
    try:
        kernel = kernels.get("6.1")
        print(f"booting {kernel.release} under QEMU without KVM; this takes some seconds", flush=True)
        boot(kernel, args.vfiotool.resolve(), teller)
    except (RuntimeError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    if not teller.asked:
        teller.wrong.append("the kernel was never asked")
    if teller.acted != ACTS:
        teller.wrong.append(f"of {ACTS} commands that act {teller.acted} were run")
    for text in teller.wrong:
        print(f"demo: {text}", file=sys.stderr)
    return 1 if teller.wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
