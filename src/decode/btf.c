/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/btf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* linux: include/uapi/linux/btf.h */
enum {
	BTF_MAGIC = 0xeb9f,
	BTF_VERSION = 1,
	BTF_HEADER_LEN = 24,
	BTF_TYPE_LEN = 12,
	BTF_KIND_FUNC = 12,
	NR_BTF_KINDS = 20,
	/* linux: kernel/bpf/btf.c: the section of strings of a kernel has 3 to 4 MiB. */
	BTF_SECTION_MAX = 64 << 20,
};

/* The bytes after a type: a fixed part, and one part for each member. linux: include/uapi/linux/btf.h: the
 * structures behind struct btf_type. */
static const struct {
	uint8_t own, each;
} tails[NR_BTF_KINDS] = {
	[1] = { .own = 4 },    /* INT */
	[3] = { .own = 12 },   /* ARRAY */
	[4] = { .each = 12 },  /* STRUCT */
	[5] = { .each = 12 },  /* UNION */
	[6] = { .each = 8 },   /* ENUM */
	[13] = { .each = 8 },  /* FUNC_PROTO */
	[14] = { .own = 4 },   /* VAR */
	[15] = { .each = 12 }, /* DATASEC */
	[17] = { .own = 4 },   /* DECL_TAG */
	[19] = { .each = 12 }, /* ENUM64 */
};

static uint32_t u32_at(struct span s, size_t at)
{
	uint32_t ret;

	memcpy(&ret, s.s + at, sizeof(ret));
	return ret;
}

/* The section that the header describes at @at; false when it is not within @body. */
static bool section_get(struct span bytes, size_t at, struct span body, struct span *ret)
{
	uint32_t off = u32_at(bytes, at), len = u32_at(bytes, at + 4);

	if (len > BTF_SECTION_MAX || off > body.len || len > body.len - off)
		return false;
	*ret = (struct span){ body.s + off, len };
	return true;
}

int btf_open(struct span bytes, struct btf *ret)
{
	uint16_t magic;
	uint32_t header;
	struct span body;

	if (bytes.len < BTF_HEADER_LEN)
		return -EBADMSG;
	memcpy(&magic, bytes.s, sizeof(magic));
	header = u32_at(bytes, 4);
	if (magic != BTF_MAGIC || bytes.s[2] != BTF_VERSION || header < BTF_HEADER_LEN ||
	    header > bytes.len)
		return -EBADMSG;
	body = (struct span){ bytes.s + header, bytes.len - header };
	if (!section_get(bytes, 8, body, &ret->types) ||
	    !section_get(bytes, 16, body, &ret->strings))
		return -EBADMSG;
	/* Every string ends within its section. */
	if (ret->strings.len && ret->strings.s[ret->strings.len - 1])
		return -EBADMSG;
	return 0;
}

static const char *name_at(const struct btf *b, const struct btf *base, uint32_t at)
{
	size_t before = base ? base->strings.len : 0;

	if (at < before)
		return base->strings.s + at;
	return at - before < b->strings.len ? b->strings.s + (at - before) : NULL;
}

static int name_search(const void *key, const void *slot)
{
	return strcmp(key, *(const char *const *)slot);
}

int btf_find_functions(const struct btf *b, const struct btf *base, const char *const *names,
		       size_t nr, bool *found)
{
	bool begins[UINT8_MAX + 1] = { false };
	size_t at = 0;

	for (size_t i = 0; i < nr; i++)
		begins[(unsigned char)names[i][0]] = true;
	while (at < b->types.len) {
		const char *name, *const *hit;
		uint32_t info, kind;

		if (b->types.len - at < BTF_TYPE_LEN)
			return -EBADMSG;
		info = u32_at(b->types, at + 4);
		kind = info >> 24 & 0x1f;
		if (!kind || kind >= NR_BTF_KINDS)
			return -EBADMSG;
		if (kind == BTF_KIND_FUNC) {
			name = name_at(b, base, u32_at(b->types, at));
			if (!name)
				return -EBADMSG;
			hit = begins[(unsigned char)*name]
				      ? bsearch(name, names, nr, sizeof(*names), name_search)
				      : NULL;
			if (hit)
				found[hit - names] = true;
		}
		at += BTF_TYPE_LEN + tails[kind].own + (info & 0xffff) * (size_t)tails[kind].each;
	}
	return at == b->types.len ? 0 : -EBADMSG;
}
