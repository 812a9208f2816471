/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uapi/op.h"

#include <stddef.h>
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

static const char *const path_names[NR_PATHS] = { "container", "iommufd", "compat", "noiommu" };

const char *path_kind_name(enum path_kind kind)
{
	return path_names[kind];
}

/* Numbers that are internal to the kernel, which some drivers return nevertheless. linux:
 * include/linux/errno.h. */
static const struct {
	int err;
	const char *name;
} kernel_errnos[] = {
	{ 512, "ERESTARTSYS" },  { 514, "ERESTARTNOHAND" }, { 515, "ENOIOCTLCMD" },
	{ 517, "EPROBE_DEFER" }, { 521, "EBADHANDLE" },     { 524, "ENOTSUPP" },
	{ 525, "ETOOSMALL" },    { 526, "ESERVERFAULT" },   { 529, "EIOCBQUEUED" },
};

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err < 0 ? -err : err);

	for (size_t i = 0; !name && i < ARRAY_SIZE(kernel_errnos); i++)
		if (kernel_errnos[i].err == err || kernel_errnos[i].err == -err)
			name = kernel_errnos[i].name;
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
	for (size_t i = 0; i < ARRAY_SIZE(kernel_errnos); i++)
		if (!strcmp(kernel_errnos[i].name, name))
			return kernel_errnos[i].err;
	return 0;
}
