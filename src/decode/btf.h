/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF, the kernel's own description of its types and functions. Only the names of functions are read. Types
 * refer to each other by number; no reference is followed, so the walk is one pass over the bytes. They are
 * looked at where they are read, a little at a time: to keep five megabytes would take longer than to decode them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/macro.h"

/* Copies what is at @offset of a BTF file, @len bytes or fewer. Their number, 0 at the end, or a negative errno. */
typedef ssize_t btf_reader(void *ctx, size_t offset, void *buf, size_t len);

/* A name that was looked for, in the strings of a file. */
struct btf_name {
	uint32_t offset;
	uint32_t index; /* among the names */
};

/* Where one file has the names, sorted by offset, in the arena of the call. */
struct btf_strings {
	uint32_t len; /* bytes */
	const struct btf_name *names;
	size_t nr_names;
};

/* Sets @found[i] where the file that @read gives has a function with the name @names[i] (sorted by strcmp(), each once),
 * and fills @ret. The strings of a module's BTF continue those of @base, which is what vmlinux
 * had of the same names, and NULL for vmlinux itself. The file is in the
 * byte order of this machine. 0, -EBADMSG where it is malformed (what was found before is valid), or the errno of @read.
 * linux: include/uapi/linux/btf.h: struct btf_header; kernel/bpf/btf.c: btf_name_by_offset(). */
vt_must_check int btf_find_functions(btf_reader *read, void *ctx, const struct btf_strings *base,
				     const char *const *names, size_t nr, struct arena *a,
				     struct btf_strings *ret, bool *found);
