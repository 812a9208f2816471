# SPDX-License-Identifier: GPL-2.0-or-later
"""
In which order guests run: of those whose kernel is there the one that may take longest first, so that all places end
together. Kernels that have to be fetched or built come in the background, one after the other.
"""

import queue
import threading
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Job:
    """One guest: its kernel, how long it is expected to run (seconds), what to do, and whether all others come first."""

    kernel: str
    weight: float
    run: Callable
    late: bool = False


class _Waiting:
    """The jobs that no place has taken, and the kernels that are there."""

    def __init__(self, jobs):
        self._jobs = sorted(jobs, key=lambda job: (job.late, -job.weight))
        self._ready, self._changed = set(), threading.Condition()

    def there(self, kernel: str) -> None:
        """@kernel can be booted, or never will be: its jobs may begin."""
        with self._changed:
            self._ready.add(kernel)
            self._changed.notify_all()

    def take(self) -> Job | None:
        """The next job, or None when all are taken."""
        with self._changed:
            while self._jobs:
                for job in self._jobs:
                    if job.kernel in self._ready:
                        self._jobs.remove(job)
                        return job
                self._changed.wait()
            return None

    def drop(self) -> None:
        """No further job begins."""
        with self._changed:
            self._jobs.clear()
            self._changed.notify_all()


def run(jobs, places: int, prepare):
    """
    What each of @jobs returns, as it ends, @places at a time; what one raises is raised. prepare(kernel) makes a kernel
    ready and raises nothing; it is called once for each, in the order in which they first appear.
    """
    waiting, ended = _Waiting(jobs), queue.Queue()

    def fetch():
        for kernel in dict.fromkeys(job.kernel for job in jobs):
            prepare(kernel)
            waiting.there(kernel)

    def work():
        while job := waiting.take():
            try:
                ended.put((job.run(), None))
            except BaseException as error:  # pylint: disable=broad-except
                ended.put((None, error))

    for target in (fetch, *[work] * max(1, places)):
        threading.Thread(target=target, daemon=True).start()
    try:
        for _ in jobs:
            result, error = ended.get()
            if error:
                raise error
            yield result
    finally:
        waiting.drop()
