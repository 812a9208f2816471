/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/op.h"

#include <string.h>

static const char *const op_names[NR_OPS] = { [OP_NONE] = "NONE",
#define X(name) [OP_##name] = #name,
					      OP_LIST(X)
#undef X
};

const char *op_name(enum op op)
{
	return (unsigned int)op < NR_OPS ? op_names[op] : "NONE";
}

enum op op_from_name(const char *name)
{
	for (unsigned int i = 1; i < NR_OPS; i++)
		if (!strcmp(name, op_names[i]))
			return (enum op)i;
	return OP_NONE;
}

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err < 0 ? -err : err);

	return name ? name : "E?";
}

int errno_from_name(const char *name)
{
	/* linux: include/uapi/asm-generic/errno.h ends at EHWPOISON, 133. */
	enum { ERRNO_LAST = 133 };

	for (int i = 1; i <= ERRNO_LAST; i++) {
		const char *known = strerrorname_np(i);

		if (known && !strcmp(known, name))
			return i;
	}
	return 0;
}
