/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What acting commands are tried on: a host with a function alone in its group behind an IOMMU that remaps
 * interrupts, on vfio-pci, and a kernel in memory that has it. */
#pragma once

#include "run/attached.h"
#include "fake-host.h"
#include "fake-kernel.h"

/* "0000:01:00.0" in group 1; its cdev is vfio0. */
struct device *fake_acting_device(struct host *h);
/* What attached_open() finds out, for @devices of @h on @path, as kernel 6.6 decides. @kernel answers, and
 * @app->arena is the arena. */
void fake_acting_open(struct attached *ac, struct app *app, const struct attached_options *o,
		      struct host *h, struct device **devices, size_t nr, enum path_kind path,
		      struct fake_kernel *kernel);
