/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture of a host out of what was pasted of it. */
#pragma once

#include <stdio.h>

#include "decode/paste.h"

/* The answers that a host gives of which @p says this, as a capture. What the text does not say has no answer there. 0, or the
 * negative errno of the write. */
int paste_write_capture(const struct paste *p, FILE *out);
