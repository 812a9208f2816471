# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit and the AppArmor profile of the exporter. That a kernel lets it read what it reads, tests/vm/acting/sandbox.sh shows."""

import re
from pathlib import Path

import debian
from points import need, run

FLEET = debian.ROOT / "examples/fleet"
SERVICE, PROFILE = FLEET / "vfiotool-exporter.service", FLEET / "vfiotool-exporter.apparmor"
# Tenths of systemd's exposure level.
EXPOSURE_MAX = 20


def exposure(points) -> None:
    """As systemd counts it."""
    said = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", SERVICE)
    points.note(said.strip().splitlines()[-1])


def verified(scratch: Path) -> None:
    """systemd knows each line; its program is stood in for."""
    folder = scratch / "units"
    folder.mkdir()
    for path in (SERVICE, SERVICE.with_suffix(".timer")):
        text = re.sub(r"^ExecStart=.*", "ExecStart=/bin/true", path.read_text(encoding="utf-8"), flags=re.M)
        (folder / path.name).write_text(text, encoding="utf-8")
    said = run("systemd-analyze", "verify", "--man=no", *sorted(folder.iterdir()))
    need(not said.strip(), said)


def profile() -> None:
    """AppArmor's parser takes it; it names the folder and the program of the unit, and the profile that the unit asks for."""
    run("apparmor_parser", "--skip-kernel-load", "--skip-cache", PROFILE)
    text, unit = (path.read_text(encoding="utf-8") for path in (PROFILE, SERVICE))
    for key in ("ReadWritePaths", "ExecStart", "AppArmorProfile"):
        value = re.search(rf"^{key}=-?(\S*)", unit, re.M).group(1)
        need(value in text, f"{key}={value} is not in the profile")


def check(points, _place: Path, scratch: Path) -> None:
    """The part sandbox."""
    points.check(f"sandbox: exposure of the unit at most {EXPOSURE_MAX / 10}", exposure, points)
    points.check("sandbox: systemd has nothing against the units", verified, scratch)
    points.check("sandbox: the AppArmor profile", profile)
