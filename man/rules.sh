#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# rules.sh VFIOTOOL SCDOC HEAD TAIL: prints vfiotool-rules(7), made from the table that decides.
set -eu
body=$(env -i LC_ALL=C.UTF-8 "$1" rules --man)
{
	cat "$3"
	printf '%s\n\n' "$body"
	cat "$4"
} | "$2"
