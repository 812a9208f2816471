/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/view.h"

size_t view_text_width(const struct view *v)
{
	enum { TEXT_WIDTH_DEFAULT = 80 };

	return v->width ? v->width : TEXT_WIDTH_DEFAULT;
}
