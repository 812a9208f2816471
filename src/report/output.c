/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/output.h"

size_t output_text_width(const struct output *v)
{
	enum { TEXT_WIDTH_DEFAULT = 80 };

	return v->width ? v->width : TEXT_WIDTH_DEFAULT;
}
