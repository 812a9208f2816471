#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Proves that the judge can say no. A guest's answers and a right document of vfiotool are written out here; the judge
must accept them, and must refuse each of them with one thing wrong. No guest is booted. TAP.
"""

import argparse
import base64
import copy
import dataclasses
import io
import json
import os
import sys
import tarfile
import tempfile
import threading
import time
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import run
import selftest_plan
from rig import acting, attaching, cache, cover, cpio, documents, guest, judge, kernels, outcome, schedule, turns
from rig.scenario import VIEWS, Scenario, ScenarioError, load_all, pick

KERNEL = kernels.Kernel("6.1", "6.1.0-1-amd64", Path("image"), Path("config"), (Path("modules"),), "none")
RANGES = [{"start": "0x0", "end": "0xfedfffff"}, {"start": "0xfef00000", "end": "0x7fffffffff"}]
GENERATIONS = ("5.10", "6.0", "6.2", "6.19")
BEFORE = {1: 1, 3: 1, 4: 0, 6: 1, 8: 0, 9: 1, 10: 0}
AFTER = BEFORE | {10: 1}
FAKED = "99.9.0-faked"
SYMBOLS = {"path": "libkmod:vfio", "value": "vfio imports a name", "generations": ["6.0"], "basis": "symbols", "used": True}
SCENARIO = Scenario("selftest", "", ("6.1",), "0000:00:04.0", expect={
    "now": {"container": "OPEN_GROUP ENOENT"}, "bound": {"container": "ok"}},
    facts={"dma_cc": 0, "iova_ranges": ["0x0-0xfedfffff", "0xfef00000-0x7fffffffff"]})


def lines(*rows) -> bytes:
    """Rows as the prober prints them."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def step(op: str, errno=None, **rest):
    """One request."""
    return {"op": op, "errno": errno, "value": 0} | rest


def refused(op: str, errno: str) -> bytes:
    """A sequence whose first request was refused."""
    return lines(step(op, errno), {"answer": "no", "op": op, "errno": errno})


def extensions(when: str, values: dict):
    """Answers of CHECK_EXTENSION for all numbers."""
    return {"fact": "extensions", "when": when} | {str(number): values.get(number, 0) for number in range(1, 11)}


def attached() -> bytes:
    """A container sequence that worked."""
    return lines(step("OPEN_CONTAINER"), extensions("before", BEFORE), step("OPEN_GROUP"),
                 step("GROUP_SET_CONTAINER"), extensions("joined", BEFORE), step("SET_IOMMU"),
                 extensions("after", AFTER), step("IOMMU_GET_INFO", page_sizes="0x40201000"),
                 {"fact": "iova_ranges", "ranges": RANGES}, step("MAP_DMA"), step("GROUP_GET_DEVICE_FD"), extensions("attached", AFTER), {"answer": "yes"})


def path(name: str, op=None, errno=None, **rest):
    """One predicted path."""
    return {"path": name, "answer": "no" if op else "yes", "op": op, "errno": errno, "steps": []} | rest


def version(release: str, generation: str, used: bool):
    """The evidence that the kernel's name is."""
    return {"path": "/proc/sys/kernel/osrelease", "value": f"the release is called {release}",
            "generations": [generation], "basis": "version", "used": used}


def document(paths, if_bound):
    """What vfiotool inspect --json prints for one device."""
    rows = {name: {"before": "yes" if BEFORE[number] else "no", "after": "yes" if AFTER[number] else "no"}
            for number, name in outcome.EXTENSIONS.items()}
    device = {"address": SCENARIO.target, "paths": paths, "if_bound": {"paths": if_bound}, "iova_ranges": RANGES,
              "page_sizes": "0x40201000", "extensions": rows,
              "capabilities": {"cache_coherency": True, "interrupt_remapping": True, "isolated_msi": None,
                               "enforce_cache_coherency": False}}
    kernel = {"release": KERNEL.release, "generations": ["6.0"], "evidence": [SYMBOLS, version("6.1", "6.0", True)]}
    return {"schema": 1, "kernel": kernel, "devices": [device]}


def right():
    """A guest in which everything agrees."""
    result = guest.Result(done=True, release=KERNEL.release)
    for view in ("now", "bound"):
        result.files[f"{view}.iommufd.out"] = refused("OPEN_CDEV", "ENOENT")
        result.files[f"{view}.compat.out"] = refused("OPEN_IOMMUFD", "ENOENT")
        result.files[f"{view}.noiommu.out"] = refused("OPEN_GROUP", "ENOENT")
    result.files["now.container.out"] = refused("OPEN_GROUP", "ENOENT")
    result.files["bound.container.out"] = attached()
    result.files["bind.out"] = lines(step("BIND"), {"answer": "yes"})
    result.status["bind"] = 0
    works = path("container", steps=[{"op": "SET_IOMMU", "answer": "yes", "errno": None}])
    documents = {"now": document([path("container", "OPEN_GROUP", "ENOENT")], [works]),
                 "bound": document([works], [works])}
    result.files["devices.bound"] = b"0000:00:04.0 1 vfio-pci\n"
    result.files["unsafe"] = b"N\n"
    return result, json.loads(json.dumps(documents))


def problems(result, documents, scenario=SCENARIO):
    """All that the judge says."""
    result = copy.deepcopy(result)
    for name, value in documents.items():
        result.files[f"{name}.out"] = json.dumps(value).encode()
    found = judge.check_guest(result)
    if found:
        return found
    outcomes = judge.Outcomes(result)
    return judge.check_scenario(scenario, KERNEL, outcomes) + judge.Tool(scenario, KERNEL, result, outcomes, GENERATIONS).judge()


def device(documents, name: str):
    """The only device of a document."""
    return documents[name]["devices"][0]


# What is done to the right answers; each must be noticed. (name, what it changes)
def wrong_now_op(_, documents):
    device(documents, "now")["paths"][0]["op"] = "OPEN_CONTAINER"


def wrong_now_errno(_, documents):
    device(documents, "now")["paths"][0]["errno"] = "EPERM"


def wrong_if_bound(_, documents):
    device(documents, "now")["if_bound"]["paths"][0] = path("container", "SET_IOMMU", "EPERM")


def wrong_bound(_, documents):
    device(documents, "bound")["paths"][0] = path("container", "SET_IOMMU", "EPERM")


def unknown_answer(_, documents):
    device(documents, "bound")["paths"][0]["answer"] = "unknown"


def wrong_step(_, documents):
    device(documents, "bound")["paths"][0]["steps"][0]["answer"] = "no"


def path_not_predicted(_, documents):
    device(documents, "bound")["paths"] = []


def cdev_left_out(result, _):
    result.files["bound.iommufd.out"] = refused("BIND_IOMMUFD", "EPERM")


def offered_and_wrong(_, documents):
    device(documents, "bound")["paths"].append(path("iommufd"))


def wrong_ranges(_, documents):
    device(documents, "bound")["iova_ranges"] = RANGES[:1]


def no_ranges(_, documents):
    device(documents, "bound")["iova_ranges"] = None


def wrong_page_sizes(_, documents):
    device(documents, "bound")["page_sizes"] = "0x1000"


def wrong_extension_before(_, documents):
    device(documents, "bound")["extensions"]["TYPE1_IOMMU"]["before"] = "no"


def wrong_extension_after(_, documents):
    device(documents, "bound")["extensions"]["UPDATE_VADDR"]["after"] = "no"


def no_extensions(_, documents):
    del device(documents, "bound")["extensions"]


def wrong_coherency(_, documents):
    device(documents, "bound")["capabilities"]["enforce_cache_coherency"] = True


def wrong_remapping(_, documents):
    device(documents, "bound")["capabilities"]["interrupt_remapping"] = False


def wrong_generation(_, documents):
    documents["now"]["kernel"]["generations"] = ["5.10"]


def one_generation_too_many(_, documents):
    documents["now"]["kernel"]["generations"] = ["6.0", "6.2"]


def only_the_release_tells(_, documents):
    documents["bound"]["kernel"]["evidence"][0]["generations"] = ["6.0", "6.2"]


def two_devices(_, documents):
    documents["now"]["devices"] *= 2


def no_document(_, documents):
    documents["now"] = None


def kernel_differs(result, _):
    result.files["bound.container.out"] = refused("SET_IOMMU", "EPERM")


def bind_refused(result, _):
    result.files["bind.out"] = refused("BIND", "EINVAL")


def prober_died(result, _):
    result.files["bound.container.out"] = lines(step("OPEN_CONTAINER"))


def prober_silent(result, _):
    del result.files["now.container.out"]


def setup_broken(result, _):
    result.broken.append("setup")


def guest_silent(result, _):
    result.failure = "no end within 1 s"


MUTATIONS = (wrong_now_op, wrong_now_errno, wrong_if_bound, wrong_bound, unknown_answer, wrong_step,
             path_not_predicted, cdev_left_out, offered_and_wrong, wrong_ranges, no_ranges, wrong_page_sizes,
             wrong_extension_before, wrong_extension_after, no_extensions, wrong_coherency, wrong_remapping,
             wrong_generation, one_generation_too_many, only_the_release_tells, two_devices, no_document, kernel_differs, bind_refused, prober_died, prober_silent, setup_broken, guest_silent)


def frame(files: dict) -> bytes:
    """Files as the guest sends them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return b"@@files\n" + base64.encodebytes(packed.getvalue()) + b"@@end\n"


def check_frames() -> str:
    """Whole frames are read, damaged ones are refused."""
    result = guest.Result()
    guest.parse(b"@@start 6.1\n" + frame({"a": b"text", "b": b""}) + b"@@status a 2\n" + frame({"c.d": b"\0"}) + b"@@done\n",
                result)
    if result.failure or result.files != {"a": b"text", "b": b"", "c.d": b"\0"} or result.status != {"a": 2} or not result.done:
        return f"a good stream was not read: {result}"
    whole = frame({"a": b"text"})
    changed = bytearray(whole)
    changed[-20] ^= 1
    for bad in (bytes(changed), b"@@files\n!!!!\n@@end\n", whole[:-40] + b"\n@@end\n", whole[:-20] + whole[-18:]):
        result = guest.Result()
        guest.parse(bad, result)
        if not result.failure:
            return f"a damaged stream was accepted: {bad!r}"
    return ""


def check_archive() -> str:
    """The same content in another order gives the same archive, with a trailer and padded to four bytes."""
    one, other = cpio.Archive(), cpio.Archive()
    one.data("a/b", "text")
    one.link("c", "a/b")
    other.link("c", "a/b")
    other.data("a/b", "text")
    if one.bytes() != other.bytes() or b"TRAILER!!!" not in one.bytes() or len(one.bytes()) % 4:
        return "the archive is not as it should be"
    return ""


def check_selection() -> str:
    """The first words that mean a kernel win, and words mean the kernels that they should; those of no kernel are refused."""
    table = {"compat": "compat", "default": "rest", "small since 6.13": "late", "6.12": "own", "before 6.1": "early"}
    got = [pick(table, name) for name in kernels.NAMES if name not in kernels.BY_NAME]
    found = [] if got == ["early", "rest", "own", "rest", "rest", "late", "compat", "rest", "rest", "rest"] else [f"picked {got}"]
    for words, wanted in (("all", tuple(name for name in kernels.NAMES if name not in (*kernels.ARM64, *kernels.BY_NAME))),
                          (["debian since 7.3", "7.2"], ("7.2", "7.3")),
                          ("arm64 before 6.3", ("arm64-6.1",)), (["arm64 since 7.0", "small since 6.13 type1"], ("small-7.3", "arm64-7.3")),
                          ("small type1", ("small-6.12", "small-7.3")), ("before 6.1", ("5.10",)),
                          ("each series", ("5.10", "6.1", "small-6.12", "small-7.3")),
                          (["small-6.12", "debian since 6.12"], ("6.12", "7.3", "small-6.12"))):
        found += [] if kernels.choose(words) == wanted else [f"{words} means {kernels.choose(words)}"]
    for words in ("6.13", "since 99.0", "since", "small since", "debian small", ""):
        try:
            found.append(f"not noticed: {words!r} means {kernels.choose(words)}")
        except kernels.KernelError:
            pass
    return "; ".join(found)


def check_scenarios() -> str:
    """Every scenario file is understood, and there are as many pairs as were promised."""
    try:
        pairs = sum(len(scenario.kernels) for scenario in load_all())
    except (ScenarioError, ValueError) as error:
        return str(error)
    return "" if pairs >= 40 else f"only {pairs} pairs"


def check_right() -> str:
    """What agrees is accepted."""
    return "; ".join(problems(*right()))


def check_unknown() -> str:
    """A scenario may allow 'unknown', and then a wrong answer is still wrong, with assumptions too."""
    result, documents = right()
    device(documents, "bound")["paths"][0]["answer"] = "unknown"
    allowed = Scenario(**{**SCENARIO.__dict__, "unknown": ("bound.container",), "assume": ("a=1",)})
    documents |= {f"{name}.assume": copy.deepcopy(value) for name, value in documents.items()}
    found = problems(result, documents, allowed)
    if len(found) != 1 or "bound.assume" not in found[0]:
        return f"expected one complaint, of the assumed run: {found}"
    device(documents, "bound.assume")["paths"][0]["answer"] = "yes"
    return "; ".join(problems(result, documents, allowed))


def check_faked() -> str:
    """A faked release must be shown, change nothing, and not be believed."""
    result, documents = right()
    scenario = Scenario(**{**SCENARIO.__dict__, "faked": (FAKED,)})
    for view in VIEWS:
        lie = documents[f"{view}.faked-{FAKED}"] = copy.deepcopy(documents[view])
        lie["kernel"] |= {"release": FAKED, "evidence": [SYMBOLS, version(FAKED, "6.19", False)]}
    found = problems(result, documents, scenario)
    for change in ({"release": KERNEL.release}, {"generations": ["6.19"]}, {"evidence": [SYMBOLS]},
                   {"evidence": [SYMBOLS, version(FAKED, "6.19", True)]},
                   {"evidence": [SYMBOLS, version(FAKED, "6.0", True)]}):
        wrong = copy.deepcopy(documents)
        wrong[f"now.faked-{FAKED}"]["kernel"] |= change
        if not problems(result, wrong, scenario):
            found.append(f"not noticed: {change}")
    wrong = copy.deepcopy(documents)
    device(wrong, f"bound.faked-{FAKED}")["paths"][0] = path("container", "SET_IOMMU", "EPERM")
    return "; ".join(found if problems(result, wrong, scenario) else [*found, "not noticed: another prediction"])


def check_remedy() -> str:
    """A refusal must name the remedy that the scenario states."""
    result, documents = right()
    result.files["bind.out"] = refused("BIND", "EINVAL")
    for name in ("bound.container", "bound.iommufd"):
        result.files[f"{name}.out"] = refused("OPEN_GROUP", "ENOENT")
    scenario = Scenario(**{**SCENARIO.__dict__, "facts": {}, "remedy": "intel_iommu=on", "expect": {
        "now": {"container": "OPEN_GROUP ENOENT"}, "bound": {"container": "BIND EINVAL"}}})
    gone = path("container", "OPEN_GROUP", "ENOENT")
    documents["bound"]["devices"][0]["paths"] = [gone, path("iommufd", "OPEN_GROUP", "ENOENT")]
    row = path("container", "BIND", "EINVAL", remedy="boot with intel_iommu=on")
    device(documents, "now")["if_bound"]["paths"] = [row]
    found = problems(result, documents, scenario)
    for other in (None, "buy another machine"):
        row["remedy"] = other
        if not problems(result, documents, scenario):
            found.append(f"not noticed: remedy {other}")
    return "; ".join(found)


ATTACHED = {"result": "attached", "match": True, "op": None, "errno": None, "extensions": {
    "UPDATE_VADDR": {"before": "0x0", "after": "0x1"}}, "space": {"page_sizes": "0x40201000", "iova_ranges": RANGES},
    "devices": [{"steps": [{"op": "SET_IOMMU", "object": "container", "predicted": "ok", "actual": "ok", "match": True,
                            "rule": None, "ns": 1}]}]}
REFUSED = {"result": "refused", "match": True, "op": "SET_IOMMU", "errno": "EPERM", "devices": [{"steps": [
    {"op": "SET_IOMMU", "object": "container", "predicted": "EPERM", "actual": "EPERM", "match": True, "ns": 1}]}]}


def attach_problems(document, status: int, prober: bytes):
    """All that the judge says of one attach."""
    return list(attaching.judge_attach("attach", json.dumps(document), status, "", outcome.parse(prober.decode())))


def check_attach() -> str:
    """An attach that did what the prober did is accepted; with one thing wrong it is not."""
    refusal = refused("SET_IOMMU", "EPERM")
    found = attach_problems(ATTACHED, 0, attached()) + attach_problems(REFUSED, 2, refusal)
    wrong = [("status", ATTACHED, 2, attached()), ("status of a refusal", REFUSED, 1, refusal),
             ("outcome", ATTACHED, 0, refusal), ("the other outcome", REFUSED, 2, attached()),
             ("errno", REFUSED, 2, refused("SET_IOMMU", "EINVAL")), ("no document", None, 0, attached())]
    for keys, value in ((("match",), False), (("match",), None), (("space", "page_sizes"), "0x1000"),
                        (("space", "iova_ranges"), RANGES[:1]), (("extensions", "UPDATE_VADDR", "after"), "0x0"),
                        (("devices", 0, "steps", 0, "predicted"), "EPERM"),
                        (("devices", 0, "steps", 0, "predicted"), "unknown"),
                        (("devices", 0, "steps", 0, "actual"), "EPERM")):
        document = copy.deepcopy(ATTACHED)
        place = document
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        wrong.append((".".join(map(str, keys)), document, 0, attached()))
    return "; ".join(found + [f"not noticed: {what}" for what, *rest in wrong if not attach_problems(*rest)])


def check_map() -> str:
    """The same of mappings."""
    request = {"op": "MAP_DMA", "iova": "0x100000", "size": 4096, "predicted": "ok", "actual": "ok", "match": True}
    document = {"requests": [request], "moments": [{"locked": 0, "pinned": 0}]}
    rows = [{"op": "MAP_DMA", "iova": "0x100000", "size": 4096, "errno": None}]

    def judged(status=0, answered=rows, moments=None, **changed):
        text = json.dumps({"requests": [request | changed], "moments": moments or document["moments"]})
        return list(attaching.judge_map("map", text, status, "", answered))

    found = judged()
    for what, said in (("status", judged(2)), ("predicted", judged(predicted="EINVAL")), ("size", judged(size=8192)),
                       ("errno", judged(answered=[rows[0] | {"errno": "ENOMEM"}])), ("missing", judged(answered=[])),
                       ("refusal", judged(actual="EINVAL", predicted="EINVAL")),
                       ("locked", judged(moments=[{"locked": 4096, "pinned": 0}]))):
        found += [] if said else [f"not noticed: {what}"]
    return "; ".join(found)


def check_documents() -> str:
    """A document that is as its schema says is accepted, by every command that prints it; one member wrong is noticed."""
    moved = {"schema": 1, "vfiotool": "1", "command": "bind", "dry_run": True, "note": None, "steps": [], "devices": []}
    event = {"schema": 1, "time": "", "source": "udev", "action": "add", "object": "node", "name": "", "bus": None, "id": None,
             "driver": None, "group": 3, "device": None, "mode": "0600", "uid": 0, "gid": 0, "seqnum": None}
    found = [f"{command}: {said}" for command in ("bind", "unbind", "restore")
             for said in documents.problems(command, json.dumps(moved))]
    found += documents.problems("monitor", f"{json.dumps(event)}\n{json.dumps(event)}\n")
    for what, command, text in (("missing", "bind", json.dumps({k: v for k, v in moved.items() if k != "note"})),
                                ("more", "restore", json.dumps(moved | {"more": 1})),
                                ("of a schema beside it", "rules", '{"schema": 1, "rules": [{"id": "a", "title": "", "remedy": 1,'
                                 ' "sites": []}]}'),
                                ("second line", "monitor", f"{json.dumps(event)}\n{json.dumps(event | {'mode': 'rw'})}"),
                                ("torn", "irq", '{"schema": 1,')):
        found += [] if list(documents.problems(command, text)) else [f"not noticed: {what}"]
    return "; ".join(found)


def check_second_boot() -> str:
    """Of a scenario with two boots each can fail it, by a check, by its log, by not coming to its end."""
    scenario = acting.Acting("twice", "", ("6.1",), acting.Machine("m"), "")

    def boot(number: int, **wrong) -> guest.Result:
        word = "bad" if wrong.get("check") else "ok"
        log = b"BUG: unable to handle" if wrong.get("log") else b"quiet"
        status = {"setup": 0, "twice.ms": 3000} | ({} if wrong.get("dies") else {"twice": 0})
        return guest.Result({"twice.dmesg": log}, status, [], [("twice", word, number, "title")], "6.1", not wrong.get("dies"),
                            "no end within 9 s" if wrong.get("dies") else "", seconds=4.0)

    def judged(first: guest.Result, again: guest.Result):
        return acting.judge(scenario, KERNEL, acting.join(first, again))

    found = judged(boot(1), boot(1001))
    found += [] if acting.join(boot(1), boot(1001)).seconds == 8 else ["the seconds of both are not counted"]
    for what in ("check", "log", "dies"):
        for place in (0, 1):
            pair = [boot(1), boot(1001)]
            pair[place] = boot(1 + 1000 * place, **{what: True})
            found += [] if judged(*pair) else [f"not noticed: {what} of boot {place + 1}"]
    return "; ".join(found)


def check_schedule() -> str:
    """The longest first of those whose kernel is there, the others when theirs is; an exception is not lost."""
    begun, there = [], threading.Event()

    def prepare(kernel: str) -> None:
        if kernel == "late":
            there.wait(10)

    def job(kernel: str, weight: int):
        def act():
            begun.append(weight)
            if weight == 1:
                there.set()
            return weight
        return schedule.Job(kernel, weight, act)

    ended = list(schedule.run([job("early", 1), job("early", 3), job("late", 9), job("early", 2), job("late", 8)], 1, prepare))
    found = [] if begun == ended == [3, 2, 1, 9, 8] else [f"began {begun}, ended {ended}"]
    try:
        list(schedule.run([schedule.Job("early", 0, lambda: 1 // 0)], 2, prepare))
        found.append("not noticed: an exception")
    except ZeroDivisionError:
        pass
    return "; ".join(found)


def check_thorough() -> str:
    """What takes hours is run when it is named, and only then."""
    usual = acting.Acting("usual", "", ("6.1",), acting.Machine("m"), "")
    pair = (usual, dataclasses.replace(usual, name="long", thorough=True))
    found = []
    for named, wanted in ((None, ["usual"]), (["long"], ["long"]), (["usual"], ["usual"])):
        got = [scenario.name for scenario, _ in run.select(argparse.Namespace(scenario=named, kernel=None), pair)]
        found += [] if got == wanted else [f"--scenario {named}: {got}"]
    return "; ".join(found)


def check_cover() -> str:
    """The cheapest pairs that show everything are chosen, a boot that two share counts once, and what fails to show is said."""
    want = {name: {name, f"{name}'"} for name in "abcdef"}
    rows = {"all@k": {"seconds": 9.0, "shows": ["a", "b", "c"]}, "one@k": {"seconds": 1.0, "shows": ["a", "d"]},
            "two@k": {"seconds": 1.0, "shows": ["b'"]}, "far@l": {"seconds": 1.0, "shows": ["b"]},
            "three@k": {"seconds": 5.0, "shows": ["c", "d"]}, "dear@k": {"seconds": 99.0, "shows": ["e"]}}
    machines = {"one": "m", "two": "m", "far": "m", "three": "m"}
    chosen = cover.choose(want, rows, machines, cover.Cover())
    found = [] if sorted(chosen.pairs) == ["one@k", "three@k", "two@k"] else [f"chose {chosen.pairs}"]
    found += [] if chosen.unseen == ["e", "f"] else [f"unseen {chosen.unseen}"]
    found += [] if chosen.total(chosen.pairs, machines) == 7 + cover.BOOT else ["a shared boot is not counted once"]
    found += [] if cover.priced({"all@k": 20.0, "far@l": 0.0, "old@k": 7.0}, rows)["old@k"] == 3.5 else ["not priced like the rest"]
    rows = {"new@k": {"seconds": 1.0, "shows": ["f", "c"]}}
    added = cover.choose(want, rows, machines, chosen)
    # It shows what a dearer one was chosen for.
    found += [] if sorted(added.pairs) == ["new@k", "one@k", "two@k"] and added.unseen == ["e"] else [f"added {added.pairs}"]
    found += [] if not chosen.problems(want, {}) and chosen.problems(want | {"g": {"g"}}, {"x@k": {"a"}}) and not chosen.problems(
        want | {"g": {"g"}}, {"x@k": {"g"}}) else ["a new rule is not noticed"]
    done = {"one@k": {"a'"}, "two@k": {"b"}}
    lost = [name for name in chosen.pairs["one@k"] if name != "a"]
    found += [] if len(chosen.broken(want, done)) == len(lost) else [f"broken: {chosen.broken(want, done)}"]
    some = cover.a_slice(added, [*rows, "x@k", "y@k", "z@k"], {}, "1234", 17)
    found += [] if len(some) == 3 and "new@k" in some else [f"slice {some}"]
    # The default run builds no second source, and no kernel that is meant only by its name.
    predicting = [(scenario, kernel) for scenario in load_all() for kernel in scenario.kernels]
    parts = run.by_cover(argparse.Namespace(commit="1234", slice=1e9), predicting, [])
    picked = {kernel for pairs, _, _ in parts for _, kernel in pairs}
    found += [] if picked == set(filter(kernels.is_usual, kernels.NAMES)) else [f"picked kernels {sorted(picked)}"]
    return "; ".join(found)


def check_turns() -> str:
    """A whole run has each scenario on half of its series, and the cover; within some commits every pair has its turn."""
    scenarios = [*load_all(), *acting.load_all()]
    pairs = [(scenario, name) for scenario in scenarios for name in scenario.kernels]
    known, found, seen = cover.load(), [], set()

    def names(some) -> set:
        return {f"{getattr(scenario, 'of', '') or scenario.name}@{name}" for scenario, name in some}

    for commit in map(str, range(60)):
        chosen = turns.choose(commit, known, pairs)
        seen |= names(chosen)
        some = {(scenario.name, kernels.series(kernel)) for scenario, kernel in chosen}
        found += [item.name for item in scenarios if not getattr(item, "alike", False) and sum(name == item.name for name, _ in some) <
                  (1 if getattr(item, "once", False) else len({*map(kernels.series, item.kernels)}) / 2)]
        found += sorted((names(pairs) & set(known.pairs)) - names(chosen))
    found += sorted(names(pairs) - seen)
    return " ".join([*found[:9], *(["nearly all have a turn"] if len(chosen) > 0.6 * len(pairs) else [])])


def check_cache() -> str:
    """An entry is made once; one that was not used for long goes with the next one, one in use stays."""
    made = []

    def ask(key: str) -> Path:
        return cache.entry("thing", key, lambda folder: made.append(key))

    with tempfile.TemporaryDirectory(prefix="vfiotool-selftest-") as place, unittest.mock.patch.dict(
            os.environ, {"VFIOTOOL_CACHE": place}):
        old = time.time() - 86400 * (cache.KEPT_DAYS + 1)
        for key in ("forgotten", "used"):
            os.utime(ask(key), (old, old))
        ask("used")
        ask("new")
        left = sorted(path.name for path in (Path(place) / "thing").iterdir())
    return "" if (made, left) == (["forgotten", "used", "new"], ["new", "used"]) else f"made {made}, left {left}"


def main() -> int:
    """Runs all, as TAP."""
    checks = [check_right, check_unknown, check_frames, check_archive, check_selection, check_scenarios, check_thorough, selftest_plan.check_plans, check_cache,
              check_cover, check_turns, check_faked, check_remedy, check_attach, check_map, check_documents, check_second_boot, check_schedule]
    print(f"TAP version 13\n1..{len(checks) + len(MUTATIONS)}")
    bad = 0
    for number, check in enumerate(checks, 1):
        said = check()
        bad += bool(said)
        print(f"{'not ok' if said else 'ok'} {number} - {check.__name__}" + (f"\n# {said}" if said else ""))
    for number, mutate in enumerate(MUTATIONS, len(checks) + 1):
        result, documents = right()
        mutate(result, documents)
        noticed = problems(result, documents)
        bad += not noticed
        print(f"{'ok' if noticed else 'not ok'} {number} - notices {mutate.__name__}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
