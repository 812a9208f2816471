/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/parse.h"

enum { LOCK_TRY_MS = 50, HOLDER_MAX = 256 };

static const char *read_holder(int fd, struct arena *a)
{
	char text[HOLDER_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	if (n <= 0)
		return "another vfiotool";
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			n = i;
			break;
		}
	return arena_strndup(a, text, (size_t)n);
}

/* A child that writes for it shares the lock and goes on after its parent is killed. */
static bool holder_is_gone(int fd)
{
	char text[HOLDER_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	struct span line = { text, n > 0 ? (size_t)n : 0 }, word;
	uint64_t pid;

	/* "process 4711 (vfiotool bind 0000:01:00.0)" */
	return parse_word(&line, &word) && parse_word(&line, &word) &&
	       !parse_u64_span(word, 10, &pid) && pid > 1 && pid <= INT32_MAX &&
	       kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* A file lock has no event to wait for with a deadline, so it is tried again. */
static int wait_for(int fd, unsigned int wait_ms)
{
	for (unsigned int waited = 0;; waited += LOCK_TRY_MS) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= wait_ms)
			return -EBUSY;
		poll(NULL, 0, LOCK_TRY_MS);
	}
}

int lock_take(int dir_fd, const char *dir, const char *who, unsigned int wait_ms, struct arena *a,
	      struct failure **reterr)
{
	int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *text = arena_printf(a, "process %d (vfiotool %s)\n", (int)getpid(), who);
	int r = fd < 0 ? -errno : wait_for(fd, wait_ms);

	if (r == -EBUSY && holder_is_gone(fd))
		failure_set_status(reterr, STATUS_FAILED, r,
				   "%s was ended, but its write to sysfs still waits and keeps the lock '%s/lock'; 'vfiotool bind --dry-run DEVICE' shows which process must close it",
				   read_holder(fd, a), dir);
	else if (r == -EBUSY)
		failure_set_status(reterr, STATUS_FAILED, r,
				   "%s is running and has the lock '%s/lock': retry when it has finished, or wait longer with --wait",
				   read_holder(fd, a), dir);
	else if (r < 0)
		failure_set(reterr, r,
			    "cannot take the lock '%s/lock': %s; without it no driver is changed",
			    dir, strerror(-r));
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	/* Only a name for others: the lock holds without it. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0)
		errno = 0;
	return fd;
}

void lock_give(int fd)
{
	flock(fd, LOCK_UN);
	close(fd);
}
