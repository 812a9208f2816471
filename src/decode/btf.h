/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF, the kernel's own description of its types and functions. Only the names of functions are read. Types
 * refer to each other by number; no reference is followed, so the walk is one pass over the bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "base/parse.h"

/* The sections of one BTF file, borrowed from its bytes. */
struct btf {
	struct span types, strings;
};

/* Finds the sections of @bytes, which are in the byte order of this machine. 0, or -EBADMSG.
 * linux: include/uapi/linux/btf.h: struct btf_header. */
vt_must_check int btf_open(struct span bytes, struct btf *ret);
/* Sets @found[i] where @b has a function with the name @names[i] (sorted by strcmp(), each once). The
 * strings of a module's BTF continue those of @base, which is NULL for vmlinux. 0, or -EBADMSG where the
 * types are malformed; what was found before is valid. linux: kernel/bpf/btf.c: btf_name_by_offset(). */
vt_must_check int btf_find_functions(const struct btf *b, const struct btf *base,
				     const char *const *names, size_t nr, bool *found);
