# SPDX-License-Identifier: GPL-2.0-or-later
"""The image: its size, and that it answers about the host that it runs on as a program of the host does."""

import json
import shutil
import tarfile
from pathlib import Path

import yaml

import cyclonedx
import debian
from points import need, run

UNPACKED_MAX = 60 * 1000 * 1000
COMMANDS = (("list", "--json", "--all", "--output-all"), ("inspect", "--json"), ("explain", "--json"), ("check", "--json"))
# Answers of these are no failures.
ANSWERS = (0, 2, 3)


def _manifest(layout: Path) -> dict:
    """The manifest of the only image of an OCI layout."""
    index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
    return json.loads(_blob(layout, index["manifests"][0]).read_text(encoding="utf-8"))


def _blob(layout: Path, what: dict) -> Path:
    return layout / "blobs" / what["digest"].replace(":", "/")


def _archive(place: Path) -> Path:
    return place / f"vfiotool-{debian.version()}.oci.tar"


def unpack(place: Path, scratch: Path) -> dict:
    """Unpacks the image to scratch/bundle/rootfs; its configuration."""
    layout, root = scratch / "oci", scratch / "bundle/rootfs"
    root.mkdir(parents=True)
    with tarfile.open(_archive(place)) as archive:
        archive.extractall(layout)
    manifest = _manifest(layout)
    for layer in manifest["layers"]:
        run("tar", "-C", root, "-xf", _blob(layout, layer))
    return json.loads(_blob(layout, manifest["config"]).read_text(encoding="utf-8"))["config"]


def small(scratch: Path) -> None:
    """Below the limit when it is unpacked; nothing of the machine that made it."""
    root = scratch / "bundle/rootfs"
    size = sum(path.lstat().st_size for path in root.rglob("*"))
    need(size < UNPACKED_MAX, f"{size} bytes")
    for name in ("etc/apt", "etc/hostname", "etc/resolv.conf", "var/lib/apt"):
        need(not (root / name).exists(), f"/{name} is in it")


def bill(place: Path, scratch: Path) -> None:
    """The list of what is in the image names each package with its version, and each that another needs."""
    document = json.loads((place / f"vfiotool-{debian.version()}.cdx.json").read_text(encoding="utf-8"))
    need(not cyclonedx.problems(document) and document["metadata"]["component"]["name"] == "vfiotool", f"{cyclonedx.problems(document)}")
    parts = [document["metadata"]["component"], *document["components"]]
    packages = {path.name for path in (scratch / "bundle/rootfs/var/lib/dpkg/status.d").iterdir()}
    need({part["name"] for part in parts} == packages and all(part["version"] for part in parts), f"{packages}")
    known = {part["bom-ref"] for part in parts}
    for row in document["dependencies"]:
        need({row["ref"], *row["dependsOn"]} <= known, f"{row}")


def contain(scratch: Path, config: dict, words) -> str:
    """What the image's program prints as a container, by crun, with the host's root read-only below /host."""
    bundle = scratch / "bundle"
    (bundle / "config.json").unlink(missing_ok=True)
    run("crun", "spec", cwd=bundle)
    spec = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    spec["process"].update(terminal=False, args=[*config["Entrypoint"], "--sysroot", "/host", *words],
                           env=config["Env"] + ["COLUMNS=200"])
    # What podman and docker give to every container, and the two that vfiotool(8) asks for.
    for kind in ("bounding", "effective", "permitted"):
        spec["process"]["capabilities"][kind] = [f"CAP_{name}" for name in (
            "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
            "SETUID", "SYS_CHROOT", "SYS_ADMIN", "SYS_PTRACE")]
    spec["process"]["capabilities"].pop("ambient", None)
    spec["mounts"] = [mount for mount in spec["mounts"] if mount["type"] not in ("cgroup", "cgroup2", "mqueue")]
    spec["mounts"].append({"destination": "/host", "source": "/", "type": "none", "options": ["rbind", "ro", "rslave"]})
    spec["linux"].pop("resources", None)
    spec["linux"]["namespaces"] = [space for space in spec["linux"]["namespaces"] if space["type"] != "cgroup"]
    (bundle / "config.json").write_text(json.dumps(spec), encoding="utf-8")
    # crun wants one hierarchy of control groups, which not every machine mounts.
    return run("unshare", "--mount", "sh", "-c", 'mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null; exec "$@"', "sh", "crun",
               "--cgroup-manager=disabled", f"--root={scratch}/crun", "run", "vfiotool-test", cwd=bundle, status=ANSWERS)


def fields(value, path=""):
    """Each field of a document, as path and value. The caller may have another number for a limit than the first process."""
    if isinstance(value, dict) and str(value.get("path")).startswith("process:"):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from fields(inner, f"{path}[{number}]")
    else:
        yield path, value


def same(scratch: Path, config: dict, program: Path, words) -> None:
    """Field by field: the container's answer is the host's."""
    host = dict(fields(json.loads(run(program, *words, status=ANSWERS))))
    there = dict(fields(json.loads(contain(scratch, config, words))))
    different = [f"{path}: host {host.get(path)!r}, container {there.get(path)!r}"
                 for path in sorted(host | there) if host.get(path) != there.get(path) and path not in (".root", ".source")]
    need(host and not different, "\n".join(different) or "nothing was printed")


def sysext(place: Path, scratch: Path) -> None:
    """The system extension runs in a root that has nothing but it."""
    run(debian.ROOT / "examples/flatcar-sysext.sh", _archive(place), scratch / "vfiotool.raw")
    root = scratch / "sysext"
    run("unsquashfs", "-quiet", "-no-progress", "-d", root, scratch / "vfiotool.raw")
    need((root / "usr/lib/extension-release.d/extension-release.vfiotool").is_file(), "systemd would refuse it")
    words = (root / "usr/bin/vfiotool").read_text(encoding="utf-8").splitlines()[-1].split()[1:-1]
    said = run("unshare", f"--root={root}", *words, "--version")
    need(said.startswith(f"vfiotool {debian.version()}\n"), said)


def _pods(document: dict):
    """The containers of a document of Kubernetes, each with its pod."""
    pod = document["spec"]["template"]["spec"]
    return [(pod, each) for each in pod.get("initContainers", []) + pod["containers"]]


def kubernetes(scratch: Path, config: dict) -> None:
    """The example parses; what its containers run, the image runs, and they only read."""
    text = (debian.ROOT / "examples/kubernetes.yaml").read_text(encoding="utf-8")
    documents = [document for document in yaml.safe_load_all(text) if document]
    need([document["kind"] for document in documents] == ["Namespace", "DaemonSet", "Job"], "other kinds")
    daemons = documents[1]["spec"]
    need(daemons["selector"]["matchLabels"].items() <= daemons["template"]["metadata"]["labels"].items(), "no pod is selected")
    for pod, container in (pair for document in documents[1:] for pair in _pods(document)):
        if "vfiotool" not in container["image"]:
            continue
        mount = container["volumeMounts"][0]
        need(mount["readOnly"] and mount["name"] == pod["volumes"][0]["name"], f"{container['name']}: the host is not read-only")
        need(container["args"][:2] == ["--sysroot", mount["mountPath"]], f"{container['name']}: {container['args']}")
        need(contain(scratch, config, container["args"][2:]) != "", f"{container['name']} prints nothing")


def check(points, place: Path, scratch: Path) -> None:
    """The part image."""
    if not points.check("image: it is built", debian.build, place, "image"):
        return
    config = points.check("image: it is an OCI image", unpack, place, scratch)
    if not config:
        return
    points.note(f"image: {_archive(place).stat().st_size} bytes")
    points.check("image: unpacked it is below 60 MB, and has nothing of this machine", small, scratch)
    points.check("image: the list of what is in it", bill, place, scratch)
    program = scratch / "program"
    run("dpkg-deb", "-x", debian.deb(place), program)
    for words in COMMANDS:
        points.check(f"image: {words[0]} equals that of the host, field by field", same, scratch, config,
                     program / "usr/bin/vfiotool", words)
    points.check("image: the example for Kubernetes", kubernetes, scratch, config)
    points.check("image: the system extension of the example runs", sysext, place, scratch)
    shutil.rmtree(scratch / "bundle")
