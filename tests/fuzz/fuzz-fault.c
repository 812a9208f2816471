/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a record lies within it, on one line; an address comes with the driver that told it. */
#include <errno.h>
#include <string.h>

#include "decode/fault.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span record = { (const char *)data, len }, text = kmsg_text(record);
	struct dma_fault fault = { 0 };
	int r;

	must(text.s >= record.s && text.s + text.len <= record.s + record.len);
	must(!text.len || !memchr(text.s, '\n', text.len));
	r = fault_parse(text, &fault);
	must(r == 0 || r == -ENOENT);
	must(r < 0 || fault.driver);
	r = fault_parse(record, &fault);
	must(r == 0 || r == -ENOENT);
	return 0;
}
