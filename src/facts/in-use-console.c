/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input and output of the console: keyboards, and terminals that the kernel prints to. */
#include <string.h>

#include "decode/procfs.h"
#include "facts/in-use-load.h"

enum { CONSOLES_MAX = 4096 };

/* Event type 0x14: a keyboard repeats its keys, a power button does not.
 * linux: include/uapi/linux/input-event-codes.h: EV_REP. */
enum { EV_REP_BIT = 0x14 };

static void console_add(struct loader *l, struct in_use *u, struct in_use_console c)
{
	if (u->nr_consoles >= CONSOLES_MAX)
		return;
	u->consoles = arena_grow(l->a, u->consoles, u->nr_consoles, sizeof(*u->consoles));
	u->consoles[u->nr_consoles++] = c;
}

static bool starts(struct span s, const char *with, struct span *ret)
{
	size_t len = strlen(with);

	if (s.len < len || strncmp(s.s, with, len) != 0)
		return false;
	*ret = (struct span){ s.s + len, s.len - len };
	return true;
}

static bool has_word(struct span line, const char *what)
{
	struct span word;

	while (parse_word(&line, &word))
		if (span_equals(word, what))
			return true;
	return false;
}

/* Blocks of lines, one a device, a blank line behind each.
 * linux: drivers/input/input.c: input_devices_seq_show(). */
static void load_inputs(struct loader *l, struct in_use *u)
{
	struct in_use_console c = { .keyboard = true };
	struct span rest, line, value;
	bool types = false, repeats = false;
	uint64_t bits;

	u->inputs_fact = sysroot_read(l->root, l->a, "proc/bus/input/devices", SYSROOT_FILE_MAX);
	rest = fact_describe(&u->inputs_fact);
	for (bool more = true; more;) {
		more = parse_line(&rest, &line);
		if (!more || !line.len) {
			if (types && repeats && c.path)
				console_add(l, u, c);
			c = (struct in_use_console){ .name = "?", .keyboard = true };
			types = repeats = false;
		} else if (starts(line, "N: Name=", &value)) {
			if (value.len >= 2 && *value.s == '"')
				value = (struct span){ value.s + 1, value.len - 2 };
			c.name = arena_strndup(l->a, value.s, value.len);
		} else if (starts(line, "S: Sysfs=", &value)) {
			c.path = arena_printf(l->a, "sys%.*s", (int)value.len, value.s);
		} else if (starts(line, "H: Handlers=", &value)) {
			types = has_word(value, "kbd");
		} else if (starts(line, "B: EV=", &value)) {
			repeats = !parse_u64_span(value, 16, &bits) && bits & 1U << EV_REP_BIT;
		}
	}
}

/* "ttyS0                -W- (EC p a)    4:64".
 * linux: fs/proc/consoles.c: show_console_dev(). */
static void load_terminals(struct loader *l, struct in_use *u)
{
	struct span rest, line, word;

	u->consoles_fact = sysroot_read(l->root, l->a, "proc/consoles", SYSROOT_FILE_MAX);
	rest = fact_describe(&u->consoles_fact);
	while (parse_line(&rest, &line)) {
		struct in_use_console c = { .name = in_use_word(l->a, &line) };
		uint32_t major, minor;
		struct fact link;

		if (!c.name)
			continue;
		while (parse_word(&line, &word)) {
			if (!in_use_devno(word, &major, &minor))
				continue;
			link = read_link_at(l, "sys/dev/char",
					    arena_printf(l->a, "%u:%u", major, minor));
			c.path = in_use_follow(l, "sys/dev/char", &link);
		}
		if (c.path)
			console_add(l, u, c);
	}
}

void in_use_load_consoles(struct loader *l, struct in_use *u)
{
	load_inputs(l, u);
	load_terminals(l, u);
}
