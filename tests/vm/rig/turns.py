# SPDX-License-Identifier: GPL-2.0-or-later
"""
What a whole run boots of all pairs: each scenario on half of its series of kernels, and on one kernel of each of those; on one
kernel where it tests vfiotool's own files and not what a kernel decides. The commit's hash says whose turn it is, so that all
pairs come up in a few commits.
"""

import hashlib

from . import kernels

# Of the many alike with trees of other seeds: one of so many.
ALIKE = 5


def _number(commit: str, *names) -> int:
    return int.from_bytes(hashlib.sha256(" ".join((commit, *names)).encode()).digest()[:8], "big")


def has_turn(commit: str, scenario, name: str) -> bool:
    """Whether the scenario runs on this kernel; what shares a machine has its turn together."""
    if getattr(scenario, "alike", False):
        return not _number(commit, scenario.name) % ALIKE
    if name in kernels.BY_NAME:
        return True

    def turn(*names) -> int:
        return _number(commit, getattr(scenario, "machine", scenario).name, *names)

    by_series = {}
    for other in sorted(set(scenario.kernels) - set(kernels.BY_NAME), key=turn):
        by_series.setdefault(kernels.series(other), other)
    some = sorted(by_series, key=turn)[:1 if getattr(scenario, "once", False) else -(-len(by_series) // 2)]
    return name in [by_series[series] for series in some]


def choose(commit: str, known, pairs):
    """Of these pairs, as (scenario, kernel), those whose turn it is; those of the cover always."""
    return [(scenario, name) for scenario, name in pairs
            if f"{scenario.name}@{name}" in known.pairs or has_turn(commit, scenario, name)]
