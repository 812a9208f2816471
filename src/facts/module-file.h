/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the file of a module. Nothing outside facts/ includes it. */
#pragma once

#include "base/strbuf.h"
#include "facts/kmod.h"

/* Writes what it reads in the file of @mod. 0, or a negative errno. */
typedef int module_file_read(struct strbuf *out, const struct kmod_module *mod);
/* Has @read look at the file of @mod. One of a tree is somebody else's: libkmod ends the process over a broken one,
 * and unpacks it to any size, so that a child with limits looks. -EBADMSG when it came to no good end. */
int module_file_ask(struct loader *l, module_file_read *read, const struct kmod_module *mod,
		    struct strbuf *out);
