/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/pci-names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "decode/pciids.h"

/* The answers given: there are more devices than kinds of them. */
enum { NAMES_KEPT = 1024, DATABASE_MAX = 64 << 20 };

struct kept_name {
	uint64_t key; /* flags, first, second; 0: free */
	const char *name;
};

struct names {
	struct sysroot *root; /* borrowed */
	struct arena *arena;
	struct kept_name kept[NAMES_KEPT];
	struct pci_access *pci;
	struct arena *text; /* of the database, where it was read; NULL: libpci looks into it */
	struct pciids ids;
	bool failed;
};

/* One question to the database. */
struct name_question {
	struct names *names;
	int flags;
	int first, second;
};

/* libpci's error callback must not return; its messages have no argument that says whose they are.
 * There are no threads. */
static jmp_buf name_error;

static void vt_noreturn on_error(char *msg, ...)
{
	log_write(LOG_LEVEL_INFO, "libpci cannot give names: %s", msg);
	longjmp(name_error, 1);
}

static void on_message(char *msg, ...)
{
	log_write(LOG_LEVEL_DEBUG, "libpci: %s", msg);
}

struct names *names_new(struct sysroot *root)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->root = root;
	n->arena = arena_new();
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	if (n->pci)
		pci_cleanup(n->pci);
	arena_free(n->text);
	arena_free(n->arena);
	free(n);
}

/* The database as it lies there, unless it is packed: then only libpci reads it. It tries the packed one
 * first, and takes a name that ends in ".gz" for that of both. */
static int open_text(const char *packed)
{
	size_t len = packed ? strlen(packed) : 0;
	char path[PATH_MAX];

	if (!len || len >= sizeof(path))
		return -EBADF;
	memcpy(path, packed, len + 1);
	if (len > 3 && !strcmp(path + len - 3, ".gz")) {
		if (!access(path, F_OK))
			return -EBADF;
		path[len - 3] = '\0';
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void read_text(struct names *n)
{
	vt_cleanup(fd_closep) int fd = open_text(n->pci->id_file_name);
	struct stat st;
	size_t len = 0;
	ssize_t got;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > DATABASE_MAX)
		return;
	n->text = arena_new();
	text = arena_alloc(n->text, (size_t)st.st_size + 1);
	while ((got = read(fd, text + len, (size_t)st.st_size - len)) > 0)
		len += (size_t)got;
	pciids_index((struct span){ text, len }, n->text, &n->ids);
}

static void open_database(struct names *n)
{
	n->pci = pci_alloc();
	n->pci->error = on_error;
	n->pci->warning = on_message;
	n->pci->debug = on_message;
	/* pci.ids is enough; where there is no hwdb, libpci forgets the handle it asked by. */
	pci_set_param(n->pci, (char *)"hwdb.disable", (char *)"1");
	read_text(n);
}

/* What the text says; libpci knows no more of it. */
static bool find_text(const struct name_question *q, struct span *ret)
{
	const struct pciids *ids = &q->names->ids;

	switch (q->flags) {
	case PCI_LOOKUP_VENDOR:
		return pciids_vendor(ids, (uint16_t)q->first, ret);
	case PCI_LOOKUP_DEVICE:
		return pciids_device(ids, (uint16_t)q->first, (uint16_t)q->second, ret);
	default:
		return pciids_class(ids, (uint16_t)q->first, ret);
	}
}

static void ask(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	enum { NAME_LEN_MAX = 256 };
	const struct name_question *q = ctx;
	struct span found;
	const char *name;
	char *text;

	(void)root;
	ret->state = FACT_FAILED;
	ret->err = EIO;
	if (q->names->failed)
		return;
	if (setjmp(name_error)) {
		q->names->failed = true;
		return;
	}
	if (!q->names->pci)
		open_database(q->names);
	if (find_text(q, &found)) {
		ret->state = FACT_PRESENT;
		ret->err = 0;
		ret->raw = arena_strndup(a, found.s, found.len);
		ret->len = found.len;
		return;
	}
	/* libpci has an answer for a subclass without a name; where the text was read it has no more. */
	text = arena_alloc(a, NAME_LEN_MAX);
	name = q->names->ids.nr_blocks && q->flags != PCI_LOOKUP_CLASS
		       ? NULL
		       : pci_lookup_name(q->names->pci, text, NAME_LEN_MAX,
					 q->flags | PCI_LOOKUP_NO_NUMBERS, q->first, q->second);
	ret->state = name && *name ? FACT_PRESENT : FACT_ABSENT;
	ret->err = name && *name ? 0 : ENOENT;
	ret->raw = name && *name ? name : NULL;
	ret->len = ret->raw ? strlen(ret->raw) : 0;
}

/* The place of a question: where its answer is kept, or will be instead of another's. */
static struct kept_name *kept_place(struct names *n, uint64_t key)
{
	return &n->kept[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
}

static const char *lookup(struct names *n, const char *what, int flags, int first, int second)
{
	struct name_question q = { .names = n, .flags = flags, .first = first, .second = second };
	uint64_t key = (uint64_t)flags << 33 | UINT64_C(1) << 32 | (uint64_t)first << 16 |
		       (uint64_t)second;
	struct kept_name *kept = kept_place(n, key);
	const char *question;
	struct fact f;

	if (kept->key == key)
		return kept->name;
	question = flags == PCI_LOOKUP_DEVICE
			   ? arena_printf(n->arena, "libpci:%s:%04x:%04x", what, first, second)
			   : arena_printf(n->arena, "libpci:%s:%04x", what, first);
	f = sysroot_ask(n->root, n->arena, question, true, ask, &q);
	*kept = (struct kept_name){ key, fact_is(&f) && f.len ? f.raw : NULL };
	return kept->name;
}

const char *names_vendor(struct names *n, uint16_t vendor)
{
	return lookup(n, "vendor", PCI_LOOKUP_VENDOR, vendor, 0);
}

const char *names_device(struct names *n, uint16_t vendor, uint16_t device)
{
	return lookup(n, "device", PCI_LOOKUP_DEVICE, vendor, device);
}

const char *names_class(struct names *n, uint32_t class_code)
{
	return lookup(n, "class", PCI_LOOKUP_CLASS, (int)(class_code & 0xffff), 0);
}
