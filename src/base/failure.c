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
		return "make its folder first, or name a file elsewhere";
	case EACCES:
	case EPERM:
	case EROFS:
		return "name a file where you may write";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "make room, or write elsewhere";
	case EPIPE:
		return "its reader went away: let it read to the end";
	case EEXIST:
		return "it appeared meanwhile: --force replaces it";
	default:
		return "write elsewhere";
	}
}

const char *failure_room_advice(int err)
{
	switch (err) {
	case EMFILE:
		return "raise the limit of open files, 'ulimit -n' shows it";
	case ENFILE:
		return "too many files are open on this host: raise fs.file-max, or end a program";
	case EAGAIN:
		return "raise the limit of processes, 'ulimit -u' shows it, or end some";
	case ENOMEM:
		return "free some memory, then try again";
	default:
		return "'dmesg' may tell why";
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
