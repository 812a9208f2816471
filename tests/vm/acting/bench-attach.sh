# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
group=$(group_of 0000:00:04.0)
: >/out/bare
: >/out/tool
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	bench-attach "/dev/vfio/$group" 0000:00:04.0 >>/out/bare
	run vfiotool attach --json --path=container 0000:00:04.0
	sed -n 's/.*"ns": *\([0-9]*\).*/\1/p' /out/stdout | tr '\n' ' ' >>/out/tool
	echo >>/out/tool
done
check "both ran" test -s /out/bare -a -s /out/tool
grep -q __asan_init /bin/vfiotool && echo sanitized >/out/built || echo plain >/out/built
send built /out/built
send bare /out/bare
send tool /out/tool
