/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user of /etc/passwd lies in it and is found by name and by number. */
#include "decode/account.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct account found;

	if (account_find(text, "1000", &found)) {
		must(found.uid == 1000 && found.name.len);
		must(found.name.s >= text.s && found.name.s + found.name.len <= text.s + len);
	}
	return 0;
}
