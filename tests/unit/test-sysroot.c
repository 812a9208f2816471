/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a root, and the replay of a recording. */
#include <errno.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/macro.h"
#include "sysroot/sysroot.h"
#include "scene.h"

/* ---- opening ---- */

static void assert_open_fails(const char *path, int err, enum status status, const char *part)
{
	struct failure *why = NULL;
	struct sysroot *root = NULL;

	assert_int_equal(sysroot_open(path, &root, &why), err);
	assert_null(root);
	assert_non_null(why);
	assert_int_equal(why->status, status);
	if (!strstr(why->text, part) || strchr(why->text, '\n'))
		fail_msg("'%s' instead of '%s'", why->text, part);
	failure_free(why);
}

static void test_sysroot_open_of_what_is_no_root(struct tree *x)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/none", x->dir);
	assert_open_fails(path, -ENOENT, STATUS_NO_TARGET, path);
	assert_open_fails("", -ENOENT, STATUS_NO_TARGET, "cannot open ''");
	assert_open_fails("/dev/null", -EINVAL, STATUS_NO_TARGET, "/dev/null");
	snprintf(path, sizeof(path), "%s/secret", x->dir);
	assert_open_fails(path, -EBADMSG, STATUS_FAILED, "line 1 is not a capture header");
	alarm(20);
	snprintf(path, sizeof(path), "%s/fifo", x->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_open_fails(path, -EINVAL, STATUS_NO_TARGET, "neither a directory nor a capture");
	alarm(0);
}

static void test_sysroot_open_live(struct tree *x)
{
	struct sysroot *root = NULL;
	struct fact f;

	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	assert_int_equal(sysroot_kind(root), SYSROOT_LIVE);
	assert_string_equal(sysroot_name(root), "/");
	f = sysroot_read(root, x->arena, "proc/sys/kernel/ostype", SYSROOT_ATTRIBUTE_MAX);
	assert_text(f, "Linux");
	f = sysroot_access(root, x->arena, "dev/null");
	assert_text(f, "rw");
	assert_string_equal(sysroot_host_path(root, x->arena, "lib/modules"), "/lib/modules");
	sysroot_close(root);
	sysroot_close(NULL);
}

/* "/." is not the live system: it is read as a tree, whose /proc is that of the running kernel, as in a container. */
static void test_sysroot_same_kernel(struct tree *x)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct sysroot *root = NULL;
	char path[64];
	struct fact f;

	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	assert_true(sysroot_same_kernel(root));
	sysroot_close(root);
	assert_int_equal(sysroot_open("/.", &root, NULL), 0);
	assert_int_equal(sysroot_kind(root), SYSROOT_TREE);
	assert_true(sysroot_same_kernel(root));
	/* What a process has open is seen, though the link leads out of the tree. */
	snprintf(path, sizeof(path), "proc/%d/fd/%d", getpid(), fd);
	f = sysroot_stat(root, x->arena, path);
	assert_int_equal(f.state, FACT_PRESENT);
	assert_non_null(strstr(f.raw, "char "));
	assert_non_null(strstr(f.raw, " 1:3"));
	sysroot_close(root);
	close(fd);
	assert_int_equal(sysroot_open(x->dir, &root, NULL), 0);
	assert_false(sysroot_same_kernel(root));
	tree_put(x, "proc/sys/kernel/osrelease", "6.1.0\n");
	assert_false(sysroot_same_kernel(root));
	sysroot_close(root);
}

/* A binary attribute gives a page a read: it is not at its end after the first.
 * linux: fs/kernfs/file.c: kernfs_file_read_iter(). */
static void test_sysroot_live_binary_attribute_is_read_to_its_end(struct tree *x)
{
	static const char path[] = "sys/kernel/btf/vmlinux";
	enum { LIMIT = 64 << 20 };
	struct sysroot *root = NULL;
	struct stat st;
	struct fact f;

	if (stat("/sys/kernel/btf/vmlinux", &st) < 0 || access("/sys/kernel/btf/vmlinux", R_OK)) {
		print_message("needs a kernel with BTF in /sys/kernel/btf/vmlinux\n");
		skip();
	}
	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	f = sysroot_read(root, x->arena, path, LIMIT);
	assert_int_equal(f.state, FACT_PRESENT);
	/* The last byte may be a newline, which is not part of a fact. */
	assert_in_range(f.len, (size_t)st.st_size - 1, (size_t)st.st_size);
	assert_refused(sysroot_read(root, x->arena, path, 100000), FACT_FAILED, EFBIG);
	sysroot_close(root);
}

/* ---- recording and replay ---- */

static void ask_echo(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const struct fact *answer = ctx;

	(void)root;
	(void)a;
	*ret = *answer;
}

static const struct fact asked[] = {
	{ .state = FACT_PRESENT, .raw = "state=builtin", .len = 13 },
	{ .state = FACT_PRESENT, .path = "elsewhere" },
	{ .state = FACT_ABSENT },
	{ .state = FACT_DENIED, .err = EPERM, .raw = "dropped", .len = 7 },
	{ .state = FACT_FAILED, .err = ENOENT },
	{ .state = FACT_FAILED, .err = 524 },
	{ .state = FACT_UNREAD },
};

enum { NR_ANSWERS = 64 };

/* Every verb on every kind of path; the facts in the order of the questions. */
static size_t interview(struct sysroot *root, struct arena *a, struct fact *ret)
{
	static const char *const paths[] = { "sys/text", "sys/binary",  "sys/link",
					     "sys/loop", "sys/d",       "sys/no",
					     "sys/fifo", "sys/text/no", "sys/large",
					     "" };
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ret[nr++] = sysroot_read(root, a, paths[i], SYSROOT_ATTRIBUTE_MAX);
		ret[nr++] = sysroot_read_link(root, a, paths[i]);
		ret[nr++] = sysroot_list(root, a, paths[i]);
		ret[nr++] = sysroot_stat(root, a, paths[i]);
		ret[nr++] = sysroot_access(root, a, paths[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		char key[16];

		snprintf(key, sizeof(key), "ask:%zu", i);
		ret[nr++] = sysroot_ask(root, a, key, true, ask_echo, (void *)(uintptr_t)&asked[i]);
	}
	ret[nr++] =
		sysroot_ask(root, a, "live only", false, ask_echo, (void *)(uintptr_t)&asked[0]);
	assert_true(nr <= NR_ANSWERS);
	return nr;
}

static void assert_interviews_equal(const struct fact *a, const struct fact *b, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (a[i].state != b[i].state || a[i].err != b[i].err || a[i].len != b[i].len ||
		    strcmp(a[i].path, b[i].path) || !a[i].raw != !b[i].raw ||
		    (a[i].raw && memcmp(a[i].raw, b[i].raw, a[i].len + 1)))
			fail_msg("answer %zu, %s: %s %d, then %s %d", i, a[i].path,
				 fact_state_name(a[i].state), a[i].err, fact_state_name(b[i].state),
				 b[i].err);
	}
}

static void write_capture(struct sysroot *root, const char *path)
{
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	assert_int_equal(sysroot_write_capture(root, out), 0);
	assert_int_equal(fclose(out), 0);
}

static void traps_add(const struct tree *x)
{
	char large[5000];

	memset(large, 'l', sizeof(large));
	tree_put(x, "sys/text", "text\n");
	tree_put_bytes(x, "sys/binary", "\0\xff\n", 3);
	tree_put_bytes(x, "sys/large", large, sizeof(large));
	tree_put(x, "sys/d/z", "");
	tree_put(x, "sys/d/\xff", "");
	tree_link(x, "text", "sys/link");
	tree_link(x, "loop", "sys/loop");
	assert_int_equal(mkfifoat(x->fd, "sys/fifo", 0644), 0);
}

static void test_sysroot_replay_equals_recording(struct tree *x)
{
	struct fact first[NR_ANSWERS], second[NR_ANSWERS], third[NR_ANSWERS];
	char path[128], again[128];
	struct sysroot *replay = NULL, *copy = NULL;
	size_t nr;

	traps_add(x);
	sysroot_record(x->sysroot);
	nr = interview(x->sysroot, x->arena, first);
	snprintf(path, sizeof(path), "%s/capture", x->dir);
	write_capture(x->sysroot, path);

	assert_int_equal(sysroot_open(path, &replay, NULL), 0);
	assert_int_equal(sysroot_kind(replay), SYSROOT_CAPTURE);
	sysroot_record(replay);
	assert_int_equal(interview(replay, x->arena, second), nr);
	assert_interviews_equal(first, second, nr);
	assert_null(sysroot_host_path(replay, x->arena, "sys"));

	/* A capture of a capture is that capture. */
	snprintf(again, sizeof(again), "%s/again", x->dir);
	write_capture(replay, again);
	assert_int_equal(sysroot_open(again, &copy, NULL), 0);
	interview(copy, x->arena, third);
	assert_interviews_equal(first, third, nr);
	sysroot_close(copy);
	sysroot_close(replay);
}

static void test_sysroot_capture_answers_nothing_from_this_host(struct tree *x)
{
	struct sysroot *replay = NULL;
	char path[128];
	int err = 0;

	sysroot_record(x->sysroot);
	snprintf(path, sizeof(path), "%s/capture", x->dir);
	write_capture(x->sysroot, path);
	assert_int_equal(sysroot_open(path, &replay, NULL), 0);
	assert_refused(sysroot_read(replay, x->arena, "proc/sys/kernel/ostype", 64), FACT_UNREAD,
		       0);
	assert_refused(sysroot_list(replay, x->arena, "sys"), FACT_UNREAD, 0);
	assert_refused(sysroot_stat(replay, x->arena, "../../../../dev/null"), FACT_UNREAD, 0);
	assert_refused(sysroot_access(replay, x->arena, "dev/null"), FACT_UNREAD, 0);
	assert_refused(sysroot_ask(replay, x->arena, "process:limits", true, ask_echo,
				   (void *)(uintptr_t)&asked[0]),
		       FACT_UNREAD, 0);
	assert_null(sysroot_stream(replay, "proc/kallsyms", &err));
	assert_int_equal(err, ENOTSUP);
	sysroot_close(replay);
}

static void test_sysroot_write_capture_without_recording(struct tree *x)
{
	assert_int_equal(sysroot_write_capture(x->sysroot, stderr), -EINVAL);
}
