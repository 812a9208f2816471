# SPDX-License-Identifier: GPL-2.0-or-later
"""
examples/fleet: each filter on captures, judged by the programs that read it where Debian has them: promtool, node_exporter with its
textfile collector, Ansible. The rules of the others (Node Feature Discovery, DRA, Proxmox VE, Nova, libvirt) are written out here.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLEET = ROOT / "examples/fleet"
CAPTURES = ROOT / "tests/captures"
GOOD = CAPTURES / "vm-sibling-host-6.1.capture"
ODD = CAPTURES / "edge-control-characters.capture"
UNKNOWN = CAPTURES / "groups-shared.capture"
LIMIT = 120


def publish(program, capture, *argv, **env):
    """One run of publish.sh."""
    environment = dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(capture), LC_ALL="C.UTF-8", **env)
    return subprocess.run([str(FLEET / "publish.sh"), *map(str, argv)], check=False, text=True, capture_output=True, env=environment,
                          timeout=LIMIT)


def summary(program, capture):
    """What the filters get."""
    done = subprocess.run([program, "--sysroot", str(capture), "inspect", "--json=summary"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["devices"]


def answered(program, capture, answer):
    """Addresses of devices with this answer after binding."""
    return {device["address"] for device in summary(program, capture) if device["after"]["answer"] == answer}


def prometheus(program, place):
    """No series for what is unknown; as many as were asked for."""
    problems = []
    for capture in (GOOD, ODD, UNKNOWN):
        text = publish(program, capture, "prometheus").stdout
        series = re.findall(r'^vfiotool_device_accepted\{address="([^"]*)",when="after"\} ([01])$', text, re.M)
        for answer, number in (("yes", "1"), ("no", "0")):
            if capture != ODD and {name for name, value in series if value == number} != answered(program, capture, answer):
                problems.append(f"{capture.stem}: {number} of {series}")
    if not answered(program, UNKNOWN, "unknown"):
        problems.append("no capture has an unknown answer")
    few = publish(program, GOOD, "prometheus", VFIOTOOL_MAX="1").stdout
    if few.count("vfiotool_device_accepted{") != 2 or "vfiotool_devices_without_series 3" not in few:
        problems.append(f"the limit: {few}")
    return "\n".join(problems)


def judged(program, place):
    """promtool has nothing against the metrics, whatever names devices have; and is asked, since it refuses what is wrong."""
    problems = []
    for text in (*(publish(program, capture, "prometheus").stdout for capture in (GOOD, ODD, UNKNOWN)), "x{"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
        if (done.returncode == 0 and not done.stderr) == (text == "x{"):
            problems.append(f"{text[:300]}: {done.stderr}")
    return "\n".join(problems)


def atomic(program, place):
    """A failure, and a disk that is full, leave the old file and nothing else."""
    folder = place / "textfile"
    folder.mkdir()
    file = folder / "vfiotool.prom"
    publish(program, GOOD, "prometheus", file)
    old = file.read_text(encoding="utf-8")
    failed = [publish(program, "/nowhere", "prometheus", file)]
    # A limit on the size of files is an error of the write, as a full disk.
    failed.append(subprocess.run(["prlimit", "--fsize=512", str(FLEET / "publish.sh"), "prometheus", str(file)], check=False,
                                 env=dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(GOOD)), capture_output=True))
    failed += [disk for disk in [full_disk(program, place)] if disk]
    problems = [f"status 0 for failure {number}" for number, done in enumerate(failed) if not done.returncode]
    if file.read_text(encoding="utf-8") != old or "vfiotool_devices" not in old:
        problems.append("the old file is gone")
    if os.listdir(folder) != ["vfiotool.prom"]:
        problems.append(f"left behind: {os.listdir(folder)}")
    return "\n".join(problems)


def full_disk(program, place):
    """The same on a small disk of its own, where this user may mount one."""
    script = f"""mount -t tmpfs -o size=16k none {place} && cd {place} && echo old >file.prom && head -c 12288 /dev/zero >filler &&
! {FLEET}/publish.sh prometheus file.prom && [ "$(cat file.prom)" = old ] && [ "$(ls -A | wc -l)" = 2 ] && exit 3; exit 0"""
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        return None
    return subprocess.run(["unshare", "-rm", "sh", "-c", script], check=False, capture_output=True,
                          env=dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(GOOD)))


def exported(program, place):
    """node_exporter serves what was written."""
    folder = place / "exporter"
    folder.mkdir()
    publish(program, GOOD, "prometheus", folder / "vfiotool.prom")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                           f"--collector.textfile.directory={folder}", f"--web.listen-address=127.0.0.1:{port}"],
                          stderr=subprocess.DEVNULL) as exporter:
        try:
            text = fetch(f"http://127.0.0.1:{port}/metrics", exporter)
        finally:
            exporter.terminate()
    wanted = ['vfiotool_device_accepted{address="0000:00:04.0",when="after"} 1', "node_textfile_scrape_error 0",
              'errno="EPERM"', 'rule="dma-ownership"']
    return "\n".join(f"not served: {line}" for line in wanted if line not in text)


def fetch(address, process):
    """What it serves, as soon as it does."""
    began = time.monotonic()
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            if process.poll() is not None or time.monotonic() - began > LIMIT:
                raise


def labels(program, place):
    """A feature file as its source reads it: domain/name=value, names and values of Kubernetes, 64 kB; no label for what is unknown."""
    problems = []
    for capture in (GOOD, ODD, UNKNOWN):
        lines = publish(program, capture, "nfd").stdout.splitlines()
        if not re.fullmatch(r"# \+expiry-time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", lines[0]) or len("\n".join(lines)) > 64 << 10:
            problems.append(f"{capture.stem}: {lines[:1]}")
        problems += [f"{capture.stem}: {line}" for line in lines[1:]
                     if not re.fullmatch(r"[a-z0-9.-]+/[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?=\d{1,5}", line)]
    have = publish(program, GOOD, "nfd", VFIOTOOL_DOMAIN="gpu.example.org").stdout.splitlines()[1:]
    if "gpu.example.org/pci-8086_100e.accepted=2" not in have:
        problems.append(f"without the two cards: {have}")
    kinds = {f"{device['vendor'][2:]}_{device['device'][2:]}" for device in summary(program, UNKNOWN)
             if device["vendor"] and device["after"]["answer"] == "unknown"}
    text = publish(program, UNKNOWN, "nfd").stdout
    problems += [f"{kind} has a label, and is unknown" for kind in kinds if f"pci-{kind}." in text]
    return "\n".join(problems + ([] if kinds else ["no kind is unknown"]))


def attributes(program, place):
    """Devices of a ResourceSlice: DNS labels, one typed value for each attribute, nothing that is null."""
    problems = []
    for capture in (GOOD, ODD, UNKNOWN):
        for device in json.loads(publish(program, capture, "dra").stdout):
            if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", device["name"]):
                problems.append(f"name {device['name']}")
            for name, value in device["attributes"].items():
                [(kind, content)] = value.items()
                types = {"string": str, "int": int, "bool": bool}
                if not re.fullmatch(r"([a-z0-9.-]+/)?[A-Za-z_]\w{0,31}", name) or type(content) is not types[kind] or \
                        (kind == "string" and len(content) > 64):
                    problems.append(f"{device['name']}: {name} {value}")
            accepted = device["attributes"].get("vfiotool.example.com/vfio", {}).get("bool")
            address = device["attributes"]["resource.kubernetes.io/pciBusID"]["string"]
            if {True: "yes", False: "no", None: "unknown"}[accepted] not in \
                    [one["after"]["answer"] for one in summary(program, capture) if one["address"] == address]:
                problems.append(f"{capture.stem} {address}: {accepted}")
    return "\n".join(problems)


def roots_captured(program, place):
    """And of a capture, which has the link of a device; one without them has no root."""
    capture = place / "linked.capture"
    link = ["link", "/sys/bus/pci/devices/0000:00:04.0", "../../../devices/pci0000:00/0000:00:04.0"]
    capture.write_text(GOOD.read_text(encoding="utf-8") + json.dumps(link) + "\n", encoding="utf-8")
    problems = []
    for one, root in ((capture, "pci0000:00"), (GOOD, None)):
        roots = {device["attributes"]["resource.kubernetes.io/pciBusID"]["string"]:
                 device["attributes"].get("resource.kubernetes.io/pcieRoot", {}).get("string")
                 for device in json.loads(publish(program, one, "dra").stdout)}
        if roots["0000:00:04.0"] != root:
            problems.append(f"{one.stem}: {roots}")
    return "\n".join(problems)


def roots_here(program, place):
    """On a live host the root complex is an attribute, with the name that the kernel has for it."""
    done = subprocess.run([str(FLEET / "publish.sh"), "dra"], check=False, text=True, capture_output=True,
                          env={key: value for key, value in dict(os.environ, VFIOTOOL=program).items() if key != "VFIOTOOL_SYSROOT"})
    if done.returncode:
        return done.stderr
    problems = []
    for device in json.loads(done.stdout):
        address = device["attributes"]["resource.kubernetes.io/pciBusID"]["string"]
        path = os.path.realpath(f"/sys/bus/pci/devices/{address}")
        root = device["attributes"].get("resource.kubernetes.io/pcieRoot", {}).get("string")
        if f"/{root}/" not in path:
            problems.append(f"{address}: {root}, not of {path}")
    return "\n".join(problems)


def mappings(program, place):
    """Commands of pvesh with properties as PVE::Mapping::PCI has them; 'check --mapping' finds the same devices at home."""
    text = publish(program, GOOD, "proxmox").stdout
    pair = "[0-9a-f]{4}:[0-9a-f]{4}"
    entry = rf"node=[\w.-]+,path=0000:[0-9a-f]{{2}}:[0-9a-f]{{2}}\.[0-7],id={pair},iommugroup=\d+,subsystem-id={pair}"
    line = rf"pvesh create /cluster/mapping/pci --id [a-z][a-z0-9_-]+( --map {entry})+"
    problems = [f"not a command: {one}" for one in text.splitlines() if not re.fullmatch(line, one)]
    config = place / "pci.cfg"
    config.write_text("".join(f"{one.split()[4]}\n" + "".join(f"\tmap {word}\n" for word in re.findall(entry, one))
                              for one in text.splitlines()), encoding="utf-8")
    machine = place / "100.conf"
    machine.write_text("memory: 512\nhostpci0: mapping=vfio-8086-2922\n", encoding="utf-8")
    done = subprocess.run([program, "--sysroot", str(GOOD), "check", "--vm", str(machine), "--mapping", str(config)], check=False,
                          text=True, capture_output=True)
    if "PASS     line 2 0000:00:1f.2 can be opened" not in done.stdout:
        problems.append(f"check --mapping: {done.stdout} {done.stderr}")
    return "\n".join(problems)


def names(program, place):
    """Nova's device_spec is JSON; libvirt's names are those of its node device driver."""
    text = publish(program, GOOD, "nova").stdout.splitlines()
    have = {json.loads(line.partition(" = ")[2])["address"] for line in text[1:]}
    problems = [] if text[0] == "[pci]" and "0000:00:04.0" in have and "0000:00:1f.3" not in have else [f"nova: {text}"]
    listed = publish(program, GOOD, "libvirt").stdout.split()
    if listed != sorted("pci_" + re.sub("[:.]", "_", address) for address in have) or \
            not all(re.fullmatch(r"pci_[0-9a-f]{4}_[0-9a-f]{2}_[0-9a-f]{2}_[0-7]", name) for name in listed):
        problems.append(f"libvirt: {listed}")
    return "\n".join(problems)


def fact(program, place):
    """The local fact is JSON with status 0, whatever happens."""
    problems = []
    for capture, failed in ((GOOD, False), (ODD, False), ('/no\\"where', True)):
        done = subprocess.run([str(FLEET / "ansible/vfiotool.fact")], check=False, text=True, capture_output=True,
                              env=dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(capture)))
        if done.returncode or ("error" in json.loads(done.stdout)) != failed:
            problems.append(f"{capture}: {done.returncode} {done.stdout[:300]}")
    return "\n".join(problems)


def play(program, place, book, capture, **variables):
    """One run of a playbook on this machine alone."""
    facts = place / "facts.d"
    facts.mkdir(exist_ok=True)
    shutil.copy(FLEET / "ansible/vfiotool.fact", facts)
    env = dict(os.environ, VFIOTOOL=program, VFIOTOOL_SYSROOT=str(capture), ANSIBLE_LOCALHOST_WARNING="False", HOME=str(place),
               ANSIBLE_LOCAL_TEMP=str(place / "tmp"), LC_ALL="C.UTF-8")
    variables |= {"vfio_fact_path": str(facts), "ansible_remote_tmp": str(place / "remote")}
    return subprocess.run(["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(variables),
                           str(FLEET / "ansible" / book)], check=False, text=True, capture_output=True, env=env, timeout=LIMIT)


def ready(program, place):
    """The role accepts a device that is ready, and refuses one that is not, one that is not there, and a host without an answer."""
    cases = ((GOOD, ["0000:00:04.0", "0000:00:04.1"], True, ""), (GOOD, ["0000:00:09.0"], False, "no such device"),
             (CAPTURES / "edge-no-iommu.capture", ["0000:00:01.0"], False, "0000:00:01.0: "), ("/nowhere", [], False, "/nowhere"))
    problems = []
    for capture, devices, good, says in cases:
        done = play(program, place, "ready.yml", capture, vfio_devices=devices)
        if (done.returncode == 0) != good or says not in done.stdout:
            problems.append(f"{capture} {devices}: {done.returncode} {done.stdout[-600:]} {done.stderr[-300:]}")
    return "\n".join(problems)


def collected(program, place):
    """The playbook's capture answers as the host that it is of."""
    done = play(program, place, "collect.yml", GOOD, vfiotool=program, vfiotool_options=["--sysroot", str(GOOD)],
                vfio_captures=str(place / "captures"))
    if done.returncode:
        return done.stdout[-800:] + done.stderr[-300:]
    compared = subprocess.run([program, "compare", str(place / "captures"), str(GOOD)], check=False, text=True, capture_output=True)
    return "" if compared.returncode == 0 and "2 hosts" in compared.stdout else compared.stdout


def check(points, place: Path, program: str) -> None:
    """All of it."""
    points.check("fleet: an unknown format", ["fleet/publish.sh", "nothing"], "", 64)
    points.check("fleet: a capture that is not there", ["fleet/publish.sh", "nova"], "", 66, VFIOTOOL_SYSROOT="/nowhere")
    for name, function, needs in (
            ("prometheus: metrics", prometheus, None), ("prometheus: node_exporter serves them", exported, "prometheus-node-exporter"),
            ("prometheus: promtool accepts them", judged, "promtool"), ("a full disk leaves the old file", atomic, None),
            ("nfd: labels", labels, None), ("dra: attributes", attributes, None), ("dra: roots of this host", roots_here, None),
            ("dra: roots of a capture", roots_captured, None),
            ("proxmox: mappings", mappings, None), ("nova and libvirt: names", names, None), ("ansible: the fact", fact, None),
            ("ansible: a role that asserts", ready, "ansible-playbook"),
            ("ansible: captures are collected", collected, "ansible-playbook")):
        if needs and not shutil.which(needs):
            points.skip(f"fleet: {name}", f"{needs} is not installed: tests/packages.sh fleet")
            continue
        folder = place / f"fleet-{points.number}"
        folder.mkdir()
        try:
            points.point(f"fleet: {name}", function(program, folder))
        except (OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError) as error:
            points.point(f"fleet: {name}", f"{type(error).__name__}: {error}")
