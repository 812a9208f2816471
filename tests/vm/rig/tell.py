# SPDX-License-Identifier: GPL-2.0-or-later
"""
Judges what `vfiotool inspect`, `list` and `attach` tell of hardware: against sysfs of the guest, and against the bytes of each
configuration space as lspci of this machine reads them. It shares no code with vfiotool.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/golden"))

import schema as json_schema  # noqa: E402  pylint: disable=wrong-import-position

LIMIT = 1.3  # attach with all probes beside attach without
UNITS = {"KMGTP"[i]: 1 << 10 * (i + 1) for i in range(5)}


def _document(part, name: str, schema: str):
    """The document, and what is wrong with it."""
    try:
        document = json.loads(part.text(f"{name}.out"))
    except ValueError as error:
        return None, [f"{name}: no JSON ({error}): {part.said(f'{name}.err')}"]
    return document, [f"{name}: {problem}" for problem in json_schema.Checker.named(schema).check(document)]


def _lspci(address: str, dump: str) -> str:
    lines = [f"{16 * i:02x}: {line.strip()}" for i, line in enumerate(dump.splitlines())]
    with tempfile.NamedTemporaryFile("w", suffix=".dump") as file:
        file.write(f"{address} 0000: 0000\n" + "\n".join(lines) + "\n\n")
        file.flush()
        return subprocess.run(["lspci", "-F", file.name, "-vvv"], capture_output=True, text=True, check=True).stdout


def _said(part, address: str) -> dict:
    """The attributes of a device: name to lines."""
    ret = {}
    for line in part.text(f"said.{address}").splitlines():
        name, _, text = line.rpartition("/")[2].partition(":") if "GT/s" not in line else line.split("/", 6)[-1].partition(":")
        ret.setdefault(name, []).append(text)
    return ret


def _bars(said: dict):
    """(name, size) by the attribute 'resource'."""
    names = [f"BAR{i}" for i in range(6)] + ["ROM"] + [f"VF BAR{i}" for i in range(6)]
    for name, line in zip(names, said.get("resource", [])):
        start, end, flags = (int(word, 16) for word in line.split())
        if flags & 0x300 and end > start:
            yield name, hex(end - start + 1), "io" if flags & 0x100 else "memory"


def _ability(address: str, hardware: dict, text: str):
    ats = re.search(r"ATSCap:\s*Invalidate Queue Depth: ([0-9a-f]+)", text)
    if bool(ats) != hardware["ats"]["present"]:
        yield f"{address}: ATS {hardware['ats']}, lspci {ats}"
    if ats and hardware["ats"]["queue_depth"] != (int(ats[1], 16) or 32):
        yield f"{address}: ATS {hardware['ats']}, lspci {ats[1]}"
    if ats and hardware["ats"]["enabled"] != ("ATSCtl:\tEnable+" in text):
        yield f"{address}: ATS is on: {hardware['ats']['enabled']}"
    for key, expression in (("pri", "Page Request Interface"), ("pasid", r"Process Address Space ID \(PASID\)")):
        if hardware[key]["present"] != bool(re.search(expression, text)):
            yield f"{address}: {key} {hardware[key]}, lspci says otherwise"
    if bool(hardware["rebars"]) != ("Physical Resizable BAR" in text):
        yield f"{address}: resizable BARs {hardware['rebars']}, lspci says otherwise"


def _link(address: str, hardware: dict, said: dict, text: str):
    """The kernel's attributes, and lspci where it shows a link."""
    for key, prefix, register in (("link", "current", "LnkSta"), ("link_max", "max", "LnkCap")):
        width = said.get(f"{prefix}_link_width", ["0"])[0]
        speed = said.get(f"{prefix}_link_speed", ["Unknown"])[0]
        wanted = None if width in ("0", "255") or "GT/s" not in speed else (speed.replace(" PCIe", ""), int(width))
        told = hardware[key] and (hardware[key]["speed"], hardware[key]["width"])
        if told != wanted:
            yield f"{address}: {key} {told}, sysfs {wanted}"
        seen = re.search(rf"{register}:.*?Speed ([0-9.]+)GT/s.*?Width x(\d+)", text)
        if told and seen and (float(told[0].split()[0]), told[1]) != (float(seen[1]), int(seen[2])):
            yield f"{address}: {key} {told}, lspci {seen.groups()}"


def _device(part, device: dict):
    address, hardware = device["address"], device["hardware"]
    said, text = _said(part, address), _lspci(address, part.text(f"config.{address}"))
    # Before runtime PM, vfio-pci itself puts what nobody has open into D3hot.
    if hardware["asleep"]:
        yield from [f"{address}: it was kept awake"] * since_6_1(part)
        return
    if hardware["power_state"] != said.get("power_state", [None])[0]:
        yield f"{address}: power {hardware['power_state']}, sysfs {said.get('power_state')}"
    bars = [(bar["bar"], bar["size"], bar["kind"]) for bar in hardware["bars"]]
    if device["class"] is not None and not device["class"].startswith("0x06") and bars != list(_bars(said)):
        yield f"{address}: BARs {bars}, sysfs {list(_bars(said))}"
    yield from _ability(address, hardware, text)
    yield from _link(address, hardware, said, text)


def _columns(devices: list, rows: list):
    """list and inspect say the same."""
    known = {device["address"]: device["hardware"] for device in devices}
    for row in rows:
        hardware = known.get(row["address"])
        if hardware is None:
            continue
        sizes = [int(size[:-1]) * UNITS[size[-1]] if size[-1] in UNITS else int(size)
                 for size in (item.split("=")[1] for item in (row["bars"] or "").split(",") if item)]
        if (sizes, row["ats"], row["pri"], row["power"]) != ([int(bar["size"], 16) for bar in hardware["bars"]], hardware["ats"]["present"],
                                                            hardware["pri"]["present"], hardware["power_state"]):
            yield f"{row['address']}: list says {row}, inspect {hardware}"


def _units(part) -> dict:
    """{unit: {attribute: text}}"""
    ret = {}
    for line in part.text("units").splitlines():
        path, _, text = line.rpartition(":")
        words = path.split("/")
        ret.setdefault(words[4], {})[words[-1]] = text
    # The kernel writes 1:0 and efr:efr2.
    for line in part.text("units").splitlines():
        found = re.match(r"/sys/class/iommu/([^/]+)/(?:intel|amd)-iommu/(version|features):(.*)", line)
        if found:
            ret[found[1]][found[2]] = found[3]
    return ret


def _fields(register: dict) -> dict:
    return {field["name"]: field["value"] for field in register["fields"]}


def _intel(said: dict, unit: dict, registers: dict):
    cap, ecap = int(said["cap"], 16), int(said["ecap"], 16)
    if (int(registers["CAP"]["value"], 16), int(registers["ECAP"]["value"], 16)) != (cap, ecap):
        yield f"registers {unit['registers']}, sysfs {said}"
    fields = _fields(registers["CAP"]) | _fields(registers["ECAP"])
    wanted = {"ND": cap & 7, "CM": bool(cap >> 7 & 1), "SAGAW": hex(cap >> 8 & 31), "MGAW": (cap >> 16 & 63) + 1, "IR": bool(ecap >> 3 & 1),
              "DT": bool(ecap >> 2 & 1), "SC": bool(ecap >> 7 & 1), "PT": bool(ecap >> 6 & 1), "SMTS": bool(ecap >> 43 & 1)}
    if {name: fields[name] for name in wanted} != wanted:
        yield f"fields {fields}, wanted {wanted}"
    if unit["caching_mode"] != wanted["CM"] or unit["version"] != said["version"]:
        yield f"{unit['caching_mode']}, {unit['version']}: sysfs {said}"


def _amd(said: dict, unit: dict, registers: dict):
    values = {int(word, 16) for word in said["features"].split(":")}
    if int(registers["CAP"]["value"], 16) != int(said["cap"], 16):
        yield f"CAP {registers['CAP']}, sysfs {said}"
    told = {int(registers[name]["value"], 16) for name in ("EFR", "EFR2") if name in registers}
    if told != values:
        yield f"EFR {told}, sysfs {said}"
    efr = max(values)
    if _fields(registers["EFR"])["HATS"] != efr >> 10 & 3 or unit["page_levels"] != (efr >> 10 & 3) + 4:
        yield f"HATS {_fields(registers['EFR'])['HATS']}, {unit['page_levels']} levels of {efr:#x}"


def _virtio(said: dict, unit: dict, registers: dict):
    del unit
    bits = {i for i, digit in enumerate(said["features"]) if digit == "1"}
    told = {int(field["bits"]) for field in registers["features"]["fields"] if field["value"]}
    unnamed = int(registers["features"]["unnamed"], 16)
    if told | {i for i in range(64) if unnamed >> i & 1} != bits or 2 not in told:
        yield f"features {sorted(told)}, sysfs {sorted(bits)}"


def _iommus(part, iommus: list):
    judges = {"Intel VT-d": _intel, "AMD-Vi": _amd, "virtio-iommu": _virtio}
    said = _units(part)
    if not iommus:
        yield "inspect tells of no IOMMU"
    for unit in iommus:
        registers = {register["register"]: register for register in unit["registers"]}
        judge = judges.get(unit["kind"])
        if judge:
            yield from (f"{unit['iommu']}: {problem}" for problem in judge(said[unit["iommu"]], unit, registers))
        elif unit["registers"]:
            yield f"{unit['iommu']}: registers of a kind that sysfs does not show"


def _probes(part, name: str, device: dict, iommus: list):
    probes = device["probes"]
    answers = {answer["probe"]: answer for answer in probes["answers"]}
    wrong = [answer for answer in probes["answers"] if answer["match"] is False]
    if wrong:
        yield f"{name}: {wrong}"
    if since_6_1(part) and answers["DEVICE_FEATURE LOW_POWER_ENTRY"]["actual"] != "ok":
        yield f"{name}: {answers['DEVICE_FEATURE LOW_POWER_ENTRY']}"
    if name == "attach.iommufd":
        hw = probes["hw_info"]
        if not hw:
            yield f"{name}: GET_HW_INFO has no answer"
        if answers["HWPT_ALLOC"]["actual"] != "ok":
            yield f"{name}: {answers['HWPT_ALLOC']}"
        if hw and hw["type"] == "intel":
            shown = [register["value"] for unit in iommus for register in unit["registers"]]
            if hw["as_sysfs"] is not True or [register["value"] for register in hw["registers"]] != shown:
                yield f"{name}: {hw['registers']} beside {shown}"
        if hw and hw["type"] == "amd":
            shown = {register["register"]: register["value"] for unit in iommus for register in unit["registers"]}
            if hw["as_sysfs"] is not True or {register["register"]: register["value"] for register in hw["registers"]} != \
                    {name: shown.get(name) for name in ("EFR", "EFR2")}:
                yield f"{name}: {hw['registers']} beside {shown}"
        if hw and hw["type"] == "none" and any(unit["kind"] in ("Intel VT-d", "AMD-Vi") for unit in iommus):
            yield f"{name}: no registers of {[unit['kind'] for unit in iommus]}"
        if hw and hw["type"] == "smmuv3":
            yield from (f"{name}: {problem}" for problem in _smmu(part.boot, hw))


# IDR5.OAS -> bits, as SMMUv3 6.3.6 has them.
OAS = (32, 36, 40, 42, 44, 48, 52)


def _smmu(said: str, hw: dict):
    """What the driver of an SMMUv3 printed at boot, beside its registers as iommufd gives them."""
    registers = {register["register"]: register for register in hw["registers"]}
    if list(registers) != [*(f"IDR{i}" for i in range(6)), "IIDR", "AIDR"] or hw["as_sysfs"] is not None:
        yield f"registers {list(registers)}, as sysfs: {hw['as_sysfs']}"
        return
    oas, granules = re.findall(r"arm-smmu-v3 .* oas (\d+)-bit", said), _fields(registers["IDR5"])
    if [str(OAS[granules["OAS"]])] != oas or not granules["GRAN64K"]:
        yield f"{granules}, the kernel said: {oas}"


def since_6_1(part) -> bool:
    """Whether the kernel has the features of power."""
    return not part.kernel.name.startswith("5.")


def _costs(part):
    """Each size took longer than the one before, roughly, and every path is there."""
    if "bench.out" not in part.files:
        if since_6_1(part):
            yield f"no costs: {part.said('bench.err')}"
        return
    document, problems = _document(part, "bench", "map-bench")
    yield from problems
    if not document:
        return
    costs = document["costs"]
    wanted = {"container"} | ({"iommufd"} if part.kernel.small else set())
    if document["returned"] is not True or not wanted <= {cost["path"] for cost in costs}:
        yield f"costs: {document}"
    for cost in costs:
        if cost["errno"] or cost["rounds"] < 3 or not 0 < cost["map_p50_ns"] <= cost["map_p90_ns"] <= cost["map_p99_ns"]:
            yield f"costs: {cost}"
    for path in wanted:
        base = [cost for cost in costs if (cost["path"], cost["pages"]) == (path, "4K")]
        if len(base) < 3 or base[-1]["map_p50_ns"] < 8 * base[0]["map_p50_ns"]:
            yield f"costs: {base}"


def check(part):
    """Everything that is not as the kernel and lspci have it."""
    inspect, problems = _document(part, "inspect", "inspect")
    rows, more = _document(part, "list", "list")
    yield from problems + more
    if not inspect or not rows:
        return
    for device in inspect["devices"]:
        yield from _device(part, device)
    yield from _columns(inspect["devices"], rows["devices"])
    yield from _iommus(part, inspect["iommus"])
    yield from _costs(part)
    for name in sorted(name.removesuffix(".out") for name in part.files if name.startswith("attach.") and name.endswith(".out")):
        document, problems = _document(part, name, "attach")
        yield from problems
        if document and (document["result"], document["match"]) != ("attached", True):
            yield f"{name}: {document['result']}, match {document['match']}"
        for device in document["devices"] if document else []:
            yield from _probes(part, name, device, inspect["iommus"])


def check_cost(part):
    """What the probes of an attached device take beside its requests, by a clock that counts instructions."""
    document, problems = _document(part, "cost", "attach")
    yield from problems
    for device in document["devices"] if document else []:
        spent, probes = sum(step["ns"] for step in device["steps"] if step["ns"]), device["probes"]["ns"]
        print(f"# {part.kernel.name}: requests {spent / 1000:.1f} us, probes {probes / 1000:.1f} us", file=sys.stderr)
        if spent + probes > LIMIT * spent:
            yield f"with all probes {(spent + probes) / spent:.3f} of the time without, the limit is {LIMIT}"
