/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF: the first half of the input is the kernel's, the second a module's, which continues it. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "decode/btf.h"
#include "fuzz.h"

static ssize_t read_bytes(void *ctx, size_t offset, void *buf, size_t len)
{
	const struct span *bytes = ctx;
	size_t left = offset < bytes->len ? bytes->len - offset : 0;

	/* A page at once, as a live kernel does. */
	len = len < 4096 ? len : 4096;
	len = len < left ? len : left;
	memcpy(buf, bytes->s + (left ? offset : 0), len);
	return (ssize_t)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = { "iommu_capable", "vfio_open" };
	bool found[ARRAY_SIZE(names)] = { false };
	size_t half = len / 2;
	struct span first = { (const char *)data, len - half },
		    second = { (const char *)data + len - half, half };
	struct arena *a = arena_new();
	struct btf_strings base = { 0 }, own;
	int r = btf_find_functions(read_bytes, &first, NULL, names, ARRAY_SIZE(names), a, &base,
				   found);

	must(r == 0 || r == -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		must(!found[i] || memmem(data, len, names[i], strlen(names[i]) + 1));
	for (size_t i = 0; i < base.nr_names; i++)
		must(base.names[i].index < ARRAY_SIZE(names) && base.names[i].offset < base.len);
	r = btf_find_functions(read_bytes, &second, &base, names, ARRAY_SIZE(names), a, &own,
			       found);
	must(r == 0 || r == -EBADMSG);
	arena_free(a);
	return 0;
}
