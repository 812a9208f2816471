/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/pciaddr.h"

#include <errno.h>
#include <string.h>

/* Cuts what stands before the first @stop off @rest. False when there is none. */
static bool cut(struct span *rest, char stop, struct span *ret)
{
	const char *end = memchr(rest->s, stop, rest->len);

	if (!end)
		return false;
	ret->s = rest->s;
	ret->len = (size_t)(end - rest->s);
	rest->s = end + 1;
	rest->len -= ret->len + 1;
	return true;
}

static int parse_digits(struct span s, size_t min, size_t max, uint32_t limit, uint32_t *ret)
{
	uint64_t value;

	if (s.len < min || s.len > max)
		return -EINVAL;
	/* The base parser takes a 0x prefix, which no address has. */
	if (s.len > 1 && (s.s[1] == 'x' || s.s[1] == 'X'))
		return -EINVAL;
	if (parse_u64_span(s, 16, &value) < 0 || value > limit)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

int pciaddr_parse_slot(struct span s, struct pciaddr *ret)
{
	struct span rest = s, first, second;
	uint32_t domain = 0, bus, device;

	if (!cut(&rest, ':', &first))
		return -EINVAL;
	if (cut(&rest, ':', &second)) {
		if (parse_digits(first, 4, 8, UINT32_MAX, &domain) < 0)
			return -EINVAL;
		first = second;
	}
	if (parse_digits(first, 2, 2, 0xff, &bus) < 0 ||
	    parse_digits(rest, 2, 2, 0x1f, &device) < 0)
		return -EINVAL;
	*ret = (struct pciaddr){ domain, (uint8_t)bus, (uint8_t)device, 0 };
	return 0;
}

int pciaddr_parse(struct span s, struct pciaddr *ret)
{
	struct span rest = s, slot;
	struct pciaddr addr;
	uint32_t function;

	if (!cut(&rest, '.', &slot) || pciaddr_parse_slot(slot, &addr) < 0 ||
	    parse_digits(rest, 1, 1, 7, &function) < 0)
		return -EINVAL;
	addr.function = (uint8_t)function;
	*ret = addr;
	return 0;
}

char *pciaddr_format(struct arena *a, const struct pciaddr *addr)
{
	return arena_printf(a, "%04x:%02x:%02x.%x", addr->domain, addr->bus, addr->device,
			    addr->function);
}
