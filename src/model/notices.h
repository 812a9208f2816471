/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of notices only: the rows of each topic; notice.c joins them. */
#pragma once

#include "base/parse.h"
#include "model/notice.h"
#include "model/rules.h"

struct notice_table {
	const struct notice_row *rows;
	size_t nr;
};

#define NOTICE_TABLE(array)              \
	{                                \
		array, ARRAY_SIZE(array) \
	}

extern const struct notice_table notices_device, notices_host;

/* Sets the sentences of @n; true. */
bool notice_says(struct notice *n, const char *because, const char *consequence,
		 const char *remedy);
/* Whether the list "0-1,4" has @node; yes where it is not such a list. linux: drivers/base/node.c: print_nodes_state(). */
bool notice_list_has(struct span list, uint64_t node);
/* The remedy of @n is @action, which is copied; true. */
bool notice_acts(struct eval *e, struct notice *n, const struct action *action);
/* Whether the text of @f is @word. */
bool notice_fact_says(const struct fact *f, const char *word);
