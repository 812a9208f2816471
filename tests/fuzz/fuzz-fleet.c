/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process that reads a capture writes: understood and grouped, or refused. A byte of value 255 parts two hosts. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "model/fleet.h"
#include "fuzz.h"

enum { HOSTS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct fleet *f = fleet_new(a, HOSTS);
	struct span rest = { (const char *)data, len };
	struct fleet_group *groups;
	size_t nr, hosts = 0, taken = 0;

	for (size_t i = 0; i < HOSTS && rest.len; i++) {
		const char *end = memchr(rest.s, 0xff, rest.len);
		struct span one = { rest.s, end ? (size_t)(end - rest.s) : rest.len };
		int r = fleet_take(f, i, one);

		must(r == 0 || r == -EBADMSG);
		taken += r == 0;
		rest.s += one.len + (end != NULL);
		rest.len -= one.len + (end != NULL);
	}
	groups = fleet_groups(f, &nr);
	for (size_t i = 0; i < nr; i++) {
		hosts += groups[i].nr_hosts;
		must(!i || groups[i].nr_hosts <= groups[i - 1].nr_hosts);
		must(groups[i].nr_facts <= groups[i].nr_candidates);
		if (groups[i].reference)
			must(fleet_cite(f, &groups[i], (struct span){ (const char *)data, len },
					true) <= 0);
	}
	must(hosts == taken);
	return 0;
}
