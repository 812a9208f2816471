# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP, and programs that are run."""

import os
import subprocess

# Ten times what the longest takes on an idle machine: a release compiles twice.
LIMIT_S = 7200


class Failed(Exception):
    """What a point tried did not hold; the text says why."""


def run(*argv, status=(0,), **kwargs) -> str:
    """What a program printed; Failed when it ended with none of @status."""
    env = dict(os.environ, LC_ALL="C.UTF-8", **kwargs.pop("env", {}))
    done = subprocess.run([str(word) for word in argv], check=False, text=True, errors="replace", env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S,
                          **kwargs)
    if done.returncode not in status:
        raise Failed(f"{argv[0]}: exit status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def need(holds: bool, why: str) -> None:
    """Fails with @why where it does not hold."""
    if not holds:
        raise Failed(why)


class Points:
    """TAP, a line as each point ends. What stands on a failed point is not tried."""

    def __init__(self):
        self.number, self.failed = 0, 0

    def check(self, name: str, function, *args):
        """Tries one point; what the function returns, or None when it failed."""
        self.number += 1
        try:
            answer = function(*args)
        except (Failed, OSError, subprocess.TimeoutExpired, ValueError, KeyError, StopIteration) as error:
            self.failed += 1
            print(f"not ok {self.number} - {name}", flush=True)
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}", flush=True)
            return None
        print(f"ok {self.number} - {name}", flush=True)
        return True if answer is None else answer

    def note(self, text: str) -> None:
        """What was measured."""
        print(f"# {text}", flush=True)

    def end(self) -> int:
        """The plan, and the exit status."""
        print(f"1..{self.number}")
        return 1 if self.failed else 0
