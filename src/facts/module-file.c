/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/module-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "sysroot/confine.h"

enum { ANSWER_MAX = 1 << 20, CPU_SECONDS = 2, SPACE_MAX = 192 << 20 };

/* A sanitizer has more address space than that from the start. */
enum { SPACE_IS_LIMITED = !VT_SANITIZED };

static bool set_limit(int resource, rlim_t max)
{
	return !setrlimit((__rlimit_resource_t)resource, &(struct rlimit){ max, max });
}

static bool put(int fd, const void *at, size_t len)
{
	const char *s = at;

	while (len) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && errno != EINTR)
			return false;
		s += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* When libkmod gives up, its messages are about a file that the user did not name. */
static void vt_noreturn look_apart(int fd, module_file_read *read, const struct kmod_module *mod)
{
	struct strbuf out = { .arena = arena_new() };
	int r, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDERR_FILENO) < 0 || !set_limit(RLIMIT_CORE, 0) ||
	    !set_limit(RLIMIT_CPU, CPU_SECONDS) ||
	    (SPACE_IS_LIMITED && !set_limit(RLIMIT_AS, SPACE_MAX)))
		_exit(1);
	(void)confine_to_reading();
	r = read(&out, mod);
	_exit(put(fd, &r, sizeof(r)) && put(fd, strbuf_get(&out), out.len) ? 0 : 1);
}

/* The answer of the child: its errno, then its text. */
static int take(int fd, struct strbuf *out)
{
	char text[4096];
	size_t len = 0;
	int r = -EBADMSG;

	for (;;) {
		ssize_t n = read(fd, text, sizeof(text));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (!len && n < (ssize_t)sizeof(r)))
			return n < 0 ? -errno : r;
		if (!len)
			memcpy(&r, text, sizeof(r));
		strbuf_add(out, text + (len ? 0 : sizeof(r)), (size_t)n - (len ? 0 : sizeof(r)));
		len += (size_t)n;
		if (len > ANSWER_MAX)
			return -EFBIG;
	}
}

static int ask_apart(module_file_read *read, const struct kmod_module *mod, struct strbuf *out)
{
	int fds[2], r, status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (!pid)
		look_apart(fds[1], read, mod);
	r = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (!r)
		r = take(fds[0], out);
	close(fds[0]);
	if (pid < 0)
		return r;
	/* One that has more to say than anybody takes ends by that. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r < 0 || (WIFEXITED(status) && !WEXITSTATUS(status)) ? r : -EBADMSG;
}

int module_file_ask(struct loader *l, module_file_read *read, const struct kmod_module *mod,
		    struct strbuf *out)
{
	return sysroot_kind(l->root) == SYSROOT_TREE ? ask_apart(read, mod, out) : read(out, mod);
}
