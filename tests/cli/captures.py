# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures: what they say again, and what an enemy would write."""

import json
import os
import shutil

from harness import DEVICE, FAILED, NO_TARGET, OK, ROOT, UNKNOWN, USAGE, NO, Program, Skip, case, must, write

HEADER = '{"vfiotool-capture":1}\n'


def capture(p, tree, *argv):
    """A capture of a tree."""
    path = p.folder() / "capture"
    p.on(tree, "capture", path, *argv).must_be(OK)
    return path


@case
def capture_says_the_same(p: Program):
    """Every report of a tree, again from its capture, byte for byte but for its name."""
    tree = p.tree(100)
    path = capture(p, tree, "--in-use")
    for argv in (["list"], ["list", "-J", "-O"], ["list", "-T"], ["inspect"], ["inspect", "--json"],
                 ["inspect", "--all-kernels"], ["inspect", DEVICE], ["inspect", "-q", DEVICE], ["list", "group:3"]):
        first, second = p.on(tree, *argv), p.on(path, *argv)
        must(first.status == second.status, f"{argv}: status {first.status}, then {second.status}")
        one, two = first.out.replace(str(tree), "ROOT"), second.out.replace(str(path), "ROOT")
        if one != two:
            lines = [f"{a!r} became {b!r}" for a, b in zip(one.splitlines(), two.splitlines()) if a != b]
            must(False, f"{argv}: {lines[:3]}")


@case
def capture_of_a_capture(p: Program):
    """Is the same capture."""
    path = capture(p, p.tree())
    again = p.folder() / "again"
    p.on(path, "capture", again).must_be(OK)
    must(sorted(path.read_text().splitlines()) == sorted(again.read_text().splitlines()), "the two differ")


@case
def capture_is_compared(p: Program):
    """With itself, with the host that it is of, and with that host changed."""
    tree = p.tree()
    path = capture(p, tree)
    p.run("diff", path, path).must_be(OK)
    answer = p.on(tree, "diff", path)
    answer.must_be(OK)
    must("No difference" in answer.out, answer.out)
    other = p.tree()
    write(other / "proc/cmdline", "quiet intel_iommu=on debug")
    answer = p.on(other, "diff", path)
    answer.must_be(NO)
    must("debug" in answer.out, answer.out)
    p.on(other, "diff", "--only", "kernel", "-q", path).must_be(NO)
    p.on(other, "diff", "--only", "driver,device", "-q", path).must_be(OK)
    p.on(other, "diff", path, path).must_fail(USAGE, "--sysroot")
    must(json.loads(p.on(other, "diff", "-J", path).out)["changes"], "no change")
    p.run("diff", path, "/nowhere").must_fail(NO_TARGET, "/nowhere")


PASTED = """my GPU does not work
$ uname -r
6.8.12-4-pve
$ lspci -nnk | grep -A3 NV
01:00.0 VGA compatible controller [0300]: NVIDIA [10de:1b80] (rev a1)
\tKernel driver in use: vfio-pci
--
01:00.1 Audio device [0403]: NVIDIA [10de:10f0]
\tKernel driver in use: snd_hda_intel
IOMMU Group 1:
\t01:00.0 VGA compatible controller [0300]: NVIDIA [10de:1b80]
\t01:00.1 Audio device [0403]: NVIDIA [10de:10f0]
"""


@case
def capture_of_pasted_text(p: Program):
    """What a forum post tells: who holds the group; and what it lacks is not known."""
    folder = p.folder()
    text, path = folder / "text", folder / "capture"
    write(text, PASTED)
    answer = p.run("capture", "--from", text, path)
    answer.must_be(OK)
    must("2 devices" in answer.err and "cat /proc/cmdline" in answer.err, answer.err)
    p.run("capture", "--from", text, path).must_fail(USAGE, "--force")
    rows = json.loads(p.on(path, "list", "-J", "-o", "address,group,driver,type,why").out)["devices"]
    must([row["group"] for row in rows] == [1, 1] and rows[1]["driver"] == "snd_hda_intel", str(rows))
    must(rows[0]["type"] is None and rows[0]["why"] == "dma-ownership", str(rows))
    must("snd_hda_intel" in p.on(path, "inspect", "01:00.0").out, "the reason is missing")
    write(text, "nothing of interest\n")
    p.run("capture", "--from", text, "-").must_fail(NO, "no PCI device", "lspci")
    p.run("capture", "--from", folder / "none", "-").must_fail(NO_TARGET, "none")
    p.run("capture", "--from", folder, "-").must_fail(FAILED, "text file")
    p.run("capture", "--from", text, "-", DEVICE).must_fail(USAGE, "--from")


@case
def capture_is_lines_of_json(p: Program):
    """For every other reader."""
    path = capture(p, p.tree())
    lines = path.read_text(encoding="utf-8").splitlines()
    must(json.loads(lines[0]) == {"vfiotool-capture": 1}, lines[0])
    for line in lines[1:]:
        must(isinstance(json.loads(line), list), line)


@case
def capture_is_not_written_over(p: Program):
    """Unless it is said so; and a failed one leaves nothing behind."""
    tree, folder = p.tree(), p.folder()
    path = folder / "capture"
    write(path, "mine")
    p.on(tree, "capture", path).must_fail(USAGE, "capture", "--force")
    must(path.read_text() == "mine", "it was written over")
    p.on(tree, "capture", "--force", path).must_be(OK)
    must(path.read_text().startswith(HEADER), "no capture")
    p.on(tree, "capture", folder / "other", "0000:99:00.0").must_be(NO_TARGET)
    must(os.listdir(folder) == ["capture"], f"left behind: {os.listdir(folder)}")
    with open("/dev/full", "wb") as full:
        p.on(tree, "capture", "-", stdout=full).must_be(FAILED)


@case
def capture_cut_anywhere(p: Program):
    """A part of one is refused with its line, or tells what is left."""
    data = capture(p, p.tree()).read_bytes()
    path = p.folder() / "cut"
    for step in range(40):
        part = data[:len(data) * step // 40 + step]
        write(path, part)
        answer = p.on(path, "inspect", DEVICE)
        if part.endswith(b"\n") or part.endswith(b"]"):
            answer.must_be(OK, NO_TARGET, FAILED)
        else:
            answer.must_fail(FAILED, "line" if part else "empty", "vfiotool capture")


@case
def capture_that_is_hostile(p: Program):
    """All that the fuzzers began with, and what they found."""
    corpus = sorted((ROOT / "tests/fuzz/corpus/capture").iterdir())
    must(len(corpus) > 3, "no corpus")
    for path in corpus:
        for argv in (["list"], ["inspect", "--json"], ["inspect", "-q", DEVICE]):
            p.on(path, *argv).must_be(OK, FAILED, NO, UNKNOWN, NO_TARGET)


@case
def capture_without_an_end(p: Program):
    """A line of a terabyte is refused, not loaded."""
    path = p.folder() / "endless"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    p.on(path, "list").must_fail(FAILED, "limits")
    with open(path, "wb") as file:
        file.write(HEADER.encode())
        file.truncate(1 << 40)
    p.on(path, "list").must_fail(FAILED, "line 2")


@case
def capture_that_would_escape(p: Program):
    """Its paths are keys of a table: nothing of this host answers."""
    device = "/sys/bus/pci/devices/0000:01:00.0"
    ways = ["../../../../../../../../etc/passwd", "/etc/passwd", "/proc/self/root/etc", ".."]
    for way in ways:
        lines = [["list", "/sys/bus/pci/devices", f"0000:01:00.0\n..\n{way}\n/etc"], ["read", f"{device}/uevent", "x"],
                 ["link", f"{device}/iommu_group", way], ["link", f"{device}/iommu", way], ["link", f"{device}/physfn", way],
                 ["read", "/proc/sys/kernel/osrelease", way], ["list", "/sys/class/iommu", f"..\n{way}"],
                 ["list", "/sys/kernel/iommu_groups", f"..\n{way}\n1"], ["list", f"{device}/msi_irqs", way],
                 ["list", "/sys/kernel/iommu_groups/1/devices", f"..\n{way}"]]
        path = p.folder() / "escape"
        write(path, HEADER + "".join(json.dumps(line) + "\n" for line in lines))
        for argv in (["list", "-J", "-O"], ["inspect", "--json"], ["inspect", DEVICE]):
            answer = p.on(path, *argv).must_be(OK, FAILED)
            must("root:x:0:0" not in answer.out, f"{argv}: the password file")


@case
def capture_of_one_device(p: Program):
    """It knows that one, says so of others, and of the whole that it does not have it."""
    path = capture(p, p.tree(), DEVICE)
    p.on(path, "inspect", DEVICE).must_be(OK)
    p.on(path, "inspect", "0000:01:10.3").must_fail(NO_TARGET, "capture")


@case
def ports_that_could_isolate(p: Program):
    """Where a neighbour may be in use, a plan names the port whose ACS is off, and what turns it on."""
    text = (ROOT / "tests/captures/groups-shared.capture").read_text(encoding="utf-8")
    for slot in "12":
        text = text.replace(f"slot={slot} acs=1", f"slot={slot} acs=2 cap=29 ctrl=28 next=0")
    path = p.folder() / "capture"
    write(path, text)
    said = " ".join(p.on(path, "plan", "01:00.0").must_be(UNKNOWN).out.split())
    must("Turn ACS (SV) on for port 0000:00:01.0 (in the firmware setup): the group of 0000:01:00.0 would be 0000:01:00.0"
         in said, said)
    text = text.replace("6.1.0-18-amd64", "6.12.9")
    write(path, text)
    said = " ".join(p.on(path, "plan", "01:00.0").must_be(UNKNOWN).out.split())
    must("(boot with pci=config_acs=xxxxxx1@0000:00:01.0)" in said, said)
    write(path, text.replace('"intel_iommu=on"', '"intel_iommu=on pci=disable_acs_redir=00:01.0"'))
    said = " ".join(p.on(path, "plan", "01:00.0").must_be(UNKNOWN).out.split())
    must("Boot without pci=disable_acs_redir=00:01.0, which turns ACS off: the group of 0000:01:00.0 would be 0000:01:00.0"
         in said, said)


@case
def capture_is_read_without_power(p: Program):
    """Before a capture is parsed the tool gives up what it does not need; a folder of one's own is not feared."""
    tree = p.tree()
    path, trace = capture(p, tree), p.folder() / "trace"
    if not shutil.which("strace"):
        raise Skip("strace is not installed")

    def calls(root, *argv):
        p.on(root, *argv, before=("strace", "-qq", "-e", "trace=openat,prctl,landlock_restrict_self", "-o", trace),
             env={"ASAN_OPTIONS": "detect_leaks=0"}).must_be(OK, NO, UNKNOWN)
        return trace.read_text(errors="replace")

    for argv in (["list"], ["inspect", DEVICE], ["plan", DEVICE], ["--complete", "devices"]):
        said = calls(path, *argv)
        must("PR_SET_NO_NEW_PRIVS, 1" in said and "landlock_restrict_self(" in said, f"{argv}: {said}")
        must(said.index("landlock_restrict_self(") < said.index(f'"{path}"'), f"{argv}: parsed before")
    must("PR_SET_NO_NEW_PRIVS" not in calls(tree, "list"), "a folder is confined")
