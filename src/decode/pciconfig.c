/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/pciconfig.h"

#include <string.h>

#include "base/macro.h"

enum {
	STATUS = 0x06,
	STATUS_CAP_LIST = 1 << 4,
	HEADER_TYPE = 0x0e,
	HEADER_TYPE_MASK = 0x7f,
	CAPABILITY_LIST = 0x34,
	CB_CAPABILITY_LIST = 0x14,
	HEADER_END = 0x40, /* no capability below */
};

bool pciconfig_read(const struct pciconfig *c, size_t offset, unsigned int width, uint32_t *ret)
{
	uint32_t value = 0;

	if (offset > c->len || c->len - offset < width)
		return false;
	for (unsigned int i = 0; i < width; i++)
		value |= (uint32_t)c->bytes[offset + i] << (8 * i);
	*ret = value;
	return true;
}

bool pciconfig_get(const struct pciconfig *c, size_t base, const struct pciconfig_field *f,
		   uint32_t *ret)
{
	uint32_t value;

	if (!pciconfig_read(c, base + f->offset, f->width, &value))
		return false;
	*ret = f->bits >= 32 ? value : value >> f->shift & ((UINT32_C(1) << f->bits) - 1);
	return true;
}

unsigned int pciconfig_header_type(const struct pciconfig *c)
{
	uint32_t type;

	if (!pciconfig_read(c, HEADER_TYPE, 1, &type))
		return 0xff;
	return type & HEADER_TYPE_MASK;
}

static void add_cap(struct pciconfig_caps *ret, bool extended, uint16_t id, uint8_t version,
		    uint32_t offset)
{
	struct pciconfig_cap *cap = &ret->items[ret->nr++];

	*cap = (struct pciconfig_cap){
		.id = id,
		.offset = (uint16_t)offset,
		.version = version,
		.extended = extended,
	};
	cap->name = pciconfig_cap_name(extended, id, &cap->title);
}

/* Pointers of one byte, whose two lowest bits are reserved. */
static const char *walk_legacy(const struct pciconfig *c, struct pciconfig_caps *ret)
{
	uint8_t seen[PCICONFIG_LEGACY / 4] = { 0 };
	uint32_t status, at, id;
	unsigned int type = pciconfig_header_type(c);

	if (!pciconfig_read(c, STATUS, 2, &status) || !(status & STATUS_CAP_LIST) || type > 2)
		return NULL;
	if (!pciconfig_read(c, type == 2 ? CB_CAPABILITY_LIST : CAPABILITY_LIST, 1, &at))
		return NULL;
	for (at &= 0xfc; at; at &= 0xfc) {
		if (at < HEADER_END)
			return "the list of capabilities leads into the header";
		if (seen[at / 4]++)
			return "the list of capabilities loops";
		if (!pciconfig_read(c, at, 1, &id))
			return "the list of capabilities leads out of the configuration space";
		if (id == 0xff)
			return "the list of capabilities leads to where nothing answers";
		add_cap(ret, false, (uint16_t)id, 0, at);
		if (!pciconfig_read(c, at + 1, 1, &at))
			return "the list of capabilities leads out of the configuration space";
	}
	return NULL;
}

/* Headers of four bytes: id, version and a pointer of twelve bits. One with the id 0 that leads on is
 * what VFIO leaves of a first capability that it hides. */
static const char *walk_extended(const struct pciconfig *c, struct pciconfig_caps *ret)
{
	uint8_t seen[PCICONFIG_MAX / 4] = { 0 };
	uint32_t at = PCICONFIG_LEGACY, header;

	if (!pciconfig_read(c, at, 4, &header) || !header || header == UINT32_MAX)
		return NULL;
	while (at) {
		if (at < PCICONFIG_LEGACY)
			return "the list of extended capabilities leads into the first 256 bytes";
		if (seen[at / 4]++)
			return "the list of extended capabilities loops";
		if (!pciconfig_read(c, at, 4, &header))
			return "the list of extended capabilities leads out of the configuration space";
		if (header == UINT32_MAX)
			return "the list of extended capabilities leads to where nothing answers";
		if (header & 0xffff)
			add_cap(ret, true, (uint16_t)(header & 0xffff), header >> 16 & 0xf, at);
		at = header >> 20 & 0xffc;
	}
	return NULL;
}

void pciconfig_find_caps(const struct pciconfig *c, struct arena *a, struct pciconfig_caps *ret)
{
	const char *broken;

	*ret = (struct pciconfig_caps){ 0 };
	ret->items = arena_array(a, PCICONFIG_CAPS_MAX + PCICONFIG_ECAPS_MAX, sizeof(*ret->items));
	broken = walk_legacy(c, ret);
	ret->broken = walk_extended(c, ret);
	if (broken)
		ret->broken = broken;
}

static const struct pciconfig_field *find_danger(const struct pciconfig_field *fields, size_t nr,
						 size_t base, size_t offset, unsigned int width)
{
	for (size_t i = 0; i < nr; i++) {
		const struct pciconfig_field *f = &fields[i];
		size_t first = base + f->offset + f->shift / 8;
		size_t last = base + f->offset + (f->shift + f->bits - 1) / 8;

		if (f->danger && first < offset + width && last >= offset)
			return f;
	}
	return NULL;
}

const struct pciconfig_field *pciconfig_danger(const struct pciconfig *c,
					       const struct pciconfig_caps *caps, size_t offset,
					       unsigned int width,
					       const struct pciconfig_cap **ret_cap)
{
	const struct pciconfig_field *fields, *found;
	size_t nr;

	*ret_cap = NULL;
	fields = pciconfig_header_fields(pciconfig_header_type(c), &nr);
	found = find_danger(fields, nr, 0, offset, width);
	for (size_t i = 0; !found && i < caps->nr; i++) {
		fields = pciconfig_cap_fields(caps->items[i].extended, caps->items[i].id, &nr);
		found = find_danger(fields, nr, caps->items[i].offset, offset, width);
		*ret_cap = found ? &caps->items[i] : NULL;
	}
	return found;
}
