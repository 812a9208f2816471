#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Completion as a person meets it: a real shell, keys pressed, what stands on the line afterwards. TAP on stdout.

    run.py SHELL VFIOTOOL COMPLETION      SHELL: bash, zsh or fish
"""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import hosttree

LIMIT = 120
# What is typed before the key, what the line is after it.
TYPED = (
    ("vfiotool ins", "vfiotool inspect"),
    ("vfiotool list --tre", "vfiotool list --tree"),
    ("vfiotool inspect 0000:00:1", "vfiotool inspect 0000:00:1f.0"),
    ("vfiotool inspect 0000:00:1f.0 0000:03", "vfiotool inspect 0000:00:1f.0 0000:03:00.0"),
    ("vfiotool inspect group:1", "vfiotool inspect group:12"),
    ("vfiotool inspect 03:", "vfiotool inspect 03:00.0"),
    ("vfiotool bind --group 00:1", "vfiotool bind --group 00:1f.0"),
    ("vfiotool bind --driver pci-s", "vfiotool bind --driver pci-stub"),
    ("vfiotool bind --driver=vfio", "vfiotool bind --driver=vfio-pci"),
    ("vfiotool bind --force netw", "vfiotool bind --force network"),
    ("vfiotool bind --force disk,netw", "vfiotool bind --force disk,network"),
    ("vfiotool attach 03:00.0 -- hosttree-pro", "vfiotool attach 03:00.0 -- hosttree-program"),
    ("vfiotool list -o ADDRESS,DRIVER_", "vfiotool list -o ADDRESS,DRIVER_OVERRIDE"),
    ("vfiotool list --output +NUM", "vfiotool list --output +NUMA"),
    ("vfiotool list --sort VENDOR_", "vfiotool list --sort VENDOR_NAME"),
    ("vfiotool list --class vg", "vfiotool list --class vga"),
    ("vfiotool list --verdict unk", "vfiotool list --verdict unknown"),
    ("vfiotool inspect --kernel pat", "vfiotool inspect --kernel patched"),
    ("vfiotool inspect --kernel=pat", "vfiotool inspect --kernel=patched"),
    ("vfiotool inspect --path nois", None),
    ("vfiotool inspect --path noi", "vfiotool inspect --path noiommu"),
    ("vfiotool inspect --assume memlo", "vfiotool inspect --assume memlock="),
    ("vfiotool inspect --assume 0000:00:1f.0:interrupt_", "vfiotool inspect --assume 0000:00:1f.0:interrupt_remapping="),
    ("vfiotool --color=al", "vfiotool --color=always"),
    ("vfiotool diff --only verdict,noti", "vfiotool diff --only verdict,notice"),
    ("vfiotool inspect --json=summ", "vfiotool inspect --json=summary"),
    ("vfiotool list --filt", "vfiotool list --filter"),
    ("vfiotool compare --job", "vfiotool compare --jobs"),
    ("vfiotool rules bridge-h", "vfiotool rules bridge-header"),
    ("vfiotool -v inspect group:7 --if", "vfiotool -v inspect group:7 --if-bound"),
)
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUP = {
    "bash": "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; source {file}; PS1=; PS2=\n",
    "zsh": "PS1=; PS2=; RPS1=; unsetopt beep zle_bracketed_paste; unset zle_bracketed_paste; fpath=({folder} $fpath);"
           " autoload -Uz compinit; compinit -D -u; bindkey -e;"
           # What is offered is noted; the calls that only ask are not.
           ' compadd() {{ [[ ${{@[1,(i)(-|--)]}} == *-[OAD]* ]] || {{ local -a hits; builtin compadd -A hits "$@";'
           ' print -rl -- $hits >>$HOME/offered; }}; builtin compadd "$@"; }}\n',
}


class Shell:
    """A shell on a terminal of its own."""

    def __init__(self, name: str, completion: Path, env: dict):
        self._heard = b""
        self._process, self._fd = pty.fork()
        if self._process == 0:
            os.execvpe(name, START[name], env)
        self._send(SETUP[name].format(file=completion, folder=completion.parent))
        self._send("echo RE''ADY\n")
        self._wait(rb"READY\r?\n")

    def _send(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def _wait(self, pattern: bytes):
        end = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self._heard)
            if found:
                self._heard = self._heard[found.end():]
                return found
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                raise TimeoutError(f"no {pattern!r} in {self._heard[-400:]!r}")
            try:
                self._heard += os.read(self._fd, 65536)
            except OSError as error:
                raise TimeoutError(f"the shell ended: {self._heard[-400:]!r}") from error

    def complete(self, typed: str) -> str:
        """The line after @typed and the key, without what a shell adds behind a finished word."""
        # The line becomes the argument of an echo: control-A goes to its begin.
        self._send(f"{typed}\t\x01echo RE''SULT=\x05\n")
        found = self._wait(rb"RESULT=([^\r\n]*)\r?\n")
        return found.group(1).decode().rstrip(" ,")

    def close(self) -> None:
        """Ends the shell."""
        os.close(self._fd)
        os.kill(self._process, 9)
        os.waitpid(self._process, 0)


class Points:
    """TAP."""

    def __init__(self):
        self.number, self.failed = 0, 0

    def check(self, name: str, got, want) -> None:
        """One test point."""
        self.number += 1
        good = got == want
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}", flush=True)
        if not good:
            print(f"# got:  {got}\n# want: {want}", flush=True)

    def end(self) -> int:
        """The plan, at the end."""
        print(f"1..{self.number}")
        return 1 if self.failed else 0


def wanted(program: dict, command: str) -> set:
    """The long options that stand behind @command."""
    options = list(program["options"])
    options += [option for row in program["commands"] if row["name"] == command for option in row["options"]]
    return {f"--{option['name']}" for option in options if not option["hidden"]}


def bash_reply(completion: Path, env: dict, line: str) -> set:
    """COMPREPLY for @line: the whole list, which a terminal would only show."""
    script = 'source "$1"; COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$\' \\t\\n"><=;|&(:\'; _vfiotool;' \
             ' printf "%s\\n" "${COMPREPLY[@]}"'
    result = subprocess.run(["bash", "-c", script, "bash", str(completion), line], check=False, text=True,
                            capture_output=True, env=env)
    return set(result.stdout.split())


def fish_reply(completion: Path, env: dict, line: str) -> list:
    """What fish itself would offer for @line."""
    result = subprocess.run(["fish", "--no-config", "-c", f"source {completion}; complete -C '{line}'"], check=False,
                            text=True, capture_output=True, env=env)
    return [row.split("\t")[0] for row in result.stdout.splitlines()]


def typed_in_fish(points: Points, completion: Path, env: dict) -> None:
    """fish answers without a terminal: the word that would be put on the line."""
    for typed, line in TYPED:
        words = [word for word in fish_reply(completion, env, typed) if line or word != "--"]
        last = line.split(" ")[-1] if line else None
        points.check(f"{typed!r}", words, [last] if last else [])


def typed_at_terminal(points: Points, name: str, completion: Path, env: dict) -> None:
    """bash and zsh answer on the line."""
    shell = Shell(name, completion, env)
    for typed, line in TYPED:
        points.check(f"{typed!r}", shell.complete(typed), line or typed)
    shell.close()


def all_options(points: Points, name: str, program: dict, completion: Path, env: dict) -> None:
    """Each option of each command is offered, and none that is not there."""
    shell = Shell(name, completion, env) if name == "zsh" else None
    for command in [row["name"] for row in program["commands"]]:
        want = wanted(program, command)
        if name == "bash":
            points.check(f"options of {command}", bash_reply(completion, env, f"vfiotool {command} --"), want)
        elif name == "fish":
            got = {word for word in fish_reply(completion, env, f"vfiotool {command} --") if word != "--"}
            points.check(f"options of {command}", {word.rstrip("=") for word in got}, want)
        else:
            offered = Path(env["HOME"]) / "offered"
            offered.write_text("", encoding="utf-8")
            shell.complete(f"vfiotool {command} --")
            points.check(f"options of {command}", {word.rstrip("=") for word in offered.read_text(encoding="utf-8").split()}, want)
    if shell:
        shell.close()


def main() -> int:
    """Runs everything in one shell."""
    name, program, completion = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    if not shutil.which(name):
        print(f"1..0 # SKIP needs {name}")
        return 0
    known = json.loads(subprocess.run([program, "--introspect"], check=True, capture_output=True).stdout)
    with tempfile.TemporaryDirectory(prefix="vfiotool-completion-") as place:
        folder = Path(place)
        hosttree.make(folder / "host")
        (folder / "bin").mkdir()
        (folder / "bin/vfiotool").write_text(f'#!/bin/sh\nexec {program} --sysroot={folder}/host "$@"\n', encoding="utf-8")
        (folder / "bin/vfiotool").chmod(0o755)
        (folder / "bin/hosttree-program").symlink_to("/bin/true")
        env = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": place, "TERM": "dumb", "LC_ALL": "C.UTF-8",
               "XDG_CONFIG_HOME": place, "XDG_DATA_HOME": place}
        points = Points()
        if name == "fish":
            typed_in_fish(points, completion, env)
        else:
            typed_at_terminal(points, name, completion, env)
        all_options(points, name, known, completion, env)
    return points.end()


if __name__ == "__main__":
    sys.exit(main())
