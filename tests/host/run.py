#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A host with systemd, libvirt and QEMU, in a guest of the rig: what 'check --vm' predicts of a machine, and what libvirt or QEMU then
does with it. Each definition of machines.py is broken in one known way. TAP on stdout.

    run.py [--vfiotool PROGRAM] [--only TEXT] [--keep DIR]

It needs root, and the sections guest and packaging of tests/packages.txt. README.md has the rest.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/vm"), str(ROOT / "tests/packaging")]
# pylint: disable=wrong-import-position
import disk as host_disk
from machines import CARD, MACHINES, ONE, UNIT
from points import Points, need
from rig import apt, board, image, kernels

# Ten times what it takes on an idle machine.
LIMIT_S = 6000
DEVICES = (
    "intel-iommu,intremap=on",
    "virtio-blk-pci,drive=root,addr=02.0",
    "virtio-9p-pci,fsdev=share,mount_tag=share,addr=03.0",
    # Alone in its group.
    "e1000e,addr=04.0,romfile=",
    "nvme,addr=05.0,serial=host,drive=data",
    "ich9-intel-hda,addr=06.0",
    # Two in one group, with the port: it has no ACS.
    "pcie-root-port,id=slots,chassis=1,slot=1,addr=07.0,disable-acs=on",
    "e1000e,bus=slots,addr=00.0,multifunction=on,romfile=",
    "e1000e,bus=slots,addr=00.1,romfile=",
)
# They take an emulated processor long at boot, and no test asks for them.
MASKED = ("apparmor.service", "dpdk.service", "systemd-binfmt.service", "systemd-journal-flush.service", "systemd-random-seed.service")
CMDLINE = " ".join(("console=ttyS0,115200 no_timer_check tsc=unstable intel_iommu=on mitigations=off audit=0 nowatchdog",
                    "systemd.show_status=1 systemd.unit=basic.target systemd.wants=host.service", *(f"systemd.mask={name}" for name in MASKED)))


def missing() -> str:
    """Why this machine cannot run the host; empty when it can."""
    if os.geteuid() != 0:
        return "root is needed to make its disk"
    for program in ("mmdebstrap", "mke2fs", "qemu-system-x86_64"):
        if not shutil.which(program):
            return f"there is no {program}"
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    if f"VERSION_CODENAME={host_disk.SUITE}" not in release:
        return f"vfiotool is built for another system than Debian {host_disk.SUITE}"
    return ""


def boot(kernel: kernels.Kernel, share: Path, scratch: Path) -> None:
    """Boots the host and waits until it is off."""
    disk = host_disk.disk(kernel)
    (scratch / "initrd").write_bytes(host_disk.initrd(kernel))
    with open(scratch / "data", "wb") as data:
        data.truncate(64 << 20)
    argv = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35,kernel-irqchip=split", "-cpu", board.Pc.processor,
            "-m", "2048", "-smp", "2", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", str(image.bootable(kernel)), "-initrd", str(scratch / "initrd"), "-append", CMDLINE,
            "-serial", f"file:{scratch / 'console'}",
            "-drive", f"if=none,id=root,format=raw,snapshot=on,file={disk}",
            "-drive", f"if=none,id=data,format=raw,file={scratch / 'data'}",
            "-fsdev", f"local,id=share,path={share},security_model=none"]
    for device in DEVICES:
        argv += ["-device", device]
    done = subprocess.run(argv, check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=os.environ | {"TMPDIR": str(scratch)})
    need((share / "out/done").exists(), f"the host did not come to its end: QEMU ended with {done.returncode} {done.stderr[-500:]}\n"
         + (scratch / "console").read_text(errors="replace")[-1500:])


def fill(share: Path, machines) -> None:
    """What the host finds below /share."""
    (share / "out").mkdir(parents=True)
    for path in (HERE / "host.sh", HERE / "tell.sh", HERE / "fleet.sh", ROOT / "packaging/debian/tests/attach"):
        shutil.copyfile(path, share / path.name)
    shutil.copytree(ROOT / "examples/fleet", share / "fleet")
    (share / "machine.service").write_text(UNIT, encoding="utf-8")
    for machine in machines:
        folder = share / "machines" / machine.name
        folder.mkdir(parents=True)
        suffix = "xml" if machine.broken.startswith("<") else "sh"
        texts = {"prepare": machine.prepare, "mend": machine.mend, "tidy": machine.tidy,
                 f"broken.{suffix}": machine.broken, f"good.{suffix}": machine.good or machine.broken}
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")


def said(folder: Path, name: str) -> str:
    """What a program printed, all of it."""
    return "".join((folder / f"{name}.{kind}").read_text(encoding="utf-8", errors="replace") for kind in ("out", "err"))


def status(folder: Path, name: str) -> int:
    """Its exit status."""
    return int((folder / f"{name}.status").read_text())


def results(folder: Path, name: str):
    """The results of a check, each as in tests/captures/vm/checks.toml."""
    try:
        document = json.loads((folder / f"{name}.out").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"no JSON: {said(folder, name)}") from error
    return [" ".join(str(each[key]) for key in ("answer", "check", "device", "line") if each[key] is not None)
            for each in document["results"]]


def predicted(folder: Path, machine) -> None:
    """The refusal, at its line, and nothing else."""
    have = results(folder, "predicted")
    failed = [each for each in have if each.startswith("fail")]
    need(machine.predicts in have and failed == [machine.predicts] * machine.certain, f"predicted {have}")
    need(status(folder, "predicted") == (2 if machine.certain else 0), f"exit status {status(folder, 'predicted')}")


def refused(folder: Path, machine) -> None:
    """The program says why, in its words."""
    text = (folder / "lines").read_text(encoding="utf-8", errors="replace")
    ended = status(folder, "refused")
    need(ended not in (124, 137), f"it hung\n{text}")
    need((ended != 0) == bool(machine.refuses) and re.search(machine.refuses, text), f"exit status {ended}\n{text}")


def diagnosed(folder: Path, machine) -> None:
    """Each symptom, of its device, and that it is so still."""
    causes = json.loads((folder / "diagnosed.out").read_text(encoding="utf-8"))["causes"]
    have = [" ".join(str(each[key]) for key in ("symptom", "device", "now") if each[key]) for each in causes]
    need(have == list(machine.diagnoses), f"{have}, of\n" + (folder / "lines").read_text(encoding="utf-8", errors="replace"))


def started(folder: Path, machine) -> None:
    """The corrected definition passes, without what was predicted of the other, and starts."""
    failed = [each for each in results(folder, "mended") if each.startswith("fail") or each == machine.predicts]
    need(not failed and status(folder, "mended") in (0, 3), f"exit status {status(folder, 'mended')}, {results(folder, 'mended')}")
    need(status(folder, "started") == 0, said(folder, "started"))


def judge(points: Points, out: Path, machine) -> None:
    """The points of one machine."""
    folder = out / machine.name
    points.check(f"{machine.name}: check --vm predicts it", predicted, folder, machine)
    points.check(f"{machine.name}: it is refused" if machine.refuses else f"{machine.name}: it starts", refused, folder, machine)
    points.check(f"{machine.name}: diagnose knows what is printed", diagnosed, folder, machine)
    if machine.in_log:
        points.check(f"{machine.name}: diagnose --libvirt finds it in the log", told, out, f"{machine.name}/libvirt", machine.diagnoses[0])
    points.check(f"{machine.name}: corrected, it passes and starts", started, folder, machine)


def checked(out: Path, name: str, wanted: str, failed: bool) -> None:
    """check has this result, and some failure or none."""
    have = results(out / "tell", name)
    need(wanted in have and failed == any(each.startswith("fail") for each in have), f"{have}")


def ended(out: Path, name: str, good: bool) -> None:
    """The program ended well, or not."""
    need((status(out / "tell", name) == 0) == good, f"exit status {status(out / 'tell', name)}: {said(out / 'tell', name)}")


def told(out: Path, name: str, wanted: str) -> None:
    """diagnose has this cause (symptom, device, now)."""
    causes = json.loads((out / f"{name}.out").read_text(encoding="utf-8"))["causes"]
    have = [" ".join(str(each[key]) for key in ("symptom", "device", "now") if each[key]) for each in causes]
    need(wanted in have, f"{have}")


def taken(out: Path) -> None:
    """DPDK's own words."""
    text = (out / "tell/dpdk-good.lines").read_text(encoding="utf-8", errors="replace")
    need(f"device: {CARD}" in text and "Port 0: " in text, text[-2000:])


def judge_told(points: Points, out: Path) -> None:
    """The points of tell.sh."""
    points.check("check --unit: its device filter fails", checked, out, "unit", "fail cgroup-devices", True)
    points.check("the unit does not start", ended, out, "unit-start", False)
    points.check("check --unit: mended, nothing fails", checked, out, "unit-mended", f"pass permission {CARD}", False)
    points.check("the unit starts", ended, out, "unit-restart", True)
    points.check("check --pid: its process may have the device that it has", checked, out, "pid", f"pass vm-device {CARD} 1", False)
    points.check("diagnose --kernel-log: the unbind waits for it", told, out, "tell/kernel-log", f"release-wait {CARD} still")
    points.check("DPDK: a group in part", told, out, "tell/dpdk-group-diagnosed", f"group-not-viable {ONE} still")
    points.check("DPDK: a user who may not", told, out, "tell/dpdk-user-diagnosed", "open-group still")
    points.check("DPDK takes the device", taken, out)


def confined(out: Path) -> None:
    """The unit ran under the profile, and what it wrote is root's answer."""
    for name in ("profile", "unit", "root"):
        need(status(out, name) == 0, f"{name}: {said(out, name)}")
    profile = (out / "confined").read_text(encoding="utf-8")
    need(profile.strip() == "vfiotool-exporter (enforce)", profile)
    metrics, wanted = (out / "metrics").read_text(encoding="utf-8"), (out / "root.out").read_text(encoding="utf-8")
    need(metrics == wanted and CARD in metrics, f"{metrics}\nroot: {wanted}")


def denied(out: Path, name: str) -> None:
    """The profile alone keeps a program from it."""
    need(status(out, name) != 0 and "Permission denied" in said(out, name), said(out, name))


def active(out: Path) -> None:
    """The timer waits for its time."""
    need(said(out, "timer-active").strip() == "active", said(out, "timer") + said(out, "timer-active"))


def named(out: Path) -> None:
    """virsh knows each name, and has the device in the group in which vfiotool has it."""
    groups = {each["address"]: each["group"] for each in json.loads((out / "groups.out").read_text(encoding="utf-8"))["devices"]}
    names = (out / "names.out").read_text(encoding="utf-8").split()
    need(f"pci_{re.sub('[:.]', '_', CARD)}" in names, said(out, "names"))
    for name in names:
        need(status(out, f"dump-{name}") == 0, said(out, f"dump-{name}"))
        address = "{}:{}:{}.{}".format(*name.split("_")[1:])
        need(f"<iommuGroup number='{groups[address]}'>" in said(out, f"dump-{name}"), f"not {groups[address]}: {said(out, f'dump-{name}')}")


def detached(out: Path) -> None:
    """virsh takes the device by this name, and gives it back."""
    drivers = [(out / name).read_text(encoding="utf-8").strip() for name in ("detached", "reattached")]
    need(drivers == ["vfio-pci", "e1000e"], f"{drivers}: {said(out, 'detach')}{said(out, 'reattach')}")


def attached(out: Path) -> None:
    """The script ended well, and not because it found no device."""
    need(status(out, "attach") == 0, f"exit status {status(out, 'attach')}: {said(out, 'attach')}")


def judge_fleet(points: Points, out: Path) -> None:
    """The points of fleet.sh."""
    points.check("exporter: confined by AppArmor, it writes what root is told", confined, out)
    points.check("exporter: its timer is active", active, out)
    points.check("AppArmor: no device node is opened", denied, out, "node")
    points.check("AppArmor: nothing is written elsewhere", denied, out, "write")
    points.check("virsh nodedev: the names, and their groups", named, out)
    points.check("virsh nodedev-detach and nodedev-reattach", detached, out)
    points.check("autopkgtest: attach", attached, out)


def main() -> int:
    """Boots the host once, and judges what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vfiotool", type=Path, default=ROOT / "build/src/cmd/vfiotool")
    parser.add_argument("--only", metavar="TEXT", action="append", help="the machines with this in their name")
    parser.add_argument("--keep", type=Path, help="where all that the host wrote goes")
    args = parser.parse_args()
    why = missing()
    if why:
        print(f"1..0 # host: {why}")
        return 77
    try:
        kernel = kernels.get(host_disk.KERNEL)
    except apt.AptError as error:
        print(f"1..0 # host: {error}")
        return 77
    machines = [each for each in MACHINES if not args.only or any(text in each.name for text in args.only)]
    points = Points()
    with tempfile.TemporaryDirectory(prefix="vfiotool-host-") as folder:
        scratch, share = Path(folder), Path(folder) / "share"
        fill(share, machines)
        shutil.copyfile(args.vfiotool, share / "vfiotool")
        (share / "vfiotool").chmod(0o755)
        begin = time.monotonic()
        if (points.check("the disk of the host is made", host_disk.disk, kernel)
                and points.check("the host boots and comes to its end", boot, kernel, share, scratch)):
            points.note(f"booted in {(share / 'out/booted').read_text().strip()} s, all in {time.monotonic() - begin:.0f} s")
            for machine in machines:
                judge(points, share / "out", machine)
            judge_told(points, share / "out")
            judge_fleet(points, share / "out/fleet")
        if args.keep:
            shutil.rmtree(args.keep, ignore_errors=True)
            shutil.copytree(share, args.keep)
            if (scratch / "console").exists():
                shutil.copyfile(scratch / "console", args.keep / "console")
    return points.end()


if __name__ == "__main__":
    sys.exit(main())
