/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/uevent.h"

#include <errno.h>
#include <string.h>

bool uevent_get(struct span text, const char *key, struct span *ret)
{
	size_t len = strlen(key);
	struct span line;

	while (parse_line(&text, &line)) {
		if (line.len <= len || line.s[len] != '=' || memcmp(line.s, key, len))
			continue;
		ret->s = line.s + len + 1;
		ret->len = line.len - len - 1;
		return true;
	}
	return false;
}

/* "8086:1521" */
static int parse_id_pair(struct span s, uint16_t *first, uint16_t *second)
{
	const char *colon = memchr(s.s, ':', s.len);
	struct span left, right;
	uint64_t a, b;

	if (!colon)
		return -EBADMSG;
	left = (struct span){ s.s, (size_t)(colon - s.s) };
	right = (struct span){ colon + 1, s.len - left.len - 1 };
	if (parse_u64_span(left, 16, &a) < 0 || parse_u64_span(right, 16, &b) < 0 ||
	    a > UINT16_MAX || b > UINT16_MAX)
		return -EBADMSG;
	*first = (uint16_t)a;
	*second = (uint16_t)b;
	return 0;
}

int uevent_get_pci(struct span text, struct uevent_pci *ret)
{
	struct span class, id, sub;
	struct uevent_pci pci;
	uint64_t value;

	if (!uevent_get(text, "PCI_CLASS", &class) || !uevent_get(text, "PCI_ID", &id) ||
	    !uevent_get(text, "PCI_SUBSYS_ID", &sub))
		return -ENODATA;
	if (parse_u64_span(class, 16, &value) < 0 || value > 0xffffff)
		return -EBADMSG;
	pci.class_code = (uint32_t)value;
	if (parse_id_pair(id, &pci.vendor, &pci.device) < 0 ||
	    parse_id_pair(sub, &pci.subvendor, &pci.subdevice) < 0)
		return -EBADMSG;
	*ret = pci;
	return 0;
}

int modalias_get_pci(struct span text, struct uevent_pci *ret)
{
	/* "pci:v00008086d000010FBsv00008086sd0000000Cbc02sc00i00" */
	static const struct {
		const char *before;
		size_t digits;
	} fields[] = { { "pci:v", 8 }, { "d", 8 },  { "sv", 8 }, { "sd", 8 },
		       { "bc", 2 },    { "sc", 2 }, { "i", 2 } };
	uint64_t values[ARRAY_SIZE(fields)];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t len = strlen(fields[i].before);

		if (text.len < len + fields[i].digits || memcmp(text.s, fields[i].before, len) != 0)
			return -EBADMSG;
		if (parse_u64_span((struct span){ text.s + len, fields[i].digits }, 16,
				   &values[i]) < 0 ||
		    values[i] > UINT16_MAX)
			return -EBADMSG;
		text.s += len + fields[i].digits;
		text.len -= len + fields[i].digits;
	}
	if (text.len)
		return -EBADMSG;
	*ret = (struct uevent_pci){
		.class_code = (uint32_t)(values[4] << 16 | values[5] << 8 | values[6]),
		.vendor = (uint16_t)values[0],
		.device = (uint16_t)values[1],
		.subvendor = (uint16_t)values[2],
		.subdevice = (uint16_t)values[3],
	};
	return 0;
}
