/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/locked-read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"

/* A reader that is only slow, on a busy machine, is waited for longer: it does not sleep in the kernel. */
enum { ANSWER_MAX = 4096, SLOW_FACTOR = 30 };

struct answer {
	int err; /* 0 or a positive errno */
	char text[ANSWER_MAX];
};

void locked_reader_init(struct locked_reader *x)
{
	*x = (struct locked_reader){ .fd = -EBADF };
}

/* ---- the process that reads ---- */

static size_t read_whole(int dir_fd, const char *path, struct answer *ret)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t got = 1;

	ret->err = fd < 0 ? errno : 0;
	if (fd < 0)
		return 0;
	while (len < sizeof(ret->text) && got) {
		got = read(fd, ret->text + len, sizeof(ret->text) - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			ret->err = errno;
			break;
		}
		len += (size_t)got;
	}
	close(fd);
	return ret->err ? 0 : len;
}

void locked_reader_close_others(const int *keep, size_t nr)
{
	unsigned int from = 0;

	for (;;) {
		unsigned int next = UINT_MAX;

		for (size_t i = 0; i < nr; i++)
			if (keep[i] >= 0 && (unsigned int)keep[i] >= from &&
			    (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		if (next > from)
			syscall(SYS_close_range, from, next == UINT_MAX ? next : next - 1, 0);
		if (next == UINT_MAX)
			return;
		from = next + 1;
	}
}

static void vt_noreturn serve(int fd, int dir_fd)
{
	struct answer answer;
	char path[PATH_MAX];
	sigset_t all;
	ssize_t n;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	locked_reader_close_others((const int[]){ fd, dir_fd }, 2);
	while ((n = recv(fd, path, sizeof(path) - 1, 0)) > 0) {
		size_t len;

		path[n] = '\0';
		len = read_whole(dir_fd, path, &answer);
		if (send(fd, &answer, offsetof(struct answer, text) + len, MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

pid_t locked_reader_fork(int *ret_fd)
{
	int fds[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		r = -errno;
		close(fds[0]);
		close(fds[1]);
		return r;
	}
	/* Neither side keeps the other's end open: each must notice when the other is gone. */
	close(fds[pid ? 1 : 0]);
	*ret_fd = fds[pid ? 0 : 1];
	return pid;
}

int locked_reader_start(struct locked_reader *x, int dir_fd)
{
	int fd;
	pid_t pid;

	if (x->fd >= 0)
		return 0;
	pid = locked_reader_fork(&fd);
	if (pid < 0)
		return pid;
	if (!pid)
		serve(fd, dir_fd);
	x->fd = fd;
	x->pid = pid;
	return 0;
}

/* ---- the process that asks ---- */

static void stop(struct locked_reader *x, bool wait)
{
	if (x->fd < 0)
		return;
	close(x->fd);
	x->fd = -EBADF;
	while (waitpid(x->pid, NULL, wait ? 0 : WNOHANG) < 0 && errno == EINTR)
		;
}

void locked_reader_done(struct locked_reader *x)
{
	stop(x, true);
	for (size_t i = 0; i < x->nr_stuck; i++)
		free(x->stuck[i]);
	free(x->stuck);
	locked_reader_init(x);
}

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

static bool is_stuck(const struct locked_reader *x, const char *path)
{
	size_t len = dir_len(path);

	for (size_t i = 0; i < x->nr_stuck; i++)
		if (!strcmp(x->stuck[i], path) ||
		    (strlen(x->stuck[i]) == len && !strncmp(x->stuck[i], path, len)))
			return true;
	return false;
}

static void remember(struct locked_reader *x, const char *path, size_t len)
{
	char **more = realloc(x->stuck, (x->nr_stuck + 1) * sizeof(*more));

	if (!more)
		abort();
	x->stuck = more;
	x->stuck[x->nr_stuck] = strndup(path, len);
	if (!x->stuck[x->nr_stuck++])
		abort();
}

void locked_reader_give_up(struct locked_reader *x, const char *path)
{
	remember(x, path, strlen(path));
}

/* "PID (NAME) STATE ...": D is the sleep that no signal ends. linux: fs/proc/array.c: do_task_stat(). */
static bool sleeps_in_kernel(pid_t pid)
{
	char path[32], text[256], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return true;
	text[n] = '\0';
	end = strrchr(text, ')');
	return !end || end[1] != ' ' || end[2] == 'D';
}

static int await_answer(const struct locked_reader *x, unsigned int deadline_ms)
{
	struct pollfd p = { .fd = x->fd, .events = POLLIN };
	bool asleep = false, slept = false;
	int n = 0;

	for (unsigned int i = 0; i < 2 * SLOW_FACTOR && !(asleep && slept); i++) {
		do
			n = poll(&p, 1, (int)(deadline_ms + 1) / 2);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
		if (n)
			return 0;
		/* One D state may be a page fault; two in a row mean the lock. */
		slept = asleep;
		asleep = sleeps_in_kernel(x->pid);
	}
	return -ETIMEDOUT;
}

/* The length of the text in @ret, or a negative errno; -EPIPE when the reader is gone. */
static ssize_t ask(struct locked_reader *x, int dir_fd, const char *path, unsigned int deadline_ms,
		   struct answer *ret)
{
	int r = locked_reader_start(x, dir_fd);
	ssize_t n;

	if (r < 0)
		return r;
	if (send(x->fd, path, strlen(path), MSG_NOSIGNAL) < 0)
		return -EPIPE;
	r = await_answer(x, deadline_ms);
	if (r < 0)
		return r;
	n = recv(x->fd, ret, sizeof(*ret), 0);
	if (n < (ssize_t)offsetof(struct answer, text))
		return -EPIPE;
	return ret->err ? -ret->err : n - (ssize_t)offsetof(struct answer, text);
}

ssize_t locked_reader_read(struct locked_reader *x, int dir_fd, const char *path, char *buf,
			   size_t size, unsigned int deadline_ms)
{
	struct answer answer;
	ssize_t n;

	if (!*path || strlen(path) >= PATH_MAX)
		return *path ? -ENAMETOOLONG : -ENOENT;
	if (is_stuck(x, path))
		return -ETIMEDOUT;
	n = ask(x, dir_fd, path, deadline_ms, &answer);
	if (n == -EPIPE) {
		/* Another process ended the reader. */
		stop(x, true);
		n = ask(x, dir_fd, path, deadline_ms, &answer);
	}
	if (n == -ETIMEDOUT) {
		remember(x, path, dir_len(path));
		stop(x, false);
	}
	if (n < 0)
		return n;
	if ((size_t)n > size)
		return -EFBIG;
	memcpy(buf, answer.text, (size_t)n);
	return n;
}
