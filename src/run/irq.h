/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the irq command does with one kind of interrupt of an attached device. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/irq.h"
#include "report/irq.h"
#include "run/attached.h"

struct irq_work {
	struct attached *ac;
	const struct attached_device *device;
	const struct device *dev;
	size_t nr_wanted; /* vectors; 0: all */
	uint64_t times;   /* each vector is triggered */
	unsigned int timeout_ms;
	bool raise;  /* by the device as well */
	int release; /* eventfd of REQ, or negative */
};

/* Sets up the vectors of @info's kind, triggers them, counts, releases them; the row in the arena of
 * w->ac. 0, -ECANCELED when the kernel asks for the device, or another negative errno with *@reterr for
 * what keeps the command from going on. */
int irq_work_kind(const struct irq_work *w, const struct irq_info *info, struct irq_kind_row *ret,
		  struct failure **reterr);
/* Instructs the device to raise @irq, with the first vector set up. */
void irq_raise_by_device(const struct irq_work *w, struct irq *irq, struct irq_raised_row *ret);
