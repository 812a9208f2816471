/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the command line and of colour schemes: understood, or refused in one line that says how. The first byte chooses. */
#include <errno.h>
#include <string.h>

#include "model/assume.h"
#include "model/generation.h"
#include "report/colors.h"
#include "report/device.h"
#include "fuzz.h"

static void must_explain(int r, const struct failure *why)
{
	must(r == 0 || (r == -EINVAL && why && why->status == STATUS_USAGE && *why->text));
	must(r < 0 || !why);
}

static void assume(struct arena *a, const char *text)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;
	struct assumptions as = { 0 };
	int r = assumptions_add(&as, a, text, &why);

	must_explain(r, why);
	must(as.nr == (r == 0 ? 1u : 0u));
	if (!r)
		must(as.items[0].key && as.items[0].value);
}

static void kernel(const char *text)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;
	struct kernels k = { 0 };
	int r = generation_parse(text, &k, &why);

	must_explain(r, why);
	must(r < 0 || k.releases);
	must(!(k.holds & k.lacks));
}

static void columns(struct arena *a, const char *text)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;
	struct columns c = { 0 };
	int r;

	columns_default(&device_fields, a, &c);
	r = columns_parse(&device_fields, a, text, &c, &why);
	must_explain(r, why);
	for (size_t i = 0; !r && i < c.nr; i++)
		must(c.fields[i] && c.fields[i]->key);
}

static void scheme(struct arena *a, const char *text)
{
	struct color_scheme s;

	color_scheme_default(&s);
	color_scheme_apply(&s, a, text);
	for (size_t i = 0; i < NR_STYLES; i++)
		must(!s.sequences[i] || strlen(s.sequences[i]) <= strlen(text) + 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *text;

	if (!len)
		return 0;
	text = arena_memdup(a, data + 1, len - 1);
	switch (*data) {
	case 'a':
		assume(a, text);
		break;
	case 'k':
		kernel(text);
		break;
	case 'o':
		columns(a, text);
		break;
	default:
		scheme(a, text);
	}
	return 0;
}
