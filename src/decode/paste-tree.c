/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lspci -t: which bridge each device is behind.
 *
 *     -[0000:00]-+-00.0
 *                +-01.0-[01]--+-00.0
 *                |            \-00.1
 *                \-1c.0-[02-03]----00.0
 */
#include "decode/paste.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 512 };

/* What is known of a column: the bus whose devices branch off there, and its bridge. */
struct paste_column {
	uint8_t bus;
	const struct paste_device *bridge;
	bool known;
};

static bool hex2(struct span s, size_t at, uint8_t *ret)
{
	uint64_t value;

	if (at + 2 > s.len || parse_u64_span((struct span){ s.s + at, 2 }, 16, &value) < 0)
		return false;
	*ret = (uint8_t)value;
	return true;
}

/* "[0000:00]", "[01]", "[02-03]"; the number of characters, or 0. */
static size_t bus_at(struct paste *p, struct span s, size_t at, uint8_t *ret_bus)
{
	uint64_t domain;
	size_t len;

	if (s.s[at] != '[')
		return 0;
	for (len = 1; at + len < s.len && s.s[at + len] != ']'; len++)
		;
	if (at + len >= s.len)
		return 0;
	if (len > 4 && s.s[at + 5] == ':' &&
	    !parse_u64_span((struct span){ s.s + at + 1, 4 }, 16, &domain)) {
		p->tree_domain = (uint32_t)domain;
		return hex2(s, at + 6, ret_bus) ? len + 1 : 0;
	}
	return hex2(s, at + 1, ret_bus) ? len + 1 : 0;
}

/* "1c.0" on @bus; the number of characters, or 0. */
static size_t device_at(struct paste *p, struct span s, size_t at, const struct paste_column *now,
			struct paste_device **ret)
{
	char name[32];
	uint8_t slot;

	if (at + 4 > s.len || !hex2(s, at, &slot) || s.s[at + 2] != '.' || s.s[at + 3] < '0' ||
	    s.s[at + 3] > '7')
		return 0;
	snprintf(name, sizeof(name), "%04x:%02x:%02x.%c", p->tree_domain, now->bus, slot,
		 s.s[at + 3]);
	*ret = paste_device(p, (struct span){ name, strlen(name) });
	if (!*ret)
		return 0;
	(*ret)->has_above = true;
	(*ret)->above = now->bridge;
	return 4;
}

static bool is_tree(const struct paste *p, struct span line)
{
	struct span text = span_strip(line);

	if (text.len > 2 && text.s[0] == '-' &&
	    (text.s[1] == '[' || (text.s[1] == '+' && memchr(text.s, '[', text.len))))
		return true;
	return p->in == IN_TREE && text.len > 2 && strchr("|+\\", text.s[0]);
}

bool paste_tree(struct paste *p, struct span line)
{
	struct paste_column now = { 0 };
	struct paste_device *d = NULL;
	uint8_t bus;
	size_t len;

	if (!is_tree(p, line)) {
		p->in = p->in == IN_TREE ? IN_NOTHING : p->in;
		return false;
	}
	if (!p->columns)
		p->columns = arena_array(p->arena, COLUMNS_MAX, sizeof(*p->columns));
	p->in = IN_TREE;
	for (size_t i = 0; i < line.len && i < COLUMNS_MAX; i += len ? len : 1) {
		const char c = line.s[i];

		len = 0;
		if (c == '+' || c == '\\') {
			if (now.known)
				p->columns[i] = now;
			else
				now = p->columns[i];
		} else if ((len = bus_at(p, line, i, &bus))) {
			now = (struct paste_column){ .bus = bus, .bridge = d, .known = true };
			d = NULL;
		} else if (now.known && (len = device_at(p, line, i, &now, &d))) {
			p->parts |= PASTE_TREE;
		} else if (c == ' ' && d) {
			/* Names of devices, with -v. */
			break;
		}
	}
	return true;
}
