/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of a uevent lie within it. */
#include <errno.h>
#include <string.h>

#include "decode/uevent.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const keys[] = { "DRIVER", "PCI_ID", "MODALIAS", "" };
	struct span text = { (const char *)data, len }, value;
	struct uevent_pci pci;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!uevent_get(text, keys[i], &value))
			continue;
		must(value.s >= text.s && value.s + value.len <= text.s + text.len);
		must(!value.len || !memchr(value.s, '\n', value.len));
	}
	r = uevent_get_pci(text, &pci);
	must(r == 0 || r == -ENODATA || r == -EBADMSG);
	must(r < 0 || pci.class_code <= 0xffffff);
	r = modalias_get_pci(text, &pci);
	must(r == 0 || r == -EBADMSG);
	must(r < 0 || pci.class_code <= 0xffffff);
	return 0;
}
