/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kind of line each is, and what all of them say together. */
#include "decode/paste.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "decode/pciaddr.h"

struct paste *paste_new(struct arena *a)
{
	struct paste *p = arena_new_object(a, struct paste);

	p->arena = a;
	p->by_name.arena = a;
	p->modules.arena = a;
	p->bridges.arena = a;
	p->log.arena = a;
	return p;
}

/* ---- pieces ---- */

static struct span from(struct span s, size_t at)
{
	at = at < s.len ? at : s.len;
	return (struct span){ s.s + at, s.len - at };
}

static bool has(struct span s, const char *text)
{
	return s.len && memmem(s.s, s.len, text, strlen(text));
}

static bool starts(struct span s, const char *text)
{
	return s.len >= strlen(text) && !strncasecmp(s.s, text, strlen(text));
}

static struct span behind(struct span s, const char *text)
{
	const char *at = memmem(s.s, s.len, text, strlen(text));

	return from(s, (size_t)(at - s.s) + strlen(text));
}

/* The decimal number that @s begins with, which is cut off. */
static bool cut_number(struct span *s, uint32_t *ret)
{
	uint64_t value;
	size_t len = 0;

	while (len < s->len && s->s[len] >= '0' && s->s[len] <= '9')
		len++;
	if (parse_u64_span((struct span){ s->s, len }, 10, &value) < 0 || value > INT32_MAX)
		return false;
	*s = from(*s, len);
	*ret = (uint32_t)value;
	return true;
}

static void leave(struct paste *p)
{
	p->in = IN_NOTHING;
	p->current = NULL;
	p->block = NULL;
}

static void put_in_group(struct paste *p, struct paste_device *d, uint32_t group)
{
	p->parts |= PASTE_GROUPS;
	d->has_group = true;
	d->group = group;
}

/* ---- groups ---- */

/* A device in a list of groups, in any of the orders that scripts print: "01:00.0 VGA ... [10de:1b80]", "[10de:1b80] 01:00.0 VGA
 * ...", behind marks such as "[RESET]" and "[R]". */
static bool take_member(struct paste *p, struct span text, uint32_t group)
{
	struct span rest = text, word;
	struct paste_device *d = NULL;
	uint16_t vendor = 0, device = 0;
	bool has_ids = false;

	for (unsigned int i = 0; i < 4 && !d && parse_word(&rest, &word); i++) {
		has_ids |= paste_ids(word, &vendor, &device);
		d = paste_device(p, word);
	}
	if (!d)
		return false;
	put_in_group(p, d, group);
	if (has_ids && !d->has_ids) {
		d->has_ids = true;
		d->vendor = vendor;
		d->device = device;
		p->parts |= PASTE_IDS;
	}
	return true;
}

/* What is behind the address is as lspci has it. */
static void take_lspci_of_member(struct paste *p, struct span text)
{
	struct span rest = text, word;

	if (parse_word(&rest, &word) && paste_device(p, word)) {
		struct paste_block *block = p->block;
		bool listed = paste_device(p, word)->listed;

		paste_lspci(p, text);
		/* Such a list says nothing of drivers, and may leave devices out. */
		paste_device(p, word)->listed = listed;
		p->block = block;
		p->current = NULL;
		if (!listed)
			paste_device(p, word)->block = NULL;
	}
}

/* "IOMMU Group 12:", "IOMMU Group 12 01:00.0 VGA ...", "Group 12: [10de:1b80] 01:00.0 ...", "Group:  12  0000:01:00.0 ...". */
static bool take_group_line(struct paste *p, struct span text)
{
	struct span rest = text;
	uint32_t group;

	while (rest.len && strchr("#*-=> ", rest.s[0]))
		rest = from(rest, 1);
	if (starts(rest, "iommu "))
		rest = span_strip(from(rest, strlen("iommu ")));
	if (!starts(rest, "group"))
		return false;
	rest = span_strip(from(rest, strlen("group")));
	if (rest.len && rest.s[0] == ':')
		rest = span_strip(from(rest, 1));
	if (!cut_number(&rest, &group) || (rest.len && !strchr(": \t", rest.s[0])))
		return false;
	leave(p);
	p->in = IN_GROUP;
	p->group = group;
	p->parts |= PASTE_GROUPS | PASTE_MEMBERS;
	rest = span_strip(rest.len && rest.s[0] == ':' ? from(rest, 1) : rest);
	if (take_member(p, rest, group))
		take_lspci_of_member(p, rest);
	return true;
}

/* "/sys/kernel/iommu_groups/12/devices/0000:01:00.0", "/sys/kernel/iommu_groups/12/devices:". */
static bool take_group_path(struct paste *p, struct span text)
{
	static const char dir[] = "/kernel/iommu_groups/";
	static const char devices[] = "/devices";
	struct span rest;
	uint32_t group;

	if (!has(text, dir))
		return false;
	rest = behind(text, dir);
	if (!cut_number(&rest, &group) || !starts(rest, devices))
		return false;
	rest = from(rest, strlen(devices));
	if (rest.len && rest.s[0] == '/') {
		size_t len = 1;

		while (len < rest.len && !strchr(" \t\"'", rest.s[len]))
			len++;
		p->parts |= PASTE_MEMBERS;
		return take_member(p, (struct span){ rest.s + 1, len - 1 }, group);
	}
	leave(p);
	p->parts |= PASTE_MEMBERS;
	p->in = IN_GROUP;
	p->group = group;
	return true;
}

/* "lrwxrwxrwx 1 root root 0 Jan 1 00:00 0000:01:00.0 -> ../../../..". */
static bool take_link_of_member(struct paste *p, struct span text)
{
	struct span rest = text, word, last = { NULL, 0 };

	if (!has(text, " -> "))
		return false;
	rest.len = (size_t)((const char *)memmem(text.s, text.len, " -> ", 4) - text.s);
	while (parse_word(&rest, &word))
		last = word;
	return take_member(p, last, p->group);
}

/* ---- the kernel ---- */

static bool take_release(struct paste *p, struct span word)
{
	if (!word.len || word.s[0] < '0' || word.s[0] > '9' || !memchr(word.s, '.', word.len))
		return false;
	if (!p->release)
		p->release = arena_strndup(p->arena, word.s, word.len);
	p->parts |= PASTE_RELEASE;
	return true;
}

static bool take_cmdline(struct paste *p, struct span text)
{
	if (!p->cmdline)
		p->cmdline = arena_strndup(p->arena, text.s, text.len);
	p->parts |= PASTE_CMDLINE;
	return true;
}

static void take_machine(struct paste *p, struct span text)
{
	static const char *const machines[] = { "x86_64", "aarch64", "ppc64le", "s390x" };

	for (size_t i = 0; i < ARRAY_SIZE(machines) && !p->machine; i++)
		if (has(text, machines[i]))
			p->machine = machines[i];
}

/* "Linux host 6.1.0-18-amd64 #1 SMP ... x86_64 GNU/Linux", "Linux version 6.1.0-18-amd64 (...)". */
static bool take_uname(struct paste *p, struct span text)
{
	struct span rest = text, word;

	if (!parse_word(&rest, &word) || !span_equals(word, "Linux") || !parse_word(&rest, &word))
		return false;
	if (!span_equals(word, "version") && !has(rest, " #"))
		return false;
	if (!parse_word(&rest, &word) || !take_release(p, word))
		return false;
	take_machine(p, text);
	return true;
}

/* "[    0.123456] " and "kernel: " in front of a line of the log do not belong to it. */
static struct span message_of(struct span text)
{
	static const char kernel[] = " kernel: ";
	const char *end;

	if (has(text, kernel))
		text = span_strip(behind(text, kernel));
	if (text.len && text.s[0] == '[' && (end = memchr(text.s, ']', text.len)) &&
	    memchr(text.s, '.', (size_t)(end - text.s)))
		text = span_strip(from(text, (size_t)(end - text.s) + 1));
	return text;
}

static bool take_log(struct paste *p, struct span text)
{
	static const char adding[] = ": Adding to iommu group ";
	static const char *const said[] = { "DMAR",  "AMD-Vi",        "IOMMU",
					    "iommu", "IRQ remapping", "nterrupt remapping",
					    "vfio" };
	struct span rest = text, word;
	bool matters = false;

	if (has(text, adding) && parse_word(&rest, &word)) {
		struct paste_device *d;
		struct span number = behind(text, adding);
		uint32_t group;

		if (!span_equals(word, "pci"))
			return true;
		if (!parse_word(&rest, &word) || word.len < 2 || !cut_number(&number, &group))
			return false;
		d = paste_device(p, (struct span){ word.s, word.len - 1 });
		if (d)
			put_in_group(p, d, group);
		return d;
	}
	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		matters |= has(text, said[i]);
	if (!matters || p->log.len + text.len > PASTE_LOG_MAX)
		return false;
	strbuf_item(&p->log, "\n", "%.*s", (int)text.len, text.s);
	p->parts |= PASTE_LOG;
	return true;
}

static bool take_kernel(struct paste *p, struct span text)
{
	static const char *const cmdlines[] = { "Kernel command line: ", "Command line: " };
	struct span message = message_of(text);

	for (size_t i = 0; i < ARRAY_SIZE(cmdlines); i++)
		if (starts(message, cmdlines[i]))
			return take_cmdline(p, span_strip(from(message, strlen(cmdlines[i]))));
	if (starts(text, "BOOT_IMAGE=") || starts(text, "initrd=\\"))
		return take_cmdline(p, text);
	if (take_uname(p, message))
		return true;
	/* Only what begins like a line of the log: others talk about IOMMUs as well. */
	return (message.s != text.s || has(text, ": Adding to iommu group ") ||
		starts(text, "DMAR") || starts(text, "AMD-Vi")) &&
	       take_log(p, message);
}

/* ---- modules, nodes ---- */

static bool take_module(struct paste *p, struct span text)
{
	struct span rest = text, name, word;
	uint64_t value;
	char *kept;

	if (!parse_word(&rest, &name) || !parse_word(&rest, &word) ||
	    parse_u64_span(word, 10, &value) < 0 || !parse_word(&rest, &word) ||
	    parse_u64_span(word, 10, &value) < 0)
		return false;
	kept = arena_strndup(p->arena, name.s, name.len);
	if (!strmap_find(&p->modules, kept))
		strmap_add(&p->modules, kept, p);
	p->parts |= PASTE_MODULES;
	return true;
}

static unsigned int mode_of(struct span text)
{
	unsigned int ret = 0;

	for (unsigned int i = 0; i < 9; i++)
		ret |= text.s[i + 1] != '-' ? 0400U >> i : 0;
	return ret;
}

/* "root" or a number. */
static bool id_of(struct span word, unsigned int *ret)
{
	uint64_t value = 0;

	if (!span_equals(word, "root") &&
	    (parse_u64_span(word, 10, &value) < 0 || value > UINT32_MAX))
		return false;
	*ret = (unsigned int)value;
	return true;
}

/* "crw------- 1 root root 241, 0 Jan  1 00:00 12". A name of another owner stands for a number that is not known. */
static bool take_node(struct paste *p, struct span text)
{
	struct span rest = text, mode, word, last = { NULL, 0 };
	struct paste_node n = { 0 };
	uint64_t major = 0, minor = 0;

	if (!parse_word(&rest, &mode) || mode.len < 10 || !strchr("cd", mode.s[0]) ||
	    !parse_word(&rest, &word))
		return false;
	n.known = mode.s[0] == 'c' && parse_word(&rest, &word) && id_of(word, &n.uid) &&
		  parse_word(&rest, &word) && id_of(word, &n.gid) && parse_word(&rest, &word) &&
		  word.len > 1 && word.s[word.len - 1] == ',' &&
		  !parse_u64_span((struct span){ word.s, word.len - 1 }, 10, &major) &&
		  parse_word(&rest, &word) && !parse_u64_span(word, 10, &minor) &&
		  major <= UINT32_MAX && minor <= UINT32_MAX;
	while (parse_word(&rest, &word))
		last = word;
	if (starts(last, "/dev/vfio/"))
		last = from(last, strlen("/dev/vfio/"));
	if (!last.len || memchr(last.s, '/', last.len) || last.s[0] == '.')
		return mode.s[0] == 'd';
	n.name = arena_strndup(p->arena, last.s, last.len);
	n.mode = mode_of(mode);
	n.major = (unsigned int)major;
	n.minor = (unsigned int)minor;
	p->nodes = arena_grow(p->arena, p->nodes, p->nr_nodes, sizeof(n));
	p->nodes[p->nr_nodes++] = n;
	p->parts |= PASTE_NODES;
	return true;
}

/* ---- lines ---- */

/* A shell's prompt with a command: what follows is its output. */
static bool take_prompt(struct paste *p, struct span text)
{
	static const char *const filters[] = {
		"| grep", "|grep", "-s ", "-d ", "| head", "| tail"
	};
	bool prompt = has(text, "# ") || has(text, "$ ") || starts(text, "% ");

	if (!prompt || (!has(text, "lspci") && !has(text, "uname") && !has(text, "cmdline") &&
			!has(text, "lsmod") && !has(text, "dmesg") && !has(text, "/dev/vfio") &&
			!has(text, "iommu_groups") && !has(text, "cat ")))
		return false;
	leave(p);
	p->wants_cmdline = has(text, "/proc/cmdline");
	p->wants_release = has(text, "uname -r");
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		p->groups_cut |= has(text, "iommu_groups") && has(text, filters[i]);
		p->cut |= has(text, "lspci") && has(text, filters[i]);
	}
	if (has(text, "lsmod"))
		p->in = IN_MODULES;
	if (has(text, "ls ") && has(text, "/dev/vfio")) {
		p->in = IN_NODES;
		p->nodes_listed = !has(text, "*");
	}
	return true;
}

/* Lines that say what follows. */
static bool take_heading(struct paste *p, struct span text)
{
	if (span_equals(text, "--")) {
		*(p->in == IN_GROUP ? &p->groups_cut : &p->cut) = true;
		return true;
	}
	if (starts(text, "Module") && has(text, "Size") && has(text, "Used by")) {
		leave(p);
		p->in = IN_MODULES;
		p->parts |= PASTE_MODULES;
		return true;
	}
	if (span_equals(text, "/dev/vfio:") || span_equals(text, "/dev/vfio/:")) {
		leave(p);
		p->in = IN_NODES;
		p->nodes_listed = true;
		return true;
	}
	return take_prompt(p, text);
}

static bool take_context(struct paste *p, struct span line, struct span text)
{
	switch (p->in) {
	case IN_MODULES:
		return take_module(p, text);
	case IN_NODES:
		return starts(text, "total ") || take_node(p, text);
	case IN_GROUP:
		if (take_link_of_member(p, text) || starts(text, "total "))
			return true;
		if (!take_member(p, text, p->group))
			return false;
		take_lspci_of_member(p, text);
		return true;
	case IN_TREE:
		return paste_tree(p, line);
	default:
		return false;
	}
}

static bool take_line(struct paste *p, struct span line)
{
	struct span text = span_strip(line);

	if (!text.len) {
		/* Records end there, and so does what is indented; lspci -v has one behind each device. */
		if (p->in == IN_RECORD)
			p->current = NULL;
		return true;
	}
	if (p->wants_cmdline || p->wants_release) {
		bool cmdline = p->wants_cmdline;

		p->wants_cmdline = p->wants_release = false;
		if (cmdline ? take_cmdline(p, text) : take_release(p, text))
			return true;
	}
	/* "IOMMU group: 3" there is about the device. */
	if (strchr(" \t", line.s[0]) && p->current && paste_lspci(p, line))
		return true;
	if (take_heading(p, text) || take_group_path(p, text) || take_group_line(p, text) ||
	    take_context(p, line, text) || paste_lspci(p, line))
		return true;
	if (paste_tree(p, line))
		return true;
	return take_kernel(p, text) ||
	       (starts(text, "crw") && has(text, "/dev/vfio/") && take_node(p, text));
}

bool paste_line(struct paste *p, struct span line)
{
	bool ret;

	while (line.len && (line.s[line.len - 1] == '\r' || line.s[line.len - 1] == '\n'))
		line.len--;
	ret = take_line(p, line);
	p->nr_lines++;
	p->nr_understood += ret;
	return ret;
}

/* ---- all together ---- */

static bool has_function_beside(const struct paste *p, const struct paste_device *d)
{
	char name[32];

	for (unsigned int function = 0; function < 8; function++) {
		snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", d->domain, d->bus, d->devfn >> 3,
			 function);
		if (function != (d->devfn & 7) && strmap_find(&p->by_name, name))
			return true;
	}
	return false;
}

static const char *bus_key(struct arena *a, uint32_t domain, uint8_t bus)
{
	return arena_printf(a, "%x:%02x", domain, bus);
}

const struct paste_device *paste_bridge_of(const struct paste *p, const struct paste_device *d)
{
	return strmap_find(&p->bridges, bus_key(p->arena, d->domain, d->bus));
}

static void add_bridge(struct paste *p, struct paste_device *d)
{
	const char *key = bus_key(p->arena, d->domain, d->config.secondary);

	if (d->config.header_type && d->config.secondary && !strmap_find(&p->bridges, key))
		strmap_add(&p->bridges, key, d);
}

/* A listing of all devices names the host bridge, and has no holes. */
static bool is_whole(const struct paste *p)
{
	const struct paste_device *first = strmap_find(&p->by_name, "0000:00:00.0");

	return !p->cut && first && first->listed;
}

static void end_device(struct paste *p, struct paste_device *d, bool whole)
{
	const struct paste_block *block = d->block;

	if (!block || p->cut)
		return;
	if (block->drivers && !d->driver_told)
		d->driver_told = PASTE_NO;
	if (block->verbose && !d->bridge)
		d->bridge = PASTE_NO;
	d->config.multifunction = whole && has_function_beside(p, d);
	p->parts |= d->nr_bytes >= 256 || d->has_caps ? PASTE_CONFIG : 0;
}

void paste_end(struct paste *p)
{
	bool whole = is_whole(p);

	for (size_t i = 0; i < p->nr_devices; i++) {
		end_device(p, p->devices[i], whole);
		add_bridge(p, p->devices[i]);
	}
	p->parts |= whole ? PASTE_WHOLE : 0;
}
