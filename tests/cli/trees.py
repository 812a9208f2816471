# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts made of absurd files: an honest 'unknown' or a clear error, no crash, no hang, no way out."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from harness import DENIED, DEVICE, FAILED, NO, NO_TARGET, OK, SLOT, UNKNOWN, Program, Skip, case, must, remove, write


def make_empty(path):
    """Nothing in it."""
    write(path, "")


def make_binary(path):
    """Every byte there is."""
    write(path, bytes(range(256)) * 4)


def make_large(path):
    """A megabyte."""
    write(path, b"A" * (1 << 20))


def make_directory(path):
    """No file at all."""
    remove(path)
    path.mkdir()


def make_loop(path):
    """A link to itself."""
    remove(path)
    path.symlink_to(path.name)


def make_dangling(path):
    """A link to nowhere."""
    remove(path)
    path.symlink_to("nowhere")


def make_fifo(path):
    """It has no writer."""
    remove(path)
    os.mkfifo(path)


def make_outside(path):
    """A link out of the tree."""
    remove(path)
    path.symlink_to("/etc/passwd")


def make_endless(path):
    """One line of a terabyte, all of it holes."""
    remove(path)
    with open(path, "wb") as file:
        file.truncate(1 << 40)


ABSURD = (make_empty, make_binary, make_large, make_directory, make_loop, make_dangling, make_fifo, make_outside,
          make_endless)


def ask_everything(p, tree):
    """Every command; list and inspect answer whatever is in the way. The list as rows by address."""
    rows = p.on(tree, "list", "-J", "-O").must_be(OK).json()["devices"]
    p.on(tree, "list").must_be(OK)
    p.on(tree, "list", "-T").must_be(OK)
    p.on(tree, "inspect", "--all-kernels", DEVICE).must_be(OK)
    p.on(tree, "inspect").must_be(OK)
    p.on(tree, "inspect", "--json").must_be(OK).json()
    return {row["address"]: row for row in rows}


def ask_briefly(p, tree):
    """What reads most, where hundreds of trees are asked."""
    p.on(tree, "list", "-O").must_be(OK)
    p.on(tree, "inspect", "--json").must_be(OK).json()


@case
def absurd_uevent(p: Program):
    """What a uevent does not tell is unknown, and so is the verdict."""
    for make in ABSURD:
        tree = p.tree()
        make(tree / SLOT / "uevent")
        row = ask_everything(p, tree)[DEVICE]
        must(row["id"] is None, f"{make.__name__}: an id from nowhere: {row['id']}")
        p.on(tree, "inspect", "-q", "--if-bound", DEVICE).must_be(UNKNOWN, NO)


@case
def absurd_attributes_of_a_device(p: Program):
    """All that are read of one, in each shape."""
    for make in ABSURD:
        tree = p.tree()
        for name in ("sriov_numvfs", "driver_override", "enable", "numa_node", "reset_method"):
            make(tree / SLOT / name)
        ask_everything(p, tree)


@case
def absurd_links_of_a_device(p: Program):
    """Links that are files, directories, loops, or lead out of the tree."""
    for name in ("iommu_group", "iommu", "physfn", "driver", "subsystem"):
        for make in ABSURD:
            tree = p.tree()
            make(tree / SLOT / name)
            ask_briefly(p, tree)


@case
def absurd_group(p: Program):
    """Regions that are not understood are unknown, never none."""
    for name in ("type", "reserved_regions"):
        for make in ABSURD:
            tree = p.tree()
            group = (tree / SLOT / "iommu_group").readlink().name
            make(tree / "sys/kernel/iommu_groups" / group / name)
            row = ask_everything(p, tree)[DEVICE]
            device = p.on(tree, "inspect", "--json", DEVICE).must_be(OK).json()["devices"][0]
            if name == "reserved_regions" and make is not make_empty:
                must(device["reserved_regions"] is None, f"{make.__name__}: regions from nowhere")
            if name == "type" and make in (make_directory, make_loop, make_fifo, make_endless, make_large):
                must(row["type"] is None, f"{make.__name__}: a type from nowhere: {row['type']}")


@case
def absurd_files_of_the_host(p: Program):
    """What is read once for the whole host."""
    together = (
        ("proc/interrupts", "sys/firmware/acpi/tables/DMAR", "sys/module/vfio/initstate", "dev/vfio/vfio"),
        ("proc/cmdline", "proc/config.gz", "sys/firmware/acpi/tables/IVRS", "dev/iommu", "sys/kernel/debug"),
        ("proc/sys/kernel/osrelease", "proc/kallsyms", "dev/kmsg"),
        ("proc/cpuinfo", "sys/class/iommu/dmar0/intel-iommu/cap",
         "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"),
    )
    for names in together:
        for make in ABSURD:
            tree = p.tree()
            for name in names:
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                make(tree / name)
            ask_briefly(p, tree)


@case
def absurd_folders_of_the_host(p: Program):
    """A folder that is something else: an error, or an answer without it, never 'there is none' for devices."""
    for name in ("sys/kernel/iommu_groups", "sys/class/iommu", "sys/module", "sys/kernel/irq", "lib/modules", "dev/vfio",
                 "proc"):
        for make in ABSURD:
            tree = p.tree()
            shutil.rmtree(tree / name)
            make(tree / name)
            ask_briefly(p, tree)
    for make in ABSURD:
        tree = p.tree()
        shutil.rmtree(tree / "sys/bus/pci/devices")
        make(tree / "sys/bus/pci/devices")
        if make in (make_directory, make_dangling, make_outside):
            p.on(tree, "list").must_be(OK, FAILED)
        else:
            p.on(tree, "list").must_fail(FAILED, "sys/bus/pci/devices")


@case
def libkmod_stays_inside(p: Program):
    """The module folder of this host is no answer about another; a FIFO there does not hang."""
    release = "6.1.0-44-amd64"
    outside = p.folder()
    (outside / "modules.builtin").write_text("kernel/drivers/iommu/iommufd/iommufd.ko\n", encoding="utf-8")
    (outside / "modules.dep").write_text("", encoding="utf-8")
    for way in ("absolute", "relative"):
        tree = p.tree()
        target = outside if way == "absolute" else os.path.relpath(outside, tree / "lib/modules")
        (tree / "lib/modules" / release).symlink_to(target)
        must("builtin" not in p.on(tree, "capture", "-").must_be(OK).out, f"{way} link: the outside was read")
    rest = ("modules.alias.bin", "modules.builtin.bin", "modules.symbols.bin", "modules.softdep")
    for names in (("modules.dep.bin",), rest):
        for make in ABSURD:
            tree = p.tree()
            folder = tree / "lib/modules" / release
            folder.mkdir()
            write(folder / "modules.dep.bin", b"\xb0\x07\xf4\x57\x00\x02\x00\x01\x20\x00\x00\x10")
            for name in names:
                make(folder / name)
            p.on(tree, "inspect", DEVICE).must_be(OK)
    for place in ("etc/modprobe.d", "lib/modprobe.d"):
        tree = p.tree()
        (tree / "lib/modules" / release).mkdir()
        (tree / place).mkdir(parents=True)
        make_fifo(tree / place / "trap.conf")
        p.on(tree, "inspect", DEVICE).must_be(OK)


@case
def release_that_is_a_path(p: Program):
    """It becomes part of paths."""
    for text in ("../../../../etc", "/etc", "..", "a/b", "\x1b[31m", "x" * 4000):
        tree = p.tree()
        write(tree / "proc/sys/kernel/osrelease", text + "\n")
        answer = p.on(tree, "inspect", DEVICE).must_be(OK)
        must("\x1b" not in answer.out, "a control character came through")


@case
def release_that_nobody_studied(p: Program):
    """What the newest known kernel decides is shown as that, and is no answer to a script."""
    sure = ["--assume", "euid=0", "--assume", "interrupt_remapping=1", "--assume", "isolated_msi=1", "--assume", "held=0",
            "--assume", "enforce_cache_coherency=1", "--assume", "cache_coherency=1"]
    bridge = "0000:00:01.0"
    newest = p.run("--introspect").json()["releases"][-1]
    for release, studied in ((f"{newest}.0", True), ("99.0.0-1-amd64", False)):
        tree = p.tree()
        write(tree / "proc/sys/kernel/osrelease", release + "\n")
        # A module and functions of older kernels only: evidence against the number.
        p.on(tree, "inspect", "-q", "--if-bound", *sure, bridge).must_be(NO)
        shutil.rmtree(tree / "sys/module/vfio_virqfd")
        shutil.rmtree(tree / "sys/kernel/btf")
        (tree / "proc/kallsyms").unlink(missing_ok=True)
        write(tree / "proc/interrupts", "           CPU0\n  24:          0  IR-PCI-MSI 0-edge ahci\n")
        answer = p.on(tree, "inspect", *sure, DEVICE).must_be(OK)
        must((f"newer than Linux {newest}" in answer.out) != studied, answer.out)
        must((f"newer than Linux {newest}" in p.on(tree, "list").must_be(OK).err) != studied, "list says it on stderr")
        p.on(tree, "inspect", "-q", "--if-bound", *sure, bridge).must_be(NO if studied else UNKNOWN)
        p.on(tree, "inspect", "-q", "--if-bound", "--kernel", newest, *sure, bridge).must_be(NO)


@case
def names_with_control_characters(p: Program):
    """What a name does to a terminal is not done."""
    tree = p.tree()
    devices = tree / "sys/bus/pci/devices"
    for name in ("0000:77:00.0\x1b[31m", "\x07bell", "tab\there", "\x9b31m", "\u202egnp", "caf\xe9 \U0001f4a9"):
        (devices / name).mkdir()
        write(devices / name / "uevent", "DRIVER=\x1b[2J\nPCI_CLASS=20000\nPCI_ID=8086:1521\nPCI_SUBSYS_ID=8086:0000\n")
    os.mkdir(os.fsencode(devices) + b"/\xff\xfe")
    for argv in (["list"], ["list", "-r"], ["list", "-P"], ["list", "-T"], ["inspect"], ["list", "-O"]):
        answer = p.on(tree, *argv).must_be(OK)
        for bad in ("\x1b", "\x07", "\t", "\x9b", "\u202e"):
            must(bad not in answer.out + answer.err, f"{argv}: {bad!r} came through")
    for argv in (["list", "-J"], ["inspect", "--json"]):
        p.on(tree, *argv).must_be(OK).json()


@case
def name_with_a_newline(p: Program):
    """It cannot be told from two names: an error, not a list without devices."""
    tree = p.tree()
    (tree / "sys/bus/pci/devices/a\n0000:66:00.0").mkdir()
    p.on(tree, "list").must_fail(FAILED, "sys/bus/pci/devices")
    p.on(tree, "inspect", "-q", "--if-bound", "0000:00:01.0").must_be(NO)


@case
def unreadable_as_a_plain_user(p: Program):
    """Denied is not absent."""
    before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv")
    for path in (p.place, *p.place.parents):
        if not path.stat().st_mode & stat.S_IXOTH and path != Path(path.anchor):
            path.chmod(path.stat().st_mode | stat.S_IXOTH)
    tree = p.tree()
    (tree / SLOT / "uevent").chmod(0)
    row = {r["address"]: r for r in p.on(tree, "list", "-J", before=before).must_be(OK).json()["devices"]}[DEVICE]
    must(row["id"] is None, "an id from a file that cannot be read")
    p.on(tree, "inspect", "-q", "--if-bound", DEVICE, before=before).must_be(UNKNOWN, NO)
    (tree / "sys/bus/pci/devices").chmod(0)
    p.on(tree, "list", before=before).must_fail(DENIED, "sys/bus/pci/devices")
    (tree / "sys").chmod(0)
    p.on(tree, "list", before=before).must_be(DENIED, FAILED)
    tree.chmod(0)
    p.on(tree, "list", before=before).must_fail(DENIED, str(tree))
    capture = p.folder() / "capture"
    write(capture, "")
    capture.chmod(0)
    p.on(capture, "list", before=before).must_fail(DENIED, "capture")


@case
def group_that_is_gone(p: Program):
    """The link is there, the group is not."""
    tree = p.tree()
    group = (tree / SLOT / "iommu_group").readlink().name
    shutil.rmtree(tree / "sys/kernel/iommu_groups" / group)
    ask_everything(p, tree)
    p.on(tree, "inspect", "-q", "--if-bound", DEVICE).must_be(UNKNOWN, NO)
    p.on(tree, "inspect", f"group:{group}").must_fail(NO_TARGET, f"group:{group}")


STIR = """
import os, sys, time
places = sys.argv[1:]
end = time.monotonic() + 50
print("ready", flush=True)
while time.monotonic() < end:
    for place in places:
        os.rename(place, place + ".away")
        os.rename(place + ".away", place)
"""


@case
def everything_vanishes_and_comes_back(p: Program):
    """While it is read: whatever was there, an answer that holds together."""
    tree = p.tree(100)
    group = (tree / SLOT / "iommu_group").readlink().name
    places = [tree / "sys/kernel/iommu_groups" / group, (tree / SLOT).resolve(), tree / SLOT, tree / "sys/class/iommu/dmar0",
              tree / "proc"]
    with subprocess.Popen([sys.executable, "-c", STIR, *map(str, places)], stdout=subprocess.PIPE) as stirrer:
        try:
            stirrer.stdout.readline()
            began = time.monotonic()
            while time.monotonic() - began < 4:
                p.on(tree, "list", "-J").must_be(OK, FAILED)
                answer = p.on(tree, "inspect", "--json", DEVICE).must_be(OK, NO_TARGET, FAILED)
                if answer.status == OK:
                    answer.json()
        finally:
            stirrer.send_signal(signal.SIGTERM)
            stirrer.wait()


@case
def whole_tree_is_a_loop(p: Program):
    """Links that lead in circles at the top."""
    tree = p.folder()
    (tree / "sys").symlink_to("sys")
    p.on(tree, "list").must_fail(FAILED, str(tree))
    p.on(tree, "inspect", DEVICE).must_be(FAILED, NO_TARGET, OK)
    deep = p.tree()
    (deep / "sys/bus/pci/devices/0000:88:00.0").symlink_to("0000:88:00.0")
    ask_everything(p, deep)
