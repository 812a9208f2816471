/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"

/* linux: sd_listen_fds(3): SD_LISTEN_FDS_START. */
enum { FIRST = 3 };

static bool set_number(const char *name, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", value);
	return setenv(name, text, 1) == 0;
}

static bool set_environment(const struct spawn *i)
{
	if (!set_number("LISTEN_PID", (unsigned long)getpid()) ||
	    !set_number("LISTEN_FDS", (unsigned long)i->nr) ||
	    setenv("LISTEN_FDNAMES", i->names, 1) < 0 || setenv("VFIOTOOL_PATH", i->path, 1) < 0)
		return false;
	/* Of an invocation around this one. */
	unsetenv("LISTEN_PIDFDID");
	if (!i->ioas_id)
		return unsetenv("VFIOTOOL_IOAS") == 0;
	return set_number("VFIOTOOL_IOAS", i->ioas_id);
}

/* First moves them apart, then to their final numbers, without close-on-exec. */
static bool place(const struct spawn *i, int *error_fd)
{
	int last = FIRST + (int)i->nr;

	*error_fd = fcntl(*error_fd, F_DUPFD_CLOEXEC, last);
	if (*error_fd < 0)
		return false;
	for (size_t k = 0; k < i->nr; k++) {
		i->fds[k] = fcntl(i->fds[k], F_DUPFD_CLOEXEC, last);
		if (i->fds[k] < 0)
			return false;
	}
	for (size_t k = 0; k < i->nr; k++)
		if (dup2(i->fds[k], FIRST + (int)k) < 0)
			return false;
	return true;
}

/* In the new process: does not return. */
static void become(struct spawn i, int error_fd)
{
	int err;

	if (place(&i, &error_fd) && set_environment(&i)) {
		sigprocmask(SIG_SETMASK, i.mask, NULL);
		sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
		execvp(i.argv[0], i.argv);
	}
	err = errno;
	while (write(error_fd, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(STATUS_NOT_RUN);
}

/* What kept the program from running; 0: it runs. */
static int read_error(int fd)
{
	int err = 0;
	ssize_t n;

	do
		n = read(fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(err) ? -err : 0;
}

static const char *advice(int err)
{
	switch (err) {
	case ENOENT:
		return "name a program in PATH, or give its path";
	case EACCES:
	case EISDIR:
		return "name a file that you may execute";
	case ENOEXEC:
		return "it is neither a program for this machine nor a script that begins with #!";
	default:
		return failure_room_advice(err);
	}
}

int spawn_start(const struct spawn *i, pid_t *ret, struct failure **reterr)
{
	vt_cleanup(fd_closep) int told = -EBADF;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_set_status(reterr, STATUS_NOT_RUN, -errno, "cannot run '%s': %s; %s",
					  i->argv[0], strerror(errno), advice(errno));
	told = ends[0];
	pid = fork();
	if (!pid)
		become(*i, ends[1]);
	r = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (!r)
		r = read_error(told);
	if (!r) {
		*ret = pid;
		return 0;
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return failure_set_status(reterr, r == -ENOENT ? STATUS_NO_PROGRAM : STATUS_NOT_RUN, r,
				  "cannot run '%s': %s; everything was released: %s", i->argv[0],
				  strerror(-r), advice(-r));
}

bool spawn_ended(pid_t pid, int *ret)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return false;
	if (WIFSTOPPED(status) || WIFCONTINUED(status))
		return false;
	*ret = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}
