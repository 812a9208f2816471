/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/pcigroup.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"

enum {
	STATUS = 0x06,
	STATUS_CAP_LIST = 1 << 4,
	HEADER_TYPE = 0x0e,
	CAPABILITY_LIST = 0x34,
	CB_CAPABILITY_LIST = 0x14,
	SECONDARY_BUS = 0x19,
	EXTENDED = 0x100,
	SPACE = 0x1000,
	CAP_EXPRESS = 0x10,
	EXPRESS_FLAGS = 2,
	EXPRESS_FLAGS_SLOT = 1 << 8,
	EXPRESS_SLOT_CAP = 0x14,
	ECAP_ACS = 0x0d,
};

struct walk {
	pcigroup_reader *read;
	void *ctx;
};

static bool get(const struct walk *w, size_t offset, unsigned int width, uint32_t *ret)
{
	*ret = 0;
	return w->read(w->ctx, offset, width, ret);
}

/* Where the capability @id is: *@ret is 0 when there is none. False when the list breaks off. */
static bool find_legacy(const struct walk *w, unsigned int header, uint32_t *ret)
{
	uint8_t seen[EXTENDED / 4] = { 0 };
	uint32_t status, at, id;

	*ret = 0;
	if (!get(w, STATUS, 2, &status))
		return false;
	if (!(status & STATUS_CAP_LIST) || header > 2)
		return true;
	if (!get(w, header == 2 ? CB_CAPABILITY_LIST : CAPABILITY_LIST, 1, &at))
		return false;
	for (at &= 0xfc; at; at &= 0xfc) {
		if (at < PCIGROUP_HEADER || seen[at / 4]++ || !get(w, at, 1, &id) || id == 0xff)
			return false;
		if (id == CAP_EXPRESS) {
			*ret = at;
			return true;
		}
		if (!get(w, at + 1, 1, &at))
			return false;
	}
	return true;
}

bool pcigroup_find_extended(pcigroup_reader *read, void *ctx, uint16_t id, uint32_t *ret)
{
	const struct walk walk = { read, ctx }, *w = &walk;
	uint8_t seen[SPACE / 4] = { 0 };
	uint32_t at = EXTENDED, header;

	*ret = 0;
	if (!get(w, at, 4, &header))
		return false;
	if (!header || header == UINT32_MAX)
		return true;
	for (;;) {
		if ((header & 0xffff) == id) {
			*ret = at;
			return true;
		}
		seen[at / 4]++;
		at = header >> 20 & 0xffc;
		if (at < EXTENDED)
			return !at;
		if (seen[at / 4] || !get(w, at, 4, &header) || header == UINT32_MAX)
			return false;
	}
}

static void read_express(const struct walk *w, struct pcigroup *ret)
{
	uint32_t at, flags, slot;

	if (!find_legacy(w, ret->header_type, &at))
		return;
	if (!at) {
		ret->pcie = PCIGROUP_NONE;
		return;
	}
	if (!get(w, at + EXPRESS_FLAGS, 2, &flags))
		return;
	ret->pcie = PCIGROUP_PRESENT;
	ret->type = flags >> 4 & 0xf;
	if (!(flags & EXPRESS_FLAGS_SLOT) || !get(w, at + EXPRESS_SLOT_CAP, 4, &slot))
		return;
	ret->has_slot = true;
	ret->slot = (uint16_t)(slot >> 19);
}

static void read_acs(const struct walk *w, struct pcigroup *ret)
{
	uint32_t at, cap, ctrl;

	if (ret->size <= PCIGROUP_HEADER)
		return;
	/* The kernel looks no further than its own idea of the size. */
	if (ret->size <= EXTENDED) {
		ret->acs = PCIGROUP_NONE;
		return;
	}
	if (!pcigroup_find_extended(w->read, w->ctx, ECAP_ACS, &at))
		return;
	if (!at) {
		ret->acs = PCIGROUP_NONE;
		return;
	}
	if (!get(w, at + 4, 2, &cap) || !get(w, at + 6, 2, &ctrl))
		return;
	ret->acs = PCIGROUP_PRESENT;
	ret->acs_cap = (uint16_t)cap;
	ret->acs_ctrl = (uint16_t)ctrl;
	(void)get(w, at + 8, 4, &ret->acs_next);
}

int pcigroup_read(pcigroup_reader *read, void *ctx, size_t size, struct pcigroup *ret)
{
	const struct walk w = { read, ctx };
	uint32_t header, ids, buses;

	*ret = (struct pcigroup){ .size = (uint32_t)size };
	if (!get(&w, 0, 4, &ids) || !get(&w, HEADER_TYPE, 1, &header))
		return -ENODATA;
	/* A virtual function has no ids of its own, but a header type. */
	if (ids == UINT32_MAX && header == 0xff) {
		ret->gone = true;
		return 0;
	}
	ret->header_type = header & 0x7f;
	ret->multifunction = header & 0x80;
	if (ret->header_type && get(&w, SECONDARY_BUS, 2, &buses)) {
		ret->secondary = buses & 0xff;
		ret->subordinate = (uint8_t)(buses >> 8);
	}
	read_express(&w, ret);
	read_acs(&w, ret);
	return 0;
}

/* ---- text ---- */

const char *pcigroup_format(const struct pcigroup *p, struct arena *a)
{
	struct strbuf out = { .arena = a };

	strbuf_printf(&out, "size=%u", p->size);
	if (p->gone) {
		strbuf_printf(&out, " gone=1");
		return strbuf_get(&out);
	}
	strbuf_printf(&out, " header=%u multifunction=%u", p->header_type, p->multifunction);
	if (p->header_type)
		strbuf_printf(&out, " secondary=%u subordinate=%u", p->secondary, p->subordinate);
	strbuf_printf(&out, " pcie=%u", p->pcie);
	if (p->pcie == PCIGROUP_PRESENT)
		strbuf_printf(&out, " type=%u", p->type);
	if (p->has_slot)
		strbuf_printf(&out, " slot=%u", p->slot);
	strbuf_printf(&out, " acs=%u", p->acs);
	if (p->acs == PCIGROUP_PRESENT)
		strbuf_printf(&out, " cap=%u ctrl=%u next=%u", p->acs_cap, p->acs_ctrl,
			      p->acs_next);
	return strbuf_get(&out);
}

/* Words of the text form: where each goes, and what it may be at most. */
static const struct word {
	const char *key;
	size_t at, size;
	uint32_t max;
} words[] = {
#define WORD(key, member, max)                                                                  \
	{                                                                                       \
		key, offsetof(struct pcigroup, member), sizeof(((struct pcigroup *)0)->member), \
			max                                                                     \
	}
	WORD("size", size, SPACE),
	WORD("gone", gone, 1),
	WORD("header", header_type, 0x7f),
	WORD("multifunction", multifunction, 1),
	WORD("secondary", secondary, UINT8_MAX),
	WORD("subordinate", subordinate, UINT8_MAX),
	WORD("pcie", pcie, PCIGROUP_PRESENT),
	WORD("type", type, 0xf),
	WORD("slot", slot, 0x1fff),
	WORD("acs", acs, PCIGROUP_PRESENT),
	WORD("cap", acs_cap, UINT16_MAX),
	WORD("ctrl", acs_ctrl, UINT16_MAX),
	WORD("next", acs_next, UINT32_MAX),
#undef WORD
};

static bool set(struct pcigroup *p, struct span key, uint64_t value)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		uint8_t byte = (uint8_t)value;
		uint16_t half = (uint16_t)value;
		uint32_t whole = (uint32_t)value;
		const void *from = words[i].size == 1   ? (void *)&byte
				   : words[i].size == 2 ? (void *)&half
							: (void *)&whole;

		if (!span_equals(key, words[i].key))
			continue;
		if (value > words[i].max)
			return false;
		memcpy((char *)p + words[i].at, from, words[i].size);
		p->has_slot |= words[i].at == offsetof(struct pcigroup, slot);
		return true;
	}
	return false;
}

int pcigroup_parse(struct span text, struct pcigroup *ret)
{
	struct pcigroup p = { 0 };
	struct span word;

	while (parse_word(&text, &word)) {
		const char *equals = memchr(word.s, '=', word.len);
		size_t len = equals ? (size_t)(equals - word.s) : 0;
		uint64_t v;

		if (!len ||
		    parse_u64_span((struct span){ equals + 1, word.len - len - 1 }, 10, &v) < 0 ||
		    !set(&p, (struct span){ word.s, len }, v))
			return -EBADMSG;
	}
	if (p.size < PCIGROUP_HEADER)
		return -EBADMSG;
	*ret = p;
	return 0;
}
