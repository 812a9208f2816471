/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user may write for a device: understood, or refused in one line that says how. */
#include <errno.h>
#include <string.h>

#include "facts/target.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	char *text = arena_memdup(a, data, len);
	vt_cleanup(failure_freep) struct failure *why = NULL;
	struct target t = { 0 };
	int r = target_parse(a, text, &t, &why);

	must(r == 0 || r == -EINVAL);
	if (r < 0) {
		must(why && why->status == STATUS_USAGE && why->err == -EINVAL);
		return 0;
	}
	must(!why && t.kind != TARGET_NONE && !strcmp(t.text, text));
	switch (t.kind) {
	case TARGET_PCI:
	case TARGET_SLOT:
	case TARGET_NAMED:
		must(t.bus && t.name && !strchr(t.name, '/') && strcmp(t.name, ".."));
		must(!strchr(t.bus, '/') && strcmp(t.bus, ".."));
		break;
	case TARGET_CDEV:
	case TARGET_CLASS_DEVICE:
		must(t.name && !strchr(t.name, '/') && strcmp(t.name, ".."));
		break;
	default:
		break;
	}
	return 0;
}
