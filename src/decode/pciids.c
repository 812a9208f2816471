/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/pciids.h"

#include <string.h>

/* "8086  Intel Corporation": @digits of hexadecimal, blanks, a name. */
static bool entry_parse(struct span line, size_t digits, uint32_t *id, struct span *name)
{
	uint64_t number;
	size_t at = digits;

	if (line.len <= digits || line.s[digits] != ' ' ||
	    parse_u64_span((struct span){ line.s, digits }, 16, &number) < 0)
		return false;
	while (at < line.len && line.s[at] == ' ')
		at++;
	while (line.len > at && (line.s[line.len - 1] == ' ' || line.s[line.len - 1] == '\r'))
		line.len--;
	*id = (uint32_t)number;
	*name = (struct span){ line.s + at, line.len - at };
	return name->len > 0;
}

/* A line that begins a block: "8086  NAME" or "C 01  NAME". */
static bool block_parse(struct span line, struct pciids_block *ret)
{
	*ret = (struct pciids_block){ .class_block = line.len > 2 && !memcmp(line.s, "C ", 2) };
	if (!ret->class_block)
		return entry_parse(line, 4, &ret->id, &ret->name);
	return entry_parse((struct span){ line.s + 2, line.len - 2 }, 2, &ret->id, &ret->name);
}

void pciids_index(struct span text, struct arena *a, struct pciids *ret)
{
	struct pciids_block *open = NULL;
	struct span line;

	*ret = (struct pciids){ 0 };
	while (parse_line(&text, &line)) {
		struct pciids_block block;

		if (!line.len || *line.s == '\t' || *line.s == '#')
			continue;
		if (open)
			open->lines.len = (size_t)(line.s - open->lines.s);
		open = NULL;
		if (!block_parse(line, &block))
			continue;
		block.lines = text;
		ret->blocks = arena_grow(a, ret->blocks, ret->nr_blocks, sizeof(*ret->blocks));
		open = &ret->blocks[ret->nr_blocks++];
		*open = block;
	}
}

static const struct pciids_block *block_find(const struct pciids *p, bool class_block, uint32_t id)
{
	for (size_t i = 0; i < p->nr_blocks; i++)
		if (p->blocks[i].id == id && p->blocks[i].class_block == class_block)
			return &p->blocks[i];
	return NULL;
}

/* "\tID  NAME"; what hangs below such a line has two tabs. */
static bool below_parse(struct span line, size_t digits, uint32_t *id, struct span *name)
{
	if (line.len < 2 || line.s[0] != '\t' || line.s[1] == '\t')
		return false;
	return entry_parse((struct span){ line.s + 1, line.len - 1 }, digits, id, name);
}

/* Halves @lines, which are sorted by custom. */
static bool lines_find_sorted(struct span lines, size_t digits, uint32_t id, struct span *ret)
{
	while (lines.len) {
		size_t start = lines.len / 2, at;
		struct span rest, line;
		uint32_t found = 0;
		bool any = false;

		while (start && lines.s[start - 1] != '\n')
			start--;
		rest = (struct span){ lines.s + start, lines.len - start };
		while (!any && parse_line(&rest, &line))
			any = below_parse(line, digits, &found, ret);
		if (any && found == id)
			return true;
		at = (size_t)(rest.s - lines.s);
		lines = any && found < id ? (struct span){ lines.s + at, lines.len - at }
					  : (struct span){ lines.s, start };
	}
	return false;
}

static bool lines_find(struct span lines, size_t digits, uint32_t id, struct span *ret)
{
	struct span line;
	uint32_t found;

	if (lines_find_sorted(lines, digits, id, ret))
		return true;
	while (parse_line(&lines, &line))
		if (below_parse(line, digits, &found, ret) && found == id)
			return true;
	return false;
}

bool pciids_vendor(const struct pciids *p, uint16_t vendor, struct span *ret)
{
	const struct pciids_block *block = block_find(p, false, vendor);

	if (block)
		*ret = block->name;
	return block != NULL;
}

bool pciids_device(const struct pciids *p, uint16_t vendor, uint16_t device, struct span *ret)
{
	const struct pciids_block *block = block_find(p, false, vendor);

	return block && lines_find(block->lines, 4, device, ret);
}

bool pciids_class(const struct pciids *p, uint16_t code, struct span *ret)
{
	const struct pciids_block *block = block_find(p, true, code >> 8);

	return block && lines_find(block->lines, 2, code & 0xff, ret);
}
