/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/resv.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *text;
	enum resv_type type;
} resv_types[] = {
	{ "direct", RESV_DIRECT },
	{ "direct-relaxable", RESV_DIRECT_RELAXABLE },
	{ "reserved", RESV_RESERVED },
	{ "msi", RESV_MSI },
};

static int parse_address(struct span s, uint64_t *ret)
{
	/* The kernel prints 0x and 16 digits; a number without the prefix is something else. */
	if (s.len < 3 || s.s[0] != '0' || s.s[1] != 'x')
		return -EBADMSG;
	return parse_u64_span(s, 16, ret) < 0 ? -EBADMSG : 0;
}

static int parse_region(struct span line, struct arena *a, struct resv_region *ret)
{
	struct span start, last, type, more;

	if (!parse_word(&line, &start) || !parse_word(&line, &last) || !parse_word(&line, &type) ||
	    parse_word(&line, &more))
		return -EBADMSG;
	if (!text_is_plain(type.s, type.len))
		return -EBADMSG;
	if (parse_address(start, &ret->start) < 0 || parse_address(last, &ret->last) < 0 ||
	    ret->start > ret->last)
		return -EBADMSG;
	ret->type = RESV_OTHER;
	ret->type_text = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(resv_types); i++)
		if (span_equals(type, resv_types[i].text)) {
			ret->type = resv_types[i].type;
			ret->type_text = resv_types[i].text;
		}
	if (!ret->type_text)
		ret->type_text = arena_strndup(a, type.s, type.len);
	return 0;
}

static int region_compare(const void *a, const void *b)
{
	const struct resv_region *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->last != y->last)
		return x->last < y->last ? -1 : 1;
	return (int)x->type - (int)y->type;
}

int resv_parse(struct span text, struct arena *a, struct resv_region **ret, size_t *ret_nr)
{
	struct resv_region *regions = NULL;
	struct span line;
	size_t nr = 0;
	int r;

	while (parse_line(&text, &line)) {
		if (nr == RESV_REGIONS_MAX)
			return -E2BIG;
		regions = arena_grow(a, regions, nr, sizeof(*regions));
		r = parse_region(line, a, &regions[nr]);
		if (r < 0)
			return r;
		nr++;
	}
	if (nr)
		qsort(regions, nr, sizeof(*regions), region_compare);
	*ret = regions;
	*ret_nr = nr;
	return 0;
}
