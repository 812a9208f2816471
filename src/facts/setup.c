/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/setup.h"

#include <string.h>

#include "decode/bootconfig.h"
#include "decode/procfs.h"
#include "facts/kmod.h"
#include "facts/loader.h"

enum { FILE_MAX = 64 << 10, FILES_MAX = 64, LINES_MAX = 1024 };

/* ---- processor ---- */

static void ask_address_sizes(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct fact whole = sysroot_read(root, a, "proc/cpuinfo", SYSROOT_FILE_MAX);
	struct span value;

	(void)ctx;
	if (!fact_is(&whole)) {
		ret->state = whole.state;
		ret->err = whole.err;
	} else if (status_get(fact_describe(&whole), "address sizes", &value)) {
		*ret = fact_derived(a, ret->path, value);
	} else {
		ret->state = FACT_ABSENT;
	}
}

/* "46 bits physical, 48 bits virtual". linux: arch/x86/kernel/cpu/proc.c: show_cpuinfo(). */
static void load_address_sizes(struct loader *l, struct setup *s)
{
	struct span rest, word;
	uint64_t bits;

	s->cpuinfo =
		sysroot_ask(l->root, l->a, "cpuinfo:address sizes", true, ask_address_sizes, NULL);
	rest = fact_describe(&s->cpuinfo);
	if (fact_is(&s->cpuinfo) && parse_word(&rest, &word) && !parse_u64_span(word, 10, &bits) &&
	    bits <= 64)
		s->phys_bits = (unsigned int)bits;
}

/* ---- huge pages ---- */

/* "hugepages-2048kB". linux: mm/hugetlb_sysfs.c. */
static bool pool_size(struct span name, uint64_t *ret)
{
	static const char head[] = "hugepages-";
	const size_t len = sizeof(head) - 1;
	uint64_t kib;

	if (name.len < len + 3 || memcmp(name.s, head, len) != 0 ||
	    memcmp(name.s + name.len - 2, "kB", 2) != 0 ||
	    parse_u64_span((struct span){ name.s + len, name.len - len - 2 }, 10, &kib) < 0 ||
	    kib > UINT64_MAX / 1024)
		return false;
	*ret = kib * 1024;
	return true;
}

static struct fact load_pools(struct loader *l, struct setup *s, const char *dir, int node)
{
	struct fact list = sysroot_list(l->root, l->a, dir);
	struct span rest = fact_describe(&list), name;
	uint64_t size;

	while (fact_is(&list) && parse_line(&rest, &name)) {
		const char *path = arena_printf(l->a, "/%s/%.*s", dir, (int)name.len, name.s);

		if (!pool_size(name, &size))
			continue;
		s->pools = arena_grow(l->a, s->pools, s->nr_pools, sizeof(*s->pools));
		s->pools[s->nr_pools++] = (struct hugepage_pool){
			.node = node,
			.size = size,
			.nr = read_at(l, path, "nr_hugepages"),
			.free = read_at(l, path, "free_hugepages"),
		};
	}
	return list;
}

static void load_hugepages(struct loader *l, struct setup *s)
{
	struct fact nodes = sysroot_list(l->root, l->a, "sys/devices/system/node");
	struct span rest = fact_describe(&nodes), name;
	uint64_t number;

	s->pools_list = load_pools(l, s, "sys/kernel/mm/hugepages", -1);
	while (fact_is(&nodes) && parse_line(&rest, &name))
		if (name.len > 4 && !memcmp(name.s, "node", 4) &&
		    !parse_u64_span((struct span){ name.s + 4, name.len - 4 }, 10, &number) &&
		    number <= INT16_MAX)
			load_pools(l, s,
				   arena_printf(l->a, "sys/devices/system/node/node%u/hugepages",
						(unsigned int)number),
				   (int)number);
}

/* ---- modprobe.d ---- */

static void add_lines(struct strbuf *out, struct kmod_config_iter *iter, const char *word)
{
	for (size_t i = 0; iter && i < LINES_MAX && kmod_config_iter_next(iter); i++) {
		const char *value = kmod_config_iter_get_value(iter);

		strbuf_printf(out, "%s %s%s%s\n", word, kmod_config_iter_get_key(iter),
			      value ? " " : "", value ? value : "");
	}
	kmod_config_iter_free_iter(iter);
}

static void ask_modprobe(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const struct module_library *lib = module_library_get(ctx);
	struct strbuf out = { .arena = a };

	(void)root;
	if (!lib->ctx) {
		ret->state = lib->dir_stat.state;
		ret->err = lib->dir_stat.err;
		return;
	}
	add_lines(&out, kmod_config_get_blacklists(lib->ctx), "blacklist");
	add_lines(&out, kmod_config_get_softdeps(lib->ctx), "softdep");
	*ret = fact_derived(a, ret->path,
			    (struct span){ strbuf_get(&out), out.len ? out.len - 1 : 0 });
}

/* ---- settings of boot loaders ---- */

static void ask_grub(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	static const char *const names[] = { "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT" };
	struct fact whole = sysroot_read(root, a, "etc/default/grub", FILE_MAX);
	const char *lines;

	(void)ctx;
	if (!fact_is(&whole)) {
		ret->state = whole.state;
		ret->err = whole.err;
		return;
	}
	lines = assignments_reduce(fact_describe(&whole), names, ARRAY_SIZE(names), a);
	*ret = fact_derived(a, ret->path, (struct span){ lines, strlen(lines) });
}

/* ---- who will use the devices ---- */

static void ask_limits_conf(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	static const char dir[] = "etc/security/limits.d";
	struct fact one = sysroot_read(root, a, "etc/security/limits.conf", FILE_MAX);
	struct fact list = sysroot_list(root, a, dir);
	struct span names = fact_describe(&list), name, rest = fact_describe(&one), line;
	struct strbuf out = { .arena = a };

	(void)ctx;
	*ret = (struct fact){ .state = one.state, .err = one.err, .path = ret->path };
	for (size_t i = 0;; i++) {
		while (fact_is(&one) && parse_line(&rest, &line))
			if (memmem(line.s, line.len, "memlock", 7))
				strbuf_item(&out, "\n", "%.*s", (int)line.len, line.s);
		if (i == FILES_MAX || !fact_is(&list) || !parse_line(&names, &name))
			break;
		one = sysroot_read(root, a, arena_printf(a, "%s/%.*s", dir, (int)name.len, name.s),
				   FILE_MAX);
		rest = fact_describe(&one);
	}
	if (fact_known(ret) || out.len)
		*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len });
}

struct fact setup_limits_conf(struct sysroot *root, struct arena *a)
{
	return sysroot_ask(root, a, "settings:limits.conf", true, ask_limits_conf, NULL);
}

static struct fact read_file(struct loader *l, const char *dir, const char *name)
{
	return sysroot_read(l->root, l->a, arena_join(l->a, dir + 1, "/", name, NULL), FILE_MAX);
}

static void load_drops(struct loader *l, struct setup_unit *u)
{
	const char *dir = arena_printf(l->a, "/etc/systemd/system/%s.d", u->name);
	struct span rest, name;
	struct fact one;

	u->drops = sysroot_list(l->root, l->a, dir + 1);
	rest = fact_describe(&u->drops);
	for (size_t i = 0; fact_is(&u->drops) && i < FILES_MAX && parse_line(&rest, &name); i++) {
		if (name.len < 5 || memcmp(name.s + name.len - 5, ".conf", 5) != 0)
			continue;
		one = read_file(l, dir, arena_strndup(l->a, name.s, name.len));
		unit_parse(fact_describe(&one), l->a, &u->settings);
	}
}

static void load_process(struct loader *l, struct setup_unit *u)
{
	struct span rest, pid;
	const char *dir;
	uint64_t number;

	u->procs = read_at(l, arena_printf(l->a, "/sys/fs/cgroup/system.slice/%s", u->name),
			   "cgroup.procs");
	rest = fact_describe(&u->procs);
	if (!fact_is(&u->procs) || !parse_line(&rest, &pid) || parse_u64_span(pid, 10, &number) < 0)
		return;
	dir = arena_printf(l->a, "/proc/%.*s", (int)pid.len, pid.s);
	u->limits = read_at(l, dir, "limits");
	u->status = read_at(l, dir, "status");
	u->label = read_at(l, arena_join(l->a, dir, "/attr", NULL), "current");
}

static struct setup_unit *load_unit(struct loader *l, const char *name)
{
	static const char *const dirs[] = { "/etc/systemd/system", "/run/systemd/system",
					    "/usr/lib/systemd/system", "/lib/systemd/system" };
	struct setup_unit *u = arena_new_object(l->a, struct setup_unit);

	u->name = strchr(name, '.') ? name : arena_join(l->a, name, ".service", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !fact_is(&u->file); i++) {
		struct fact f = read_file(l, dirs[i], u->name);

		if (!i || f.state != FACT_ABSENT)
			u->file = f;
	}
	unit_parse(fact_describe(&u->file), l->a, &u->settings);
	load_drops(l, u);
	load_process(l, u);
	return u;
}

/* ---- libvirt ---- */

/* libvirt: meson.build: libvirt_lib_version: 0, 1000 times the major version and the minor one, the rest. Its folder is that of
 * the distribution. */
static void load_libvirt(struct loader *l, struct setup *s)
{
	static const char *const dirs[] = { "usr/lib/x86_64-linux-gnu", "usr/lib64",
					    "usr/lib/aarch64-linux-gnu", "usr/lib" };
	static const char head[] = "libvirt.so.0.";
	struct span rest, word;
	uint64_t version;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !fact_is(&s->libvirt_link); i++) {
		struct fact f = sysroot_read_link(l->root, l->a,
						  arena_join(l->a, dirs[i], "/libvirt.so.0", NULL));

		if (!i || f.state != FACT_ABSENT)
			s->libvirt_link = f;
	}
	rest = fact_describe(&s->libvirt_link);
	if (!fact_is(&s->libvirt_link) || rest.len < sizeof(head) ||
	    memcmp(rest.s, head, sizeof(head) - 1) != 0)
		return;
	rest.s += sizeof(head) - 1;
	rest.len -= sizeof(head) - 1;
	word = rest;
	word.len = 0;
	while (word.len < rest.len && rest.s[word.len] != '.')
		word.len++;
	if (!parse_u64_span(word, 10, &version) && version <= UINT16_MAX)
		s->libvirt = (unsigned int)version;
}

/* ---- the whole ---- */

void setup_load(struct loader *l, const char *unit)
{
	struct setup *s = arena_new_object(l->a, struct setup);

	load_address_sizes(l, s);
	load_hugepages(l, s);
	s->modprobe = sysroot_ask(l->root, l->a, "libkmod:modprobe.d", true, ask_modprobe, l);
	s->grub = sysroot_ask(l->root, l->a, "settings:/etc/default/grub", true, ask_grub, NULL);
	s->cmdline = sysroot_read(l->root, l->a, "etc/kernel/cmdline", SYSROOT_ATTRIBUTE_MAX);
	s->selinux = sysroot_read(l->root, l->a, "sys/fs/selinux/enforce", SYSROOT_ATTRIBUTE_MAX);
	s->apparmor = read_at(l, "sys/module/apparmor/parameters", "enabled");
	s->limits_conf = setup_limits_conf(l->root, l->a);
	load_libvirt(l, s);
	if (unit)
		s->unit = load_unit(l, unit);
	l->h->setup = s;
}
