/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes and how it looks. cmd/ fills it from the options, the environment and the
 * terminal; everything below prints through it only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report/colors.h"

enum output_format { FORMAT_TABLE = 0, FORMAT_RAW, FORMAT_PAIRS, FORMAT_CSV, FORMAT_JSON };

struct output {
	FILE *stream; /* borrowed */
	enum output_format format;
	bool headings;
	bool tree;
	bool utf8;    /* the locale's characters are UTF-8: tree lines and names may use them */
	size_t width; /* columns a line may take; 0: no limit */
	bool color;
	struct color_scheme scheme;
};

/* The columns that running text is wrapped at: the width, or 80 where there is no limit. */
size_t output_text_width(const struct output *v);
