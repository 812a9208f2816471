/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt line of a PCI device on a VFIO driver: who else has it, whether the device can mask it, and so whether the
 * kernel gives it to a program. */
#pragma once

#include "facts/host.h"
#include "model/rule.h"

/* Whether the kernel knows that @dev cannot mask its line (DisINTx). linux: drivers/pci/quirks.c:
 * quirk_broken_intx_masking(); drivers/vfio/pci/vfio_pci_core.c: vfio_pci_nointx(). */
bool intx_masking_is_broken(const struct device *dev);
/* Whether somebody else has the line of @dev, of which DEVICE_NOTICES was loaded; *@ret is the first name then. */
enum tristate intx_line_user(const struct device *dev, struct span *ret);

struct intx_prediction {
	enum answer answer;  /* yes: the line can be had; no: refused with err */
	int err;             /* positive */
	const char *because; /* NULL unless no; in the arena */
};

/* What SET_IRQS of INTx answers for a device that has such a line and is on a VFIO driver. Where it can mask the line, VFIO
 * shares it, which the other driver may not. linux: drivers/vfio/pci/vfio_pci_intrs.c: vfio_intx_set_signal(). */
struct intx_prediction intx_predict(const struct device *dev, struct arena *a);
