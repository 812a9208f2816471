# SPDX-License-Identifier: GPL-2.0-or-later
"""Command lines that are wrong, each with its status and what the line of error must name."""

from harness import DEVICE, FAILED, NO, NO_TARGET, OK, UNKNOWN, USAGE, Program, case, must

WRONG = [
    (["frob"], USAGE, ["'frob'", "--help"]),
    (["lisst"], USAGE, ["'lisst'", "'list'"]),
    (["list", "--frob"], USAGE, ["'--frob'", "--help"]),
    (["list", "-Z"], USAGE, ["-Z", "--help"]),
    (["--frob", "list"], USAGE, ["'--frob'", "--help"]),
    (["list", "-o", "NOPE"], USAGE, ["'NOPE'"]),
    (["list", "-o", ""], USAGE, ["column"]),
    (["list", "-o", "ADDRESS,,GROUP"], USAGE, ["column"]),
    (["list", "-x", "NOPE"], USAGE, ["'NOPE'"]),
    (["list", "-x", "ADDRESS,GROUP"], USAGE, ["one column"]),
    (["list", "-o"], USAGE, ["-o"]),
    (["list", "--color=purple"], USAGE, ["purple", "always"]),
    (["list", "--filter", "drivr==x"], USAGE, ["'drivr'", "DRIVER"]),
    (["list", "--filter", "driver=="], USAGE, ["driver==", "a value"]),
    (["list", "--filter", "kind==x"], USAGE, ["'kind'", "--tree"]),
    (["list", "--filter", ""], USAGE, ["--filter"]),
    (["list", "--csv", "--json"], USAGE, ["--csv", "--json"]),
    (["inspect", "--json=short"], USAGE, ["short", "summary"]),
    (["inspect", "--json=summary", "--path", "iommufd"], USAGE, ["summary", "--path"]),
    (["inspect", "--json=summary", "--all-kernels"], USAGE, ["summary", "--all-kernels"]),
    (["inspect", "--kernel", "2.4"], USAGE, ["'2.4'", "5.10"]),
    (["inspect", "--kernel", "5.4.0-150-generic"], USAGE, ["older than Linux 5.10"]),
    (["inspect", "--kernel", ""], USAGE, ["kernel"]),
    (["inspect", "--kernel", "99.9"], USAGE, ["99.9", "; use --kernel "]),
    (["rules", "--kernel", "99.0"], USAGE, ["99.0", "; use --kernel "]),
    (["inspect", "--path", "bridge"], USAGE, ["bridge", "container"]),
    (["inspect", "--assume", "frob=1"], USAGE, ["'frob'", "allow_unsafe_interrupts"]),
    (["inspect", "--assume", "allow_unsafe_interrupts"], USAGE, ["allow_unsafe_interrupts"]),
    (["inspect", "--assume", "allow_unsafe_interrupts=perhaps"], USAGE, ["perhaps", "0|1"]),
    (["explain", "--acs", "x"], USAGE, ["--acs=x", "="]),
    (["explain", "--acs", f"{DEVICE}=SV,XX"], USAGE, ["'SV,XX'", "none"]),
    (["explain", "--acs-override", "upstream"], USAGE, ["upstream", "multifunction"]),
    (["explain", "--without", "group:1"], USAGE, ["group:1", "address"]),
    (["explain", "--move", f"{DEVICE}="], USAGE, ["--move"]),
    (["explain", "--json", "--svg"], USAGE, ["--json"]),
    (["explain", "--p2p", DEVICE], USAGE, ["two devices"]),
    (["explain", "--kernel", "2.4"], USAGE, ["'2.4'"]),
    (["explain", "--without", "0000:99:00.0"], NO_TARGET, ["0000:99:00.0", "vfiotool list"]),
    (["plan"], USAGE, ["no target", "vfiotool list"]),
    (["plan", "--memory", "x", DEVICE], USAGE, ["--memory=x", "16G"]),
    (["plan", "--memory", "0", DEVICE], USAGE, ["--memory=0", "16G"]),
    (["plan", "--memory", "99999999T", DEVICE], USAGE, ["--memory=99999999T", "2^64"]),
    (["plan", "--path", "bridge", DEVICE], USAGE, ["bridge", "container"]),
    (["plan", "--json", "--script", DEVICE], USAGE, ["--json", "--script"]),
    (["plan", "--vm-user", "no such user", DEVICE], USAGE, ["'no such user'", "number"]),
    (["plan", "0000:99:00.0"], NO_TARGET, ["0000:99:00.0", "vfiotool list"]),
    (["rules", "nope"], USAGE, ["'nope'", "vfiotool rules"]),
    (["diff"], USAGE, ["capture"]),
    (["diff", "a", "b", "c"], USAGE, ["'c'", "two"]),
    (["diff", "--only", "nothing", "a"], USAGE, ["'nothing'", "diff --help"]),
    (["diff", "--only", "", "a"], USAGE, ["--only", "diff --help"]),
    (["capture"], USAGE, ["FILE"]),
    (["capture", ""], USAGE, ["FILE is empty"]),
    (["capture", "0000:01:10.0"], USAGE, ["'0000:01:10.0'", "FILE", "./0000:01:10.0"]),
    (["capture", "1af4:1041", "0000:01:10.0"], USAGE, ["'1af4:1041'", "./1af4:1041"]),
    (["capture", "group:1"], USAGE, ["'group:1'", "FILE"]),
    (["bind", "--force", "", DEVICE], USAGE, ["''"]),
    (["bind", "--force", "network,", DEVICE], USAGE, ["''"]),
    (["monitor", "--count", "4294967296"], USAGE, ["--count=4294967296", "to 4294967295"]),
    (["monitor", "--timeout", "0"], USAGE, ["--timeout=0", "seconds from 1"]),
    (["attach", "--hold=4294967296", DEVICE], USAGE, ["--hold=4294967296", "to 4294967295"]),
    (["regions", "--dump", "config", "--length", "0", DEVICE], USAGE, ["--length=0", "one byte"]),
    (["map", "--size", "1X", DEVICE], USAGE, ["'1X'", "T or P"]),
    (["map", "--csv", DEVICE], USAGE, ["--bench"]),
    (["map", "--bench", "--csv", "--json", DEVICE], USAGE, ["--csv and --json"]),
    (["map", "--bench", "--dirty", DEVICE], USAGE, ["--bench goes with"]),
    (["inspect", "0000:01"], USAGE, ["'0000:01'", "0000:01:00.0"]),
    (["inspect", ""], USAGE, ["''"]),
    (["inspect", "01:20.0"], USAGE, ["01:20.0"]),
    (["inspect", "0000:01:00.8"], USAGE, ["0000:01:00.8"]),
    (["inspect", "123456789:01:00.0"], USAGE, ["123456789:01:00.0"]),
    (["inspect", "../../etc"], USAGE, ["../../etc"]),
    (["inspect", "pci:../../x"], USAGE, ["pci:../../x"]),
    (["inspect", "group:x"], USAGE, ["group:x"]),
    (["inspect", "group:99999999999999999999"], USAGE, ["group:99999999999999999999"]),
    (["inspect", "\x1b[31mred\n"], USAGE, [r"\x1b[31mred\x0a"]),
    (["inspect", "\u009b31m\u202eder\u2069ü"], USAGE, [r"\xc2\x9b31m\xe2\x80\xaeder\xe2\x81\xa9ü"]),
    (["inspect", "0000:99:00.0"], NO_TARGET, ["'0000:99:00.0'", "vfiotool list"]),
    (["inspect", DEVICE, "0000:99:00.0"], NO_TARGET, ["'0000:99:00.0'"]),
    (["list", "0000:99:00.0"], NO_TARGET, ["'0000:99:00.0'"]),
    (["inspect", "99:00"], NO_TARGET, ["'99:00'"]),
    (["inspect", "group:9999"], NO_TARGET, ["'group:9999'", "vfiotool list"]),
    (["inspect", "1af4:9999"], NO_TARGET, ["'1af4:9999'", "vfiotool list"]),
    (["inspect", "platform:nothing"], NO_TARGET, ["'platform:nothing'"]),
    (["inspect", "vfio999"], NO_TARGET, ["'vfio999'"]),
    (["inspect", "eth99"], NO_TARGET, ["'eth99'"]),
    (["inspect", "/sys/class/net/eth99"], NO_TARGET, ["/sys/class/net/eth99"]),
]


@case
def command_lines_that_are_wrong(p: Program):
    """Each with the documented status and one line that names the thing."""
    tree = p.tree()
    for argv, status, parts in WRONG:
        p.on(tree, *argv).must_fail(status, *parts)


@case
def command_lines_are_checked_before_the_host_is_read(p: Program):
    """A wrong word is the answer even where there is no host."""
    for argv, status, parts in WRONG:
        if status == USAGE and argv[0] not in ("rules",):
            p.on("/nonexistent/root", *argv).must_be(USAGE, NO_TARGET)
            must(parts, "each case names something")


@case
def roots_that_are_none(p: Program):
    """Missing, neither directory nor file, no capture, nothing in it."""
    empty = p.folder()
    fifo = p.folder() / "fifo"
    __import__("os").mkfifo(fifo)
    for command in ("list", "inspect"):
        p.on("/nonexistent", command).must_fail(NO_TARGET, "'/nonexistent'", "capture")
        p.on("/dev/null", command).must_fail(NO_TARGET, "'/dev/null'", "capture")
        p.on(fifo, command).must_fail(NO_TARGET, "fifo", "capture")
        p.on("/etc/passwd", command).must_fail(FAILED, "'/etc/passwd'", "line 1", "vfiotool capture")
        p.on(empty, command).must_fail(FAILED, str(empty), "sys/bus")
    p.run("list", "--sysroot").must_fail(USAGE, "--sysroot")
    p.on("", "list").must_be(USAGE, NO_TARGET)


@case
def few_descriptors(p: Program):
    """With too few to read anything there is no answer, and with a few the answer is the same."""
    tree = p.tree()
    for limit in range(4, 24):
        few = ("sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh")
        answer = p.on(tree, "list", before=few).must_be(OK, FAILED)
        if answer.status == FAILED:
            answer.must_fail(FAILED, "ulimit -n")
            must(limit < 12, f"{limit} descriptors are enough")
        else:
            must(answer.out == p.on(tree, "list").out, f"another answer with {limit} descriptors")
            must(not answer.err, f"a word with {limit} descriptors: {answer.err!r}")


@case
def rules_that_a_kernel_does_not_have(p: Program):
    """Asked for by name they are described, and said not to stand there."""
    none = "This kernel does not have it."
    must(none in p.run("rules", "--kernel", "5.10", "isolated-msi").must_be(OK).out, "5.10 has isolated-msi")
    must(none not in p.run("rules", "--kernel", "6.3", "isolated-msi").must_be(OK).out, "6.3 does not have it")
    must(none not in p.run("rules", "--kernel", "5.10").must_be(OK).out, "one that 5.10 does not have is listed")


@case
def statuses_of_answers(p: Program):
    """0 whatever the verdicts, unless -q asks."""
    tree = p.tree()
    p.on(tree, "list").must_be(OK)
    p.on(tree, "inspect").must_be(OK)
    p.on(tree, "inspect", "--json", DEVICE).must_be(OK)
    p.on(tree, "rules").must_be(OK)
    p.run("--version").must_be(OK)
    p.run("--help").must_be(OK)
    # No kernel takes a bridge; one refused is a no for all.
    bridge = "0000:00:01.0"
    for argv, status in (([bridge], NO), (["--kernel", "6.6", bridge], NO), ([DEVICE, bridge], NO)):
        answer = p.on(tree, "inspect", "-q", "--if-bound", *argv).must_be(status)
        must(not answer.out and not answer.err, f"-q said {answer.out!r} {answer.err!r}")
    # Now it is on no VFIO driver.
    p.on(tree, "inspect", "-q", DEVICE).must_be(NO)
    # Nobody knows who may open the nodes of somebody else's folder.
    p.on(tree, "inspect", "-q", "--if-bound", "0000:01:10.0").must_be(UNKNOWN)
    sure = ["--assume", "euid=0", "--assume", "interrupt_remapping=1", "--assume", "isolated_msi=1", "--assume", "held=0",
            "--assume", "enforce_cache_coherency=1", "--assume", "cache_coherency=1", "--kernel", "6.0"]
    p.on(tree, "inspect", "-q", "--if-bound", *sure, "0000:01:10.0").must_be(OK, UNKNOWN)
