/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/names.h"

#include <errno.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct names {
	struct sysroot *root; /* borrowed */
	struct pci_access *pci;
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
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	if (n->pci)
		pci_cleanup(n->pci);
	free(n);
}

static void open_database(struct names *n)
{
	n->pci = pci_alloc();
	n->pci->error = on_error;
	n->pci->warning = on_message;
	n->pci->debug = on_message;
	/* pci.ids is enough; where there is no hwdb, libpci forgets the handle it asked by. */
	pci_set_param(n->pci, (char *)"hwdb.disable", (char *)"1");
}

static void ask(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	enum { NAME_LEN_MAX = 256 };
	const struct name_question *q = ctx;
	char *text = arena_alloc(a, NAME_LEN_MAX);
	const char *name;

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
	name = pci_lookup_name(q->names->pci, text, NAME_LEN_MAX, q->flags | PCI_LOOKUP_NO_NUMBERS,
			       q->first, q->second);
	ret->state = name && *name ? FACT_PRESENT : FACT_ABSENT;
	ret->err = name && *name ? 0 : ENOENT;
	ret->raw = name && *name ? name : NULL;
	ret->len = ret->raw ? strlen(ret->raw) : 0;
}

static const char *lookup(struct names *n, struct arena *a, const char *key, int flags, int first,
			  int second)
{
	struct name_question q = { .names = n, .flags = flags, .first = first, .second = second };
	struct fact f = sysroot_ask(n->root, a, key, true, ask, &q);

	return fact_is(&f) && f.len ? f.raw : NULL;
}

const char *names_vendor(struct names *n, struct arena *a, uint16_t vendor)
{
	return lookup(n, a, arena_printf(a, "libpci:vendor:%04x", vendor), PCI_LOOKUP_VENDOR,
		      vendor, 0);
}

const char *names_device(struct names *n, struct arena *a, uint16_t vendor, uint16_t device)
{
	return lookup(n, a, arena_printf(a, "libpci:device:%04x:%04x", vendor, device),
		      PCI_LOOKUP_DEVICE, vendor, device);
}

const char *names_class(struct names *n, struct arena *a, uint32_t class_code)
{
	return lookup(n, a, arena_printf(a, "libpci:class:%04x", class_code), PCI_LOOKUP_CLASS,
		      (int)class_code, 0);
}
