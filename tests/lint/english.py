# SPDX-License-Identifier: GPL-2.0-or-later
"""
The words that users read: what a sentence of ours never says, with what to say instead. A sentence is subject, verb,
object; words of the house stay in the code. Comments are held to the first list, what a user reads to both, and to 25 words
a sentence.
"""

import re
from pathlib import Path

import tree

PHRASES = {
    r"\b(is|are) no (?!longer\b|more\b)": "say 'is not a' or 'there is no'",
    r"\banew\b": "say 'again'",
    r"\b(is|are|was|were|be|been) told\b": "say 'is reported', or who tells",
    r"\b(is|are|was|were|be) said\b": "say 'is reported', or who says it",
    r"\b(is|are|was) called so\b": "say 'has that name'",
    r"\bas things are\b": "say 'now'",
    r"\bby itself\b": "say 'on its own' or 'alone'",
    r"\bso often\b": "say 'N times'",
    r"\b[Ww](hoever|ho has|ho asks|homever)\b": "name the program or the person",
    r"\bit rests\b": "say what happens",
    r"\bclosed to you\b": "say 'no permission to read'",
    r"\bcannot be told\b": "say 'cannot tell'",
    r"\bof late\b": "say 'recently'",
    r"\bone yet\b": "say what is missing",
    r"\b(takes?|taken|took) along\b": "say 'also moved'",
    r"\bsomebody else's\b|\bnobody's\b": "name the program or the person",
}
HOUSE = {
    r"(?<!-)\b[Pp]ath container\b": "say 'VFIO container'",
    r"\bonce (it is )?bound\b": "say 'after binding to vfio-pci'",
    r"\bstands? for (the|its|any) group\b|\brepresentative\b": "say 'the device that the kernel asks on behalf of the group'",
    r"\b[Pp]atched kernel\b": "say 'the reference rules (Linux 6.0)'",
    r"\b[Ee]xercisers?\b": "say 'DMA test driver'",
    r"\b(stands?|stood) in (the|its) way\b": "say 'is refused by' or 'blocks'",
    r"\b[Cc]ompat container\b": "say '/dev/vfio/vfio provided by iommufd'",
    r"\b[Gg]uards?\b": "say 'safety check'",
}
WORDS = 25
PAGES = {".md", ".scd", ".head", ".tail"}
SCRIPTS = ("completions/", "examples/")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
STRINGS = re.compile(rf"{STRING.pattern}(?:\s*{STRING.pattern})*")
# Where something else begins, though no full stop says so: code, table cells, lists, headings, terms with what they mean.
APART = re.compile(r"(?s:```.*?```|<!--.*?-->)|\|[ \t]|:< |^[ \t]*[-*] |\+\+$|^#.*$|^    .*$", re.M)
END = re.compile(r"(?<=[.!?])[\s\")]|\\n|\n\s*\n|\0")


def _blank(found):
    return re.sub(r"[^\n]", " ", found.group())


def _c_sentences(text: str):
    """(offset, sentence, whether a user reads it): comments, and strings of more than one word."""
    for found in COMMENT.finditer(text):
        yield found.start(), found.group(), False
    code = COMMENT.sub(_blank, text)
    for found in STRING.finditer(code):
        if " " in found.group(1).strip():
            yield found.start(1), found.group(1), True


def _page_sentences(text: str):
    """A page as one text; what stands in bold or underlined names a thing of the program and may be any word."""
    yield 0, re.sub(r"\*[^*\n]+\*|\b_[^_\n]+_\b|`[^`\n]+`", _blank, text), True


def _sentences(path: Path, text: str):
    name = path.as_posix()
    if path.suffix in (".c", ".h") and path.parts[0] == "src":
        return _c_sentences(text)
    if path.suffix in PAGES and (path.parts[0] == "man" or len(path.parts) == 1) or name.startswith(SCRIPTS):
        return _page_sentences(text)
    return ()


def _complaints(path: Path, text: str):
    for offset, sentence, read in _sentences(path, text):
        # A sentence may go on over a line break: of a comment, of a page.
        flat = re.sub(r"\n[ \t]*([*#](?!/))?[ \t]*", lambda found: " " * len(found.group()), sentence)
        for pattern, advice in (PHRASES | (HOUSE if read else {})).items():
            for found in re.finditer(re.sub(r" (?!\))", " +", pattern), flat):
                if flat[:found.start()].rstrip().endswith(("there", "There")):
                    continue
                line = text.count("\n", 0, offset + found.start()) + 1
                yield f"{path}:{line}: '{' '.join(found.group().split())}': {advice}"


def _page(text: str) -> str:
    """The text of a page, with NUL where something else begins, on the same lines."""
    # What stands in braces is the list of an object's members.
    text = re.sub(r"\{[^{}]*\}", lambda found: "{}" + "\n" * found.group().count("\n"), text)
    text = APART.sub(lambda found: "\n" * found.group().count("\n") + "\0", text)
    return re.sub(r"^([^\t\n].*\n)(?=\t)|^(\t.*\n)(?=[^\t\n])", lambda found: found.group() + "\0", text, flags=re.M)


def _texts(path: Path, text: str):
    """(line, text) of all that a user reads: whole strings, and pages."""
    if path.suffix in (".c", ".h") and path.parts[0] == "src":
        for found in STRINGS.finditer(COMMENT.sub(_blank, text)):
            yield text.count("\n", 0, found.start()) + 1, "".join(STRING.findall(found.group()))
    elif path.suffix == ".scd" or path.as_posix() == "README.md":
        yield 1, _page(text)


def _long(path: Path, text: str):
    for line, whole in _texts(path, text):
        start = 0
        for end in END.finditer(whole + "\0"):
            words = [word for word in whole[start:end.start()].split() if re.search(r"[\w%]", word)]
            if len(words) > WORDS:
                at = line + whole.count("\n", 0, start)
                yield f"{path}:{at}: {len(words)} words, at most {WORDS}: {' '.join(words)}"
            start = end.end()


def english(root: Path, _options):
    """No sentence has a phrase of the first list; none that a user reads has a word of the second, or is too long."""
    texts = [(path, tree.text(root, path)) for path in tree.walk(root)]
    return [problem for path, text in texts for check in (_complaints, _long) for problem in check(path, text)]
