/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of IOMMUs as sysfs prints them. */
#include <errno.h>

#include "decode/register.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct amd_features features;
	uint64_t value;
	int r = register_parse(text, &value);

	must(r == 0 || r == -EBADMSG);
	r = amd_features_parse(text, &features);
	must(r == 0 || r == -EBADMSG);
	must(r < 0 || features.nr == 1 || features.nr == 2);
	return 0;
}
