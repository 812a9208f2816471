/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/btf.h"

#include <errno.h>
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
	/* Stays in the cache of a processor. */
	WINDOW = 64 << 10,
	/* pahole keeps each string once. */
	TIMES_MAX = 4,
	/* Longer than any name; a read may give less than it was asked for. */
	STRING_MAX = 256,
	NR_MARKS = 4096,
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

struct section {
	size_t start, len;
};

/* One file in the work. */
struct search {
	btf_reader *read;
	void *ctx;
	const struct btf_strings *base; /* or NULL */
	const char *const *names;
	size_t nr;
	uint64_t lengths
		[UINT8_MAX +
		 1]; /* of the names with this first letter: bit n is n bytes, the last is more */
	struct arena *a;
	struct section types, strings;
	/* of the strings */
	struct btf_name *hits;
	size_t nr_hits;
	/* what was read last */
	size_t start, len;
	char buf[WINDOW];
};

static uint32_t u32_at(const char *s, size_t at)
{
	uint32_t ret;

	memcpy(&ret, s + at, sizeof(ret));
	return ret;
}

/* Reads on from @at, @need bytes at least. 0, -EBADMSG where the file ends, or the errno of the read. */
static int search_move(struct search *s, size_t at, size_t need)
{
	s->start = at;
	s->len = 0;
	while (s->len < need) {
		ssize_t n = s->read(s->ctx, at + s->len, s->buf + s->len, sizeof(s->buf) - s->len);

		if (n <= 0)
			return n < 0 ? (int)n : -EBADMSG;
		s->len += (size_t)n;
	}
	return 0;
}

/* The section that the header, in the window, describes at @at. */
static bool section_get(const struct search *s, size_t at, struct section *ret)
{
	ret->start = (size_t)u32_at(s->buf, 4) + u32_at(s->buf, at);
	ret->len = u32_at(s->buf, at + 4);
	return ret->len <= BTF_SECTION_MAX;
}

static int search_open(struct search *s)
{
	uint16_t magic;
	int r = search_move(s, 0, BTF_HEADER_LEN);

	if (r < 0)
		return r;
	memcpy(&magic, s->buf, sizeof(magic));
	if (magic != BTF_MAGIC || s->buf[2] != BTF_VERSION || u32_at(s->buf, 4) < BTF_HEADER_LEN ||
	    !section_get(s, 8, &s->types) || !section_get(s, 16, &s->strings))
		return -EBADMSG;
	return 0;
}

/* ---- strings ---- */

static uint64_t length_bit(size_t len)
{
	return UINT64_C(1) << (len < 63 ? len : 63);
}

static int name_search(const void *key, const void *slot)
{
	return strcmp(key, *(const char *const *)slot);
}

/* Adds the string @text, @offset bytes into the strings of this file, if it is one of the names. */
static int note_string(struct search *s, const char *text, size_t len, size_t offset)
{
	const char *const *hit;

	if (!(s->lengths[(unsigned char)*text] & length_bit(len)))
		return 0;
	hit = bsearch(text, s->names, s->nr, sizeof(*s->names), name_search);
	if (!hit)
		return 0;
	if (s->nr_hits == TIMES_MAX * s->nr)
		return -EBADMSG;
	s->hits = arena_grow(s->a, s->hits, s->nr_hits, sizeof(*s->hits));
	s->hits[s->nr_hits++] = (struct btf_name){
		.offset = (uint32_t)(offset + (s->base ? s->base->len : 0)),
		.index = (uint32_t)(hit - s->names),
	};
	return 0;
}

/* One pass over the strings, each of which ends within its section. A string that fills the window is longer than any name. */
static int find_strings(struct search *s)
{
	size_t at = 0;
	bool within = false;

	while (at < s->strings.len) {
		size_t left = s->strings.len - at;
		int r = search_move(s, s->strings.start + at,
				    left < STRING_MAX ? left : STRING_MAX);
		const char *text = s->buf, *end;

		left = left < s->len ? left : s->len;
		while (r >= 0 && (end = memchr(text, '\0', left))) {
			size_t len = (size_t)(end - text);

			if (!within)
				r = note_string(s, text, len, at);
			within = false;
			text += len + 1;
			at += len + 1;
			left -= len + 1;
		}
		if (r < 0)
			return r;
		/* What is left begins the next window, unless it was the whole of this one. */
		if (at + left == s->strings.len && left)
			return -EBADMSG;
		within = left == s->len;
		at += within ? left : 0;
	}
	return 0;
}

/* ---- types ---- */

static const struct btf_name *find_hit(const struct btf_name *hits, size_t nr, uint32_t offset)
{
	for (size_t i = 0; i < nr; i++)
		if (hits[i].offset == offset)
			return &hits[i];
	return NULL;
}

/* Where a name may be: one bit for the offsets that are alike in their last bits. */
static void mark(bool *marks, const struct btf_name *hits, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		marks[hits[i].offset % NR_MARKS] = true;
}

/* One pass over the types. */
static int find_functions(struct search *s, bool *found)
{
	const struct btf_strings none = { 0 }, *base = s->base ? s->base : &none;
	bool marks[NR_MARKS] = { false };
	size_t at = 0;

	/* The window is behind all types now. */
	s->start = s->len = 0;
	mark(marks, base->names, base->nr_names);
	mark(marks, s->hits, s->nr_hits);
	while (at < s->types.len) {
		size_t place = s->types.start + at;
		const struct btf_name *hit;
		uint32_t name, info, kind;
		int r;

		if (place + BTF_TYPE_LEN > s->start + s->len) {
			r = search_move(s, place, BTF_TYPE_LEN);
			if (r < 0)
				return r;
		}
		name = u32_at(s->buf, place - s->start);
		info = u32_at(s->buf, place - s->start + 4);
		kind = info >> 24 & 0x1f;
		if (!kind || kind >= NR_BTF_KINDS || s->types.len - at < BTF_TYPE_LEN)
			return -EBADMSG;
		if (kind == BTF_KIND_FUNC) {
			if (name >= base->len + s->strings.len)
				return -EBADMSG;
			hit = marks[name % NR_MARKS] ? find_hit(s->hits, s->nr_hits, name) : NULL;
			if (!hit && marks[name % NR_MARKS])
				hit = find_hit(base->names, base->nr_names, name);
			if (hit)
				found[hit->index] = true;
		}
		at += BTF_TYPE_LEN + tails[kind].own + (info & 0xffff) * (size_t)tails[kind].each;
	}
	return at == s->types.len ? 0 : -EBADMSG;
}

int btf_find_functions(btf_reader *read, void *ctx, const struct btf_strings *base,
		       const char *const *names, size_t nr, struct arena *a,
		       struct btf_strings *ret, bool *found)
{
	struct search s = {
		.read = read, .ctx = ctx, .base = base, .names = names, .nr = nr, .a = a
	};
	int r = search_open(&s);

	for (size_t i = 0; i < nr; i++)
		s.lengths[(unsigned char)names[i][0]] |= length_bit(strlen(names[i]));
	if (r >= 0)
		r = find_strings(&s);
	if (r < 0)
		return r;
	*ret = (struct btf_strings){ (uint32_t)s.strings.len, s.hits, s.nr_hits };
	return find_functions(&s, found);
}
