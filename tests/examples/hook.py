# SPDX-License-Identifier: GPL-2.0-or-later
"""
examples/libvirt-hook.sh with a stand-in for vfiotool that writes down what it is asked; tests/vm/acting/libvirt-hook.sh
moves real devices. And examples/vfiotool-bind.service, read by systemd where there is one.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
XML = (HERE / "guest.xml").read_text(encoding="utf-8")
# As libvirt writes it, all devices the machine's own.
PLAIN = re.sub(r"<interface type='hostdev'.*?</interface>", "", XML, flags=re.DOTALL)
# Answers what ANSWERS has for the command, a line "PATTERN STATUS SENTENCE", else 0; the drivers of DRIVERS, else e1000e.
TOOL = """#!/bin/sh
echo "$*" >>"$CALLS"
case $1 in
list)
	grep -q "^$6 " "$DRIVERS" || { echo e1000e; exit 0; }
	sed -n "s/^$6 //p" "$DRIVERS"
	exit 0
	;;
esac
while read -r pattern status sentence; do
	case "$*" in
	$pattern) echo "$sentence" >&2; exit "$status" ;;
	esac
done <"$ANSWERS"
"""
LIST = "list --raw --noheadings -o DRIVER "
FIRST, SECOND, MANAGED = "0000:00:04.0", "0001:af:1f.7", "0000:00:06.1"


class Hook:
    """The hook in a place of its own."""

    def __init__(self, place: Path):
        self.place = place
        self.tool = place / "recorder"
        self.tool.write_text(TOOL, encoding="utf-8")
        self.tool.chmod(0o755)
        for name in ("calls", "answers", "drivers"):
            (place / name).write_text("", encoding="utf-8")

    def state(self, guest: str = "router") -> Path:
        """What is to be given back."""
        return self.place / "state" / f"guest-{guest}"

    def call(self, *argv, xml: str = XML, answers: str = "", drivers: str = ""):
        """(exit status, calls of vfiotool, what libvirt is told) of `qemu ARGV`."""
        for name, text in (("calls", ""), ("answers", answers), ("drivers", drivers)):
            (self.place / name).write_text(text, encoding="utf-8")
        environment = os.environ | {"VFIOTOOL": str(self.tool), "VFIOTOOL_HOOK_STATE": str(self.place / "state")}
        environment |= {name.upper(): str(self.place / name) for name in ("calls", "answers", "drivers")}
        ended = subprocess.run([str(EXAMPLES / "libvirt-hook.sh"), *argv], check=False, text=True, input=xml,
                               capture_output=True, env=environment)
        assert not ended.stdout, f"libvirt reads standard output of some hooks: {ended.stdout!r}"
        return ended.returncode, (self.place / "calls").read_text(encoding="utf-8").splitlines(), ended.stderr


def _starts_and_ends(hook: Hook):
    """The whole life of a machine."""
    status, calls, said = hook.call("router", "prepare", "begin", "-")
    assert (status, said) == (0, "")
    assert calls == [f"bind --dry-run {MANAGED}", LIST + FIRST, LIST + SECOND, f"bind {FIRST} {SECOND}"], calls
    assert hook.state().read_text(encoding="utf-8").split() == [FIRST, SECOND]
    for operation in (("start", "begin"), ("started", "begin"), ("stopped", "end"), ("migrate", "begin")):
        assert hook.call("router", *operation, "-") == (0, [], "")
    status, calls, said = hook.call("router", "release", "end", "-")
    assert (status, calls, said) == (0, [f"unbind {FIRST}", f"unbind {SECOND}"], "")
    assert not hook.state().exists()
    assert hook.call("router", "release", "end", "-") == (0, [], "")


def _attaches(hook: Hook):
    """Where all devices are the machine's own the kernel is asked; a refusal gives all back."""
    status, calls, _said = hook.call("router", "prepare", "begin", "-", xml=PLAIN)
    assert status == 0 and calls[-1] == f"attach {FIRST} {SECOND}", calls
    for number in (3, 4):
        assert hook.call("router", "prepare", "begin", "-", xml=PLAIN, answers=f"attach* {number} odd\n")[0] == 0
    status, calls, said = hook.call("router", "prepare", "begin", "-", xml=PLAIN, answers="attach* 2 Refused at X\n")
    assert status == 1 and "vfiotool attach ended with 2:\nRefused at X\n" in said
    assert calls[-2:] == [f"unbind {FIRST}", f"unbind {SECOND}"], calls
    assert not hook.state().exists()


def _refuses(hook: Hook):
    """A guard: nothing moved, the reason told."""
    status, calls, said = hook.call("router", "prepare", "begin", "-",
                                    answers=f"bind*--dry-run*{MANAGED} 5 address 10.0.0.1/24\n")
    assert status == 1 and "address 10.0.0.1/24" in said and calls == [f"bind --dry-run {MANAGED}"]
    status, calls, said = hook.call("router", "prepare", "begin", "-", answers=f"bind*{FIRST}* 5 / <- nvme0n1\n")
    assert status == 1 and "vfiotool bind ended with 5:\n/ <- nvme0n1\n" in said
    assert not hook.state().exists()


def _keeps_what_was(hook: Hook):
    """A device that was on VFIO before the machine stays there."""
    status, calls, _said = hook.call("router", "prepare", "begin", "-", drivers=f"{FIRST} vfio-pci\n")
    assert status == 0 and calls[-1] == f"bind {FIRST} {SECOND}"
    assert hook.call("router", "release", "end", "-")[1] == [f"unbind {SECOND}"]
    drivers = f"{FIRST} vfio-pci\n{SECOND} mlx5_vfio_pci\n"
    assert hook.call("router", "prepare", "begin", "-", drivers=drivers)[0] == 0
    assert not hook.state().exists()


def _remembers(hook: Hook):
    """What cannot be given back is tried again; what was pulled out is forgotten."""
    assert hook.call("router", "prepare", "begin", "-")[0] == 0
    status, _calls, said = hook.call("router", "release", "end", "-",
                                     answers=f"unbind*{FIRST} 5 held by 12\nunbind*{SECOND} 66 no such device\n")
    assert status == 1 and "held by 12" in said and "no such device" not in said
    assert hook.state().read_text(encoding="utf-8").split() == [FIRST]
    both = f"{FIRST} vfio-pci\n"
    assert hook.call("router", "prepare", "begin", "-", drivers=both)[0] == 0
    assert sorted(hook.state().read_text(encoding="utf-8").split()) == [FIRST, SECOND]
    assert hook.call("router", "release", "end", "-")[0] == 0
    assert not hook.state().exists()


def _odd_calls(hook: Hook):
    """Names and XML as nobody should send them."""
    assert hook.call("router")[0] == 64
    assert hook.call("../x", "prepare", "begin", "-")[0] == 64
    assert hook.call("router", "prepare", "begin", "-", xml="<domain/>") == (0, [], "")
    assert hook.call("router", "prepare", "begin", "-", xml="") == (0, [], "")
    status, calls, said = hook.call("router", "prepare", "begin", "-", xml=XML.replace("'0x04'", "'a[$(id)]'"))
    assert status == 1 and not calls and "invalid PCI address" in said
    for torn in (XML[:-20], XML.replace("<domain", "<!DOCTYPE x [<!ENTITY a 'b'>]><domain", 1)):
        status, calls, said = hook.call("router", "prepare", "begin", "-", xml=torn)
        assert status == 1 and not calls and said.startswith("the XML of the guest "), said
    # What only looks like a device, and one behind what only looks like a comment.
    forged = "<metadata><![CDATA[</metadata><devices><hostdev type='pci'><source><address bus='9' slot='9' function='0'/></source>]]>"
    hidden = XML.replace("<metadata>", forged).replace("<devices>", "<devices><!-- > --><emulator a='<!--'/>".replace("'<!--'", "'--'"), 1)
    assert hook.call("router", "prepare", "begin", "-", xml=hidden)[1][-1] == f"bind {FIRST} {SECOND}"
    assert hook.call("router", "release", "end", "-")[0] == 0
    name = "a guest; with $odd 'name'"
    assert hook.call(name, "prepare", "begin", "-")[0] == 0
    assert hook.state(name).exists()
    assert hook.call(name, "release", "end", "-")[0] == 0
    # The same XML, written by somebody else.
    other = XML.replace("<hostdev mode", "<hostdev\n\t mode").replace("type='pci'", 'type = "pci"').replace("/>", " />")
    assert hook.call("router", "prepare", "begin", "-", xml=other)[1][-1] == f"bind {FIRST} {SECOND}"
    assert hook.call("router", "release", "end", "-")[0] == 0


def check(points, place: Path) -> None:
    """A test point for each situation; a fresh place for each."""
    for situation in (_starts_and_ends, _attaches, _refuses, _keeps_what_was, _remembers, _odd_calls):
        own = place / situation.__name__
        own.mkdir()
        problem = ""
        try:
            situation(Hook(own))
        except AssertionError as error:
            line = error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else error.__traceback__.tb_lineno
            problem = f"{Path(__file__).name}, line {line}: {error}"
        points.point(f"libvirt-hook: {situation.__doc__.splitlines()[0]}", problem)


def check_unit(points, place: Path, program: str) -> None:
    """systemd reads the unit, and the command that it names is ours."""
    text = (EXAMPLES / "vfiotool-bind.service").read_text(encoding="utf-8")
    lines = re.findall(r"^Exec(?:Start|Stop)=(.*)$", text, re.MULTILINE)
    points.point("vfiotool-bind.service: starts and stops",
                 "" if [line.split()[:2] for line in lines] == [["/usr/bin/vfiotool", "bind"], ["/usr/bin/vfiotool", "unbind"]]
                 else f"it runs {lines}")
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        points.skip("vfiotool-bind.service: systemd-analyze verify", "no systemd on this machine")
        return
    unit = place / "vfiotool-bind.service"
    unit.write_text(text.replace("/usr/bin/vfiotool ", f"{program} "), encoding="utf-8")
    ended = subprocess.run([analyze, "verify", "--man=no", str(unit)], check=False, text=True, capture_output=True)
    said = [line for line in ended.stderr.splitlines() if unit.name in line]
    points.point("vfiotool-bind.service: systemd-analyze verify",
                 f"{ended.returncode}: {ended.stderr}" if ended.returncode or said else "")
    # It does look: an order that it does not know is refused.
    unit.write_text(text.replace("ExecStart=", "ExecStart=/nowhere/"), encoding="utf-8")
    ended = subprocess.run([analyze, "verify", "--man=no", str(unit)], check=False, text=True, capture_output=True)
    points.point("vfiotool-bind.service: systemd-analyze looks", "" if ended.returncode else "a wrong unit is accepted")
