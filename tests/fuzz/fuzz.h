/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzz target is: one function, called with one input. It returns, or the program ends. Beside
 * crashes it looks for answers that cannot be true. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Not assert(3): it must hold in a release build as well. */
#define must(what)                                                                           \
	do {                                                                                 \
		if (!(what)) {                                                               \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                             \
		}                                                                            \
	} while (0)
