/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that a kernel was built with. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/parse.h"

/* Keeps of a kernel configuration the options in @names ("CONFIG_X", @nr of them), one "CONFIG_X=VALUE"
 * a line in the order found; "is not set" becomes "n". The text is in @a, NULL when no line of @text
 * looks like one of a configuration. */
char *kconfig_reduce(struct span text, const char *const *names, size_t nr, struct arena *a);
