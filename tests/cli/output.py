# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the answer goes: pipes, full disks, terminals."""

import fcntl
import os
import pty
import re
import resource
import signal
import struct
import subprocess
import termios
import unicodedata

from harness import DEVICE, FAILED, OK, Program, case, check_sanitizers, must, Answer

COMMANDS = (["list"], ["list", "-J"], ["inspect"], ["inspect", "--json"], ["rules"], ["rules", "--json"], ["--help"],
            ["--version"], ["--introspect"], ["list", "--help"])


@case
def full_disk(p: Program):
    """Not all of the answer got out: status 1, and why."""
    tree = p.tree()
    for argv in COMMANDS:
        with open("/dev/full", "wb") as full:
            p.on(tree, *argv, stdout=full).must_fail(FAILED, "No space left on device")


@case
def file_at_its_limit(p: Program):
    """RLIMIT_FSIZE is like a full disk: status 1, and nothing is left behind."""
    tree = p.tree()
    folder = p.place / "limited"
    folder.mkdir()
    # pylint: disable=subprocess-popen-preexec-fn
    p.on(tree, "capture", str(folder / "file"), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))).must_fail(
        FAILED, "File too large", "free disk space")
    must(not list(folder.iterdir()), f"left behind: {list(folder.iterdir())}")


@case
def closed_standard_output(p: Program):
    """Writing to it fails; no file opened meanwhile takes its place."""
    tree = p.tree()
    for argv in COMMANDS:
        # pylint: disable=subprocess-popen-preexec-fn
        p.on(tree, *argv, stdout=None, preexec_fn=lambda: os.close(1)).must_fail(FAILED, "standard output")


@case
def reader_that_goes_away(p: Program):
    """As every filter: SIGPIPE ends it silently; where the signal is ignored, status 1 and why."""
    tree = p.tree(1000)
    for argv in (["list", "-J"], ["inspect", "--json"], ["list"]):
        for ignored in (False, True):
            def setup(ignored=ignored):
                signal.signal(signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL)

            reader, writer = os.pipe()
            os.close(reader)
            try:
                # pylint: disable=subprocess-popen-preexec-fn
                answer = p.on(tree, *argv, stdout=writer, preexec_fn=setup, restore_signals=False)
            finally:
                os.close(writer)
            if ignored:
                answer.must_fail(FAILED, "Broken pipe", "reader")
            else:
                answer.must_be(-signal.SIGPIPE)
                must(not answer.err, answer.err)


def on_terminal(p, columns, *argv, **env):
    """One run on a terminal with so many columns: status and text."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    text = b""
    with subprocess.Popen([p.path, *map(str, argv)], stdin=child, stdout=child, stderr=subprocess.PIPE,
                          env=p.environment({"TERM": "xterm-256color", **env})) as process:
        os.close(child)
        while True:
            try:
                part = os.read(parent, 65536)
            except OSError:  # EIO: the other side is closed
                break
            if not part:
                break
            text += part
        err = process.stderr.read().decode(errors="replace")
    os.close(parent)
    answer = Answer(list(argv), process.returncode, text.decode(errors="surrogateescape").replace("\r\n", "\n"), err)
    check_sanitizers(answer)
    return answer.must_be(OK)


def width(line):
    """Columns that a line takes."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain)


@case
def narrow_terminal(p: Program):
    """20 columns, and fewer: a list gives up what it can, a report wraps, nothing breaks."""
    tree = p.tree()
    wide = on_terminal(p, 200, "--sysroot", tree, "list").out.splitlines()
    narrow = on_terminal(p, 20, "--sysroot", tree, "list").out.splitlines()
    must(len(wide) == len(narrow) and max(map(width, narrow)) < max(map(width, wide)), "nothing was given up")
    must(all(a.split()[0] == b.split()[0] for a, b in zip(wide, narrow)), "an address is not whole")
    lines = on_terminal(p, 20, "--sysroot", tree, "inspect", DEVICE).out.splitlines()
    # A command that is there to be copied stays in one piece.
    command = re.compile(r"\s*(\x1b\[[0-9;]*m)?(vfiotool|echo|modprobe) ")
    long = [line for line in lines if width(line) > 20 and len(line.split()) > 2 and not command.match(line)]
    must(not long, f"lines that could wrap did not: {long}")
    for columns in (1, 2, 5, 20, 40):
        for argv in (["list"], ["list", "-O"], ["inspect"], ["inspect", "--all-kernels"], ["rules"], ["--help"],
                     ["list", "--help"]):
            must(on_terminal(p, columns, "--sysroot", tree, *argv).out, f"{argv} on {columns} columns: nothing")


@case
def terminal_of_80_columns(p: Program):
    """Text for a person does not wrap."""
    tree = p.tree()
    for argv in (["list"], ["list", "-T"], ["inspect"], ["rules"], ["--help"]):
        for line in on_terminal(p, 80, "--sysroot", tree, *argv).out.splitlines():
            words = line.split()
            must(width(line) <= 80 or max(map(len, words)) > 50, f"{argv}: {width(line)} columns: {line!r}")


@case
def colours(p: Program):
    """Only on a terminal that wants them, or when told so."""
    tree = p.tree()
    plain = [
        p.on(tree, "list"),
        p.on(tree, "inspect"),
        on_terminal(p, 80, "--sysroot", tree, "list", NO_COLOR="1"),
        on_terminal(p, 80, "--sysroot", tree, "--color=never", "list"),
        on_terminal(p, 80, "--sysroot", tree, "list", TERM="dumb"),
        on_terminal(p, 80, "--sysroot", tree, "list", "-J"),
        p.on(tree, "--color=always", "list", "-J"),
    ]
    for answer in plain:
        must("\x1b" not in answer.out, f"{answer.argv}: colours")
    coloured = [
        on_terminal(p, 80, "--sysroot", tree, "list"),
        on_terminal(p, 80, "--sysroot", tree, "list", NO_COLOR=""),
        on_terminal(p, 80, "--sysroot", tree, "--color=always", "list", NO_COLOR="1"),
        p.on(tree, "--color=always", "list"),
    ]
    for answer in coloured:
        must("\x1b[" in answer.out, f"{answer.argv}: no colours")
        must(re.sub(r"\x1b\[[0-9;]*m", "", answer.out).count(DEVICE), f"{answer.argv}: no device")


@case
def plain_locale(p: Program):
    """Without UTF-8 nothing but ASCII."""
    tree = p.tree()
    for argv in (["list"], ["list", "-T"], ["inspect"], ["rules"], ["--help"]):
        answer = p.on(tree, *argv, env={"LC_ALL": "C"}).must_be(OK)
        must(answer.out.isascii(), f"{argv}: {[c for c in answer.out if not c.isascii()][:5]}")


@case
def answer_and_talk_are_apart(p: Program):
    """What succeeds says nothing on stderr."""
    tree = p.tree()
    for argv in COMMANDS:
        answer = p.on(tree, *argv).must_be(OK)
        must(answer.out and not answer.err, f"{argv}: {answer.err!r}")
