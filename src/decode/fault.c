/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/fault.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* The driver that writes the line, a word that identifies it, and the text before the address. Up to 6.13
 * the SMMUv3 writes the four words of an event, a line each, of which one is the address; /dev/kmsg has the
 * tab before them so. */
static const struct {
	const char *mark, *before, *driver;
} forms[] = {
	{ "DMAR:", "fault addr ", "VT-d" },          { "IO_PAGE_FAULT", "address=", "AMD-Vi" },
	{ "fault from EP", " at ", "virtio-iommu" }, { "Unhandled context fault", "iova=", "SMMU" },
	{ "F_TRANSLATION", "iova: ", "SMMU" },       { "F_PERMISSION", "iova: ", "SMMU" },
	{ "arm-smmu-v3 ", ": \\x09", "SMMU" },
};

/* Where @text begins in @s, or NULL. */
static const char *find(struct span s, const char *text)
{
	return memmem(s.s, s.len, text, strlen(text));
}

/* The hexadecimal digits at the start of @s, with or without 0x. */
static int leading_hex(struct span s, uint64_t *ret)
{
	size_t len = 0;

	if (s.len >= 2 && s.s[0] == '0' && (s.s[1] == 'x' || s.s[1] == 'X')) {
		s.s += 2;
		s.len -= 2;
	}
	while (len < s.len && isxdigit((unsigned char)s.s[len]))
		len++;
	return parse_u64_span((struct span){ s.s, len }, 16, ret);
}

int fault_parse(struct span line, struct dma_fault *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *at = find(line, forms[i].mark) ? find(line, forms[i].before) : NULL;
		struct span rest;

		if (!at)
			continue;
		at += strlen(forms[i].before);
		rest = (struct span){ at, line.len - (size_t)(at - line.s) };
		if (leading_hex(rest, &ret->address) < 0)
			continue;
		ret->driver = forms[i].driver;
		return 0;
	}
	return -ENOENT;
}

struct span kmsg_text(struct span record)
{
	const char *start = memchr(record.s, ';', record.len), *end;
	struct span ret = { record.s, 0 };

	if (!start)
		return ret;
	start++;
	ret = (struct span){ start, record.len - (size_t)(start - record.s) };
	end = memchr(ret.s, '\n', ret.len);
	if (end)
		ret.len = (size_t)(end - ret.s);
	return ret;
}
