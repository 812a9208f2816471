# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares what `vfiotool attach` takes in the kernel with the same requests made bare: for each request the fastest of all
runs, which is what it costs undisturbed, and their sum. The guest's clock counts instructions (`counted`), so neither the
machine's load nor the emulator's caches are measured. The sum is judged with and without the opening of the device, whose
reset takes longer than all other requests together. The table goes to standard error.
"""

import sys

LIMIT = 1.05
SLOW = ("GROUP_GET_DEVICE_FD", "BIND_IOMMUFD")


def _runs(part, path: str):
    """[(request, ns of vfiotool, ns of the bare request)], the best of each."""
    tool = [line.split() for line in part.text(f"{path}.tool").splitlines()]
    bare = [[int(word) for word in line.split()] for line in part.text(f"{path}.bare").splitlines()]
    # What vfiotool says first may be the step of the whole: only pairs of a name and a number are requests.
    tool = [[(name, int(ns)) for name, ns in zip(row, row[1:]) if ns.isdigit() and not name.isdigit()] for row in tool]
    names = [name for name, _ in tool[0]] if tool else []
    if len(tool) < 10 or len(bare) < 10 or any([name for name, _ in row] != names for row in tool):
        raise ValueError(f"{path}: {len(tool)} runs and {len(bare)} bare ones, or not of the same requests")
    if any(len(row) != len(names) for row in bare):
        raise ValueError(f"{path}: vfiotool makes {len(names)} requests ({' '.join(names)}), bare are {len(bare[0])}")
    return [(name, min(row[i][1] for row in tool), min(row[i] for row in bare)) for i, name in enumerate(names)]


def _ratio(part, path: str):
    rows = _runs(part, path)
    sums = [sum(ns) for ns in zip(*(row[1:] for row in rows))]
    quick = [sum(ns) for ns in zip(*(row[1:] for row in rows if row[0] not in SLOW))]
    lines = [f"# {part.kernel.name}: attach --path={path}, us{'':<10}"[:36].ljust(36) + " vfiotool     bare"]
    lines += [f"#   {name:32} {mine / 1000:8.1f} {theirs / 1000:8.1f}" for name, mine, theirs in rows]
    for what, (mine, theirs) in (("sum", sums), ("sum less the opening of the device", quick)):
        lines.append(f"#   {what:32} {mine / 1000:8.1f} {theirs / 1000:8.1f}   ratio {mine / theirs:.3f}, limit {LIMIT}")
    print("\n".join(lines), file=sys.stderr)
    # Sanitizers look at every request: such a build is slower, and nobody uses it.
    worst = max(sums[0] / sums[1], quick[0] / quick[1])
    if worst > LIMIT and part.text("built").strip() == "plain":
        yield f"attach --path={path} takes {worst:.3f} of the bare requests; the limit is {LIMIT}"


def ratio(part):
    """More than the limit is a disagreement."""
    paths = [path for path in ("container", "iommufd") if f"{path}.tool" in part.files]
    if "container" not in paths or (part.kernel.name.startswith("small") and "iommufd" not in paths):
        yield f"no runs of every path, only {paths}"
    for path in paths:
        try:
            yield from _ratio(part, path)
        except ValueError as error:
            yield str(error)
