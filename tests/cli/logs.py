# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs that diagnose reads: from anywhere, of any size, and hostile ones."""

import os

from harness import FAILED, NO, OK, Program, case, must

UNKNOWN, USAGE = 3, 64
LINE = "vfio 0000:ff:00.0: group 99 is not viable"


@case
def log_from_each_source(p: Program):
    """A file, standard input and the command line; what cannot be read is an error with its name."""
    tree = p.tree()
    log = p.place / "log"
    log.write_text(f"first\n{LINE}\n{LINE}\n", encoding="utf-8")
    for words in (["diagnose", "-J", str(log)], ["diagnose", "-J"], ["diagnose", "-J", "-e", LINE, "-e", LINE]):
        with open(log, "rb") as stdin:
            answer = p.on(tree, *words, stdin=stdin)
        answer.must_be(UNKNOWN)
        cause = answer.json()["causes"][0]
        must(cause["count"] == 2 and cause["device"] == "0000:ff:00.0" and cause["group"] == 99, cause)
        must(cause["lines"] == ([] if "-e" in words else [2, 3]), cause["lines"])
    p.on(tree, "diagnose", str(p.place / "none")).must_fail(FAILED, "none", "No such file")
    p.on(tree, "diagnose", str(p.place)).must_fail(FAILED, "Is a directory")
    p.on(tree, "diagnose", "--kernel-log").must_fail(USAGE, "--sysroot")
    p.run("diagnose", "--libvirt", "../x").must_fail(USAGE, "virsh list")
    p.on(tree, "rules", "--errno", "EWHAT").must_fail(USAGE, "EPERM")
    p.on(tree, "rules", "--op", "SET_IOMU").must_fail(USAGE, "SET_IOMMU")
    p.on(tree, "rules", "--symptoms", "group-not-viabl").must_fail(USAGE, "group-not-viable")


@case
def hostile_log(p: Program):
    """Bytes of all values, long lines, escapes and a flood of causes: an answer, and nothing that a terminal acts on."""
    tree = p.tree()
    log = p.place / "log"
    log.write_bytes(os.urandom(1 << 16) + b"\0\033]0;x\a\033[2J\n" + b"x" * (1 << 20) + LINE.encode() + b"\n"
                    + b"\033[31m" + LINE.encode() + b"\033[0m\r\n"
                    + b"".join(b"vfio %04x:00:00.0: group %d is not viable\n" % (i, i) for i in range(3000)) + b"group 1 is not")
    for words in (["diagnose", str(log)], ["diagnose", "-J", str(log)]):
        answer = p.on(tree, *words)
        answer.must_be(UNKNOWN)
        must("\033" not in answer.out, "an escape sequence")
    document = p.on(tree, "diagnose", "-J", str(log)).json()
    must(document["complete"] is False and len(document["causes"]) == 1000, len(document["causes"]))


@case
def address_without_a_device(p: Program):
    """A device that is not there is missing still, and one that is there no more."""
    tree = p.tree()
    answer = p.on(tree, "diagnose", "-J", "-e", "error: Device 0000:ff:1e.0 not found: could not access")
    answer.must_be(NO)
    must(answer.json()["causes"][0]["now"] == "still", answer.out)
    there = sorted((tree / "sys/bus/pci/devices").iterdir())[0].name
    answer = p.on(tree, "diagnose", "-J", "-e", f"error: Device {there} not found: could not access")
    answer.must_be(OK)
    must(answer.json()["causes"][0]["now"] == "gone", answer.out)


@case
def empty_log(p: Program):
    """Nothing known is no failure."""
    p.on(p.tree(), "diagnose", "-q").must_be(OK)
