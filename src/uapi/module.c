/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uapi/module.h"

#include <stddef.h>
#include <string.h>

static const char *const names[NR_MODULES] = {
#define X(id, name) [MODULE_##id] = #name,
	MODULE_LIST(X)
#undef X
};

const char *module_name(enum module_id id)
{
	return names[id];
}

enum module_id module_find(const char *name)
{
	unsigned int i = 0;

	while (i < NR_MODULES && strcmp(names[i], name) != 0)
		i++;
	return (enum module_id)i;
}

const struct param_row *param_get(enum param_id id)
{
	static const struct param_row rows[NR_PARAMS] = {
#define X(id, module_id, module, name, by_default, key, values, writable) \
	[PARAM_##id] = { MODULE_##module_id, #name, by_default, key, writable },
		PARAM_LIST(X)
#undef X
	};

	return &rows[id];
}
