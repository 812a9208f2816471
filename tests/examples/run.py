#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Runs the scripts of examples/ on captures. TAP on stdout.

    run.py VFIOTOOL
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import drawing
import fleet
import hook

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "examples"
# 0000:00:04.0 is on vfio-pci, 0000:00:04.1 of the same group on e1000; taken in a guest with Linux 6.1.
SIBLING = HERE / "sibling-host.capture"
NO_IOMMU = ROOT / "tests/captures/edge-no-iommu.capture"
# Stands in for vfiotool where no capture has an answer that changes from kernel to kernel.
TURNS = """#!/bin/sh
case "$*" in
"list "*) printf '%s\\n' '0000:01:00.0 vfio-pci' '0000:02:00.0 e1000' '0000:03:00.0 vfio-pci' ;;
"inspect -q --if-bound --kernel 6.6 0000:01:00.0") exit 2 ;;
"inspect -q --if-bound 0000:01:00.0" | "inspect -q --if-bound --kernel 6.6 0000:03:00.0" | "inspect -q --if-bound 0000:03:00.0") exit 0 ;;
"inspect -q --if-bound --kernel 5.10 0000:01:00.0") exit 3 ;;
"inspect -q --if-bound --kernel 5.10 0000:03:00.0") exit 0 ;;
*) exit 64 ;;
esac
"""


# The same for commands that act, which no capture can answer; tests/vm/acting/examples.sh asks real kernels.
BEFORE_VM = """#!/bin/sh
case "$*" in
"attach good mute" | "attach good" | "attach leaks" | "prove good") exit 0 ;;
"attach held") exit 2 ;;
"attach odd") exit 4 ;;
"prove leaks") exit 2 ;;
"prove mute") exit 3 ;;
*) exit 64 ;;
esac
"""


# A device whose driver has a name that a terminal would act on.
ODD = r"""#!/bin/sh
path='[{"answer":"no","op":null,"errno":null,"because":"driver \u001b[31m\u202e\u009b"}]'
case "$*" in
*-q*) exit 2 ;;
*) printf '%s' '{"devices":[{"address":"a","group":1,"driver":"\u001b[31m\u202e","paths":' "$path" ',"if_bound":{"paths":' \
	'[{"answer":"' "$ANSWER" '","op":null,"errno":null,"because":"driver \u001b[31m\u009b"}]}}]}' ;;
esac
"""


class Points:
    """TAP."""

    def __init__(self, program: str):
        self.number, self.failed, self.program = 0, 0, program

    def check(self, name: str, argv, want: str, status: int, given: str = "", **env) -> None:
        """One script, its output and its exit status."""
        self.number += 1
        environment = dict(os.environ, VFIOTOOL=self.program, LC_ALL="C.UTF-8")
        environment.pop("VFIOTOOL_SYSROOT", None)
        environment |= {key: str(value) for key, value in env.items()}
        result = subprocess.run([str(EXAMPLES / argv[0]), *argv[1:]], check=False, text=True, input=given,
                                capture_output=True, env=environment)
        good = result.stdout == want and result.returncode == status
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}", flush=True)
        if not good:
            print(f"# got {result.returncode}: {result.stdout!r} {result.stderr!r}\n# want {status}: {want!r}")


    def point(self, name: str, problem: str) -> None:
        """Something else, with what is wrong with it."""
        self.number += 1
        self.failed += bool(problem)
        print(f"{'not ok' if problem else 'ok'} {self.number} - {name}", flush=True)
        for line in problem.splitlines():
            print(f"# {line}")

    def skip(self, name: str, why: str) -> None:
        """Not here."""
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {why}", flush=True)


def compared(program: str, before, after, status: int, want: str) -> str:
    """What is wrong with what before-upgrade.sh says has changed."""
    env = dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(after), LC_ALL="C.UTF-8")
    result = subprocess.run([str(EXAMPLES / "before-upgrade.sh"), "--compare", str(before)], check=False, text=True,
                            capture_output=True, env=env)
    good = result.returncode == status and want in result.stdout.splitlines()
    return "" if good else f"status {result.returncode}: {result.stdout} {result.stderr}"


def upgraded(points: Points, recorded: Path) -> None:
    """before-upgrade.sh before and after."""
    points.check("before-upgrade: a host is recorded", ["before-upgrade.sh", "--record", str(recorded)], "", 0,
                 VFIOTOOL_SYSROOT=SIBLING)
    points.point("before-upgrade: nothing changed", compared(points.program, recorded, SIBLING, 0, "No difference."))
    points.point("before-upgrade: devices went and came", compared(points.program, recorded, NO_IOMMU, 2, "Devices"))


def main() -> int:
    """Each example: an answer that is good, one that is not, a question that is wrong."""
    points = Points(str(Path(sys.argv[1]).resolve()))
    points.check("check-host: devices that are accepted", ["check-host.sh"],
                 "ok      0000:00:04.0 the first card\nok      00:04.1\n", 0,
                 given="# what the guests need\n\n0000:00:04.0 the first card\n00:04.1\n", VFIOTOOL_SYSROOT=SIBLING)
    points.check("check-host: a device that is refused", ["check-host.sh", "/dev/stdin"],
                 "FAIL    00:01.0: REASON\n".replace("REASON", refusal(points.program)), 1, given="00:01.0\n",
                 VFIOTOOL_SYSROOT=NO_IOMMU)
    points.check("check-host: a device that is not there", ["check-host.sh"],
                 "FAIL    00:09.0: vfiotool ended with 66\n", 1, given="00:09.0\n", VFIOTOOL_SYSROOT=SIBLING)
    points.check("check-host: too many arguments", ["check-host.sh", "a", "b"], "", 64)
    points.check("held-groups: who holds a group", ["held-groups.py"], "group 1: 0000:00:04.1 is held by e1000\n", 0,
                 VFIOTOOL_SYSROOT=SIBLING)
    points.check("held-groups: no group at all", ["held-groups.py"], "", 0, VFIOTOOL_SYSROOT=NO_IOMMU)
    points.check("held-groups: a capture that is not there", ["held-groups.py"], "", 66, VFIOTOOL_SYSROOT="/nowhere")
    points.check("before-upgrade: nothing changes", ["before-upgrade.sh", "6.12"], "", 0, VFIOTOOL_SYSROOT=SIBLING)
    points.check("before-upgrade: an unknown kernel", ["before-upgrade.sh", "nonsense", "00:04.0"], "", 64,
                 VFIOTOOL_SYSROOT=SIBLING)
    points.check("before-upgrade: no kernel named", ["before-upgrade.sh"], "", 64)
    points.check("before-upgrade: no file named", ["before-upgrade.sh", "--compare"], "", 64)
    points.check("host-report: no device named", ["host-report.sh"], "", 64)
    points.check("host-report: a device that is not there", ["host-report.sh", "00:09.0"], "", 66, VFIOTOOL_SYSROOT=SIBLING)
    points.point("host-report: a picture and three sections", host_report(points.program))
    with tempfile.TemporaryDirectory(prefix="vfiotool-examples-") as place:
        turns = Path(place) / "vfiotool"
        odd = Path(place) / "odd"
        odd.write_text(ODD, encoding="utf-8")
        odd.chmod(0o755)
        points.check("held-groups: a name that acts on terminals", ["held-groups.py"],
                     "group 1: a is held by \\x1b[31m\\u202e\n", 0, VFIOTOOL=odd, ANSWER="yes")
        points.check("check-host: a reason that acts on terminals", ["check-host.sh"], "FAIL    a: a: driver \\x1b[31m\\x9b\n", 1,
                     given="a\n", VFIOTOOL=odd, ANSWER="no")
        upgraded(points, Path(place) / "recorded.capture")
        turns.write_text(TURNS, encoding="utf-8")
        turns.chmod(0o755)
        points.check("before-upgrade: an answer gets worse", ["before-upgrade.sh", "6.6"],
                     "0000:01:00.0: yes today, no with 6.6\n", 2, VFIOTOOL=turns)
        points.check("before-upgrade: an answer gets uncertain", ["before-upgrade.sh", "5.10"],
                     "0000:01:00.0: yes today, unknown with 5.10\n", 3, VFIOTOOL=turns)
        stand_in = Path(place) / "stand-in"
        stand_in.write_text(BEFORE_VM, encoding="utf-8")
        stand_in.chmod(0o755)
        before_vm(points, stand_in)
        for check in (proxmox_hook, hook.check, drawing.map_cost):
            check(points, Path(place))
        hook.check_unit(points, Path(place), points.program)
        fleet.check(points, Path(place), points.program)
    print(f"1..{points.number}")
    return 1 if points.failed else 0


def host_report(program: str) -> str:
    """What is wrong with the page of a capture in which a card shares its group."""
    env = dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(ROOT / "tests/captures/groups-shared.capture"), LC_ALL="C.UTF-8")
    done = subprocess.run([str(EXAMPLES / "host-report.sh"), "01:00.0"], check=False, text=True, capture_output=True, env=env)
    parts = ("<svg ", "</svg>", "<h2>Groups</h2>", "<h2>Plan</h2>", "<h2>Decisions</h2>", "slot 3", "0000:02:00.0")
    missing = [part for part in parts if part not in done.stdout]
    return "" if not done.returncode and not missing else f"status {done.returncode}, without {missing}: {done.stderr}"


def before_vm(points: Points, tool: Path) -> None:
    """examples/before-vm.sh: each answer that the two commands can give."""
    points.check("before-vm: all are attached, and proven or silent", ["before-vm.sh", "--prove", "good", "mute"],
                 "ok      attached and released: good mute\nok      proven: good\n"
                 "ok      not proven, because there is no DMA test driver for it: mute\n", 0, VFIOTOOL=tool)
    points.check("before-vm: without a proof", ["before-vm.sh", "leaks"], "ok      attached and released: leaks\n", 0,
                 VFIOTOOL=tool)
    points.check("before-vm: a device that leaks", ["before-vm.sh", "--prove", "leaks"],
                 "ok      attached and released: leaks\nFAIL    the IOMMU does not confine the device, or the device does not work (2): leaks\n", 1,
                 VFIOTOOL=tool)
    points.check("before-vm: a device that is refused", ["before-vm.sh", "--prove", "held"],
                 "FAIL    cannot be attached (2): held\n", 1, VFIOTOOL=tool)
    points.check("before-vm: a kernel that differs", ["before-vm.sh", "odd"],
                 "FAIL    the kernel did something else than predicted: odd\n", 1, VFIOTOOL=tool)
    points.check("before-vm: no device named", ["before-vm.sh", "--prove"], "", 64, VFIOTOOL=tool)


def proxmox_hook(points: Points, place: Path) -> None:
    """examples/proxmox-hook.sh: with the program itself, on a capture."""
    pve = place / "pve"
    (pve / "qemu-server").mkdir(parents=True)
    machine = pve / "qemu-server/100.conf"
    ask = {"VFIOTOOL_SYSROOT": str(SIBLING), "VFIOTOOL_PVE": str(pve)}
    machine.write_text("memory: 512\nhostpci0: 0000:00:04\n", encoding="utf-8")
    points.check("proxmox-hook: a machine that may start", ["proxmox-hook.sh", "100", "pre-start"], "", 0, **ask)
    machine.write_text("memory: 512\nhostpci0: 0000:00:1e.0\n", encoding="utf-8")
    points.check("proxmox-hook: a device that is not there", ["proxmox-hook.sh", "100", "pre-start"], "", 1, **ask)
    points.check("proxmox-hook: another phase", ["proxmox-hook.sh", "100", "post-start"], "", 0, **ask)
    machine.write_text("memory: 512\nhostpci0: mapping=gpu\n", encoding="utf-8")
    (pve / "mapping").mkdir()
    (pve / "mapping/pci.cfg").write_text("gpu\n\tmap id=10de:2484,node=pve,path=0000:00:04.0\n", encoding="utf-8")
    points.check("proxmox-hook: a mapping of another device", ["proxmox-hook.sh", "100", "pre-start"], "", 1, **ask)
    points.check("proxmox-hook: not a number", ["proxmox-hook.sh", "../100", "pre-start"], "", 64, **ask)
    points.check("proxmox-hook: no phase", ["proxmox-hook.sh", "100"], "", 64)


def refusal(program: str) -> str:
    """What the tool itself says of 00:01.0 of the host without IOMMU: the script must pass it on whole."""
    columns = "ADDRESS,OP_BOUND,ERRNO_BOUND,BECAUSE_BOUND"
    result = subprocess.run([program, "--sysroot", str(NO_IOMMU), "list", "--pairs", "-o", columns, "00:01.0"], check=True,
                            text=True, capture_output=True)
    address, operation, errno, because = (word.partition('="')[2] for word in result.stdout.rstrip('"\n').split('" '))
    return f"{address}: {operation} {errno}: {because}"


if __name__ == "__main__":
    sys.exit(main())
