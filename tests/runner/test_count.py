#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A runner that counts wrongly makes every other test worthless: this one is held to written-out sums."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position,missing-function-docstring
from count import cmocka, meson_test, relevant, tap

CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] test_one
[       OK ] test_one
[ RUN      ] test_two
[  FAILED  ] test_two
[ RUN      ] test_three
[  SKIPPED ] test_three
[==========] 3 test(s) run.
[  PASSED  ] 1 test(s).
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] test_two
"""


def sums(count):
    return count.passed, count.failed, count.skipped


class Counting(unittest.TestCase):
    """One case for each way a test can end."""

    def test_tap_all_kinds(self):
        count = tap("TAP version 13\n1..4\nok 1 - a\nnot ok 2 - b\n# why\nok 3 - c # SKIP no such thing\nok 4\n")
        self.assertEqual(sums(count), (2, 1, 1))

    def test_tap_stream_that_ends_early(self):
        self.assertEqual(sums(tap("1..3\nok 1\nok 2\n")), (2, 1, 0))

    def test_tap_without_plan(self):
        self.assertEqual(sums(tap("ok 1\n")), (1, 1, 0))

    def test_tap_all_skipped(self):
        self.assertEqual(sums(tap("1..0 # SKIP needs root\n")), (0, 0, 1))

    def test_tap_words_that_are_no_points(self):
        self.assertEqual(sums(tap("1..1\nokay then\nnot okay\nok 1\n")), (1, 0, 0))

    def test_cmocka_counts_each_test_once(self):
        self.assertEqual(sums(cmocka(CMOCKA)), (1, 1, 1))

    def test_only_what_failed_is_shown(self):
        self.assertEqual(relevant("1..3\nok 1\nnot ok 2\n# why\nok 3\n# other\n"), "not ok 2\n# why")
        self.assertEqual(relevant("no TAP\nat all"), "no TAP\nat all")
        self.assertNotIn("test_one", relevant(CMOCKA))
        self.assertIn("[  FAILED  ] test_two", relevant(CMOCKA))

    def test_meson_crash_after_good_points(self):
        entry = {"name": "t", "result": "FAIL", "returncode": 1, "stdout": "", "stderr": "[       OK ] test_one\n"}
        self.assertEqual(sums(meson_test(entry)), (1, 1, 0))

    def test_meson_ok_with_a_bad_point(self):
        entry = {"name": "t", "result": "OK", "returncode": 0, "stdout": "1..1\nnot ok 1\n"}
        self.assertEqual(meson_test(entry).passed, 0)
        self.assertGreater(meson_test(entry).failed, 0)

    def test_meson_test_without_points(self):
        for result, expected in (("OK", (1, 0, 0)), ("FAIL", (0, 1, 0)), ("TIMEOUT", (0, 1, 0)),
                                 ("ERROR", (0, 1, 0)), ("SKIP", (0, 0, 1)), ("UNEXPECTEDPASS", (0, 1, 0))):
            entry = {"name": "t", "result": result, "returncode": 0, "stdout": "words\n", "stderr": ""}
            self.assertEqual(sums(meson_test(entry)), expected, result)


if __name__ == "__main__":
    unittest.main()
