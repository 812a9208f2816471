/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit files and limits: any bytes are settings or none; what is allowed does not depend on what is not in them. */
#include <errno.h>
#include <string.h>

#include "decode/unit.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct span text = { (const char *)data, len };
	struct unit_settings s = { 0 };
	uint64_t limit;
	int r;

	unit_parse(text, a, &s);
	must(s.nr_allows <= UNIT_ALLOWS_MAX);
	must(!s.user || (*s.user && strlen(s.user) <= len));
	if (!s.nr_allows && !s.device_policy && !s.private_devices)
		must(unit_allows(&s, "/dev/vfio/vfio", "misc"));
	if (s.memlock) {
		r = unit_limit_parse(s.memlock, &limit);
		must(r == 0 || r == -EINVAL);
	}
	r = limits_locked(text, &limit);
	must(r == 0 || r == -ENODATA || r == -EBADMSG);
	limits_conf_locked(text, "user", 1000, &limit);
	return 0;
}
