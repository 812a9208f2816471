/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contents of a module's file. Nothing outside facts/ includes it. */
#pragma once

#include "base/strbuf.h"
#include "facts/kmod.h"

/* Writes what it reads in the file of @mod. 0, or a negative errno. */
typedef int module_file_read(struct strbuf *out, const struct kmod_module *mod);
/* Lets @read look at the file of @mod. The file of a tree is not trusted: libkmod ends the process over a
 * broken file and unpacks one to any size, so a child with limits looks. -EBADMSG when the child failed. */
int module_file_ask(struct loader *l, module_file_read *read, const struct kmod_module *mod,
		    struct strbuf *out);
