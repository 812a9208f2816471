/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for pages that scdoc(5) makes of tables. */
#pragma once

#include <stdio.h>

#include "base/arena.h"

/* @s with what means something to scdoc escaped; in @a. */
const char *manual_text(const char *s, struct arena *a);
/* @s, escaped already, in lines that manual pages like, further ones behind @indent. */
void manual_put(FILE *out, const char *indent, const char *s);
