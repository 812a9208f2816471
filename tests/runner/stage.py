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


def say(text: str) -> None:
    """A line of progress."""
    print(text, flush=True)


class Stage:
    """One stage: what it counted, where it writes, how long it may take."""

    def __init__(self, name: str, limit: float):
        self.name, self.count = name, Count()
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
        Runs a program; (exit status, output). Each line goes to the log and, if given, to @each. A program
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
            try:
                for line in process.stdout:
                    log.write(line)
                    lines.append(line)
                    if each:
                        each(line.rstrip("\n"))
                process.wait()
            except BaseException:
                _kill(process)
                raise
            finally:
                timer.cancel()
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


def rig():
    """Makes the modules of tests/vm importable."""
    sys.path.insert(0, str(ROOT / "tests" / "vm"))
