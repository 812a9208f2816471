/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/intx.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"

bool intx_masking_is_broken(const struct device *dev)
{
	static const struct {
		uint16_t vendor, first, last;
	} ids[] = {
		{ 0x1425, 0x0030, 0x0030 }, { 0x1814, 0x0601, 0x0601 }, { 0x1b7c, 0x0004, 0x0004 },
		{ 0x1102, 0x000b, 0x000b }, { 0x10ec, 0x8169, 0x8169 }, { 0x8086, 0x1563, 0x1563 },
		{ 0x8086, 0x1572, 0x1572 }, { 0x8086, 0x1574, 0x1574 }, { 0x8086, 0x1580, 0x1581 },
		{ 0x8086, 0x1583, 0x158b }, { 0x8086, 0x37d0, 0x37d2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (dev->has_ids && dev->vendor == ids[i].vendor &&
		    dev->device_id >= ids[i].first && dev->device_id <= ids[i].last)
			return true;
	return false;
}

/* A device that is in use has the line itself. linux: drivers/vfio/pci/vfio_pci_intrs.c: vfio_intx_enable(). */
enum tristate intx_line_user(const struct device *dev, struct span *ret)
{
	const struct fact *f = &dev->irq_actions;
	const char *comma;

	if (!fact_is(f))
		return TRI_UNKNOWN;
	if (!f->len || memmem(f->raw, f->len, "vfio", 4))
		return TRI_NO;
	comma = memchr(f->raw, ',', f->len);
	*ret = (struct span){ f->raw, comma ? (size_t)(comma - f->raw) : f->len };
	return TRI_YES;
}

struct intx_prediction intx_predict(const struct device *dev, struct arena *a)
{
	struct intx_prediction ret = { 0 };
	struct span other;

	switch (intx_line_user(dev, &other)) {
	case TRI_NO:
		ret.answer = ANSWER_YES;
		return ret;
	case TRI_UNKNOWN:
		return ret;
	default:
		break;
	}
	/* nointxmask counts as it was when vfio-pci was loaded, and root may have changed it since. linux:
	 * drivers/vfio/pci/vfio_pci.c: vfio_pci_init(), since 5.15. Nor does the device have to be able to mask. */
	if (!intx_masking_is_broken(dev))
		return ret;
	ret.answer = ANSWER_NO;
	ret.err = EBUSY;
	ret.because =
		arena_printf(a,
			     "%.*s shares its interrupt line, and the device cannot mask it (DisINTx)",
			     (int)other.len, other.s);
	return ret;
}
