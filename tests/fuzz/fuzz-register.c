/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of IOMMUs as sysfs prints them. */
#include <errno.h>

#include "decode/register.h"
#include "fuzz.h"

static void check_fields(const struct register_field *fields, size_t nr, uint64_t value)
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t field = register_field_get(&fields[i], value);

		must(fields[i].width >= 1 && fields[i].bit + fields[i].width <= 64);
		must(fields[i].width == 64 || field < UINT64_C(1) << fields[i].width);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	const struct register_field *fields;
	struct amd_features features;
	uint64_t value;
	size_t nr;
	int r = register_parse(text, &value);

	must(r == 0 || r == -EBADMSG);
	if (!r) {
		fields = intel_cap_fields(&nr);
		check_fields(fields, nr, value);
		fields = intel_ecap_fields(&nr);
		check_fields(fields, nr, value);
		fields = amd_efr_fields(&nr);
		check_fields(fields, nr, value);
		fields = amd_efr2_fields(&nr);
		check_fields(fields, nr, value);
		must(intel_cap_width(value) <= 64);
		must(!(intel_cap_page_sizes(value) & ~UINT64_C(0x40201000)));
	}
	r = amd_features_parse(text, &features);
	must(r == 0 || r == -EBADMSG);
	must(r < 0 || features.nr == 1 || features.nr == 2);
	return 0;
}
