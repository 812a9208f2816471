/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/kmod.h"

#include <errno.h>
#include <string.h>

#include "decode/cmdline.h"

enum {
	WALK_DEPTH_MAX = 3,
	WALK_NAMES_MAX = 4096,
};

/* Without this, libkmod would print its own messages to stderr among those of the tool. */
static void be_quiet(void *data, int priority, const char *file, int line, const char *fn,
		     const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	(void)format;
	(void)args;
}

static struct kmod_ctx *ctx_new(const char *dir, const char *const *config)
{
	struct kmod_ctx *ctx = kmod_new(dir, config);

	if (ctx)
		kmod_set_log_fn(ctx, be_quiet, NULL);
	return ctx;
}

static size_t options_count(struct kmod_ctx *ctx)
{
	struct kmod_config_iter *iter = kmod_config_get_options(ctx);
	size_t nr = 0;

	while (iter && kmod_config_iter_next(iter))
		nr++;
	kmod_config_iter_free_iter(iter);
	return nr;
}

/* libkmod puts the options of /proc/cmdline behind those of modprobe.d, always the host's own. What
 * a context without any modprobe.d has are these. */
static size_t options_of_files(const struct module_library *lib, const char *dir)
{
	static const char *const nowhere[] = { NULL };
	struct kmod_ctx *bare = ctx_new(dir, nowhere);
	size_t all = options_count(lib->ctx), own = bare ? options_count(bare) : 0;

	if (bare)
		kmod_unref(bare);
	return all > own ? all - own : 0;
}

/* Whether a library may open @path of a tree: libkmod follows links out of the root, waits for the
 * writer of a FIFO, and takes a line as long as it comes into memory. */
static bool file_is_plain(struct module_library *lib, struct loader *l, const char *path)
{
	struct fact link = sysroot_read_link(l->root, lib->arena, path);
	const char *name = strrchr(path, '/') + 1;
	FILE *file;
	int err = 0;

	/* The links "build" and "source" are not index files, and libkmod never looks at them. */
	if (fact_is(&link))
		return !strchr(name, '.');
	file = sysroot_stream(l->root, path, &err);
	if (file)
		fclose(file);
	return file || err == EISDIR;
}

static bool files_are_plain(struct module_library *lib, struct loader *l, const char *dir)
{
	struct fact names = sysroot_list(l->root, lib->arena, dir);
	struct span rest = fact_describe(&names), line;

	while (parse_line(&rest, &line))
		if (!file_is_plain(lib, l,
				   arena_printf(lib->arena, "%s/%.*s", dir, (int)line.len, line.s)))
			return false;
	return fact_known(&names);
}

static void library_open(struct module_library *lib, struct loader *l)
{
	static const char *const places[] = { "etc/modprobe.d", "run/modprobe.d",
					      "usr/local/lib/modprobe.d", "lib/modprobe.d" };
	const char *config[ARRAY_SIZE(places) + 1] = { NULL };
	bool tree = sysroot_kind(l->root) == SYSROOT_TREE;
	const char *dir = sysroot_host_path(l->root, lib->arena, lib->dir);
	size_t nr = 0;

	if (!dir || !fact_is(&lib->dir_stat) || (tree && !files_are_plain(lib, l, lib->dir)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (tree && !files_are_plain(lib, l, places[i]))
			return;
		config[nr] = sysroot_host_path(l->root, lib->arena, places[i]);
		nr += config[nr] != NULL;
	}
	config[nr] = NULL;
	lib->ctx = ctx_new(dir, config);
	if (!lib->ctx)
		return;
	/* libkmod maps the indexes into memory and trusts their offsets: use only those of this host. */
	if (!tree)
		kmod_load_resources(lib->ctx);
	lib->nr_options = options_of_files(lib, dir);
}

struct module_library *module_library_get(struct loader *l)
{
	const struct fact *release = &l->h->kernel.release;
	struct module_library *lib = l->modules;
	struct arena *a;

	if (lib)
		return lib;
	a = arena_new();
	lib = arena_new_object(a, struct module_library);
	lib->arena = a;
	l->modules = lib;
	if (!fact_is(release))
		return lib;
	lib->dir = arena_printf(a, "lib/modules/%s", release->raw);
	lib->dir_stat = sysroot_stat(l->root, a, lib->dir);
	lib->index_stat = sysroot_stat(l->root, a, arena_printf(a, "%s/modules.dep.bin", lib->dir));
	lib->builtin = sysroot_read(l->root, a, arena_printf(a, "%s/modules.builtin", lib->dir),
				    SYSROOT_FILE_MAX);
	library_open(lib, l);
	return lib;
}

void module_library_free(struct module_library *lib)
{
	if (!lib)
		return;
	if (lib->ctx)
		kmod_unref(lib->ctx);
	arena_free(lib->arena);
}

/* Whether @file is "NAME.ko" or a compressed one of module @name. */
static bool file_is_module(struct span file, const char *name)
{
	static const char *const ends[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t len = strlen(ends[i]);

		if (file.len > len && !memcmp(file.s + file.len - len, ends[i], len) &&
		    cmdline_name_equals((struct span){ file.s, file.len - len }, name))
			return true;
	}
	return false;
}

enum tristate module_library_builtin(const struct module_library *lib, const char *name)
{
	struct span rest = fact_describe(&lib->builtin), line;

	if (!fact_is(&lib->builtin))
		return TRI_UNKNOWN;
	while (parse_line(&rest, &line))
		if (file_is_module(path_base(line), name))
			return TRI_YES;
	return TRI_NO;
}

struct walk {
	struct loader *l;
	struct module_library *lib;
	const char *name;
	size_t left; /* names still to look at */
};

static char *walk_dir(struct walk *w, const char *dir, unsigned int depth)
{
	struct fact names = sysroot_list(w->l->root, w->lib->arena, dir);
	struct span rest = fact_describe(&names), line;
	char *found = NULL;

	while (!found && w->left && parse_line(&rest, &line)) {
		char *path = arena_printf(w->lib->arena, "%s/%.*s", dir, (int)line.len, line.s);

		w->left--;
		if (file_is_module(line, w->name))
			return path;
		/* Directories of modules have no point in their names, and no other file is there. */
		if (depth && !memchr(line.s, '.', line.len))
			found = walk_dir(w, path, depth - 1);
	}
	return found;
}

/* Without an index, the few directories where the modules of VFIO live. */
static char *walk_find(struct module_library *lib, struct loader *l, const char *name)
{
	static const struct {
		const char *dir;
		unsigned int depth;
	} places[] = {
		{ "kernel/drivers/vfio", WALK_DEPTH_MAX },
		{ "kernel/drivers/iommu", 1 },
		{ "updates", WALK_DEPTH_MAX },
		{ "extra", WALK_DEPTH_MAX },
	};
	struct walk w = { .l = l, .lib = lib, .name = name, .left = WALK_NAMES_MAX };
	char *found = walk_dir(&w, lib->dir, 0);

	for (size_t i = 0; !found && i < ARRAY_SIZE(places); i++)
		found = walk_dir(&w, arena_printf(lib->arena, "%s/%s", lib->dir, places[i].dir),
				 places[i].depth);
	return found;
}

/* Whether the module file @path, as libkmod names it, is one of the root's own. An index of a tree may
 * name any file of this host. */
static bool path_is_plain(struct module_library *lib, struct loader *l, const char *path)
{
	const char *dir = sysroot_host_path(l->root, lib->arena, lib->dir), *again;
	size_t len;

	if (sysroot_kind(l->root) != SYSROOT_TREE)
		return true;
	len = dir ? strlen(dir) : 0;
	if (!dir || strncmp(path, dir, len) != 0 || path[len] != '/')
		return false;
	path = arena_printf(lib->arena, "%s%s", lib->dir, path + len);
	again = sysroot_host_path(l->root, lib->arena, path);
	return again && !strncmp(again, dir, len) && again[len] == '/' &&
	       file_is_plain(lib, l, path);
}

struct kmod_module *module_library_find(struct module_library *lib, struct loader *l,
					const char *name)
{
	struct kmod_module *mod = NULL;
	const char *path;

	if (!lib->ctx)
		return NULL;
	if (fact_is(&lib->index_stat)) {
		if (kmod_module_new_from_name(lib->ctx, name, &mod) < 0)
			return NULL;
		path = kmod_module_get_path(mod);
		if (path && path_is_plain(lib, l, path))
			return mod;
		kmod_module_unref(mod);
		return NULL;
	}
	path = walk_find(lib, l, name);
	if (path)
		path = sysroot_host_path(l->root, lib->arena, path);
	if (!path || !path_is_plain(lib, l, path) ||
	    kmod_module_new_from_path(lib->ctx, path, &mod) < 0)
		return NULL;
	return mod;
}
