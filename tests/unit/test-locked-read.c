/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads by a process of its own. A FIFO that nobody writes to stands for the attribute that does not answer. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sysroot/locked-read.h"
#include "scene.h"

struct fixture {
	struct tree *tree; /* file, stuck/lock, stuck/other */
	struct locked_reader apart;
	char text[64];
};

static void begin(struct fixture *f)
{
	tree_setup((void **)&f->tree);
	tree_put(f->tree, "stuck/other", "late");
	tree_put(f->tree, "file", "text\n");
	assert_int_equal(mkfifoat(f->tree->fd, "stuck/lock", 0600), 0);
	locked_reader_init(&f->apart);
}

static void end(struct fixture *f)
{
	/* Lets go of the readers that were left behind. */
	int fifo = openat(f->tree->fd, "stuck/lock", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	locked_reader_done(&f->apart);
	/* A writer has been there: their open returns, and finds the end of the file. */
	close(fifo);
	while (waitpid(-1, NULL, 0) > 0)
		;
	tree_teardown((void **)&f->tree);
}

static ssize_t take(struct fixture *f, const char *name)
{
	memset(f->text, 0, sizeof(f->text));
	return locked_reader_read(&f->apart, f->tree->fd, name, f->text, sizeof(f->text) - 1, 20);
}

static void test_apart_reads(struct fixture *f)
{
	assert_int_equal(take(f, "file"), 5);
	assert_string_equal(f->text, "text\n");
	assert_int_equal(take(f, "nothing"), -ENOENT);
	assert_int_equal(take(f, "stuck"), -EISDIR);
	assert_int_equal(take(f, "file"), 5);
}

static void test_apart_reader_started_before(struct fixture *f)
{
	pid_t pid;

	assert_int_equal(locked_reader_start(&f->apart, f->tree->fd), 0);
	pid = f->apart.pid;
	assert_int_equal(locked_reader_start(&f->apart, f->tree->fd), 0);
	assert_int_equal(take(f, "file"), 5);
	assert_int_equal(f->apart.pid, pid);
}

static void test_apart_file_that_does_not_answer(struct fixture *f)
{
	assert_int_equal(take(f, "stuck/lock"), -ETIMEDOUT);
	/* Its directory is not asked again, others are. */
	assert_int_equal(take(f, "stuck/other"), -ETIMEDOUT);
	assert_int_equal(take(f, "file"), 5);
	assert_string_equal(f->text, "text\n");
}

static void test_apart_reader_is_killed(struct fixture *f)
{
	assert_int_equal(take(f, "file"), 5);
	assert_int_equal(kill(f->apart.pid, SIGKILL), 0);
	assert_int_equal(take(f, "file"), 5);
	assert_string_equal(f->text, "text\n");
}

static void test_apart_given_up(struct fixture *f)
{
	locked_reader_give_up(&f->apart, "file");
	assert_int_equal(take(f, "file"), -ETIMEDOUT);
	assert_int_equal(take(f, "nothing"), -ENOENT);
}

/* A reader that is left behind keeps nobody waiting for the end of a pipe. */
static void test_apart_keeps_no_pipe_open(struct fixture *f)
{
	int fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(take(f, "stuck/lock"), -ETIMEDOUT);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}
