/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration space, the text form of what is read of it, and a 'resource' attribute. */
#include <errno.h>
#include <string.h>

#include "decode/pciability.h"
#include "fuzz.h"

struct space {
	const uint8_t *bytes;
	size_t len;
};

static bool read_space(void *ctx, size_t offset, unsigned int width, uint32_t *ret)
{
	const struct space *s = ctx;

	if (offset > s->len || s->len - offset < width)
		return false;
	*ret = 0;
	memcpy(ret, s->bytes + offset, width);
	return true;
}

static void read_as_space(const uint8_t *data, size_t len)
{
	struct space s = { data, len };
	struct pciability p, again;
	struct arena *a = arena_new();
	const char *text;

	if (pciability_read(read_space, &s, len <= 64 ? 64 : len <= 256 ? 256 : 4096, &p) == 0) {
		text = pciability_format(&p, a);
		must(pciability_parse((struct span){ text, strlen(text) }, &again) == 0);
		must(again.nr_rebars == p.nr_rebars && again.ats == p.ats && again.pri == p.pri);
	}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct pciresource r;
	struct pciability p;
	int ret = pciability_parse(text, &p);

	must(ret == 0 || ret == -EBADMSG);
	must(ret < 0 || p.nr_rebars <= PCIABILITY_BARS);
	while (pciresource_next(&text, &r))
		must(!r.used || r.start <= r.last);
	read_as_space(data, len);
	return 0;
}
