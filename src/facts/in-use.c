/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to what is known of a host's use of its devices. Pure: bind links this file. */
#include "facts/in-use.h"

#include <string.h>

bool in_use_is_below(const struct in_use_device *d, const char *path)
{
	size_t len = d->path ? strlen(d->path) : 0;

	return len && path && !strncmp(path, d->path, len) &&
	       (path[len] == '/' || path[len] == '\0');
}

const struct in_use_device *in_use_find(const struct in_use *u, const struct device *d)
{
	for (size_t i = 0; u && i < u->nr_devices; i++)
		if (u->devices[i].device == d)
			return &u->devices[i];
	return NULL;
}
