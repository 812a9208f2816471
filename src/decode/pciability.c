/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/pciability.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"

enum {
	ECAP_ATS = 0x0f,
	ECAP_PRI = 0x13,
	ECAP_REBAR = 0x15,
	ECAP_PASID = 0x1b,
	LEGACY = 256,
};

/* ---- registers ---- */

struct source {
	pcigroup_reader *read;
	void *ctx;
};

/* Where capability @id is, 0 where it is not. */
static enum pcigroup_cap find(const struct source *s, uint16_t id, uint32_t *ret)
{
	if (!pcigroup_find_extended(s->read, s->ctx, id, ret))
		return PCIGROUP_UNREAD;
	return *ret ? PCIGROUP_PRESENT : PCIGROUP_NONE;
}

static bool get(const struct source *s, size_t offset, unsigned int width, uint32_t *ret)
{
	return s->read(s->ctx, offset, width, ret);
}

static void read_ats(const struct source *s, struct pciability *p)
{
	uint32_t at;

	p->ats = find(s, ECAP_ATS, &at);
	if (p->ats == PCIGROUP_PRESENT &&
	    (!get(s, at + 4, 2, &p->ats_cap) || !get(s, at + 6, 2, &p->ats_ctrl)))
		p->ats = PCIGROUP_UNREAD;
}

static void read_pri(const struct source *s, struct pciability *p)
{
	uint32_t at;

	p->pri = find(s, ECAP_PRI, &at);
	if (p->pri == PCIGROUP_PRESENT &&
	    (!get(s, at + 4, 2, &p->pri_ctrl) || !get(s, at + 6, 2, &p->pri_status) ||
	     !get(s, at + 8, 4, &p->pri_capacity) || !get(s, at + 12, 4, &p->pri_allowed)))
		p->pri = PCIGROUP_UNREAD;
}

static void read_pasid(const struct source *s, struct pciability *p)
{
	uint32_t at;

	p->pasid = find(s, ECAP_PASID, &at);
	if (p->pasid == PCIGROUP_PRESENT &&
	    (!get(s, at + 4, 2, &p->pasid_cap) || !get(s, at + 6, 2, &p->pasid_ctrl)))
		p->pasid = PCIGROUP_UNREAD;
}

/* The control register of the first says how many there are. */
static void read_rebars(const struct source *s, struct pciability *p)
{
	uint32_t at, nr = 1;

	p->rebar = find(s, ECAP_REBAR, &at);
	for (uint32_t i = 0; p->rebar == PCIGROUP_PRESENT && i < nr; i++) {
		struct pcirebar *r = &p->rebars[i];

		if (!get(s, at + 4 + 8 * i, 4, &r->cap) || !get(s, at + 8 + 8 * i, 4, &r->ctrl)) {
			p->rebar = PCIGROUP_UNREAD;
			p->nr_rebars = 0;
			return;
		}
		if (!i)
			nr = r->ctrl >> 5 & 7;
		if (nr > PCIABILITY_BARS)
			nr = PCIABILITY_BARS;
		if (i < nr)
			p->nr_rebars++;
	}
}

int pciability_read(pcigroup_reader *read, void *ctx, size_t size, struct pciability *ret)
{
	const struct source s = { read, ctx };
	uint32_t ids;

	*ret = (struct pciability){ .size = (uint32_t)size };
	if (!get(&s, 0, 4, &ids))
		return -ENODATA;
	if (size <= PCIGROUP_HEADER)
		return 0;
	if (size <= LEGACY) {
		ret->ats = ret->pri = ret->pasid = ret->rebar = PCIGROUP_NONE;
		return 0;
	}
	read_ats(&s, ret);
	read_pri(&s, ret);
	read_pasid(&s, ret);
	read_rebars(&s, ret);
	return 0;
}

/* ---- text ---- */

/* "ats=none", "ats=20,8000"; nothing where it could not be read. */
static void put(struct strbuf *out, const char *key, enum pcigroup_cap cap, const uint32_t *values,
		size_t nr)
{
	if (cap == PCIGROUP_UNREAD)
		return;
	strbuf_printf(out, " %s=", key);
	if (cap == PCIGROUP_NONE)
		strbuf_printf(out, "none");
	for (size_t i = 0; cap == PCIGROUP_PRESENT && i < nr; i++)
		strbuf_printf(out, "%s%" PRIx32, i ? "," : "", values[i]);
}

const char *pciability_format(const struct pciability *p, struct arena *a)
{
	const uint32_t ats[] = { p->ats_cap, p->ats_ctrl };
	const uint32_t pri[] = { p->pri_ctrl, p->pri_status, p->pri_capacity, p->pri_allowed };
	const uint32_t pasid[] = { p->pasid_cap, p->pasid_ctrl };
	uint32_t rebar[2 * PCIABILITY_BARS];
	struct strbuf out = { .arena = a };

	for (size_t i = 0; i < p->nr_rebars; i++) {
		rebar[2 * i] = p->rebars[i].cap;
		rebar[2 * i + 1] = p->rebars[i].ctrl;
	}
	strbuf_printf(&out, "size=%" PRIx32, p->size);
	put(&out, "ats", p->ats, ats, ARRAY_SIZE(ats));
	put(&out, "pri", p->pri, pri, ARRAY_SIZE(pri));
	put(&out, "pasid", p->pasid, pasid, ARRAY_SIZE(pasid));
	put(&out, "rebar", p->rebar, rebar, 2 * p->nr_rebars);
	return strbuf_get(&out);
}

/* The values of a word; their number, or -EBADMSG. */
static int values_of(struct span text, uint32_t *ret, size_t max)
{
	struct span item;
	uint64_t v;
	size_t nr = 0;

	while (parse_item(&text, &item)) {
		if (nr == max || parse_u64_span(item, 16, &v) < 0 || v > UINT32_MAX)
			return -EBADMSG;
		ret[nr++] = (uint32_t)v;
	}
	return (int)nr;
}

static int set(struct pciability *p, struct span key, struct span text)
{
	const struct {
		const char *key;
		enum pcigroup_cap *cap;
		size_t nr; /* values; 0: pairs of a BAR each */
		uint32_t *into[4];
	} words[] = {
		{ "ats", &p->ats, 2, { &p->ats_cap, &p->ats_ctrl } },
		{ "pri",
		  &p->pri,
		  4,
		  { &p->pri_ctrl, &p->pri_status, &p->pri_capacity, &p->pri_allowed } },
		{ "pasid", &p->pasid, 2, { &p->pasid_cap, &p->pasid_ctrl } },
		{ "rebar", &p->rebar, 0, { NULL } },
	};
	uint32_t values[2 * PCIABILITY_BARS];
	int nr;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!span_equals(key, words[i].key))
			continue;
		*words[i].cap = PCIGROUP_NONE;
		if (span_equals(text, "none"))
			return 0;
		*words[i].cap = PCIGROUP_PRESENT;
		nr = values_of(text, values, ARRAY_SIZE(values));
		if (nr < 0 || (words[i].nr ? (size_t)nr != words[i].nr : nr % 2))
			return -EBADMSG;
		for (size_t k = 0; k < words[i].nr; k++)
			*words[i].into[k] = values[k];
		if (words[i].nr)
			return 0;
		p->nr_rebars = (size_t)nr / 2;
		for (size_t k = 0; k < p->nr_rebars; k++)
			p->rebars[k] = (struct pcirebar){ values[2 * k], values[2 * k + 1] };
		return 0;
	}
	return -EBADMSG;
}

int pciability_parse(struct span text, struct pciability *ret)
{
	struct pciability p = { 0 };
	struct span word;

	while (parse_word(&text, &word)) {
		const char *equals = memchr(word.s, '=', word.len);
		struct span key = { word.s, equals ? (size_t)(equals - word.s) : 0 };
		struct span value = { equals ? equals + 1 : "",
				      equals ? word.len - key.len - 1 : 0 };

		if (!key.len)
			return -EBADMSG;
		if (span_equals(key, "size") ? values_of(value, &p.size, 1) != 1
					     : set(&p, key, value) < 0)
			return -EBADMSG;
	}
	if (p.size < PCIGROUP_HEADER)
		return -EBADMSG;
	*ret = p;
	return 0;
}

/* ---- what they mean ---- */

unsigned int pciability_ats_queue(const struct pciability *p)
{
	return p->ats_cap & 0x1f ? p->ats_cap & 0x1f : 32;
}

bool pciability_ats_on(const struct pciability *p)
{
	return p->ats_ctrl & 0x8000;
}

bool pciability_pri_on(const struct pciability *p)
{
	return p->pri_ctrl & 1;
}

unsigned int pciability_pasid_bits(const struct pciability *p)
{
	return p->pasid_cap >> 8 & 0x1f;
}

bool pciability_pasid_on(const struct pciability *p)
{
	return p->pasid_ctrl & 1;
}

unsigned int pcirebar_bar(const struct pcirebar *r)
{
	return r->ctrl & 7;
}

uint64_t pcirebar_size(const struct pcirebar *r)
{
	unsigned int size = r->ctrl >> 8 & 0x3f;

	return size <= 43 ? UINT64_C(1) << (size + 20) : 0;
}

/* Bit 4 of the capability is 1 MiB, bit 31 128 TiB; the control register goes on with 256 TiB in bit 16. */
uint64_t pcirebar_sizes(const struct pcirebar *r)
{
	return (uint64_t)(r->cap >> 4) << 20 | (uint64_t)(r->ctrl >> 16) << 48;
}

/* ---- resource ---- */

bool pciresource_next(struct span *rest, struct pciresource *ret)
{
	enum { IO = 0x100, MEMORY = 0x200, PREFETCH = 0x2000, WIDE = 0x100000, UNSET = 0x20000000 };
	enum { DISABLED = 0x10000000 };
	uint64_t values[3];
	struct span line, word;
	size_t nr = 0;

	*ret = (struct pciresource){ 0 };
	if (!parse_line(rest, &line))
		return false;
	while (nr < ARRAY_SIZE(values) && parse_word(&line, &word)) {
		if (word.len < 3 ||
		    parse_u64_span((struct span){ word.s + 2, word.len - 2 }, 16, &values[nr]) < 0)
			return true;
		nr++;
	}
	if (nr < ARRAY_SIZE(values) || !values[2] || values[1] < values[0])
		return true;
	*ret = (struct pciresource){
		.start = values[0],
		.last = values[1],
		.used = values[2] & (IO | MEMORY) && (values[1] || values[0]),
		.io = values[2] & IO,
		.memory = values[2] & MEMORY,
		.prefetchable = values[2] & PREFETCH,
		.wide = values[2] & WIDE,
		.disabled = values[2] & (DISABLED | UNSET),
	};
	return true;
}
