/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process can no longer do before it parses what somebody else wrote. In children: there is no way back. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "sysroot/confine.h"
#include "scene.h"

/* The child's answer: what @ask returns, in a process of its own. */
static int in_child(int (*ask)(const struct tree *x), const struct tree *x)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(ask(x));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int err_of(int r)
{
	return r < 0 ? errno : 0;
}

static int has_landlock(const struct tree *x)
{
	(void)x;
	return !confine_to_reading();
}

static int open_for_writing(const struct tree *x)
{
	confine_to_reading();
	return err_of(openat(x->fd, "proc/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int rename_it(const struct tree *x)
{
	confine_to_reading();
	return err_of(renameat(x->fd, "file", x->fd, "other"));
}

static int remove_it(const struct tree *x)
{
	confine_to_reading();
	return err_of(unlinkat(x->fd, "file", 0));
}

static int run_a_program(const struct tree *x)
{
	(void)x;
	confine_to_reading();
	return err_of(execl("/proc/self/exe", "test", NULL));
}

static int read_it(const struct tree *x)
{
	confine_to_reading();
	return err_of(openat(x->fd, "file", O_RDONLY | O_CLOEXEC));
}

static void test_confine_to_reading(struct tree *x)
{
	tree_put(x, "file", "text");
	assert_int_equal(in_child(read_it, x), 0);
	if (!in_child(has_landlock, x))
		skip();
	assert_int_equal(in_child(open_for_writing, x), EACCES);
	assert_int_equal(in_child(rename_it, x), EACCES);
	assert_int_equal(in_child(remove_it, x), EACCES);
	assert_int_equal(in_child(run_a_program, x), EACCES);
	assert_int_equal(in_child(read_it, x), 0);
}

static int new_privileges_after_capture(const struct tree *x)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/file", x->root);
	confine_for_capture(path);
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static int new_privileges_after_tree(const struct tree *x)
{
	confine_for_capture(x->root);
	confine_for_capture(NULL);
	confine_for_capture("/no/such/file");
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static void test_confine_for_captures_only(struct tree *x)
{
	tree_put(x, "file", "text");
	assert_int_equal(in_child(new_privileges_after_capture, x), 1);
	assert_int_equal(in_child(new_privileges_after_tree, x), 0);
}
