/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look through all processes. Nothing outside facts/ includes it. */
#pragma once

#include "base/strbuf.h"
#include "decode/procfs.h"
#include "sysroot/sysroot.h"

/* The name of a directory of /proc that is a process's. */
bool process_is_pid(struct span name);
/* Writes lines about process @pid to @out; @a is of this process alone. -EACCES: the caller has no
 * permission to read it. */
typedef int process_look(struct sysroot *root, struct arena *a, void *ctx, const char *pid,
			 struct strbuf *out);
/* Calls @look for every process. The answer in @ret, kept in @a: "hidden N" counts the processes that the
 * caller may not read, then the lines. Its path is set already; state and errno are those of the list of
 * processes. */
void process_ask_all(struct sysroot *root, struct arena *a, process_look *look, void *ctx,
		     struct fact *ret);
/* What descriptor @fd of process @pid is, asked of the descriptor itself: the path of its link proves
 * nothing, because a process may mount and name what it likes. False when this cannot be seen, and for a
 * descriptor that only names a file (O_PATH), which any process may have of any file. */
bool process_fd_stat(struct sysroot *root, struct arena *a, const char *pid, struct span fd,
		     struct stat_text *ret);
/* The open flags of the descriptor. False when they cannot be read. */
bool process_fd_flags(struct sysroot *root, struct arena *a, const char *pid, struct span fd,
		      unsigned int *ret);
/* Makes "hidden N" and the lines of @out the answer in @ret, kept in @a. */
void process_answer(struct arena *a, struct fact *ret, const struct strbuf *out,
		    unsigned int hidden);
