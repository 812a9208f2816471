/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the running kernel, where the module files were not enough. Its BTF is read in a few
 * milliseconds; /proc/kallsyms, ten megabytes of text, takes ten times that and is read when BTF left a
 * question open. Of both only the asked names are kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode/btf.h"
#include "facts/loader.h"

enum {
	KALLSYMS_LINES_MAX = 8 << 20,
	KALLSYMS_BUFFER = 32 << 10,
};

static int name_search(const void *key, const void *slot)
{
	return strcmp(key, *(const char *const *)slot);
}

/* The name in "ffffffff81000000 T name	[module]", cut out in place; NULL when there is none. */
static char *line_name(char *line)
{
	char *name = strchr(line, ' ');

	name = name ? strchr(name + 1, ' ') : NULL;
	if (!name)
		return NULL;
	name++;
	name[strcspn(name, "\t\n ")] = '\0';
	return name;
}

/* The fact @ret: those of @names that were @found. */
static void keep_found(struct arena *a, const char *const *names, size_t nr, const bool *found,
		       struct fact *ret)
{
	struct strbuf out = { .arena = a };

	for (size_t i = 0; i < nr; i++)
		if (found[i])
			strbuf_printf(&out, "%s%s", out.len ? "\n" : "", names[i]);
	*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len });
}

static void ask_kallsyms(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	size_t nr, size = 0, lines = 0;
	const char *const *names = host_symbol_names(&nr);
	char buffer[KALLSYMS_BUFFER], *line = NULL;
	bool *found;
	int err = 0;
	FILE *in;

	(void)ctx;
	in = sysroot_stream(root, "proc/kallsyms", &err);
	if (!in) {
		ret->err = err;
		ret->state = fact_state_from_errno(err);
		return;
	}
	setvbuf(in, buffer, _IOFBF, sizeof(buffer));
	found = arena_array(a, nr, sizeof(*found));
	while (lines < KALLSYMS_LINES_MAX && getline(&line, &size, in) > 0) {
		const char *name = line_name(line);
		const char *const *hit =
			name ? bsearch(name, names, nr, sizeof(*names), name_search) : NULL;

		lines++;
		if (hit)
			found[hit - names] = true;
	}
	if (ferror(in) || !lines) {
		ret->state = FACT_FAILED;
		ret->err = ferror(in) ? errno : ENODATA;
	} else {
		keep_found(a, names, nr, found, ret);
	}
	free(line);
	fclose(in);
}

/* linux: fs/kernfs/file.c: kernfs_file_read_iter(): a page a read. */
static ssize_t read_btf(void *ctx, size_t offset, void *buf, size_t len)
{
	const int *fd = ctx;
	ssize_t n = pread(*fd, buf, len, (off_t)offset);

	return n < 0 ? -errno : n;
}

/* As btf_find_functions(), of the file @path. */
static int search_btf(struct sysroot *root, const char *path, const struct btf_strings *base,
		      struct arena *a, struct btf_strings *ret, bool *found)
{
	size_t nr;
	const char *const *names = host_symbol_names(&nr);
	int fd = sysroot_open_file(root, path), r;

	if (fd < 0)
		return fd;
	r = btf_find_functions(read_btf, &fd, base, names, nr, a, ret, found);
	close(fd);
	return r;
}

/* Each loaded module of VFIO has its own file beside the kernel's. A name that only the kernel itself can
 * have is missing in all of them, so one set of names answers for both. linux: kernel/bpf/sysfs_btf.c,
 * since 5.4; kernel/bpf/btf.c: btf_module_notify(), since 5.11. */
static void ask_btf(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	static const char *const modules[] = { "vfio",     "vfio_iommu_type1", "vfio_virqfd",
					       "vfio_pci", "vfio_pci_core",    "iommufd" };
	size_t nr;
	const char *const *names = host_symbol_names(&nr);
	bool *found = arena_array(a, nr, sizeof(*found));
	struct btf_strings vmlinux, module;
	int r = search_btf(root, "sys/kernel/btf/vmlinux", NULL, a, &vmlinux, found);

	(void)ctx;
	/* A module's BTF that is missing or malformed does not invalidate what the others have. */
	for (size_t i = 0; !r && i < ARRAY_SIZE(modules); i++)
		(void)!search_btf(root, arena_printf(a, "sys/kernel/btf/%s", modules[i]), &vmlinux,
				  a, &module, found);
	if (!r) {
		keep_found(a, names, nr, found, ret);
	} else {
		ret->err = -r;
		ret->state = fact_state_from_errno(-r);
	}
}

/* The module files show more than the kernel does. */
static bool modules_tell(const struct host *h)
{
	return h->modules[MODULE_VFIO].symbols_known &&
	       h->modules[MODULE_VFIO_IOMMU_TYPE1].symbols_known;
}

bool host_wants_kallsyms(const struct host *h)
{
	return h->loaded & HOST_SYMBOLS && h->kernel.kallsyms.state == FACT_UNREAD &&
	       !modules_tell(h);
}

void host_load_kallsyms(struct sysroot *root, struct host *h)
{
	h->kernel.kallsyms =
		sysroot_ask(root, h->arena, "/proc/kallsyms", true, ask_kallsyms, NULL);
}

void symbols_load(struct loader *l)
{
	if (modules_tell(l->h))
		return;
	l->h->kernel.btf = sysroot_ask(l->root, l->a, "/sys/kernel/btf", true, ask_btf, NULL);
	if (l->scope.host_parts & HOST_KALLSYMS)
		host_load_kallsyms(l->root, l->h);
}
