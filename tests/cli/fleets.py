# SPDX-License-Identifier: GPL-2.0-or-later
"""compare: folders with captures that are broken, foreign, twice there and hostile. Each is named, the rest is answered."""

import csv
import io
import json
import os
import re

from harness import DEVICE, FAILED, NO, NO_TARGET, OK, ROOT, UNKNOWN, USAGE, Program, case, must, write

CAPTURES = ROOT / "tests/captures"
ONE = CAPTURES / "vm-intel-on-6.12.capture"
OTHER = CAPTURES / "vm-intel-noremap-6.1.capture"
HEADER = '{"vfiotool-capture":1}\n'


def fleet(p):
    """A folder with two hosts that answer alike."""
    folder = p.folder() / "fleet"
    folder.mkdir()
    for name in ("a", "b"):
        write(folder / name, ONE.read_text())
    return folder


@case
def hosts_alike_and_not(p: Program):
    """The statuses: alike, different, alike as far as they could be read, none that could."""
    folder = fleet(p)
    must("2 hosts: the answers are the same" in p.run("compare", folder).must_be(OK).out, "two alike")
    write(folder / "torn", ONE.read_text()[:1000])
    must("torn" in p.run("compare", folder).must_be(UNKNOWN).out, "the torn one is not named")
    write(folder / "other", OTHER.read_text())
    p.run("compare", "-q", folder).must_be(NO)
    p.run("compare", folder / "torn").must_be(FAILED)
    p.run("compare", "-q", folder / "a", folder / "other").must_be(NO)


@case
def each_that_is_bad_is_named(p: Program):
    """And why, while the rest is compared."""
    folder = fleet(p)
    write(folder / "other", OTHER.read_text())
    write(folder / "foreign.json", '{"schema": 1}\n')
    write(folder / "empty", "")
    write(folder / "newer", '{"vfiotool-capture":99}\n')
    write(folder / "nested", HEADER + '["read","/x",' + "[" * 100000 + "]" * 100000 + "]\n")
    write(folder / "twice-said", HEADER + '["read","/x","1"]\n["read","/x","2"]\n')
    write(folder / "endless-link", HEADER + '["link","/sys","/sys"]\n["list","/sys/bus","pci"]\n')
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "below").mkdir()
    write(folder / "below/c\x1b[31m", ONE.read_text())
    os.link(folder / "a", folder / "z-link-of-a")
    answer = json.loads(p.run("compare", "--json", folder).must_be(NO).out)
    unread = {row["source"].rpartition("/")[2]: row["because"] for row in answer["unread"]}
    must(set(unread) >= {"foreign.json", "empty", "newer", "nested", "twice-said", "loop", "gone", "pipe", "z-link-of-a"}, unread)
    must("same file" in unread["z-link-of-a"] and "not a file" in unread["pipe"], unread)
    named = [host for group in answer["groups"] for host in group["hosts"]]
    must(sum(host.endswith(("/a", "/b", "c\x1b[31m", "/other")) for host in named) == 4, named)
    must([row["source"].rpartition("/")[2] for row in answer["duplicates"]] == ["b", "c\x1b[31m"], answer["duplicates"])
    text = p.run("compare", folder).must_be(NO).out
    must("\x1b" not in text and r"c\x1b[31m" in text, "a name reaches the terminal")


@case
def order_and_processes_do_not_matter(p: Program):
    """The same bytes, however it is asked."""
    folder = fleet(p)
    write(folder / "other", OTHER.read_text())
    write(folder / "torn", "x")
    for argv in ([], ["--json"], ["--csv"]):
        first = p.run("compare", *argv, folder).must_be(NO).out
        for jobs in (1, 2, 7):
            must(p.run("compare", "--jobs", jobs, *argv, folder).out == first, f"{argv} by {jobs}")
        files = [folder / name for name in ("torn", "other", "b", "a")]
        must(p.run("compare", *argv, *files).out == first, f"{argv} in another order")


@case
def the_last_of_many_groups_is_explained(p: Program):
    """The rule that decides names its fact in each group, not only in the largest ones; one that matters less is nearer to the
    beginning of the chain of causes."""
    folder, text = p.folder() / "many", ONE.read_text()
    folder.mkdir()
    for name in ("a", "b", "c"):
        write(folder / name, text)
    for number in range(70):
        write(folder / f"m{number:02}", re.sub(r"0000:00:(?=04|1f)", f"0000:{number + 16:02x}:", text))
    odd = text.replace('["read","/proc/cmdline","', '["read","/proc/cmdline","splash ').replace("IR-IO-APIC", "IO-APIC")
    must(odd.count("splash") == 1 and "IR-" not in odd, "the capture has no remapping to take away")
    write(folder / "z", odd)
    groups = json.loads(p.run("compare", "--json", folder).must_be(NO).out)["groups"]
    must(len(groups) == 72 and [os.path.basename(host) for host in groups[-1]["hosts"]] == ["z"], f"{len(groups)} groups")
    first = groups[-1]["facts"][0]
    must((groups[-1]["basis"], first["subject"], first["here"], first["there"]) == ("cited", "interrupt remapping", "off", "on"),
         f"{groups[-1]['basis']} {first}")


@case
def records_for_every_file(p: Program):
    """CSV that a program reads."""
    folder = fleet(p)
    write(folder / "other,\"1\"", OTHER.read_text())
    write(folder / "torn", "x")
    text = p.run("compare", "--csv", folder).must_be(NO).out
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    must([row["SOURCE"].rpartition("/")[2] for row in rows] == ["a", "b", 'other,"1"', "torn"], rows)
    must([row["GROUP"] for row in rows] == ["1", "1", "2", ""], rows)
    must(rows[2]["REFERENCE"] == "1" and rows[2]["SUBJECT"] and rows[3]["BECAUSE"], rows)


@case
def lines_of_a_summary_are_short(p: Program):
    """Also where a group is large, and texts and plans are long; a command is whole, or left out and counted."""
    for tree in (p.tree(60, one_group=True), p.tree(100)):
        text = p.on(tree, "inspect", "--json=summary").must_be(OK).out
        devices = json.loads(text)["devices"]
        lines = [line.rstrip(",") for line in text.splitlines() if line.startswith('    {"')]
        must(len(lines) == len(devices) > 10, f"{len(lines)} lines of {len(devices)} devices")
        must(max(map(len, lines)) - 4 <= 1536, f"a line of {max(map(len, lines))} bytes")
        for device in devices:
            plan = device["plan"]
            whole = json.loads(p.on(tree, "plan", "--json", device["address"]).out)["plans"][0] if device == devices[0] else None
            steps = [step["command"] for step in whole["steps"]] if whole else []
            must(not whole or [step["command"] for step in plan["steps"]] == steps[:len(plan["steps"])], f"{plan} {steps}")
            must(not whole or len(steps) == len(plan["steps"]) + plan["steps_left_out"], f"{plan} {steps}")


@case
def a_list_says_what_it_leaves_out(p: Program):
    """Where a filter asks for what is not known."""
    tree = p.tree()
    path = tree / f"sys/bus/pci/devices/{DEVICE}/numa_node"
    path.unlink(missing_ok=True)
    path.mkdir()
    answer = p.on(tree, "list", "-n", "-o", "ADDRESS", "--filter", "numa == 0 || !numa").must_be(OK)
    must(DEVICE not in answer.out and "1 device not shown" in answer.err, f"{answer.out} {answer.err}")
    must(DEVICE in p.on(tree, "list", "-n", "-o", "ADDRESS", "--filter", f"numa == 0 || address == {DEVICE}").must_be(OK).out, "known")


@case
def questions_that_are_wrong(p: Program):
    """One line each."""
    folder = p.folder()
    (folder / "none").mkdir()
    p.run("compare").must_fail(USAGE, "folder")
    p.run("compare", "--jobs", "0", ONE).must_fail(USAGE, "--jobs")
    p.run("compare", "--csv", "--json", ONE).must_fail(USAGE, "--csv")
    p.run("compare", "/nowhere").must_fail(NO_TARGET, "/nowhere")
    p.run("compare", folder / "none").must_fail(NO_TARGET, "no file")
    p.on(ONE, "compare", ONE).must_fail(USAGE, "--sysroot")
