/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where lines of logs come from, read in constant memory. Each function gives all lines of its source to @found; 0, or a
 * negative errno with *@reterr. */
#pragma once

#include "base/failure.h"
#include "decode/logmatch.h"

struct logsource {
	struct loglines lines;
	loglines_found *found;
	void *ctx;
};

/* The file @path; "-": standard input. */
int logsource_file(struct logsource *s, const char *path, struct failure **reterr);
/* One line. */
void logsource_line(struct logsource *s, const char *line);
/* What is in the kernel's log now, from /dev/kmsg. */
int logsource_kernel(struct logsource *s, struct failure **reterr);
/* What @unit wrote to the journal since the host was booted, by journalctl(1). */
int logsource_journal(struct logsource *s, const char *unit, struct failure **reterr);
