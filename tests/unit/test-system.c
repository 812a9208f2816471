/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unbind that a process of its own makes and watches over, on plain files in the place of sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "bind/system.h"
#include "scene.h"

#define NAME "0000:00:04.0"

static const struct bind_late way_back = {
	.link_path = "/driver",
	.override_path = "/override",
	.override_text = "",
	.driver = "e1000e",
	.bind_path = "/bind",
};

struct fixture {
	struct tree *tree;
	struct bind_system system;
};

static void assert_file(struct fixture *f, const char *name, const char *text)
{
	char got[64] = "";
	int fd = openat(f->system.root_fd, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	close(fd);
	assert_string_equal(got, text);
}

static void begin(struct fixture *f)
{
	tree_setup((void **)&f->tree);
	f->system.ops = &bind_system_live;
	f->system.lock_fd = -EBADF;
	f->system.root_fd = f->tree->fd;
	f->system.deadline_ms = 10000;
	tree_put(f->tree, "unbind", "");
	tree_put(f->tree, "bind", "");
	tree_put(f->tree, "override", "vfio-pci");
}

static void end(struct fixture *f)
{
	tree_teardown((void **)&f->tree);
}

/* Unbinds in a process that is killed then; returns when whoever watched has ended as well. */
static void unbind_and_die(struct fixture *f)
{
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();

	if (!pid) {
		close(ends[0]);
		/* All else that it inherits the watching process closes. */
		f->system.lock_fd = ends[1];
		if (bind_system_live.write_waiting(&f->system, "/unbind", NAME, NULL, &way_back))
			_exit(1);
		raise(SIGKILL);
	}
	close(ends[1]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	/* The watching process has the other end of the pipe too. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static void test_watch_puts_back_when_killed(struct fixture *f)
{
	unbind_and_die(f);
	assert_file(f, "unbind", NAME);
	/* Written over the start of what was there: a plain file is not cut. */
	assert_file(f, "override", "\nfio-pci");
	assert_file(f, "bind", NAME);
}

static void test_watch_leaves_what_has_a_driver(struct fixture *f)
{
	assert_int_equal(symlinkat("../vfio-pci", f->system.root_fd, "driver"), 0);
	unbind_and_die(f);
	assert_file(f, "override", "vfio-pci");
	assert_file(f, "bind", "");
}

static void test_watch_ends_when_settled(struct fixture *f)
{
	assert_int_equal(bind_system_live.write_waiting(&f->system, "/unbind", NAME, NULL,
							&way_back),
			 0);
	assert_true(f->system.watch.pid > 0);
	bind_system_live.settled(&f->system);
	assert_int_equal(f->system.watch.pid, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_file(f, "override", "vfio-pci");
	assert_file(f, "bind", "");
}

static void test_watch_not_begun_when_refused(struct fixture *f)
{
	assert_int_equal(bind_system_live.write_waiting(&f->system, "/absent", NAME, NULL,
							&way_back),
			 -ENOENT);
	assert_int_equal(f->system.watch.pid, 0);
	assert_file(f, "bind", "");
}

/* A pipe that nobody reads stands for a device that nobody lets go of. */
static void test_late_unbind_is_undone(struct fixture *f)
{
	char text[32] = "";
	int fd;

	unlinkat(f->system.root_fd, "unbind", 0);
	assert_int_equal(mkfifoat(f->system.root_fd, "unbind", 0600), 0);
	f->system.deadline_ms = 50;
	assert_int_equal(bind_system_live.write_waiting(&f->system, "/unbind", NAME, NULL,
							&way_back),
			 -ETIMEDOUT);
	assert_int_equal(f->system.watch.pid, 0);
	assert_file(f, "bind", "");
	fd = openat(f->system.root_fd, "unbind", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text)) > 0);
	close(fd);
	assert_true(waitpid(-1, NULL, 0) > 0);
	assert_string_equal(text, NAME);
	assert_file(f, "bind", NAME);
}
