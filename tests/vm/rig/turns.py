# SPDX-License-Identifier: GPL-2.0-or-later
"""
What a whole run boots of all pairs: what predicts on every series of kernels, what acts on half of them, and on one where it
tests vfiotool's own files and not what a kernel decides. The commit's hash says whose turn it is, so that all pairs come up in
a few commits.
"""

import hashlib

from . import kernels

# Of predicting scenarios on a further kernel of a series, and of the many alike with trees of other seeds: one of so many.
REST, ALIKE = 4, 5


def _number(commit: str, *names) -> int:
    return int.from_bytes(hashlib.sha256(" ".join((commit, *names)).encode()).digest()[:8], "big")


def series(name: str):
    """The series of the kernel called @name, on its architecture."""
    return kernels.series(name), name in kernels.ARM64


def _same(scenario, name: str):
    """The kernels of the scenario that are of this one's series; those that are meant only by their names are no others' kin."""
    return [other for other in scenario.kernels if series(other) == series(name) and other not in kernels.BY_NAME]


def _leads(name: str, same) -> bool:
    """Whether it has all that the others of its series have: our small one with type1, or the only one."""
    return len(same) == 1 or (name in kernels.SMALL and not name.endswith("-compat"))


def predicts(commit: str, scenario, name: str) -> bool:
    """Whether the scenario, which only predicts, has its turn on this kernel."""
    return (name in kernels.BY_NAME or _leads(name, _same(scenario, name))
            or not _number(commit, scenario.name, name) % REST)


def acts(commit: str, scenario, name: str) -> bool:
    """The same of an acting one: a kernel of each of some series; what shares a machine has its turn together."""
    if scenario.alike:
        return not _number(commit, scenario.name) % ALIKE
    if name in kernels.BY_NAME:
        return True

    def turn(*names) -> int:
        return _number(commit, scenario.machine.name, *names)

    all_series = sorted({kernels.series(other) for other in scenario.kernels if other not in kernels.BY_NAME}, key=turn)
    some = all_series[:1 if scenario.once else -(-len(all_series) // 2)]
    return kernels.series(name) in some and name == min(_same(scenario, name), key=turn)


def choose(commit: str, known, predicting, active):
    """Of these pairs, as (scenario, kernel), those whose turn it is; those of the cover always."""
    def chosen(pairs, turn):
        return [(scenario, name) for scenario, name in pairs
                if f"{scenario.name}@{name}" in known.pairs or turn(commit, scenario, name)]

    return chosen(predicting, predicts), chosen(active, acts)
