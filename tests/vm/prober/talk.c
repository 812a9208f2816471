/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and what is printed of their answers. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "prober.h"

const char *last_op = "";
int last_error;

__attribute__((noreturn, format(printf, 1, 2))) void stop(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "prober: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

const char *error_name(int error)
{
	const char *name;

	/* One number has two names; the kernel's is this one. */
	if (error == EOPNOTSUPP)
		return "EOPNOTSUPP";
	/* These two are of the kernel only, the C library has no name for the first. */
	if (error == 524)
		return "ENOTSUPP";
	name = strerrorname_np(error);
	return name ? name : "E?";
}

/* Prints the answer to one request; false when it was a refusal. @extra is the rest of the object, with its comma. */
__attribute__((format(printf, 4, 5))) bool step(const char *op, int error, int64_t value,
						const char *extra, ...)
{
	va_list args;

	last_op = op;
	last_error = error;
	if (error)
		printf("{\"op\":\"%s\",\"errno\":\"%s\",\"value\":%" PRId64, op, error_name(error),
		       value);
	else
		printf("{\"op\":\"%s\",\"errno\":null,\"value\":%" PRId64, op, value);
	va_start(args, extra);
	vprintf(extra, args);
	va_end(args);
	printf("}\n");
	fflush(stdout);
	return error == 0;
}

bool plain_step(const char *op, int error, int64_t value)
{
	return step(op, error, value, "%s", "");
}

int finish(bool yes)
{
	if (yes)
		printf("{\"answer\":\"yes\"}\n");
	else
		printf("{\"answer\":\"no\",\"op\":\"%s\",\"errno\":\"%s\"}\n", last_op,
		       error_name(last_error));
	fflush(stdout);
	return yes ? 0 : 2;
}

/* The exit status of a command that may go on holding what it opened: a child keeps the descriptors. */
int finish_or_hold(const struct request *request, bool yes)
{
	int status = finish(yes);

	if (!yes || !request->hold)
		return status;
	pid_t child = fork();
	if (child < 0)
		stop("fork: %m");
	if (child > 0)
		return 0;
	setsid();
	/* The caller reads our output to its end: let it see one. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	for (;;)
		pause();
}

int64_t ask(int fd, unsigned long number, void *argument, int *error)
{
	int64_t value = ioctl(fd, number, argument);

	*error = value < 0 ? errno : 0;
	return value;
}

int open_step(const char *op, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;

	step(op, error, fd < 0 ? -1 : 0, ",\"path\":\"%s\"", path);
	return fd;
}
