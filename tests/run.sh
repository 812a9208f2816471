#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every suite, from nothing: installs what is missing, builds, tests. The last line is the sum of all of it.
# Options go to tests/runner/main.py (--help).
set -eu
cd "$(dirname "$0")/.."
tests/packages.sh build guest test || {
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
exec python3 tests/runner/main.py "$@"
