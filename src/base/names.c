/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 1 << 20 };

struct names {
	struct arena *scratch;
	char **items;
	size_t nr;
};

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_fill(struct arena *a, char **names, size_t nr, struct fact *f)
{
	size_t len = 0, at = 0;
	char *raw;

	if (nr)
		qsort(names, nr, sizeof(*names), name_compare);
	for (size_t i = 0; i < nr; i++)
		len += strlen(names[i]) + 1;
	raw = arena_alloc(a, len + 1);
	for (size_t i = 0; i < nr; i++) {
		size_t n = strlen(names[i]);

		memcpy(raw + at, names[i], n);
		raw[at + n] = '\n';
		at += n + 1;
	}
	f->state = FACT_PRESENT;
	f->len = len ? len - 1 : 0;
	raw[f->len] = '\0';
	f->raw = raw;
}

static int names_add(struct names *n, const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	/* A list has one name a line. */
	if (strchr(name, '\n'))
		return -EILSEQ;
	if (n->nr == NAMES_MAX)
		return -E2BIG;
	n->items = arena_grow(n->scratch, n->items, n->nr, sizeof(*n->items));
	n->items[n->nr++] = arena_strdup(n->scratch, name);
	return 0;
}

/* Not readdir(3), which asks the kernel three questions more for each directory. */
static int names_collect(struct names *n, int fd)
{
	_Alignas(struct dirent64) char buf[32768];
	ssize_t len;

	while ((len = getdents64(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *d = (const struct dirent64 *)(buf + at);
			int r = names_add(n, d->d_name);

			if (r < 0)
				return r;
			at += d->d_reclen;
		}
	}
	return len < 0 ? -errno : 0;
}

int names_read(int fd, struct arena *a, struct fact *f)
{
	struct names n = { .scratch = arena_new() };
	int r = names_collect(&n, fd);

	if (!r)
		names_fill(a, n.items, n.nr, f);
	arena_free(n.scratch);
	return r;
}
