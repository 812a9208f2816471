/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/parse.h"

enum { ATTRIBUTE_MAX = 4096, PROBE_MS = 60000 };

/* What the parent sends to a child that watches. */
enum { WELL = 'w' };

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

static int take_text(struct arena *a, const char *text, ssize_t n, const char **ret)
{
	if (n < 0)
		return (int)n;
	if (n && text[n - 1] == '\n')
		n--;
	*ret = arena_strndup(a, text, (size_t)n);
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
	return take_text(a, text, n < 0 ? -errno : n, ret);
}

static bool has_link(struct bind_system *s, const char *path)
{
	char target[1];

	return path && readlinkat(s->root_fd, path + 1, target, sizeof(target)) > 0;
}

static int live_read_locked(struct bind_system *s, const char *path, struct arena *a,
			    const char **ret)
{
	char text[ATTRIBUTE_MAX];
	ssize_t n;

	/* Only a device without a driver may be locked without end: see sysroot/reader.h. */
	if (has_link(s, arena_printf(a, "%.*s/driver", (int)(strrchr(path, '/') - path), path)))
		return live_read(s, path, a, ret);
	n = locked_reader_read(&s->apart, s->root_fd, path + 1, text, sizeof(text), s->deadline_ms);
	return take_text(a, text, n, ret);
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

/* Returns it to its old driver. If that no longer matches, an override is set for the time of the bind. linux: drivers/pci/pci-driver.c: pci_match_device(). */
static void put_back(struct bind_system *s, const char *name, const struct bind_late *late)
{
	/* Another tool may be binding it at this moment. */
	while (flock(s->lock_fd, LOCK_EX) < 0 && errno == EINTR)
		;
	if (has_link(s, late->link_path))
		return;
	live_write(s, late->override_path, late->override_text);
	if (live_write(s, late->bind_path, name) >= 0)
		return;
	live_write(s, late->override_path, late->driver);
	live_write(s, late->bind_path, name);
	live_write(s, late->override_path, late->override_text);
}

/* The child: writes, reports, and watches until the parent says that all is well. Without that word, or if the parent
 * gave up, it undoes the unbind. If the child is killed, its parent and the journal do the rest. It shares the lock of
 * the journal, so no other tool acts on the device before its write has finished. */
static void vt_noreturn write_apart(struct bind_system *s, int fd, const char *path,
				    const char *text, const struct bind_late *late)
{
	char word = 0;
	int err;

	/* Closes the output: a script that reads the parent's pipe must not wait for this write. */
	locked_reader_close_others((const int[]){ fd, s->root_fd, s->lock_fd }, 3);
	err = live_write(s, path, text);
	/* The end of the pipe shows that the parent is gone. */
	(void)send(fd, &err, sizeof(err), MSG_NOSIGNAL);
	if ((recv(fd, &word, 1, 0) != 1 || word != WELL) && !err && late)
		put_back(s, text, late);
	_exit(0);
}

static void live_settled(struct bind_system *s)
{
	if (!s->watch.pid)
		return;
	(void)send(s->watch.fd, &(char){ WELL }, 1, MSG_NOSIGNAL);
	while (waitpid(s->watch.pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(s->watch.fd);
	s->watch.pid = 0;
}

/* Whether the child reported in time. A driver that sets up a device takes longer: its link appears before.
 * linux: drivers/base/dd.c: really_probe(). */
static bool has_told(struct bind_system *s, const char *driver_path)
{
	enum { STEP_MS = 1000 };
	struct pollfd p = { .fd = s->watch.fd, .events = POLLIN };
	unsigned int ms = s->deadline_ms;

	for (unsigned int waited = 0;; waited += ms) {
		int n;

		do
			n = poll(&p, 1, (int)ms);
		while (n < 0 && errno == EINTR);
		if (n)
			return true;
		if (waited >= PROBE_MS || !has_link(s, driver_path))
			return false;
		ms = STEP_MS;
	}
}

/* The child's report. After its write it goes on watching. */
static int await(struct bind_system *s, const char *driver_path)
{
	int err = -EIO;

	if (!has_told(s, driver_path)) {
		/* Closes the pipe; the child sees that when its write returns. */
		close(s->watch.fd);
		s->watch.pid = 0;
		return -ETIMEDOUT;
	}
	if (recv(s->watch.fd, &err, sizeof(err), 0) != sizeof(err))
		err = -EIO;
	if (err)
		live_settled(s);
	return err;
}

static int live_write_waiting(struct bind_system *s, const char *path, const char *text,
			      const char *driver_path, const struct bind_late *late)
{
	int fd, r;
	pid_t pid;

	live_settled(s);
	pid = locked_reader_fork(&fd);
	if (pid < 0)
		return pid;
	if (!pid)
		write_apart(s, fd, path, text, late);
	s->watch.fd = fd;
	s->watch.pid = pid;
	r = await(s, driver_path);
	if (!r && !late)
		live_settled(s);
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
	.read_locked = live_read_locked,
	.place = live_place,
	.write = live_write,
	.write_waiting = live_write_waiting,
	.settled = live_settled,
	.is_writable = live_is_writable,
};

/* ---- what is built on them ---- */

/* A missing attribute is '?'; one that could not be read is an error. */
static int add_identity(struct bind_system *s, const char *path, struct arena *a, const char **text)
{
	const char *value = "?";
	int r = s->ops->read(s, path, a, &value);

	if (r < 0 && r != -ENOENT)
		return r;
	*text = arena_join(a, *text, value, " ", NULL);
	return 0;
}

int bind_identity(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret)
{
	static const char *const ids[] = { "/vendor", "/device", "/subsystem_vendor",
					   "/subsystem_device", "/class" };
	static const char *const other[] = { "/modalias" };
	bool pci = !strcmp(bus, "pci");
	const char *const *files = pci ? ids : other;
	size_t nr = pci ? ARRAY_SIZE(ids) : ARRAY_SIZE(other);
	const char *text = "", *part;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < nr; i++)
		r = add_identity(s, device_path(a, bus, name, files[i]), a, &text);
	/* Last: a device that is gone by now has no attributes either. */
	if (r >= 0)
		r = s->ops->place(s, bus, name, a, &part);
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	*ret = arena_join(a, text, part, NULL);
	return 0;
}

int bind_override(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret)
{
	const char *text = NULL;
	int r = s->ops->read_locked(s, device_path(a, bus, name, "/driver_override"), a, &text);

	if (r == -ENOENT)
		return -EOPNOTSUPP;
	if (r < 0)
		return r;
	/* linux: drivers/pci/pci-sysfs.c: driver_override_show() prints a null pointer. */
	*ret = *text && strcmp(text, "(null)") != 0 ? text : NULL;
	return 0;
}

unsigned int bind_vfs(struct bind_system *s, const char *bus, const char *name, struct arena *a)
{
	const char *text = NULL;
	uint32_t ret;

	if (strcmp(bus, "pci") != 0 ||
	    s->ops->read_locked(s, device_path(a, bus, name, "/sriov_numvfs"), a, &text) < 0 ||
	    parse_u32(text, 10, &ret) < 0)
		return 0;
	return ret;
}
