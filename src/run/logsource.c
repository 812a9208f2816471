/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/logsource.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "decode/fault.h"

enum {
	CHUNK = 1 << 16,
	RECORD_MAX = 8192, /* linux: kernel/printk/printk.c: PRINTK_MESSAGE_MAX is less */
	/* linux: init/Kconfig: LOG_BUF_SHIFT is 25 at most; a record takes more than 16 bytes. */
	RECORDS_MAX = 1 << 21,
};

static int read_all(struct logsource *s, int fd, const char *name, struct failure **reterr)
{
	char buf[CHUNK];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_set(reterr, -errno, "cannot read %s: %s", name,
					   strerror(errno));
		if (!n)
			break;
		loglines_feed(&s->lines, (struct span){ buf, (size_t)n }, s->found, s->ctx);
	}
	loglines_end(&s->lines, s->found, s->ctx);
	return 0;
}

int logsource_file(struct logsource *s, const char *path, struct failure **reterr)
{
	vt_cleanup(fd_closep) int fd = -EBADF;

	s->lines.number = 0;
	if (!strcmp(path, "-"))
		return read_all(s, STDIN_FILENO, "standard input", reterr);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return failure_set(reterr, -errno, "cannot open %s: %s", path, strerror(errno));
	return read_all(s, fd, path, reterr);
}

void logsource_line(struct logsource *s, const char *line)
{
	loglines_feed(&s->lines, (struct span){ line, strlen(line) }, s->found, s->ctx);
	loglines_end(&s->lines, s->found, s->ctx);
}

int logsource_kernel(struct logsource *s, struct failure **reterr)
{
	vt_cleanup(fd_closep) int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char buf[RECORD_MAX];

	s->lines.number = 0;
	if (fd < 0)
		return failure_set(reterr, -errno,
				   "cannot open /dev/kmsg: %s; run as root, or pipe 'dmesg' into it",
				   strerror(errno));
	for (unsigned int i = 0; i < RECORDS_MAX; i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		/* EPIPE: records were overwritten before they were read. */
		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return failure_set(reterr, -errno, "cannot read /dev/kmsg: %s",
					   strerror(errno));
		loglines_feed(&s->lines, kmsg_text((struct span){ buf, (size_t)n }), s->found,
			      s->ctx);
		loglines_feed(&s->lines, (struct span){ "\n", 1 }, s->found, s->ctx);
	}
	return 0;
}

/* Starts journalctl with its output in *@ret_fd. */
static int start_journal(const char *unit, int *ret_fd, pid_t *ret_pid)
{
	char option[512], *argv[] = { (char[]){ "journalctl" },
				      (char[]){ "--no-pager" },
				      (char[]){ "--quiet" },
				      (char[]){ "--boot" },
				      (char[]){ "--output=cat" },
				      option,
				      NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], err;

	if (snprintf(option, sizeof(option), "--unit=%s", unit) >= (int)sizeof(option))
		return -ENAMETOOLONG;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	err = posix_spawn_file_actions_init(&actions);
	if (!err) {
		err = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
		if (!err)
			err = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	close(fds[1]);
	if (err)
		close(fds[0]);
	else
		*ret_fd = fds[0];
	return -err;
}

int logsource_journal(struct logsource *s, const char *unit, struct failure **reterr)
{
	vt_cleanup(fd_closep) int fd = -EBADF;
	int status = 0, r;
	pid_t pid;

	s->lines.number = 0;
	r = start_journal(unit, &fd, &pid);
	if (r < 0)
		return failure_set(reterr, r, "cannot run journalctl: %s", strerror(-r));
	r = read_all(s, fd, "the output of journalctl", reterr);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r >= 0 && status)
		return failure_set(reterr, -EIO,
				   "journalctl failed: see its message, and 'systemctl status %s'",
				   unit);
	return r;
}
