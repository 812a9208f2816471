/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture is hostile input. What loads is written, loads again, and is then written the same. */
#include <string.h>

#include "sysroot/capture.h"
#include "fuzz.h"

static char *write_text(const struct capture *c, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	must(out);
	must(capture_write(c, out) == 0);
	fclose(out);
	return text;
}

static struct capture *load_text(const void *text, size_t len)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
	struct failure *why = NULL;
	struct capture *ret = NULL;
	int r;

	must(in);
	r = capture_load(in, &ret, &why);
	must((r == 0) == (ret != NULL));
	must((r < 0) == (why != NULL));
	must(!why || !strchr(why->text, '\n'));
	failure_free(why);
	fclose(in);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct capture *c = len ? load_text(data, len) : NULL, *again;
	size_t first_len, second_len;
	char *first, *second;

	if (!c)
		return 0;
	capture_find(c, "read", "/sys/bus/pci/devices");
	first = write_text(c, &first_len);
	again = load_text(first, first_len);
	must(again);
	second = write_text(again, &second_len);
	must(first_len == second_len && !memcmp(first, second, first_len));
	free(second);
	free(first);
	capture_free(again);
	capture_free(c);
	return 0;
}
