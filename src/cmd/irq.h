/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The irq command from its arguments on. */
#pragma once

#include "run/attached.h"

struct irq_args {
	struct attached_options acting;
	unsigned int kinds;                  /* bits of 1 << index; 0: all that the device has */
	uint32_t vectors, times, timeout_ms; /* 0: not given */
	bool raise;
};

/* Attaches, tries the interrupts of the device, prints what came of it. @data is a struct irq_args. The exit
 * status, or a negative errno with *@reterr. */
int irq_run(struct attached *ac, const void *data, struct failure **reterr);
