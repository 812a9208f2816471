/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/procfs.h"

#include <errno.h>
#include <string.h>

enum { INTERRUPTS_CPUS_MAX = 65536, INTERRUPTS_CHIPS_MAX = 65536 };

/* Counts the CPU columns in the heading of /proc/interrupts. */
static size_t interrupts_cpus(struct span text)
{
	struct span line, word;
	size_t nr = 0;

	if (!parse_line(&text, &line))
		return 0;
	while (nr < INTERRUPTS_CPUS_MAX && parse_word(&line, &word)) {
		if (word.len < 4 || memcmp(word.s, "CPU", 3))
			return 0;
		nr++;
	}
	return nr;
}

/* Cuts "        12" off @line. A large machine has a million of these: nothing else is looked at. */
static bool skip_counter(struct span *line)
{
	size_t i = 0, start;

	while (i < line->len && line->s[i] == ' ')
		i++;
	start = i;
	while (i < line->len && line->s[i] >= '0' && line->s[i] <= '9')
		i++;
	if (i == start || (i < line->len && line->s[i] != ' '))
		return false;
	line->s += i;
	line->len -= i;
	return true;
}

/* The chip of a line "  24:   0   0  IR-PCI-MSI-0000:00:02.0  0-edge  name". Only lines with a number
 * in front are of an interrupt; the others are counters of the architecture. */
static bool interrupts_line(struct span line, size_t nr_cpus, struct span *chip)
{
	struct span word;
	uint64_t value;

	if (!parse_word(&line, &word) || word.len < 2 || word.s[word.len - 1] != ':')
		return false;
	word.len--;
	if (parse_u64_span(word, 10, &value) < 0)
		return false;
	for (size_t i = 0; i < nr_cpus; i++)
		if (!skip_counter(&line))
			return false;
	return parse_word(&line, chip) && text_is_plain(chip->s, chip->len);
}

bool chips_line(struct chips *c, struct span line)
{
	static const char remapped[] = "IR-PCI-MSI";
	struct span chip;
	char *name;

	if (!c->nr_cpus) {
		c->nr_cpus = interrupts_cpus(line);
		return c->nr_cpus > 0;
	}
	if (c->seen.nr == INTERRUPTS_CHIPS_MAX)
		return false;
	if (!interrupts_line(line, c->nr_cpus, &chip) || strmap_find_span(&c->seen, chip))
		return true;
	name = arena_strndup(c->arena, chip.s, chip.len);
	c->seen.arena = c->arena;
	strmap_add(&c->seen, name, name);
	strbuf_add_span(&c->names, chip);
	strbuf_add(&c->names, "\n", 1);
	/* Says that this x86 machine remaps interrupts, and whether the chip is the device's own: a machine with thousands
	 * of devices has a line for each, and the others say the same. */
	return chip.len < sizeof(remapped) - 1 ||
	       memcmp(chip.s, remapped, sizeof(remapped) - 1) != 0;
}

char *interrupts_reduce(struct span text, struct arena *a)
{
	struct arena *scratch = arena_new();
	struct chips c = { .arena = scratch, .names = { .arena = scratch } };
	struct span line;
	char *ret;

	while (parse_line(&text, &line) && chips_line(&c, line))
		;
	ret = c.nr_cpus ? arena_strdup(a, strbuf_get(&c.names)) : NULL;
	arena_free(scratch);
	return ret;
}

bool status_get(struct span text, const char *name, struct span *ret)
{
	struct span line;

	while (parse_line(&text, &line)) {
		const char *colon = memchr(line.s, ':', line.len);

		if (!colon ||
		    !span_equals(span_strip((struct span){ line.s, (size_t)(colon - line.s) }),
				 name))
			continue;
		*ret = span_strip((struct span){ colon + 1,
						 line.len - (size_t)(colon - line.s) - 1 });
		return true;
	}
	return false;
}

int status_get_bytes(struct span text, const char *name, uint64_t *ret)
{
	struct span rest, number, unit;
	uint64_t value;

	if (!status_get(text, name, &rest))
		return -ENODATA;
	if (!parse_word(&rest, &number) || !parse_word(&rest, &unit) || !span_equals(unit, "kB") ||
	    parse_u64_span(number, 10, &value) < 0 || __builtin_mul_overflow(value, 1024, ret))
		return -EBADMSG;
	return 0;
}

static int stat_number(struct span *rest, unsigned int limit, uint32_t *ret)
{
	struct span word;
	uint64_t value;

	if (!parse_word(rest, &word) || parse_u64_span(word, 10, &value) < 0 || value > limit)
		return -EBADMSG;
	*ret = (uint32_t)value;
	return 0;
}

static int stat_device(struct span word, uint32_t *ret_major, uint32_t *ret_minor)
{
	const char *colon = memchr(word.s, ':', word.len);
	uint64_t left, right;

	if (!colon ||
	    parse_u64_span((struct span){ word.s, (size_t)(colon - word.s) }, 10, &left) < 0 ||
	    parse_u64_span((struct span){ colon + 1, word.len - (size_t)(colon - word.s) - 1 }, 10,
			   &right) < 0 ||
	    left > UINT32_MAX || right > UINT32_MAX)
		return -EBADMSG;
	*ret_major = (uint32_t)left;
	*ret_minor = (uint32_t)right;
	return 0;
}

int stat_text_parse(struct span text, struct stat_text *ret)
{
	struct span mode, device;
	struct stat_text st;
	uint64_t value;

	if (!parse_word(&text, &st.type) || !parse_word(&text, &mode) ||
	    parse_u64_span(mode, 8, &value) < 0 || value > 07777)
		return -EBADMSG;
	st.mode = (unsigned int)value;
	if (stat_number(&text, UINT32_MAX, &st.uid) < 0 ||
	    stat_number(&text, UINT32_MAX, &st.gid) < 0)
		return -EBADMSG;
	if (!parse_word(&text, &device) || stat_device(device, &st.major, &st.minor) < 0)
		return -EBADMSG;
	*ret = st;
	return 0;
}
