# SPDX-License-Identifier: GPL-2.0-or-later
"""How a stage runs a program: with a limit, its words in a log, its whole process group ended at the limit."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from count import Count

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "build-ci"
TAIL = 40
# The program, below a build folder.
BINARY = Path("src/cmd/vfiotool")


class Progress:
    """One line on a terminal that says what runs and how long all of it will still take; nothing elsewhere."""

    def __init__(self):
        self.shown, self.left, self.name = sys.stdout.isatty(), 0.0, ""
        self._since, self._expected = time.monotonic(), 0.0

    def stage(self, name: str, expected: float, behind: float) -> None:
        """A stage begins that should take @expected seconds; those behind it take @behind."""
        self.name, self.left, self._expected, self._since = name, behind, expected, time.monotonic()
        self.tick("")

    def tick(self, what: str) -> None:
        """Something happened in the stage."""
        if self.shown:
            here = max(0.0, self._expected - (time.monotonic() - self._since))
            minutes = (here + self.left) / 60
            print(f"\r\033[K   {self.name}: {what[:60]} (about {minutes:.0f} min left)", end="", flush=True)

    def clear(self) -> None:
        """Takes the line away."""
        if self.shown:
            print("\r\033[K", end="", flush=True)


PROGRESS = Progress()
# Of a thread that runs a stage beside another: what it said so far.
_KEPT = threading.local()
# The programs that run now, whichever thread waits for them.
_RUNNING = set()


def say(text: str) -> None:
    """A line that stays."""
    if hasattr(_KEPT, "lines"):
        _KEPT.lines.append(text)
        return
    PROGRESS.clear()
    print(text, flush=True)


def said_apart(function, *args):
    """What @function returns, and what it said, to be said when nothing else is."""
    _KEPT.lines = []
    return function(*args), _KEPT.lines


def end_all() -> None:
    """Ends what other threads wait for."""
    for process in tuple(_RUNNING):
        _kill(process)


class Stage:
    """One stage: what it counted, where it writes, how long it may take, whether everything is to run."""

    def __init__(self, name: str, limit: float, everything: bool, commit: str):
        self.name, self.count, self.everything, self.commit = name, Count(), everything, commit
        self._end = time.monotonic() + limit
        self._log = PLACE / "logs" / f"{name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_text("", encoding="utf-8")

    def left(self) -> float:
        """Seconds until the limit."""
        return max(0.0, self._end - time.monotonic())

    def fail(self, text: str, details: str = "") -> None:
        """Counts a failure and shows it."""
        self.count.fail(text)
        self.show(text, details)

    def show(self, text: str, details: str) -> None:
        """Prints a failure with the end of what was said."""
        say(f"   FAILED {text}")
        for line in details.splitlines()[-TAIL:]:
            say(f"   | {line}")

    def run(self, *argv, each=None, env=None, cwd=ROOT):
        """
        Runs a program; (exit status, output). Each line goes to the log and to @each. A program
        that passes the stage's limit is killed with all that it started; the status is then None.
        """
        argv = [str(word) for word in argv]
        lines = []
        with open(self._log, "a", encoding="utf-8") as log:
            log.write(f"+ {' '.join(argv)}\n")
            try:
                process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                           stderr=subprocess.STDOUT, errors="replace", start_new_session=True,
                                           cwd=cwd, env=dict(os.environ, **(env or {})))
            except OSError as error:
                return 127, str(error)
            timer = threading.Timer(self.left(), _kill, (process,))
            timer.start()
            _RUNNING.add(process)
            try:
                for line in process.stdout:
                    log.write(line)
                    lines.append(line)
                    (each or PROGRESS.tick)(line.rstrip("\n"))
                process.wait()
            except BaseException:
                _kill(process)
                raise
            finally:
                timer.cancel()
                _RUNNING.discard(process)
        late = self.left() <= 0 and process.returncode < 0
        return (None if late else process.returncode), "".join(lines)

    def need(self, what: str, *argv, **kwargs) -> bool:
        """Runs a program that must succeed; a failure is counted under the name @what."""
        status, output = self.run(*argv, **kwargs)
        if status == 0:
            self.count.passed += 1
            return True
        self.fail(f"{what}: {'took too long' if status is None else f'exit status {status}'}", output)
        return False


def _kill(process) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(2)
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def jobs() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))
