/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that close themselves. A descriptor that is not open is negative. */
#pragma once

#include <errno.h>
#include <unistd.h>

static inline void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -EBADF;
}
