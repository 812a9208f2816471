# SPDX-License-Identifier: GPL-2.0-or-later
"""The arrows between layers: who may include whom, and what compiled objects may import."""

import re
import subprocess
from pathlib import Path

import tree

# Layer -> what its files may include: whole layers, or single headers.
ARROWS = {
    "base": ("base",),
    "uapi": ("base", "uapi"),
    "sysroot": ("base", "uapi", "sysroot"),
    "decode": ("base", "uapi", "decode"),
    # The snapshot and its own helpers, which the model links: pure, and no reader of a host.
    "host": ("base", "uapi", "decode", "sysroot/sysroot.h", "facts/host.h", "facts/in-use.h",
             "facts/boot.h", "facts/setup.h"),
    "facts": ("base", "uapi", "sysroot", "decode", "facts"),
    "model": ("base", "uapi", "model", "facts/host.h", "facts/boot.h", "facts/setup.h", "decode/cmdline.h", "decode/unit.h",
              "decode/vm.h"),
    "client": ("base", "uapi", "sysroot", "decode", "client"),
    "bind": ("base", "uapi", "sysroot", "decode", "facts/host.h", "facts/in-use.h", "model", "bind"),
    "report": ("base", "uapi", "decode/vfioinfo.h", "decode/iommureg.h", "report", "facts/host.h", "facts/event.h", "model", "bind/guard.h",
               "bind/plan.h"),
    "cli": ("base", "uapi", "sysroot/sysroot.h", "report", "cli"),
    "run": ("base", "uapi", "sysroot", "decode", "facts", "model", "client", "bind", "report", "cli", "run"),
    "cmd": ("base", "uapi", "sysroot", "decode", "facts", "model", "client", "bind", "report", "cli", "run", "cmd"),
}
# Headers of base that write something; a pure layer does without them.
IMPURE_BASE = ("base/log.h", "base/fd.h")
PURE = ("decode", "model")
# Header of a library -> the layers that may use it.
LIBRARIES = {
    "argp.h": ("cli", "run", "cmd"),
    "json-c/json.h": ("sysroot", "bind", "report"),
    "libsmartcols/libsmartcols.h": ("report",),
    "libsmartcols.h": ("report",),
    "libkmod.h": ("facts", "client", "bind"),
    "libmnl/libmnl.h": ("facts",),
    "libmount.h": ("facts",),
    "pci/pci.h": ("facts",),
    "libudev.h": ("facts",),
    "cap-ng.h": ("facts",),
    "sys/ioctl.h": ("client", "cli"),
    "fcntl.h": ("sysroot", "facts", "client", "bind", "cli", "run", "cmd"),
    "dirent.h": ("sysroot", "facts", "bind"),
    "unistd.h": ("base", "sysroot", "facts", "client", "bind", "cli", "run", "cmd"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# What a pure object may import from the C library: memory, strings, sorting, searching.
PURE_LIBC = re.compile(r"""(__)?(
    mem(cpy|move|set|cmp|chr|rchr|mem|pcpy) | str(n?len|n?cmp|n?casecmp|chr|rchr|chrnul|str|n?dup|spn|cspn|pbrk) |
    stpcpy | bcmp | qsort(_r)? | bsearch | t(search|find|delete|destroy) | v?snprintf | strto(u?ll?|[ui]max) |
    calloc | malloc | realloc | reallocarray | free | errno_location | ctype_[bt]\w*_loc | assert_fail | abort | stack_chk_fail | is\w+ | tolower |
    toupper | strerrorname_np | strerror | explicit_bzero |
    # json-c on text in memory
    json_(object|tokener)_\w+ )(_chk)?$""", re.X)
# Code that the compiler adds, and the table of the linker.
COMPILER = re.compile(r"__(asan|ubsan|sanitizer|sancov|lsan|gcov|llvm|start|stop|tsan)_|_GLOBAL_OFFSET_TABLE_|"
                      r"__(popcount|clz|ctz|ffs|parity|bswap|u?div|u?mod|u?mul)[dst]i\d$")
ISOC = re.compile(r"^__isoc\d+_")
# STYLE: no printing, exit, getenv or time below these.
TALKING = ("cli", "run", "cmd")
LOUD = re.compile(r"(__)?(v?printf|puts|putchar|perror|exit|_exit|quick_exit|getenv|secure_getenv|time|gettimeofday|"
                  r"clock_gettime|stdout|stdin)(_chk)?$")

# What ends a process of its own, which is never the tool.
CHILDREN = {("locked-read.c.o", "_exit"), ("module-file.c.o", "_exit")}


def _allowed(layer: str, header: str) -> bool:
    if layer in (*PURE, "host") and header in IMPURE_BASE:
        return False
    return any(header == item or header.startswith(item + "/") for item in ARROWS[layer])


def _include_problem(layer: str, kind: str, header: str) -> str:
    if kind == "<":
        users = LIBRARIES.get(header)
        return f"<{header}> belongs to {', '.join(users)}" if users and layer not in users else ""
    top = header.split("/")[0]
    if "/" not in header or top not in ARROWS:
        return f'"{header}" is not named from src/ on'
    return "" if _allowed(layer, header) else f"{layer} must not include {header}"


def arrows(root: Path, _options):
    """Include lines against the arrows; also a layer that the table does not know."""
    problems = []
    for path in tree.walk(root / "src"):
        layer = path.parts[0]
        if path.suffix not in (".c", ".h"):
            continue
        if layer not in ARROWS:
            problems.append(f"src/{path}:1: no layer is called {layer}")
            continue
        if path.as_posix() in ("facts/host.c", "facts/host.h", "facts/usage.c", "facts/usage.h",
                               "facts/event.h", "facts/boot.h", "facts/boot-option.c", "facts/setup.h"):
            layer = "host"
        for number, line in enumerate(tree.text(root / "src", path).splitlines(), 1):
            found = INCLUDE.match(line)
            problem = _include_problem(layer, *found.groups()) if found else ""
            if problem:
                problems.append(f"src/{path}:{number}: {problem}")
    return problems


def unit_names(root: Path, _options):
    """A unit test is test-FILE.c, after its source, or test-FILE-WHAT.c; where layers share a name, test-LAYER-FILE.c."""
    sources = [path for path in tree.walk(root / "src") if path.suffix == ".c"]
    stems = [path.stem for path in sources]
    names = {f"{path.parts[0]}-{path.stem}" for path in sources} | {stem for stem in stems if stems.count(stem) == 1}
    problems = []
    for path in sorted((root / "tests/unit").glob("test-*.c")):
        words = path.stem.removeprefix("test-").split("-")
        if not names & {"-".join(words[:count]) for count in range(1, len(words) + 1)}:
            problems.append(f"tests/unit/{path.name}: named after no source, or after several")
    return problems


def _symbols(library: Path):
    """Per object: the names it needs. And all names that are defined somewhere in @library."""
    result = subprocess.run(["nm", "-A", "-P", str(library)], check=True, text=True, capture_output=True)
    needs, has = [], set()
    for line in result.stdout.splitlines():
        where, _, rest = line.rpartition(": ")
        name, kind = rest.split()[:2]
        if kind in "Uw":
            needs.append((where, name))
        else:
            has.add(name)
    return needs, has


def _members(base: Path):
    """Object file of the library @base -> the names it defines."""
    needs = subprocess.run(["nm", "-A", "-P", "--defined-only", str(base)], check=True, text=True, capture_output=True)
    found = {}
    for line in needs.stdout.splitlines():
        where, _, rest = line.rpartition(": ")
        found.setdefault(where, set()).add(rest.split()[0])
    return found


def _short(where: str) -> str:
    found = re.search(r"\[(.+?)\]", where)
    return found.group(1) if found else where


def _pure_names(libraries: dict) -> set:
    """What a pure object may import from ours: the pure part of base, host helpers, other pure layers."""
    impure = tuple(Path(header).stem + ".c" for header in IMPURE_BASE)
    names = set()
    for layer, library in libraries.items():
        if layer in (*PURE, "host"):
            names |= _symbols(library)[1]
        elif layer in ("base", "uapi"):
            for member, defined in _members(library).items():
                if not any(part in member for part in impure):
                    names |= defined
    return names


def purity(_root: Path, options):
    """Objects of model and decode import nothing that could touch a system; nothing below cli prints or ends."""
    libraries = dict(options.library)
    ours, problems = _pure_names(libraries), []
    missing = [layer for layer in options.expect_layer if layer not in libraries]
    problems += [f"{layer}: this layer has no library" for layer in missing]
    for layer, library in libraries.items():
        for where, name in _symbols(library)[0]:
            plain = ISOC.sub("", name)
            if COMPILER.match(name):
                continue
            if layer in (*PURE, "host") and name not in ours and not PURE_LIBC.match(plain):
                problems.append(f"{layer}: {_short(where)} imports {name}: not pure")
            elif (Path(_short(where)).name, name) in CHILDREN:
                continue
            elif layer not in TALKING and LOUD.match(plain):
                problems.append(f"{layer}: {_short(where)} imports {name}: printing, ending, environment and time"
                                " belong to cli, run and cmd")
    return problems
