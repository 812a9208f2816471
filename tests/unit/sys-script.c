/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"

static const char *const names[] = { "open", "ioctl", "close", "mmap", "munmap" };

static struct sys_script *script(struct sys *s)
{
	return (struct sys_script *)(void *)s;
}

static const struct script_line *next(struct sys *sys, enum script_call call)
{
	struct sys_script *s = script(sys);

	if (s->at == s->nr)
		fail_msg("%s behind the end of the script", names[call]);
	if (s->lines[s->at].call != call)
		fail_msg("line %zu: %s instead of %s", s->at, names[call],
			 names[s->lines[s->at].call]);
	return &s->lines[s->at++];
}

static int do_open(struct sys *s, const char *path, int flags vt_unused)
{
	const struct script_line *line = next(s, SCRIPT_OPEN);

	assert_string_equal(path, line->path);
	return line->ret;
}

static int do_close(struct sys *s, int fd)
{
	const struct script_line *line = next(s, SCRIPT_CLOSE);

	assert_int_equal(fd, line->fd);
	return line->ret;
}

static int do_ioctl(struct sys *s, int fd, unsigned long request, void *arg)
{
	const struct script_line *line = next(s, SCRIPT_IOCTL);

	assert_int_equal(fd, line->fd);
	assert_int_equal(request, line->request);
	if (line->given)
		assert_memory_equal(arg, line->given, line->given_len);
	if (line->left)
		memcpy(arg, line->left, line->left_len);
	return line->ret;
}

static int do_mmap(struct sys *s, size_t len, int prot vt_unused, int flags vt_unused,
		   int fd vt_unused, uint64_t offset vt_unused, void **ret)
{
	const struct script_line *line = next(s, SCRIPT_MMAP);

	assert_true(len <= 4096);
	*ret = (void *)(((uintptr_t)script(s)->page + 4095) & ~(uintptr_t)4095); /* NOLINT */
	return line->ret;
}

static int do_munmap(struct sys *s, void *addr vt_unused, size_t len vt_unused)
{
	return next(s, SCRIPT_MUNMAP)->ret;
}

static uint64_t do_now(struct sys *s)
{
	return script(s)->at;
}

void sys_script_init(struct sys_script *s, const struct script_line *lines, size_t nr)
{
	static const struct sys_ops ops = {
		.open = do_open,
		.close = do_close,
		.ioctl = do_ioctl,
		.mmap = do_mmap,
		.munmap = do_munmap,
		.now_ns = do_now,
	};

	*s = (struct sys_script){ .sys = { .ops = &ops }, .lines = lines, .nr = nr };
}

void sys_script_end(const struct sys_script *s)
{
	if (s->at != s->nr)
		fail_msg("%zu lines of the script were not reached", s->nr - s->at);
}
