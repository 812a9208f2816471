# SPDX-License-Identifier: GPL-2.0-or-later
"""examples/map-cost.gp draws what 'vfiotool map --bench --csv' prints: a curve for each path and kind of pages."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as tree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SVG = "{http://www.w3.org/2000/svg}"
# Path, pages, size, and the times of mapping that half, and ninety-nine of a hundred requests took at most; or it was refused.
COSTS = (("container", "4K", 4096, 1000, 4000), ("container", "4K", 2097152, 100000, 300000), ("container", "4K", 16777216, 800000, 1000000),
         ("iommufd", "2M", 4096, 2000, 4000), ("iommufd", "2M", 2097152, 2500, 4000), ("compat", "1G", 4096, "", ""))
DRAWN = {"map, container, 4K": 3, "map, iommufd, 2M": 2}


def _table() -> str:
    """The CSV, with the columns that the schema names, in its order."""
    schema = json.loads((ROOT / "src/report/map-bench.schema.json").read_text(encoding="utf-8"))
    columns = list(schema["$defs"]["cost"]["members"])
    lines = [",".join(columns)]
    for path, pages, size, half, most in COSTS:
        row = {"path": path, "pages": pages, "size": size, "rounds": 100, "map_p50_ns": half, "map_p90_ns": most, "map_p99_ns": most,
               "unmap_p50_ns": 7, "unmap_p90_ns": 8, "unmap_p99_ns": 9, "errno": "" if most else "ENOMEM"}
        lines.append(",".join(str(row[column]) for column in columns))
    return "\n".join(lines) + "\n"


def _points(svg: Path) -> dict:
    """Marks of each curve, without the one beside its name."""
    found = {}
    for group in tree.parse(svg).iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None and title.text.startswith("map, "):
            found[title.text] = sum(1 for _ in group.iter(f"{SVG}use")) - 1
    return found


def map_cost(points, place: Path) -> None:
    """Every measured cost is a mark of its own curve, a refused one is none."""
    if not shutil.which("gnuplot"):
        points.skip("map-cost: a drawing", "gnuplot is not installed")
        return
    (place / "costs.csv").write_text(_table(), encoding="utf-8")
    done = subprocess.run(["gnuplot", "-e", f"csv='{place}/costs.csv'; svg='{place}/costs.svg'", str(ROOT / "examples/map-cost.gp")],
                          check=False, text=True, capture_output=True)
    wrong = done.stderr
    if not done.returncode and not wrong:
        found = _points(place / "costs.svg")
        drawn = {name: marks for name, marks in found.items() if marks}
        wrong = "" if len(found) == 12 and drawn == DRAWN else f"drawn are {drawn} of {len(found)} curves"
    points.point("map-cost: a drawing", f"ended with {done.returncode}: {wrong}" if done.returncode or wrong else "")
