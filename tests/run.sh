#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the tests, from nothing: installs what is missing, builds, tests. The last line is the sum of all of it. --all runs
# every suite in every build and every guest, --list says what would run, --help the rest.
set -eu
cd "$(dirname "$0")/.."
VFIOTOOL_BEGAN=$(date +%s)
# What ccache has of another clone counts: meson names all files from the build folder.
export VFIOTOOL_BEGAN CCACHE_NOHASHDIR=1
case " $* " in
*" --list "* | *" --help "* | *" -h "*) ;;
*)
	case " $* " in *" --all "*) more="fleet" ;; *) more="test" ;; esac
	timeout 900 tests/packages.sh build guest arm64 test "$more" || {
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	}
	;;
esac
# Debian's own programs first, which are those just installed. A version manager's wrapper of python3 before them takes most of
# a second for each of the many scripts.
PATH=/usr/bin:/bin:$PATH exec python3 tests/runner/main.py "$@"
