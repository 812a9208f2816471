/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names in an open directory. */
#pragma once

#include "base/arena.h"
#include "base/fact.h"

/* Fills state, raw and len of @f with the names in directory @fd, without "." and "..", sorted bytewise,
 * one a line. 0, -EILSEQ when one has a newline in it, -E2BIG for more than a million, or the errno of
 * the read. */
int dirents_read(int fd, struct arena *a, struct fact *f);
