/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory to map: anonymous pages of a chosen kind. All are present and written once, so that the kernel
 * pins pages of the process itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/sys.h"

enum memory_kind {
	MEMORY_BASE, /* pages of the processor, never merged into huge pages */
	MEMORY_THP,  /* transparent huge pages, as far as the kernel finds any */
	MEMORY_2M,   /* hugetlb */
	MEMORY_1G,
	NR_MEMORY_KINDS,
};

/* What the process itself may do with its memory. */
enum memory_access { MEMORY_OWN, MEMORY_READ_ONLY, MEMORY_NO_ACCESS };

struct memory {
	enum memory_kind kind;
	void *address; /* aligned to the page of its kind, thp to 2 MiB */
	size_t len;    /* bytes, a multiple of that page */
	uint64_t ns;   /* time to get the pages */
	void *whole;   /* as mapped; memory_put() gives it back */
	size_t whole_len;
};

/* "4K" "thp" "2M" "1G". Static. */
const char *memory_kind_name(enum memory_kind kind);
/* Bytes of a page of @kind, where that of the processor has @page; of thp: what it is aligned to. */
size_t memory_kind_page(enum memory_kind kind, size_t page);
/* At least @len bytes, rounded up to pages of @kind. Many pages take seconds: @wanted (or NULL) is called
 * with @arg now and then, and when it is true the answer is -ECANCELED. -ENOMEM when there are not enough
 * (of hugetlb: not enough free in the kernel's pool), -EINVAL for a size of hugetlb that the processor does
 * not have, -EOVERFLOW for a length that cannot be rounded up. */
int memory_get(struct sys *sys, enum memory_kind kind, size_t len, size_t page,
	       bool (*wanted)(void *arg), void *arg, struct memory *ret);
/* Takes away the access of the process that @access does not allow; the pages stay. On a negative errno
 * nothing is changed. */
int memory_restrict(struct sys *sys, const struct memory *m, enum memory_access access);
void memory_put(struct sys *sys, struct memory *m);
