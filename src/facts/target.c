/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/target.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "decode/pciaddr.h"

enum { TARGET_TEXT_MAX = 4096 };

static struct span span_of(const char *s)
{
	return (struct span){ s, strlen(s) };
}

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("0123456789abcdefABCDEF", s.s[i]))
			return false;
	return s.len > 0;
}

static bool is_word(struct span s)
{
	static const char plain[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-@+,:!";

	for (size_t i = 0; i < s.len; i++)
		if (!s.s[i] || !strchr(plain, s.s[i]))
			return false;
	return s.len > 0 && !span_equals(s, ".") && !span_equals(s, "..");
}

/* Whether @s begins with @prefix; @ret is what follows. */
static bool skip_prefix(struct span s, const char *prefix, struct span *ret)
{
	size_t len = strlen(prefix);

	if (s.len < len || memcmp(s.s, prefix, len))
		return false;
	*ret = (struct span){ s.s + len, s.len - len };
	return true;
}

static bool parse_id(struct span s, uint16_t *ret)
{
	uint64_t value;

	if (s.len != 4 || !is_hex(s) || parse_u64_span(s, 16, &value) < 0)
		return false;
	*ret = (uint16_t)value;
	return true;
}

static void target_set_pci(struct arena *a, struct target *t, enum target_kind kind,
			   const struct pciaddr *addr)
{
	t->kind = kind;
	t->bus = "pci";
	t->name = pciaddr_format(a, addr);
	/* A slot is named by its address up to the function's point. */
	if (kind == TARGET_SLOT)
		t->name = arena_strndup(a, t->name, strlen(t->name) - 2);
}

static bool parse_pci(struct arena *a, struct span s, struct target *t)
{
	struct pciaddr addr;
	struct span slot = s;

	if (!pciaddr_parse(s, &addr)) {
		target_set_pci(a, t, TARGET_PCI, &addr);
		return true;
	}
	if (s.len > 2 && !memcmp(s.s + s.len - 2, ".*", 2))
		slot.len -= 2;
	if (!pciaddr_parse_slot(slot, &addr)) {
		target_set_pci(a, t, TARGET_SLOT, &addr);
		return true;
	}
	return false;
}

/* pci_0000_01_00_0, as libvirt names a node device. */
static bool parse_nodedev(struct arena *a, struct span s, struct target *t)
{
	struct pciaddr addr;
	char *text;
	size_t len = s.len;

	if (len < 7 || s.s[len - 2] != '_')
		return false;
	text = arena_strndup(a, s.s, len);
	for (size_t i = 0; i < len; i++)
		if (text[i] == ':' || text[i] == '.')
			return false;
		else if (text[i] == '_')
			text[i] = i == len - 2 ? '.' : ':';
	if (pciaddr_parse(span_of(text), &addr) < 0)
		return false;
	target_set_pci(a, t, TARGET_PCI, &addr);
	return true;
}

static bool parse_group(struct span s, struct target *t)
{
	uint64_t id;

	if (!s.len || strspn(s.s, "0123456789") < s.len || parse_u64_span(s, 10, &id) < 0 ||
	    id > INT32_MAX)
		return false;
	t->kind = TARGET_GROUP;
	t->group = (unsigned int)id;
	return true;
}

static bool parse_cdev(struct arena *a, struct span s, struct target *t)
{
	struct span rest = s;

	skip_prefix(s, "noiommu-", &rest);
	if (!skip_prefix(rest, "vfio", &rest) || !rest.len ||
	    strspn(rest.s, "0123456789") < rest.len)
		return false;
	t->kind = TARGET_CDEV;
	t->name = arena_strndup(a, s.s, s.len);
	return true;
}

/* 8086:1521 or 8086: */
static bool parse_ids(struct span s, struct target *t)
{
	struct span vendor = { s.s, 4 }, device;

	if ((s.len != 5 && s.len != 9) || s.s[4] != ':' || !parse_id(vendor, &t->vendor))
		return false;
	device = (struct span){ s.s + 5, s.len - 5 };
	t->any_device = !device.len;
	if (device.len && !parse_id(device, &t->device))
		return false;
	t->kind = TARGET_IDS;
	return true;
}

bool class_prefix_parse(const char *text, struct class_prefix *ret)
{
	/* PCI Code and ID Assignment Specification, section 1. */
	static const struct {
		const char *name;
		struct class_prefix prefix;
	} names[] = {
		{ "vga", { 0x03, 2 } },     { "network", { 0x02, 2 } }, { "nvme", { 0x0108, 4 } },
		{ "storage", { 0x01, 2 } }, { "audio", { 0x0403, 4 } }, { "usb", { 0x0c03, 4 } },
	};
	struct span s = span_of(text);
	uint64_t code;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(text, names[i].name)) {
			*ret = names[i].prefix;
			return true;
		}
	if ((s.len != 2 && s.len != 4 && s.len != 6) || !is_hex(s) ||
	    parse_u64_span(s, 16, &code) < 0)
		return false;
	*ret = (struct class_prefix){ (uint32_t)code, (unsigned int)s.len };
	return true;
}

bool class_prefix_covers(struct class_prefix prefix, uint32_t class_code)
{
	return class_code >> (4 * (6 - prefix.digits)) == prefix.code;
}

bool target_covers_ids(const struct target *t, uint16_t vendor, uint16_t device,
		       uint32_t class_code)
{
	if (t->kind == TARGET_CLASS)
		return class_prefix_covers(t->class_prefix, class_code);
	return t->kind == TARGET_IDS && vendor == t->vendor &&
	       (t->any_device || device == t->device);
}

/* class:03 or class:vga, and a name alone. Digits alone are an address or a group gone wrong. */
static bool parse_class(struct arena *a, struct span s, struct target *t)
{
	struct span rest = s;
	bool prefixed = skip_prefix(s, "class:", &rest);
	const char *text = arena_strndup(a, rest.s, rest.len);

	if ((!prefixed && is_hex(rest)) || !class_prefix_parse(text, &t->class_prefix))
		return false;
	t->kind = TARGET_CLASS;
	return true;
}

/* 8-4-4-4-12 hexadecimal digits: a mediated device. */
static bool is_uuid(struct span s)
{
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.s[i] != '-' : !is_hex((struct span){ s.s + i, 1 }))
			return false;
	}
	return true;
}

static bool parse_named(struct arena *a, struct span s, struct target *t)
{
	const char *colon = memchr(s.s, ':', s.len);
	struct span bus, name;

	if (is_uuid(s)) {
		bus = span_of("mdev");
		name = s;
	} else {
		if (!colon)
			return false;
		bus = (struct span){ s.s, (size_t)(colon - s.s) };
		name = (struct span){ colon + 1, s.len - bus.len - 1 };
		/* Digits in front are an address or an id gone wrong, never a bus. */
		if (is_hex(bus) || span_equals(bus, "pci"))
			return false;
	}
	if (!is_word(bus) || !is_word(name))
		return false;
	t->kind = TARGET_NAMED;
	t->bus = arena_strndup(a, bus.s, bus.len);
	t->name = arena_strndup(a, name.s, name.len);
	return true;
}

static bool parse_plain(struct arena *a, struct span s, struct target *t)
{
	if (!is_word(s) || memchr(s.s, ':', s.len) || strspn(s.s, "0123456789.") == s.len)
		return false;
	t->kind = TARGET_CLASS_DEVICE;
	t->name = arena_strndup(a, s.s, s.len);
	return true;
}

static bool parse_path(struct arena *a, struct span s, struct target *t)
{
	struct span rest;

	if (skip_prefix(s, "/dev/vfio/devices/", &rest))
		return parse_cdev(a, rest, t);
	if (skip_prefix(s, "/dev/vfio/noiommu-", &rest) || skip_prefix(s, "/dev/vfio/", &rest))
		return parse_group(rest, t);
	if (skip_prefix(s, "/dev/", &rest))
		return parse_plain(a, rest, t);
	if (!skip_prefix(s, "/sys/", &rest) || !rest.len)
		return false;
	t->kind = TARGET_PATH;
	t->name = arena_strndup(a, s.s + 1, s.len - 1);
	return true;
}

static bool target_match_text(struct arena *a, struct span s, struct target *t)
{
	struct span rest;

	if (s.len && s.s[0] == '/')
		return parse_path(a, s, t);
	if (skip_prefix(s, "group:", &rest) || skip_prefix(s, "iommu:", &rest))
		return parse_group(rest, t);
	if (skip_prefix(s, "pci:", &rest))
		return parse_pci(a, rest, t);
	if (skip_prefix(s, "pci_", &rest))
		return parse_nodedev(a, rest, t);
	if (skip_prefix(s, "class:", &rest))
		return parse_class(a, s, t);
	return parse_pci(a, s, t) || parse_ids(s, t) || parse_class(a, s, t) ||
	       parse_named(a, s, t) || parse_cdev(a, s, t) || parse_plain(a, s, t);
}

/* The right form of what @text, which names nothing, probably meant. */
static const char *how_to_write(const char *text)
{
	size_t len = strlen(text);

	if (len && strspn(text, "0123456789") == len)
		return "write a group as group:12, an address as 0000:01:00.0";
	if (!strncmp(text, "group:", 6) || !strncmp(text, "iommu:", 6))
		return "write a group as group:12; 'vfiotool list' shows the groups";
	if (!strncmp(text, "class:", 6))
		return "write a class as class:03, class:0302, or class:vga, network, nvme, storage, audio, usb";
	if (!strncmp(text, "/dev/vfio", 9))
		return "a group node is /dev/vfio/12, a device node /dev/vfio/devices/vfio3";
	if (!strncmp(text, "/dev/", 5))
		return "of /dev only what stands in it itself can be named: /dev/sda, /dev/nvme0n1";
	if (strpbrk(text, "*?[{"))
		return "the only pattern is 01:00.* (all functions of a slot); 8086: means all devices of a vendor";
	if (strchr(text, ':') && strspn(text, "0123456789abcdefABCDEF:.") == len)
		return "write an address as 0000:01:00.0 or 01:00.0, in hexadecimal, with devices up to 1f and functions up to 7; write ids as 8086:1521";
	return "write 0000:01:00.0, 01:00.0, 01:00 (all functions), 8086:1521 (vendor:device), class:03, group:12, BUS:NAME, vfio3, a path below /sys, or the name of an interface or a disk";
}

int target_parse(struct arena *a, const char *text, struct target *ret, struct failure **reterr)
{
	struct target t = { .text = arena_strndup(a, text, TARGET_TEXT_MAX) };

	if (strlen(text) < TARGET_TEXT_MAX && target_match_text(a, span_of(t.text), &t)) {
		*ret = t;
		return 0;
	}
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL, "'%.64s' is not a device name: %s",
				  text, how_to_write(text));
}
