# SPDX-License-Identifier: GPL-2.0-or-later
"""Sound hosts of a special kind: what is read of them, what decides, what is said once."""

import shutil

from harness import DEVICE, NO, OK, UNKNOWN, Program, Skip, case, must, write


@case
def kallsyms_are_left_alone(p: Program):
    """They are long, and BTF has the same names: they are read where that leaves an answer open, and with -v."""
    tree = p.tree(builtin=True)
    trace = p.folder() / "trace"
    if not shutil.which("strace"):
        raise Skip("strace is not installed")

    def reads(*argv):
        # LeakSanitizer cannot work below strace.
        p.on(tree, *argv, before=("strace", "-f", "-qq", "-e", "trace=%file", "-o", trace),
             env={"ASAN_OPTIONS": "detect_leaks=0"}).must_be(OK, NO, UNKNOWN)
        return "kallsyms" in trace.read_text(errors="replace")

    must(reads("inspect", "-v", DEVICE), "-v reads no kallsyms")
    for argv in (["list"], ["list", "-J"], ["inspect"], ["inspect", DEVICE]):
        must(not reads(*argv), f"{argv} read kallsyms")
    (tree / "sys/kernel/btf/vmlinux").unlink()
    must(reads("list"), "without BTF nothing but kallsyms tells")


@case
def enterprise_kernel_of_this_host(p: Program):
    """The number of such a kernel tells little: of the one that runs here, what the host shows decides."""
    tree = p.tree(builtin=True)
    write(tree / "proc/sys/kernel/osrelease", "5.14.0-427.13.1.el9_4.x86_64\n")

    def releases(*argv):
        return p.on(tree, "inspect", "--json", *argv, DEVICE).must_be(OK, NO, UNKNOWN).json()["asked_releases"]

    shown = p.on(tree, "inspect", "--json", DEVICE).json()["kernel"]["releases"]
    must(shown == "6.0 - 6.1", f"the symbols show {shown}")
    for name in ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.13.1.el9_4"):
        must(releases("--kernel", name) == shown, f"{name}: {releases('--kernel', name)}, not {shown}")
    for name in ("5.14.0-427.13.1.el9_5.x86_64", "5.14.0-427.13.1.el9"):
        must(releases("--kernel", name) == "5.14 and later", f"{name}: {releases('--kernel', name)}")


@case
def large_group_is_listed_once(p: Program):
    """In a document about all of its devices; where it is about one, the group is with that one."""
    tree = p.tree(80, one_group=True)
    devices = p.on(tree, "inspect", "--json", "group:0").must_be(OK, NO, UNKNOWN).json()["devices"]
    must(len(devices) == 80 and len(devices[0]["group_members"]) == 80, "not all members are with the first")
    must(devices[0]["group_members_at"] is None, "the first refers to another")
    for device in devices[1:]:
        must(device["group_members"] is None and device["group_members_at"] == devices[0]["address"],
             f"{device['address']} does not refer to the first")
    one = p.on(tree, "inspect", "--json", DEVICE).json()["devices"][0]
    must(len(one["group_members"]) == 80 and one["group_members_at"] is None, "no members with one device")
    small = p.on(p.tree(16), "inspect", "--json").json()["devices"]
    must(all(device["group_members"] and device["group_members_at"] is None for device in small), "a small group refers")
