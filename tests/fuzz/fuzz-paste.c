/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pasted text: what is read of it makes a capture that can be read. */
#include <errno.h>
#include <stdio.h>

#include "facts/paste.h"
#include "sysroot/capture.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct span rest = { (const char *)data, len }, line;
	struct paste *p = paste_new(a);
	struct capture *c = NULL;
	FILE *out = tmpfile();

	while (parse_line(&rest, &line))
		paste_line(p, line);
	paste_end(p);
	must(p->nr_understood <= p->nr_lines && p->nr_devices <= PASTE_DEVICES_MAX);
	for (size_t i = 0; i < p->nr_devices; i++)
		must(p->devices[i]->nr_bytes <= PASTE_CONFIG_MAX);
	must(out && !paste_write_capture(p, out));
	rewind(out);
	must(!capture_load(out, &c, NULL));
	capture_free(c);
	fclose(out);
	return 0;
}
