/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of checks only: the rows of each topic; check.c joins them. */
#pragma once

#include "facts/boot.h"
#include "facts/setup.h"
#include "model/check.h"

struct check_table {
	const struct check_row *rows;
	size_t nr;
};

#define CHECK_TABLE(array)               \
	{                                \
		array, ARRAY_SIZE(array) \
	}

extern const struct check_table checks_iommu, checks_kernel, checks_user, checks_intent;

/* The words of @f, one after the other: the next line of its text. */
static inline struct span check_span(const struct fact *f)
{
	return f->raw ? (struct span){ f->raw, f->len } : (struct span){ "", 0 };
}
