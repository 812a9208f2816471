/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/versions.h"

#include <libsmartcols.h>
#include <stddef.h>

const char *versions_smartcols(void)
{
	const char *ret = NULL;

	scols_get_library_version(&ret);
	return ret ? ret : "?";
}
