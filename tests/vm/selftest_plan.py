# SPDX-License-Identifier: GPL-2.0-or-later
"""That the judge of plans can say no: a guest that did what its plan says, and each time one thing wrong."""

import copy
import dataclasses
import json
from pathlib import Path

from rig import guest, kernels, planning
from rig.scenario import Scenario

KERNEL = kernels.Kernel("6.1", "6.1.0-1-amd64", Path("image"), Path("config"), (Path("modules"),), "none")
SCENARIO = Scenario("selftest", "", ("6.1",), "0000:00:04.0", devices=("intel-iommu", "edu"), cmdline="quiet",
                    expect={"now": {"container": "OPEN_GROUP ENOENT"}, "bound": {"container": "ok"}})
YES, NO = {"answer": "yes", "op": None, "errno": None}, {"answer": "no", "op": "OPEN_GROUP", "errno": "ENOENT"}
BIND = {"do": "bind", "what": "bind it", "command": "vfiotool bind it", "undo": "vfiotool unbind it", "expected": YES}
VM = {"do": "vm", "what": "give it one (QEMU: -device amd-iommu,intremap=on)", "command": None, "undo": None, "expected": {"answer": "unknown"}}
BOOT = {"do": "boot-option", "what": "boot with it", "command": "update-grub", "undo": "update-grub", "expected": {"answer": "unknown"}}


def _refused(op: str, errno: str) -> bytes:
    return json.dumps({"answer": "no", "op": op, "errno": errno}).encode()


def right():
    """A plan of one step that worked and was undone."""
    result = guest.Result(done=True)
    plan = {"answer": "yes", "because": None, "now": NO, "steps": [BIND]}
    result.files = {"plan.container.first.out": _refused("OPEN_GROUP", "ENOENT"), "plan.container.1.out": b'{"answer":"yes"}',
                    "plan.container.again.out": _refused("OPEN_GROUP", "ENOENT")}
    result.status = {"plan.container": 0, "plan.container.1": 0, "plan.container.1.command": 0, "plan.container.1.undo": 0}
    return result, plan


def _problems(result, plan, scenario=SCENARIO, boots=()):
    result.files["plan.container.out"] = json.dumps({"plans": [plan]}).encode()
    asked, left = [], list(boots)

    def boot(other, plans, _):
        asked.append((other, plans))
        return left.pop(0)

    return planning.judge(scenario, KERNEL, result, boot)[0], asked


def _wrong(change) -> bool:
    result, plan = right()
    plan = copy.deepcopy(plan)
    change(result, plan)
    return bool(_problems(result, plan)[0])


def _pending(step, kept=b"quiet on"):
    """A guest whose plan goes on behind a boot, and the one after it."""
    result, plan = right()
    plan |= {"answer": "unknown", "because": "later", "steps": [step]}
    result.status = {"plan.container": 3} | ({"plan.container.1.command": 0} if step["command"] else {})
    result.files["plan.container.cmdline"] = kept
    then, last = right()
    then.files["plan.container.out"] = json.dumps({"plans": [last]}).encode()
    return result, plan, then


CHANGES = (
    lambda result, plan: plan["now"].update(errno="EPERM"),
    lambda result, plan: plan["steps"][0].update(expected=NO),
    lambda result, plan: plan.update(answer="no"),
    lambda result, plan: plan.update(answer="unknown"),
    lambda result, plan: plan.update(steps=[]),
    lambda result, plan: result.status.update({"plan.container": 1}),
    lambda result, plan: result.status.update({"plan.container.1.command": 1}),
    lambda result, plan: result.status.update({"plan.container.1.undo": 1}),
    lambda result, plan: result.files.update({"plan.container.1.out": _refused("SET_IOMMU", "EPERM")}),
    lambda result, plan: result.files.update({"plan.container.1.out": b""}),
    lambda result, plan: result.files.update({"plan.container.again.out": b'{"answer":"yes"}'}),
    lambda result, plan: plan["steps"][0].update(undo=None),
    lambda result, plan: result.files.update({"plan.container.state": b"-0000:00:04.0 1 e1000e\n+0000:00:04.0 1 \n"}),
)


def check_plans() -> str:
    """A plan that works is accepted, and refused with each thing wrong; what needs a boot is booted as it says."""
    if _problems(*right())[0]:
        return f"a right plan was refused: {_problems(*right())[0]}"
    for number, change in enumerate(CHANGES):
        if not _wrong(change):
            return f"change {number} was not noticed"
    result, plan = right()
    result.files["plan.container.state"] = b"-0000:00:04.0  \n+0000:00:04.0 1 \n+/sys/kernel/iommu_groups/1/type:DMA\n"
    if _problems(result, plan)[0]:
        return "a group that the kernel made of a device meanwhile was a change"
    result, plan = right()
    if not _problems(result, plan, dataclasses.replace(SCENARIO, hopeless=("all",)))[0]:
        return "a plan was accepted where the scenario says that nothing helps"
    for step, wanted in ((VM, ("amd-iommu,intremap=on", "edu")), (BOOT, ("intel-iommu", "edu"))):
        result, plan, then = _pending(step)
        problems, asked = _problems(result, plan, boots=[then])
        if problems or len(asked) != 1 or asked[0][0].devices != wanted or not asked[0][1].after:
            return f"{step['do']}: {problems} {asked}"
        if step is BOOT and asked[0][0].cmdline != "quiet on":
            return f"booted with {asked[0][0].cmdline!r}"
        then.files["plan.container.1.out"] = _refused("SET_IOMMU", "EPERM")
        if not _problems(result, plan, boots=[then])[0]:
            return f"{step['do']}: a refusal after the boot was not noticed"
    return ""
