#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# rules.sh VFIOTOOL SCDOC HEAD TAIL [OPTION]: prints vfiotool-rules(7), or with --symptoms vfiotool-symptoms(7), made from
# the table that decides.
set -eu
body=$(env -i LC_ALL=C.UTF-8 "$1" rules --man ${5+"$5"})
{
	cat "$3"
	printf '%s\n\n' "$body"
	cat "$4"
} | "$2"
