/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of lspci: -nnk, -n, -v to -vvv, -x to -xxxx, -vmmnnk, -t. Tried against pciutils 3.5 to 3.13; lspci.c, ls-caps.c,
 * ls-ecaps.c and ls-tree.c there print them. */
#include "decode/paste.h"

#include <string.h>

#include "base/macro.h"
#include "decode/pciaddr.h"

/* ---- pieces ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct span from(struct span s, size_t at)
{
	at = at < s.len ? at : s.len;
	return (struct span){ s.s + at, s.len - at };
}

static bool starts(struct span s, const char *text)
{
	return s.len >= strlen(text) && !memcmp(s.s, text, strlen(text));
}

/* What is behind @key, or false. */
static bool after(struct span s, const char *key, struct span *ret)
{
	if (!starts(s, key))
		return false;
	*ret = span_strip(from(s, strlen(key)));
	return true;
}

/* Where @text begins in @s; s.len when it is not there. */
static size_t find(struct span s, const char *text)
{
	const char *at = s.len ? memmem(s.s, s.len, text, strlen(text)) : NULL;

	return at ? (size_t)(at - s.s) : s.len;
}

static bool hex4(struct span s, uint16_t *ret)
{
	uint64_t value;

	if (s.len < 4 || parse_u64_span((struct span){ s.s, 4 }, 16, &value) < 0 ||
	    !is_hex(s.s[0]) || !is_hex(s.s[1]))
		return false;
	*ret = (uint16_t)value;
	return true;
}

bool paste_ids(struct span s, uint16_t *first, uint16_t *second)
{
	bool bracket = s.len && s.s[0] == '[';

	s = from(s, bracket);
	return s.len >= 9 && hex4(s, first) && s.s[4] == ':' && hex4(from(s, 5), second) &&
	       (bracket ? s.len > 9 && s.s[9] == ']' : s.len == 9 || !is_hex(s.s[9]));
}

/* The last "[8086:1521]" of @s: names have brackets of their own. */
static bool last_ids(struct span s, uint16_t *first, uint16_t *second)
{
	bool found = false;

	for (size_t i = 0; i < s.len; i++)
		if (s.s[i] == '[')
			found |= paste_ids(from(s, i), first, second);
	return found;
}

/* "[0300]" before a colon, or "[030000]". */
static bool class_in_brackets(struct span s, uint32_t *ret, bool *ret_whole)
{
	uint64_t value;

	for (size_t i = 0; i + 5 < s.len; i++) {
		size_t len = 0;

		if (s.s[i] != '[')
			continue;
		while (i + 1 + len < s.len && is_hex(s.s[i + 1 + len]))
			len++;
		if ((len != 4 && len != 6) || i + 1 + len >= s.len || s.s[i + 1 + len] != ']' ||
		    parse_u64_span((struct span){ s.s + i + 1, len }, 16, &value) < 0)
			continue;
		*ret_whole = len == 6;
		*ret = (uint32_t)(len == 6 ? value : value << 8);
		return true;
	}
	return false;
}

/* The names that pci.ids gives to classes, of what people pass through or ask about. */
static bool class_by_name(struct span name, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint16_t class16;
	} names[] = {
		{ "VGA compatible controller", 0x0300 },
		{ "3D controller", 0x0302 },
		{ "Display controller", 0x0380 },
		{ "Audio device", 0x0403 },
		{ "Multimedia audio controller", 0x0401 },
		{ "Ethernet controller", 0x0200 },
		{ "Network controller", 0x0280 },
		{ "Infiniband controller", 0x0207 },
		{ "Non-Volatile memory controller", 0x0108 },
		{ "Serial Attached SCSI controller", 0x0107 },
		{ "SATA controller", 0x0106 },
		{ "RAID bus controller", 0x0104 },
		{ "IDE interface", 0x0101 },
		{ "SCSI storage controller", 0x0100 },
		{ "Host bridge", 0x0600 },
		{ "ISA bridge", 0x0601 },
		{ "PCI bridge", 0x0604 },
		{ "USB controller", 0x0c03 },
		{ "SMBus", 0x0c05 },
		{ "Serial bus controller", 0x0c80 },
		{ "Communication controller", 0x0780 },
		{ "Signal processing controller", 0x1180 },
		{ "Encryption controller", 0x1080 },
		{ "System peripheral", 0x0880 },
		{ "IOMMU", 0x0806 },
		{ "Processing accelerators", 0x1200 },
		{ "Non-Essential Instrumentation", 0x1300 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (span_equals(name, names[i].name)) {
			*ret = (uint32_t)names[i].class16 << 8;
			return true;
		}
	return false;
}

static void set_class(struct paste_device *d, uint32_t class_code, bool whole)
{
	if (d->has_class && (d->has_interface || !whole))
		return;
	d->has_class = true;
	d->class_code = class_code;
	d->has_interface = whole;
}

/* ---- devices ---- */

struct paste_device *paste_device(struct paste *p, struct span address)
{
	struct paste_device *d;
	struct pciaddr addr;
	const char *name;

	if (pciaddr_parse(address, &addr) < 0)
		return NULL;
	name = pciaddr_format(p->arena, &addr);
	d = strmap_find(&p->by_name, name);
	if (d || p->nr_devices == PASTE_DEVICES_MAX)
		return d;
	d = arena_new_object(p->arena, struct paste_device);
	d->name = name;
	d->domain = addr.domain;
	d->bus = addr.bus;
	d->devfn = (uint8_t)(addr.device << 3 | addr.function);
	strmap_add(&p->by_name, name, d);
	p->devices = arena_grow(p->arena, p->devices, p->nr_devices, sizeof(struct paste_device *));
	p->devices[p->nr_devices++] = d;
	return d;
}

/* "(rev a1) (prog-if 00 [VGA controller])" */
static void take_interface(struct paste_device *d, struct span rest)
{
	static const char key[] = "(prog-if ";
	const size_t at = find(rest, key);
	uint64_t value;

	if (at == rest.len || !d->has_class || d->has_interface)
		return;
	rest = from(rest, at + strlen(key));
	if (rest.len < 2 || parse_u64_span((struct span){ rest.s, 2 }, 16, &value) < 0)
		return;
	d->class_code |= (uint32_t)value;
	d->has_interface = true;
}

/* "VGA compatible controller [0300]: NVIDIA Corporation GP104 [10de:1b80] (rev a1)", "0300: 10de:1b80 (rev a1)", or names. */
static void take_description(struct paste *p, struct paste_device *d, struct span rest)
{
	const size_t colon = find(rest, ": ");
	uint16_t class16, vendor, device;
	uint32_t class_code;
	bool whole;

	if (colon == 4 && hex4(rest, &class16))
		set_class(d, (uint32_t)class16 << 8, false);
	else if (class_in_brackets((struct span){ rest.s, colon }, &class_code, &whole))
		set_class(d, class_code, whole);
	else if (class_by_name((struct span){ rest.s, colon }, &class_code))
		set_class(d, class_code, false);
	if (!d->has_ids && (last_ids(from(rest, colon), &vendor, &device) ||
			    paste_ids(span_strip(from(rest, colon + 1)), &vendor, &device))) {
		d->has_ids = true;
		d->vendor = vendor;
		d->device = device;
	}
	p->parts |= d->has_ids ? PASTE_IDS : 0;
	take_interface(d, rest);
}

static void begin_device(struct paste *p, struct paste_device *d)
{
	if (!p->block || (!p->current && p->in != IN_RECORD))
		p->block = arena_new_object(p->arena, struct paste_block);
	p->parts |= PASTE_LSPCI;
	d->listed = true;
	d->block = p->block;
	p->current = d;
}

/* ---- what stands below a device ---- */

static void take_driver(struct paste *p, struct paste_device *d, struct span name)
{
	d->block->drivers = true;
	p->parts |= PASTE_DRIVERS;
	if (d->driver_told || !name.len)
		return;
	d->driver_told = PASTE_YES;
	d->driver = arena_strndup(p->arena, name.s, name.len);
}

static void take_group(struct paste *p, struct paste_device *d, struct span number)
{
	uint64_t value;

	if (parse_u64_span(number, 10, &value) < 0 || value > INT32_MAX)
		return;
	d->block->groups = true;
	p->parts |= PASTE_GROUPS;
	d->has_group = true;
	d->group = (uint32_t)value;
}

static void take_subsystem(struct paste_device *d, struct span text)
{
	uint16_t vendor, device;

	if (!last_ids(text, &vendor, &device) && !paste_ids(text, &vendor, &device))
		return;
	d->has_subsystem = true;
	d->subvendor = vendor;
	d->subdevice = device;
}

/* "primary=00, secondary=01, subordinate=01, sec-latency=0" */
static void take_buses(struct paste_device *d, struct span text)
{
	static const char second[] = "secondary=", last[] = "subordinate=";
	struct span a = from(text, find(text, second) + strlen(second)),
		    b = from(text, find(text, last) + strlen(last));
	uint64_t secondary, subordinate;

	if (a.len < 2 || b.len < 2 || parse_u64_span((struct span){ a.s, 2 }, 16, &secondary) < 0 ||
	    parse_u64_span((struct span){ b.s, 2 }, 16, &subordinate) < 0)
		return;
	d->bridge = PASTE_YES;
	d->config.header_type = 1;
	d->config.secondary = (uint8_t)secondary;
	d->config.subordinate = (uint8_t)subordinate;
}

static void take_express(struct paste_device *d, struct span text)
{
	static const struct {
		const char *name;
		enum pcie_type type;
	} types[] = {
		{ "Legacy Endpoint", PCIE_LEGACY_ENDPOINT },
		{ "Root Complex Integrated Endpoint", PCIE_INTEGRATED_ENDPOINT },
		{ "Root Complex Event Collector", PCIE_EVENT_COLLECTOR },
		{ "Endpoint", PCIE_ENDPOINT },
		{ "Root Port", PCIE_ROOT_PORT },
		{ "Upstream Port", PCIE_UPSTREAM },
		{ "Downstream Port", PCIE_DOWNSTREAM },
		{ "PCI-Express to PCI", PCIE_TO_PCI },
		{ "PCI/PCI-X to PCI-Express", PCI_TO_PCIE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!starts(text, types[i].name))
			continue;
		d->config.pcie = PCIGROUP_PRESENT;
		d->config.type = (uint8_t)types[i].type;
		return;
	}
}

/* "SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-" */
static uint16_t acs_bits(struct span text)
{
	static const char *const names[] = { "SrcValid+",   "TransBlk+",    "ReqRedir+",
					     "CmpltRedir+", "UpstreamFwd+", "EgressCtrl+",
					     "DirectTrans+" };
	uint16_t ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (find(text, names[i]) < text.len)
			ret |= (uint16_t)(1U << i);
	return ret;
}

static void take_slot_number(struct paste_device *d, struct span text)
{
	const size_t at = find(text, "Slot #");
	struct span rest = from(text, at + strlen("Slot #"));
	size_t len = 0;
	uint64_t value;

	while (len < rest.len && rest.s[len] >= '0' && rest.s[len] <= '9')
		len++;
	if (at == text.len || parse_u64_span((struct span){ rest.s, len }, 10, &value) < 0 ||
	    value > 0x1fff)
		return;
	d->config.has_slot = true;
	d->config.slot = (uint16_t)value;
}

/* "[40] Express (v2) Root Port (Slot+), MSI 00", "[140 v1] Access Control Services", "<access denied>" */
static void take_capability(struct paste_device *d, struct span text)
{
	static const char express[] = "Express (v";
	size_t at;

	if (starts(text, "<access denied>")) {
		d->caps_denied = true;
		return;
	}
	d->has_caps = true;
	at = find(text, express);
	if (at < text.len && at + strlen(express) + 3 < text.len)
		take_express(d, from(text, at + strlen(express) + 3));
}

static bool take_detail(struct paste *p, struct paste_device *d, struct span line)
{
	struct span rest;
	uint64_t value;

	if (after(line, "Kernel driver in use:", &rest))
		take_driver(p, d, rest);
	else if (after(line, "Kernel modules:", &rest))
		take_driver(p, d, (struct span){ NULL, 0 });
	else if (after(line, "IOMMU group:", &rest))
		take_group(p, d, rest);
	else if (after(line, "Subsystem:", &rest))
		take_subsystem(d, rest);
	else if (after(line, "NUMA node:", &rest)) {
		d->has_numa = !parse_u64_span(rest, 10, &value) && value < INT32_MAX;
		d->numa = d->has_numa ? (int32_t)value : 0;
	} else if (after(line, "Bus:", &rest))
		take_buses(d, rest);
	else if (after(line, "Capabilities:", &rest))
		take_capability(d, rest);
	else if (after(line, "SltCap:", &rest) || after(line, "Slot #", &rest))
		take_slot_number(d, line);
	else if (after(line, "ACSCap:", &rest)) {
		d->config.acs = PCIGROUP_PRESENT;
		d->config.acs_cap = acs_bits(rest);
	} else if (after(line, "ACSCtl:", &rest))
		d->config.acs_ctrl = acs_bits(rest);
	else if (after(line, "Flags:", &rest) || after(line, "Control:", &rest)) {
		d->block->verbose = true;
		p->parts |= PASTE_VERBOSE | PASTE_DRIVERS;
		d->block->drivers = true;
	} else
		return false;
	return true;
}

/* "00: de 10 80 1b", "100: ..." of -x. */
static bool take_bytes(struct paste *p, struct paste_device *d, struct span line)
{
	const size_t colon = find(line, ": ");
	struct span rest = from(line, colon + 2), word;
	uint64_t offset, value;

	if (colon == line.len || colon < 2 || colon > 3 ||
	    parse_u64_span((struct span){ line.s, colon }, 16, &offset) < 0 ||
	    offset >= PASTE_CONFIG_MAX)
		return false;
	d->bytes = d->bytes ? d->bytes : arena_alloc(p->arena, PASTE_CONFIG_MAX);
	/* A part that is missing ends what is known. */
	if (offset != d->nr_bytes)
		return true;
	while (parse_word(&rest, &word) && d->nr_bytes < PASTE_CONFIG_MAX) {
		if (word.len != 2 || parse_u64_span(word, 16, &value) < 0)
			return false;
		d->bytes[d->nr_bytes++] = (uint8_t)value;
	}
	return true;
}

/* ---- records: -vmmnnk ---- */

static bool take_record(struct paste *p, struct span line)
{
	struct paste_device *d = p->current;
	struct span rest;
	uint32_t class_code;
	uint64_t interface;
	uint16_t id;
	bool whole;

	if (after(line, "Class:", &rest) && class_in_brackets(rest, &class_code, &whole))
		set_class(d, class_code, whole);
	else if (after(line, "Vendor:", &rest) || after(line, "Device:", &rest) ||
		 after(line, "SVendor:", &rest) || after(line, "SDevice:", &rest)) {
		uint16_t *to = line.s[0] == 'V'   ? &d->vendor
			       : line.s[0] == 'D' ? &d->device
			       : line.s[1] == 'V' ? &d->subvendor
						  : &d->subdevice;

		if (rest.len < 6 || !hex4(from(rest, rest.len - 5), &id))
			return true;
		*to = id;
		d->has_ids |= to == &d->device;
		d->has_subsystem |= to == &d->subdevice;
		p->parts |= d->has_ids ? PASTE_IDS : 0;
	} else if (after(line, "Driver:", &rest))
		take_driver(p, d, rest);
	else if (after(line, "Module:", &rest))
		take_driver(p, d, (struct span){ NULL, 0 });
	else if (after(line, "IOMMUGroup:", &rest))
		take_group(p, d, rest);
	else if (after(line, "ProgIf:", &rest) && !parse_u64_span(rest, 16, &interface) &&
		 interface <= UINT8_MAX && d->has_class && !d->has_interface) {
		d->class_code |= (uint32_t)interface;
		d->has_interface = true;
	} else
		return after(line, "Rev:", &rest) || after(line, "PhySlot:", &rest) ||
		       after(line, "NUMANode:", &rest);
	return true;
}

bool paste_lspci(struct paste *p, struct span line)
{
	const bool indented = line.len && (line.s[0] == '\t' || line.s[0] == ' ');
	struct span text = span_strip(line), word = { NULL, 0 }, rest = text, address;
	struct paste_device *d;

	if (p->in == IN_RECORD && p->current && take_record(p, text))
		return true;
	if (!indented && after(text, "Slot:", &address) && (d = paste_device(p, address))) {
		p->current = p->in == IN_RECORD ? p->current : NULL;
		begin_device(p, d);
		p->in = IN_RECORD;
		return true;
	}
	if (indented)
		return p->current && p->current->block && take_detail(p, p->current, text);
	if (p->current && p->current->block && take_bytes(p, p->current, text))
		return true;
	if (!parse_word(&rest, &word) || !(d = paste_device(p, word)))
		return false;
	begin_device(p, d);
	take_description(p, d, span_strip(rest));
	return true;
}
