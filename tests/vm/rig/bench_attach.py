# SPDX-License-Identifier: GPL-2.0-or-later
"""
Compares what `vfiotool attach` takes in the kernel with the same requests made bare: for each request the fastest of all
runs, which is what it costs undisturbed, and their sum. The table goes to standard error. An emulated processor is slow in code
that it has not met for a while, and a program that does more has more of it: the goal is for real ones, and here more than
the limit is a disagreement.
"""

import sys

NAMES = ("OPEN_CONTAINER", "GET_API_VERSION", "OPEN_GROUP", "GROUP_GET_STATUS", "GROUP_SET_CONTAINER", "SET_IOMMU",
         "IOMMU_GET_INFO", "MAP_DMA", "UNMAP_DMA", "GROUP_GET_DEVICE_FD", "IOMMU_GET_INFO", "DEVICE_GET_INFO")
GOAL = 1.05
LIMIT = 1.5


def _fastest(part, name: str):
    rows = [[int(word) for word in line.split()] for line in part.text(name).splitlines()]
    if len(rows) < 10 or any(len(row) != len(NAMES) for row in rows):
        raise ValueError(f"{name}: {len(rows)} runs of {sorted({len(row) for row in rows})} requests")
    return [min(row[i] for row in rows) for i in range(len(NAMES))]


def ratio(part):
    """More than the limit is a disagreement."""
    try:
        tool, bare = _fastest(part, "tool"), _fastest(part, "bare")
    except ValueError as error:
        yield str(error)
        return
    have = sum(tool) / sum(bare)
    lines = [f"# {part.kernel.name}: attach, us{'':8} vfiotool     bare"]
    lines += [f"#   {name:22} {mine / 1000:8.1f} {theirs / 1000:8.1f}" for name, mine, theirs in zip(NAMES, tool, bare)]
    lines.append(f"#   {'sum':22} {sum(tool) / 1000:8.1f} {sum(bare) / 1000:8.1f}   ratio {have:.3f}, goal {GOAL}")
    print("\n".join(lines), file=sys.stderr)
    # Sanitizers look at every request: such a build is slower, and nobody uses it.
    if have > LIMIT and part.text("built").strip() == "plain":
        yield f"attach takes {have:.3f} of the bare requests; the limit is {LIMIT}"
