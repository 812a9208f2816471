/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of IOMMUs as sysfs prints them. */
#include <errno.h>

#include "decode/iommureg.h"
#include "decode/register.h"
#include "fuzz.h"

/* Each bit is in one field or in none. */
static void split(const struct iommureg *r, uint64_t value)
{
	uint64_t sum = iommureg_unnamed(r, value);

	for (size_t i = 0; i < r->nr; i++) {
		const struct iommureg_field *f = &r->fields[i];

		sum += (iommureg_field(f, value) - (f->format == IOMMUREG_LESS_ONE)) << f->shift;
	}
	must(sum == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct amd_features features;
	uint64_t value = 0;
	int r = register_parse(text, &value);

	must(r == 0 || r == -EBADMSG);
	for (enum iommureg_kind k = 0; !r && k < NR_IOMMUREGS; k++)
		split(iommureg_get(k), value);
	r = register_parse_bits(text, &value);
	must(r == 0 || r == -EBADMSG);
	r = amd_features_parse(text, &features);
	must(r == 0 || r == -EBADMSG);
	must(r < 0 || features.nr == 1 || features.nr == 2);
	return 0;
}
