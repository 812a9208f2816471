/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkmod and the module directory of the running release, opened once, at the first question (with a
 * capture there is none). */
#pragma once

#include <libkmod.h>

#include "facts/loader.h"

struct module_library {
	struct arena *arena; /* its own: freed with it */
	const char *dir;     /* "lib/modules/RELEASE" */
	struct fact dir_stat, index_stat, builtin;
	struct kmod_ctx *ctx; /* NULL when there is no directory */
	size_t nr_options;    /* of modprobe.d alone: libkmod adds the host's own command line */
};

/* What an asker gets. */
struct module_question {
	struct loader *l;
	const char *name; /* a module, or an alias */
};

struct module_library *module_library_get(struct loader *l);
/* The module @name from the index, or found by its file where there is no index. NULL with *@path NULL when
 * there is none. The caller unrefs it. */
struct kmod_module *module_library_find(struct module_library *lib, struct loader *l,
					const char *name);
/* Whether modules.builtin names it; unknown when that cannot be read. */
enum tristate module_library_builtin(const struct module_library *lib, const char *name);
