/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the regions command. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/parse.h"
#include "uapi/abi.h"
#include "run/region.h"

static const char *const names[VT_PCI_NR_REGIONS] = {
	"BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5", "ROM", "config", "VGA",
};

const char *region_index_text(uint32_t index, struct arena *a)
{
	return index < ARRAY_SIZE(names) ? names[index] : arena_printf(a, "region%u", index);
}

int region_index_parse(const char *text, size_t len, uint32_t *ret)
{
	struct span span = { text, len };
	uint64_t number;

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) == len && !strncasecmp(text, names[i], len)) {
			*ret = i;
			return 0;
		}
	}
	if (len > 6 && !strncasecmp(text, "region", 6))
		span = (struct span){ text + 6, len - 6 };
	if (parse_u64_span(span, 10, &number) < 0 || number > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)number;
	return 0;
}

static int usage(struct failure **reterr, const char *text, const char *what)
{
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "'--write=%s': %s: REGION+OFFSET=VALUE[:WIDTH], for example BAR0+0x10=1:4 or config+CACHE_LINE_SIZE=16",
				  text, what);
}

/* A number, or in the configuration space a register of the header. */
static bool parse_offset(struct span where, struct region_store *ret)
{
	const struct pciconfig_field *fields;
	size_t nr;

	if (!parse_u64_span(where, 0, &ret->offset))
		return true;
	fields = pciconfig_header_fields(0, &nr);
	for (size_t i = 0; ret->region == VT_PCI_CONFIG && i < nr; i++) {
		if (fields[i].bits != fields[i].width * 8 || strlen(fields[i].name) != where.len ||
		    strncasecmp(fields[i].name, where.s, where.len))
			continue;
		ret->offset = fields[i].offset;
		ret->width = fields[i].width;
		return true;
	}
	return false;
}

bool region_width_parse(const char *s, size_t len, unsigned int *ret)
{
	static const char letters[] = "bwlq";
	struct span text = { s, len };
	const char *letter = text.len == 1 ? strchr(letters, *text.s) : NULL;
	uint64_t number;

	if (letter && *letter) {
		*ret = 1U << (letter - letters);
		return true;
	}
	if (parse_u64_span(text, 10, &number) < 0 || number > 8 || !number ||
	    (number & (number - 1)))
		return false;
	*ret = (unsigned int)number;
	return true;
}

int region_store_parse(const char *text, struct region_store *ret, struct failure **reterr)
{
	const char *plus = strchr(text, '+'), *equals = strchr(text, '='), *colon;
	struct span value;

	*ret = (struct region_store){ .text = text };
	if (!plus || !equals || plus > equals)
		return usage(reterr, text, "invalid");
	colon = strchr(equals, ':');
	if (region_index_parse(text, (size_t)(plus - text), &ret->region) < 0)
		return usage(reterr, text, "no such region");
	if (!parse_offset((struct span){ plus + 1, (size_t)(equals - plus - 1) }, ret))
		return usage(reterr, text, "the offset is neither a number nor a register's name");
	value = (struct span){ equals + 1,
			       colon ? (size_t)(colon - equals - 1) : strlen(equals + 1) };
	if (parse_u64_span(value, 0, &ret->value) < 0)
		return usage(reterr, text, "the value is not a number of 64 bits");
	if (colon && !region_width_parse(colon + 1, strlen(colon + 1), &ret->width))
		return usage(reterr, text, "the width is 1, 2, 4 or 8 bytes");
	if (!ret->width)
		ret->width = 4;
	if (ret->width < 8 && ret->value >> (8 * ret->width))
		return usage(reterr, text, "the value does not fit the width");
	if (ret->offset % ret->width)
		return usage(reterr, text, "the offset is not a multiple of the width");
	return 0;
}
