/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF in the making, for tests. linux: include/uapi/linux/btf.h. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "base/parse.h"

enum { BTF_KIND_INT = 1, BTF_KIND_STRUCT = 4, BTF_KIND_FUNC = 12, BTF_KIND_ENUM64 = 19 };

struct btf_bytes {
	unsigned char b[1024];
	char types[512], strings[256];
	size_t nr_types, nr_strings; /* bytes */
};

static inline void btf_begin(struct btf_bytes *t)
{
	memset(t, 0, sizeof(*t));
	t->nr_strings = 1; /* the empty name */
}

/* A type called @name, with @vlen members, and @tail zero bytes behind it. */
static inline void btf_type(struct btf_bytes *t, unsigned int kind, uint32_t name_off,
			    unsigned int vlen, size_t tail)
{
	uint32_t words[3] = { name_off, kind << 24 | vlen, 0 };

	memcpy(t->types + t->nr_types, words, sizeof(words));
	t->nr_types += sizeof(words) + tail;
}

/* Where @name begins in the strings. */
static inline uint32_t btf_string(struct btf_bytes *t, const char *name)
{
	uint32_t at = (uint32_t)t->nr_strings;

	memcpy(t->strings + at, name, strlen(name) + 1);
	t->nr_strings += strlen(name) + 1;
	return at;
}

static inline void btf_function(struct btf_bytes *t, const char *name)
{
	btf_type(t, BTF_KIND_FUNC, btf_string(t, name), 0, 0);
}

static inline struct span btf_end(struct btf_bytes *t)
{
	uint32_t words[6] = { 0x1eb9f,
			      24,
			      0,
			      (uint32_t)t->nr_types,
			      (uint32_t)t->nr_types,
			      (uint32_t)t->nr_strings };

	memcpy(t->b, words, sizeof(words));
	memcpy(t->b + sizeof(words), t->types, t->nr_types);
	memcpy(t->b + sizeof(words) + t->nr_types, t->strings, t->nr_strings);
	return (struct span){ (const char *)t->b, sizeof(words) + t->nr_types + t->nr_strings };
}
