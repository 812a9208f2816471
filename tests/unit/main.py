#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Writes the main() of a unit test: it runs every 'static void test_…()' of the file, in order.

    main.py TEST.c OUT.c

The parameter says what a test stands on: 'void' nothing, 'struct arena *' the arena of all tests in the file, 'struct X *' what
begin(struct X *) of the file makes of zeros before the test and end(), if there is one, takes away after it, or else X_setup() and
X_teardown() of scene.h and others. A file that has a main() of its own is left as it is.
"""

import re
import sys
from pathlib import Path

TEST = re.compile(r"^static void (test_\w+)\((?:void|(?:const )?struct (\w+) \*\w+)\)$", re.M)
RUN = "\nstatic void run_{name}(void **state)\n{{\n\t{name}({argument});\n}}\n"
BEGIN = re.compile(r"^static void begin\(struct (\w+) \*\w+\)$", re.M)
FIXTURE = """
static int {0}_setup(void **state)
{{
	static struct {0} it;

	memset(&it, 0, sizeof(it));
	begin(&it);
	*state = &it;
	return 0;
}}

static int {0}_teardown(void **state)
{{
	{1};
	return 0;
}}
"""
MAIN = """
int main(void)
{{
	static const struct CMUnitTest tests[] = {{
{rows}
	}};

	return cmocka_run_group_tests(tests, scene_arena_setup, scene_arena_teardown);
}}
"""


def generate(source: Path) -> str:
    """The program around @source."""
    text = source.read_text(encoding="utf-8")
    program = f'#include "{source.name}"\n'
    if re.search(r"^int main\(", text, re.M):
        return program
    rows, tests = [], TEST.findall(text)
    end = "end(*state)" if re.search(r"^static void end\(", text, re.M) else "(void)state"
    program += "".join(FIXTURE.format(thing, end) for thing in BEGIN.findall(text) if thing in dict(tests).values())
    for name, thing in tests:
        program += RUN.format(name=name, argument="*state" if thing else "")
        fixture = f"{thing}_setup, {thing}_teardown" if thing not in ("", "arena") else "NULL, NULL"
        rows.append(f'\t\t{{ "{name}", run_{name}, {fixture}, NULL }},')
    return program + MAIN.format(rows="\n".join(rows))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(generate(Path(sys.argv[1])), encoding="utf-8")
