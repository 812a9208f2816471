/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports for a person: titles, labelled text with a hanging indent, wrapped to the width of the output.
 * Everything is escaped before it is printed. */
#pragma once

#include <stddef.h>

#include "base/macro.h"
#include "report/field.h"
#include "report/output.h"

struct prose {
	const struct output *out;
	size_t indent;      /* columns before each line */
	size_t label_width; /* columns of a label, its gap included */
	/* What each line begins with, in place of as many columns of the indent: "# ". NULL: blanks. */
	const char *prefix;
};

/* One unlabelled paragraph in @style. */
void prose_text(const struct prose *p, enum style style, const char *fmt, ...) vt_printf(3, 4);
/* "label text", further lines below the text. On an output too narrow for two columns of text, the text
 * goes below its label. */
void prose_label(const struct prose *p, const char *label, enum style style, const char *fmt, ...)
	vt_printf(4, 5);
/* The title of a device's section; @name may be NULL. */
void prose_device(const struct prose *p, const char *address, const char *name);
void prose_blank(const struct prose *p);
/* A copy of @p that is @by columns further right (less on a narrow output). */
struct prose prose_indented(const struct prose *p, size_t by);
