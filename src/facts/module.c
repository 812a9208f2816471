/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules VFIO may need: loaded, loadable, built in, absent, and what their files import. */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "decode/cmdline.h"
#include "facts/kmod.h"
#include "facts/module-file.h"

/* Those that /sys/module shows when they are built in: they have parameters or a version.
 * linux: kernel/params.c: param_sysfs_builtin(), version_sysfs_builtin(). */
static bool module_shows_builtin(enum module_id id)
{
	return id == MODULE_VFIO || id == MODULE_VFIO_IOMMU_TYPE1 || id == MODULE_VFIO_PCI ||
	       id == MODULE_IOMMUFD;
}

/* Modules whose symbols distinguish generations. */
static bool module_tells_generation(enum module_id id)
{
	return module_shows_builtin(id) || id == MODULE_VFIO_PCI_CORE;
}

/* The lines "PREFIX=VALUE" of a configuration iterator that are about @name; at most @limit looked
 * at. */
static void add_config(struct strbuf *out, struct kmod_config_iter *iter, const char *name,
		       const char *prefix, size_t limit)
{
	for (size_t i = 0; iter && i < limit && kmod_config_iter_next(iter); i++) {
		const char *key = kmod_config_iter_get_key(iter);
		const char *value = kmod_config_iter_get_value(iter);

		if (key && cmdline_name_equals((struct span){ key, strlen(key) }, name))
			strbuf_printf(out, "%s=%s\n", prefix, value ? value : "yes");
	}
	kmod_config_iter_free_iter(iter);
}

static void add_options(struct strbuf *out, const struct module_library *lib, const char *name)
{
	struct strbuf all = { .arena = out->arena };
	struct span rest, line;

	add_config(&all, kmod_config_get_options(lib->ctx), name, "options", lib->nr_options);
	rest = (struct span){ strbuf_get(&all), all.len };
	while (parse_line(&rest, &line)) {
		struct span key, value;
		bool has_value;

		line.s += strlen("options=");
		line.len -= strlen("options=");
		while (cmdline_next(&line, &key, &value, &has_value))
			strbuf_printf(out, "option=%.*s=%.*s\n", (int)key.len, key.s,
				      has_value ? (int)value.len : 1, has_value ? value.s : "Y");
	}
}

/* The path as the host has it, without the root it was read below. */
static const char *path_in_root(const struct module_library *lib, struct loader *l,
				const char *path)
{
	const char *dir = sysroot_host_path(l->root, lib->arena, lib->dir);
	size_t len = dir ? strlen(dir) : 0;

	if (sysroot_kind(l->root) != SYSROOT_TREE || !dir || strncmp(path, dir, len) != 0)
		return path;
	return arena_printf(lib->arena, "/%s%s", lib->dir, path + len);
}

static void ask_module(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const struct module_question *q = ctx;
	struct module_library *lib = module_library_get(q->l);
	struct strbuf out = { .arena = a };
	enum tristate builtin;
	struct kmod_module *mod;

	(void)root;
	if (!lib->ctx) {
		ret->state =
			lib->dir_stat.state == FACT_PRESENT ? FACT_FAILED : lib->dir_stat.state;
		ret->err = lib->dir_stat.err ? lib->dir_stat.err : EIO;
		if (ret->state == FACT_UNREAD)
			ret->err = 0;
		return;
	}
	builtin = module_library_builtin(lib, q->name);
	mod = module_library_find(lib, q->l, q->name);
	if (builtin == TRI_YES)
		strbuf_printf(&out, "state=builtin\n");
	else if (mod)
		strbuf_printf(&out, "state=loadable\nfile=%s\n",
			      path_in_root(lib, q->l, kmod_module_get_path(mod)));
	else
		strbuf_printf(&out, "state=%s\n", builtin == TRI_NO ? "absent" : "unknown");
	if (!fact_is(&lib->index_stat))
		strbuf_printf(&out, "index=none\n");
	add_config(&out, kmod_config_get_softdeps(lib->ctx), q->name, "softdep", SIZE_MAX);
	add_config(&out, kmod_config_get_install_commands(lib->ctx), q->name, "install", SIZE_MAX);
	add_config(&out, kmod_config_get_blacklists(lib->ctx), q->name, "blacklist", SIZE_MAX);
	add_options(&out, lib, q->name);
	if (mod)
		kmod_module_unref(mod);
	*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len - 1 });
}

static void add_symbol(struct strbuf *out, const char *prefix, const char *symbol)
{
	if (symbol && symbol_is_kept(symbol))
		strbuf_printf(out, "%s=%s\n", prefix, symbol);
}

/* 0, or a negative errno. */
static int add_symbols(struct strbuf *out, const struct kmod_module *mod)
{
	struct kmod_list *list = NULL, *item;
	int r = kmod_module_get_dependency_symbols(mod, &list);

	if (r < 0)
		return r;
	kmod_list_foreach(item, list)
		add_symbol(out, "import", kmod_module_dependency_symbol_get_symbol(item));
	kmod_module_dependency_symbols_free_list(list);
	list = NULL;
	/* A module that exports nothing has no such section, which libkmod calls an error. */
	r = kmod_module_get_symbols(mod, &list);
	if (r < 0)
		return r == -ENODATA || r == -ENOENT ? 0 : r;
	kmod_list_foreach(item, list)
		add_symbol(out, "export", kmod_module_symbol_get_symbol(item));
	kmod_module_symbols_free_list(list);
	return 0;
}

static void ask_symbols(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const struct module_question *q = ctx;
	struct module_library *lib = module_library_get(q->l);
	struct kmod_module *mod = module_library_find(lib, q->l, q->name);
	struct strbuf out = { .arena = a };
	int r;

	(void)root;
	if (!mod) {
		ret->state = FACT_ABSENT;
		ret->err = ENOENT;
		return;
	}
	r = module_file_ask(q->l, add_symbols, mod, &out);
	kmod_module_unref(mod);
	if (r < 0) {
		ret->err = -r;
		ret->state = fact_state_from_errno(-r);
		return;
	}
	*ret = fact_derived(a, ret->path,
			    (struct span){ strbuf_get(&out), out.len ? out.len - 1 : 0 });
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The values of the lines "KEY=VALUE" of @f, sorted. */
static const char **values_of(struct loader *l, const struct fact *f, const char *key,
			      size_t *ret_nr)
{
	struct span rest = fact_describe(f), line;
	size_t len = strlen(key), nr = 0;
	const char **ret = NULL;

	while (parse_line(&rest, &line)) {
		if (line.len <= len || memcmp(line.s, key, len) || line.s[len] != '=')
			continue;
		ret = arena_grow(l->a, ret, nr, sizeof(*ret));
		ret[nr++] = arena_strndup(l->a, line.s + len + 1, line.len - len - 1);
	}
	if (nr)
		qsort(ret, nr, sizeof(*ret), text_compare);
	*ret_nr = nr;
	return ret;
}

static void load_symbols(struct loader *l, struct module *m)
{
	struct module_question q = { l, m->name };

	m->symbols = sysroot_ask(l->root, l->a, arena_printf(l->a, "libkmod:%s:symbols", m->name),
				 true, ask_symbols, &q);
	if (!fact_is(&m->symbols))
		return;
	m->imports = values_of(l, &m->symbols, "import", &m->nr_imports);
	m->exports = values_of(l, &m->symbols, "export", &m->nr_exports);
	m->symbols_known = true;
}

static enum module_state state_of_answer(const struct fact *kmod)
{
	struct span rest = fact_describe(kmod), line;

	while (parse_line(&rest, &line)) {
		if (span_equals(line, "state=loadable"))
			return MODULE_STATE_LOADABLE;
		if (span_equals(line, "state=builtin"))
			return MODULE_STATE_BUILTIN;
		if (span_equals(line, "state=absent"))
			return MODULE_STATE_ABSENT;
	}
	return MODULE_STATE_UNKNOWN;
}

/* Whether this kernel has modules from a directory that is not to be seen here, as in a container. */
static bool directory_is_hidden(const struct host *h, const struct module *m)
{
	return m->kmod.state == FACT_ABSENT && fact_is(&h->modules_loaded) && h->modules_loaded.len;
}

/* What the configuration says about a module that left no other trace. An option that is a module
 * needs a file, and there is no directory for one. */
static enum module_state state_of_config(const struct host *h, const struct module *m)
{
	static const char *const options[NR_MODULES] = {
#define X(id, name) [MODULE_##id] = "CONFIG_" #id,
		MODULE_LIST(X)
#undef X
	};
	const char *value =
		kernel_config(&h->kernel, m->id == MODULE_MDEV        ? "CONFIG_VFIO_MDEV"
					  : m->id == MODULE_IRQBYPASS ? "CONFIG_IRQ_BYPASS_MANAGER"
								      : options[m->id]);

	if (!value)
		return MODULE_STATE_UNKNOWN;
	if (!strcmp(value, "y"))
		return MODULE_STATE_BUILTIN;
	if (!strcmp(value, "n") || (m->kmod.state == FACT_ABSENT && !directory_is_hidden(h, m)))
		return MODULE_STATE_ABSENT;
	return MODULE_STATE_UNKNOWN;
}

static enum module_state module_find_state(const struct host *h, const struct module *m)
{
	enum module_state state;

	/* linux: kernel/module/sysfs.c: initstate belongs to modules that were loaded. */
	if (fact_is(&m->sysfs))
		return m->initstate.state == FACT_ABSENT ? MODULE_STATE_BUILTIN
							 : MODULE_STATE_LOADED;
	if (m->sysfs.state != FACT_ABSENT)
		return MODULE_STATE_UNKNOWN;
	state = state_of_answer(&m->kmod);
	/* A module that would show if it were built in does not show, and has no file. */
	if (state == MODULE_STATE_UNKNOWN && module_shows_builtin(m->id) &&
	    !directory_is_hidden(h, m) && (m->kmod.state == FACT_ABSENT || fact_is(&m->kmod)))
		return MODULE_STATE_ABSENT;
	return state == MODULE_STATE_UNKNOWN ? state_of_config(h, m) : state;
}

static void module_load(struct loader *l, struct module *m)
{
	struct module_question q = { l, m->name };
	const char **files;
	size_t nr;

	m->sysfs = stat_at(l, "sys/module", m->name);
	if (fact_is(&m->sysfs))
		m->initstate =
			read_at(l, arena_printf(l->a, "sys/module/%s", m->name), "initstate");
	m->kmod = sysroot_ask(l->root, l->a, arena_printf(l->a, "libkmod:%s", m->name), true,
			      ask_module, &q);
	files = values_of(l, &m->kmod, "file", &nr);
	m->file = nr ? files[0] : NULL;
	m->state = module_find_state(l->h, m);
	if (m->id == MODULE_VFIO_PCI && m->state == MODULE_STATE_LOADED)
		m->driver_dir = list_at(l, "sys/bus/pci/drivers", "vfio-pci");
	if ((l->scope.host_parts & HOST_SYMBOLS) && module_tells_generation(m->id))
		load_symbols(l, m);
}

/* One is enough to know that modules come from somewhere. linux: kernel/module/procfs.c. */
static void ask_loaded(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	int err = 0;
	FILE *f = sysroot_stream(root, "proc/modules", &err);

	(void)ctx;
	if (!f) {
		ret->err = err;
		ret->state = fact_state_from_errno(err);
		return;
	}
	bool any = getc(f) != EOF;
	fclose(f);
	*ret = fact_derived(a, ret->path, (struct span){ any ? "some" : "", any ? 4 : 0 });
}

void modules_load(struct loader *l)
{
	l->h->modules_loaded = sysroot_ask(l->root, l->a, "/proc/modules", true, ask_loaded, NULL);
	for (size_t i = 0; i < NR_MODULES; i++) {
		struct module *m = &l->h->modules[i];

		m->id = (enum module_id)i;
		m->name = module_name(m->id);
		module_load(l, m);
	}
}

struct candidate {
	const char *name;
	unsigned int wildcards; /* of the alias by which it was found */
};

static int add_aliases(struct strbuf *out, const struct kmod_module *mod)
{
	struct kmod_list *info = NULL, *item;
	int r = kmod_module_get_info(mod, &info);

	if (r < 0)
		return r;
	kmod_list_foreach(item, info) if (!strcmp(kmod_module_info_get_key(item), "alias"))
		strbuf_printf(out, "%s\n", kmod_module_info_get_value(item));
	kmod_module_info_free_list(info);
	return 0;
}

/* The number of fields that its best alias for @wanted leaves open. 0 where no alias of its own matches:
 * then modprobe.d names it for this device. */
static unsigned int alias_wildcards(const struct module_question *q, const char *name)
{
	struct kmod_module *mod = module_library_find(q->l->modules, q->l, name);
	struct arena *a = q->l->modules->arena;
	struct strbuf aliases = { .arena = a };
	unsigned int best = UINT_MAX;
	struct span rest, line;

	if (!mod || module_file_ask(q->l, add_aliases, mod, &aliases) < 0) {
		kmod_module_unref(mod);
		return UINT_MAX;
	}
	kmod_module_unref(mod);
	rest = (struct span){ strbuf_get(&aliases), aliases.len };
	while (parse_line(&rest, &line)) {
		const char *alias = arena_strndup(a, line.s, line.len);
		unsigned int nr = 0;

		if (fnmatch(alias, q->name, 0) != 0)
			continue;
		for (const char *at = alias; (at = strchr(at, '*')); at++)
			nr++;
		if (nr < best)
			best = nr;
	}
	return best == UINT_MAX ? 0 : best;
}

static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->wildcards > y->wildcards) - (x->wildcards < y->wildcards);
}

/* The modules that match, the one whose alias says most about the device first: fewest wildcards, as libvirt
 * chooses. One that is on a blacklist is not meant to be found by its aliases. modprobe.d(5). */
static void put_candidates(const struct module_question *q, struct arena *a,
			   struct kmod_list *found, struct strbuf *out)
{
	struct kmod_list *list = NULL, *item;
	struct candidate *all = NULL;
	size_t nr = 0;

	if (kmod_module_apply_filter(q->l->modules->ctx, KMOD_FILTER_BLACKLIST, found, &list) < 0)
		return;
	kmod_list_foreach(item, list)
	{
		struct kmod_module *mod = kmod_module_get_module(item);

		all = arena_grow(a, all, nr, sizeof(*all));
		all[nr].name = arena_strdup(a, kmod_module_get_name(mod));
		/* The only one, mostly: nothing to compare it with. */
		all[nr].wildcards =
			kmod_list_next(found, found) ? alias_wildcards(q, all[nr].name) : 0;
		nr++;
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	if (nr)
		qsort(all, nr, sizeof(*all), candidate_compare);
	for (size_t i = 0; i < nr; i++)
		strbuf_printf(out, "%s%s", i ? "\n" : "", all[i].name);
}

static void ask_alias(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const struct module_question *q = ctx;
	struct module_library *lib = module_library_get(q->l);
	struct kmod_list *list = NULL;
	struct strbuf out = { .arena = a };
	int r;

	(void)root;
	if (!lib->ctx || !fact_is(&lib->index_stat)) {
		ret->state = FACT_ABSENT;
		ret->err = ENOENT;
		return;
	}
	r = kmod_module_new_from_lookup(lib->ctx, q->name, &list);
	if (r < 0) {
		ret->state = FACT_FAILED;
		ret->err = -r;
		return;
	}
	put_candidates(q, a, list, &out);
	kmod_module_unref_list(list);
	*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len });
}

struct fact module_vfio_alias(struct loader *l, struct span modalias)
{
	struct module_question q = { l, NULL };
	const char *key;

	/* linux: scripts/mod/file2alias.c: do_pci_entry() prefixes override-only tables. */
	if (modalias.len < 4 || memcmp(modalias.s, "pci:", 4) ||
	    !text_is_plain(modalias.s, modalias.len))
		return (struct fact){ .state = FACT_UNREAD };
	q.name = arena_printf(l->a, "vfio_%.*s", (int)modalias.len, modalias.s);
	key = arena_printf(l->a, "libkmod:%s", q.name);
	return sysroot_ask(l->root, l->a, key, true, ask_alias, &q);
}
