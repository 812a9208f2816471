# SPDX-License-Identifier: GPL-2.0-or-later
"""What the prober said, as values: the answer of a path and the facts that the kernel reported on the way."""

import json
from dataclasses import dataclass, field

# Extensions by number, as VFIO_CHECK_EXTENSION takes them; the names are the uAPI's without VFIO_.
EXTENSIONS = {1: "TYPE1_IOMMU", 3: "TYPE1v2_IOMMU", 4: "DMA_CC_IOMMU", 6: "TYPE1_NESTING_IOMMU", 8: "NOIOMMU_IOMMU",
              9: "UNMAP_ALL", 10: "UPDATE_VADDR"}
DMA_CC = 4


@dataclass
class Outcome:
    """The answer of one path: yes, or no with the step and its errno."""

    yes: bool
    op: str = ""
    errno: str = ""
    steps: list = field(default_factory=list)
    ranges: list = None
    page_sizes: int = None
    extensions: dict = field(default_factory=dict)

    def __str__(self) -> str:
        return "ok" if self.yes else f"{self.op} {self.errno}"


class NoOutcome(ValueError):
    """The prober gave no answer; the text says what it gave."""


def _take(outcome: Outcome, row: dict) -> None:
    if "op" in row and "answer" not in row:
        outcome.steps.append((row["op"], row["errno"]))
        if row["op"] == "IOMMU_GET_INFO" and row["errno"] is None:
            outcome.page_sizes = int(row["page_sizes"], 16)
    elif row.get("fact") == "iova_ranges":
        outcome.ranges = [(int(item["start"], 16), int(item["end"], 16)) for item in row["ranges"]]
    elif row.get("fact") == "extensions":
        outcome.extensions[row["when"]] = {number: row[str(number)] for number in EXTENSIONS}


def parse(text: str) -> Outcome:
    """The prober's lines as an outcome."""
    outcome = Outcome(False)
    answer = None
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError as error:
            raise NoOutcome(f"not JSON: {line!r}: {error}") from error
        _take(outcome, row)
        if "answer" in row:
            answer = row
    if answer is None:
        raise NoOutcome(f"no answer after {[op for op, _ in outcome.steps]}")
    outcome.yes = answer["answer"] == "yes"
    outcome.op, outcome.errno = answer.get("op", ""), answer.get("errno", "")
    return outcome
