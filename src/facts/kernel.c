/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel: which one, how it was configured and started. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "decode/kconfig.h"
#include "facts/loader.h"

enum {
	CONFIG_FILE_MAX = 1 << 20,
	CONFIG_TEXT_MAX = 4 << 20,
	CMDLINE_MAX = 64 << 10,
	/* zlib: 15 bits of window, 16 more for the gzip format. */
	GZIP_WINDOW_BITS = 15 + 16,
};

static void ask_machine(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct utsname uts;

	(void)root;
	(void)ctx;
	if (uname(&uts) < 0) {
		ret->state = FACT_FAILED;
		ret->err = errno;
		return;
	}
	*ret = fact_derived(a, ret->path, (struct span){ uts.machine, strlen(uts.machine) });
}

static void ask_page_size(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	(void)root;
	(void)ctx;
	ret->state = FACT_PRESENT;
	ret->raw = arena_printf(a, "%ld", sysconf(_SC_PAGESIZE));
	ret->len = strlen(ret->raw);
}

/* The whole of @in, at most @limit bytes, in @a. 0, -EFBIG, or a negative errno. */
static int slurp(FILE *in, struct arena *a, size_t limit, struct span *ret)
{
	char *buf = arena_alloc(a, limit + 1);
	size_t len = fread(buf, 1, limit + 1, in);

	if (ferror(in))
		return -errno;
	if (len > limit)
		return -EFBIG;
	*ret = (struct span){ buf, len };
	return 0;
}

static int gunzip(struct span packed, struct arena *a, size_t limit, struct span *ret)
{
	char *buf = arena_alloc(a, limit);
	z_stream z = {
		.next_in = (unsigned char *)packed.s,
		.avail_in = (unsigned int)packed.len,
		.next_out = (unsigned char *)buf,
		.avail_out = (unsigned int)limit,
	};
	int r;

	if (inflateInit2(&z, GZIP_WINDOW_BITS) != Z_OK)
		return -ENOMEM;
	r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (r != Z_STREAM_END)
		return r == Z_BUF_ERROR && !z.avail_out ? -EFBIG : -EBADMSG;
	*ret = (struct span){ buf, limit - z.avail_out };
	return 0;
}

static bool is_gzip(struct span s)
{
	return s.len > 2 && !memcmp(s.s, "\x1f\x8b", 2);
}

/* Reduces the configuration in the file that @ctx names to the options that matter. */
static void ask_config(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	int err = 0, r;
	FILE *in = sysroot_stream(root, ctx, &err);
	struct arena *scratch;
	struct span text;
	size_t nr;
	const char *const *names = host_config_names(&nr);
	const char *reduced;

	if (!in) {
		ret->err = err;
		ret->state = fact_state_from_errno(err);
		return;
	}
	scratch = arena_new();
	r = slurp(in, scratch, CONFIG_FILE_MAX, &text);
	if (!r && is_gzip(text))
		r = gunzip(text, scratch, CONFIG_TEXT_MAX, &text);
	reduced = r < 0 ? NULL : kconfig_reduce(text, names, nr, scratch);
	if (reduced) {
		*ret = fact_derived(a, ret->path,
				    (struct span){ reduced, strlen(reduced) - (*reduced ? 1 : 0) });
	} else {
		ret->state = FACT_FAILED;
		ret->err = r < 0 ? -r : EBADMSG;
	}
	arena_free(scratch);
	fclose(in);
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void load_config(struct loader *l, struct kernel *k)
{
	const char *release = fact_is(&k->release) ? k->release.raw : NULL;
	const char *paths[] = {
		"proc/config.gz",
		release ? arena_printf(l->a, "boot/config-%s", release) : NULL,
		release ? arena_printf(l->a, "lib/modules/%s/config", release) : NULL,
	};
	struct span rest, line;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !fact_is(&k->config); i++) {
		struct fact f;

		if (!paths[i])
			continue;
		f = sysroot_ask(l->root, l->a, arena_printf(l->a, "/%s", paths[i]), true,
				ask_config, (void *)paths[i]);
		/* Of the sources that did not answer, one that exists says more than one that does not. */
		if (k->config.state == FACT_UNREAD || f.state != FACT_ABSENT)
			k->config = f;
	}
	if (!fact_is(&k->config))
		return;
	k->config_source = fact_derived(l->a, k->config.path,
					(struct span){ k->config.path, strlen(k->config.path) });
	rest = fact_describe(&k->config);
	while (parse_line(&rest, &line)) {
		k->options = arena_grow(l->a, k->options, k->nr_options, sizeof(char *));
		k->options[k->nr_options++] = arena_strndup(l->a, line.s, line.len);
	}
	if (k->nr_options)
		qsort(k->options, k->nr_options, sizeof(*k->options), text_compare);
}

void kernel_load(struct loader *l)
{
	struct kernel *k = &l->h->kernel;

	k->release = read_at(l, "proc/sys/kernel", "osrelease");
	/* It becomes part of paths. */
	if (fact_is(&k->release) && !name_is_file(fact_describe(&k->release))) {
		k->release.state = FACT_FAILED;
		k->release.err = EBADMSG;
	}
	if (!(l->scope.host_parts & HOST_KERNEL))
		return;
	k->machine = sysroot_ask(l->root, l->a, "uname:machine", l->h->live, ask_machine, NULL);
	k->page_size =
		sysroot_ask(l->root, l->a, "process:page_size", l->h->live, ask_page_size, NULL);
	k->cmdline = sysroot_read(l->root, l->a, "proc/cmdline", CMDLINE_MAX);
	k->uptime = read_at(l, "proc", "uptime");
	k->lockdown = read_at(l, "sys/kernel/security", "lockdown");
	k->tainted = read_at(l, "proc/sys/kernel", "tainted");
	k->modules_disabled = read_at(l, "proc/sys/kernel", "modules_disabled");
	load_config(l, k);
}
