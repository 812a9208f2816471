/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the tool, on stderr. The level is the one global of the program. */
#pragma once

#include "base/macro.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
/* One line on stderr, "vfiotool: " before and a newline behind; control characters are escaped. */
void log_write(enum log_level level, const char *fmt, ...) vt_printf(2, 3);
