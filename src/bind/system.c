/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"

enum { ATTRIBUTE_MAX = 4096 };

static int live_open(struct bind_system *s, const char *path, int flags)
{
	/* Absolute paths are below the root that was opened. */
	int fd = openat(s->root_fd, path + 1, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int live_read_link(struct bind_system *s, const char *path, struct arena *a,
			  const char **ret)
{
	char text[ATTRIBUTE_MAX];
	ssize_t n = readlinkat(s->root_fd, path + 1, text, sizeof(text));

	if (n < 0)
		return -errno;
	*ret = arena_strndup(a, text, (size_t)n);
	return 0;
}

static const char *device_path(struct arena *a, const char *bus, const char *name, const char *file)
{
	return arena_join(a, "/sys/bus/", bus, "/devices/", name, file, NULL);
}

static int live_driver(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		       const char **ret)
{
	const char *link = NULL, *base;
	int r = live_read_link(s, device_path(a, bus, name, "/driver"), a, &link);

	*ret = NULL;
	if (r == -ENOENT) {
		const char *place;

		return live_read_link(s, device_path(a, bus, name, ""), a, &place) == -ENOENT
			       ? -ENODEV
			       : 0;
	}
	if (r < 0)
		return r;
	base = strrchr(link, '/');
	*ret = base ? base + 1 : link;
	return 0;
}

static int live_read(struct bind_system *s, const char *path, struct arena *a, const char **ret)
{
	vt_cleanup(fd_closep) int fd = live_open(s, path, O_RDONLY);
	char text[ATTRIBUTE_MAX];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	if (n && text[n - 1] == '\n')
		n--;
	*ret = arena_strndup(a, text, (size_t)n);
	return 0;
}

static int live_place(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		      const char **ret)
{
	return live_read_link(s, device_path(a, bus, name, ""), a, ret);
}

static int live_write(struct bind_system *s, const char *path, const char *text)
{
	vt_cleanup(fd_closep) int fd = live_open(s, path, O_WRONLY);
	/* An override is cleared by an empty line: a write of nothing does not reach the kernel.
	 * linux: drivers/base/driver.c: driver_set_override(). */
	const char *what = *text ? text : "\n";
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, what, strlen(what));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* ---- a write that may wait ---- */

/* The child: writes, tells, and when nobody waits any more undoes it. Killed meanwhile, or its parent
 * gone, it leaves the rest to the journal. */
static void vt_noreturn write_apart(struct bind_system *s, int fd, const char *path,
				    const char *text, const struct bind_late *late)
{
	int err = live_write(s, path, text);
	char word = 0;

	if (send(fd, &err, sizeof(err), MSG_NOSIGNAL) < 0)
		word = 0;
	if (recv(fd, &word, 1, 0) == 1 && word == 'u' && !err && late) {
		live_write(s, late->override_path, late->override_text);
		live_write(s, late->bind_path, text);
	}
	_exit(0);
}

static int await(int fd, pid_t pid, unsigned int deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int err = -EIO, n;

	do
		n = poll(&p, 1, (int)deadline_ms);
	while (n < 0 && errno == EINTR);
	if (!n) {
		/* Sent before it is closed, so that the child finds it whenever it comes through. */
		if (send(fd, "u", 1, MSG_NOSIGNAL) < 0)
			return -errno;
		return -ETIMEDOUT;
	}
	if (recv(fd, &err, sizeof(err), 0) != sizeof(err))
		err = -EIO;
	shutdown(fd, SHUT_WR);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}

static int live_write_waiting(struct bind_system *s, const char *path, const char *text,
			      const struct bind_late *late)
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
	if (!pid) {
		close(fds[0]);
		write_apart(s, fds[1], path, text, late);
	}
	close(fds[1]);
	r = await(fds[0], pid, s->deadline_ms);
	close(fds[0]);
	return r;
}

static bool live_is_writable(struct bind_system *s, const char *path, int *ret_err)
{
	if (!faccessat(s->root_fd, path + 1, W_OK, AT_EACCESS))
		return true;
	*ret_err = errno;
	return false;
}

const struct bind_system_ops bind_system_live = {
	.driver = live_driver,
	.read = live_read,
	.place = live_place,
	.write = live_write,
	.write_waiting = live_write_waiting,
	.is_writable = live_is_writable,
};

/* ---- what is built on them ---- */

int bind_identity(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret)
{
	static const char *const ids[] = { "vendor", "device", "subsystem_vendor",
					   "subsystem_device", "class" };
	const char *text = "", *part;
	int r = s->ops->place(s, bus, name, a, &part);

	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	for (size_t i = 0; !strcmp(bus, "pci") && i < ARRAY_SIZE(ids); i++) {
		const char *value = "?";

		s->ops->read(s, device_path(a, bus, name, arena_join(a, "/", ids[i], NULL)), a,
			     &value);
		text = arena_join(a, text, value, " ", NULL);
	}
	if (strcmp(bus, "pci") != 0) {
		const char *value = "?";

		s->ops->read(s, device_path(a, bus, name, "/modalias"), a, &value);
		text = arena_join(a, value, " ", NULL);
	}
	*ret = arena_join(a, text, part, NULL);
	return 0;
}

int bind_override(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret)
{
	const char *text = NULL;
	int r = s->ops->read(s, device_path(a, bus, name, "/driver_override"), a, &text);

	if (r == -ENOENT)
		return -EOPNOTSUPP;
	if (r < 0)
		return r;
	/* linux: drivers/pci/pci-sysfs.c: driver_override_show() prints a null pointer. */
	*ret = *text && strcmp(text, "(null)") != 0 ? text : NULL;
	return 0;
}
