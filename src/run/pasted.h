/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that was pasted of a host, out of files. */
#pragma once

#include "decode/paste.h"
#include "cli/command.h"

/* Reads the files named in @from, "-" is standard input, into @p, and ends it. 0, or the negative errno of a file that cannot be
 * read, -E2BIG past the limits, -ENODATA (STATUS_NO) when no line was understood. */
int pasted_read(struct paste *p, const struct operands *from, struct failure **reterr);
/* Says on standard error what was understood, and what would help most. */
void pasted_report(const struct paste *p);
