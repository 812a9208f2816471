/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int vt_printf(4, 0) failure_vset(struct failure **reterr, enum status status, int err,
					const char *fmt, va_list ap)
{
	struct failure *f;

	if (!reterr || *reterr)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f || vasprintf(&f->text, fmt, ap) < 0)
		abort();
	f->status = status;
	f->err = err;
	*reterr = f;
	return err;
}

int failure_set(struct failure **reterr, int err, const char *fmt, ...)
{
	enum status status = err == -EACCES || err == -EPERM ? STATUS_DENIED : STATUS_FAILED;
	va_list ap;

	va_start(ap, fmt);
	failure_vset(reterr, status, err, fmt, ap);
	va_end(ap);
	return err;
}

int failure_set_status(struct failure **reterr, enum status status, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	failure_vset(reterr, status, err, fmt, ap);
	va_end(ap);
	return err;
}

const char *failure_write_advice(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return "create its directory first, or name a file elsewhere";
	case EACCES:
	case EPERM:
	case EROFS:
		return "name a file in a directory where you may write";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "free disk space, or write elsewhere";
	case EPIPE:
		return "the reader of the pipe ended early: let it read to the end";
	case EEXIST:
		return "another program created it: --force replaces it";
	default:
		return "write elsewhere";
	}
}

const char *failure_room_advice(int err)
{
	switch (err) {
	case EMFILE:
		return "raise the limit of open files ('ulimit -n' shows it)";
	case ENFILE:
		return "this host has too many open files: raise fs.file-max, or end a program";
	case EAGAIN:
		return "raise the limit of processes ('ulimit -u' shows it), or end some";
	case ENOMEM:
		return "free some memory, then retry";
	default:
		return "'dmesg' may show why";
	}
}

void failure_free(struct failure *f)
{
	if (!f)
		return;
	free(f->text);
	free(f);
}

void failure_freep(struct failure **f)
{
	failure_free(*f);
	*f = NULL;
}
