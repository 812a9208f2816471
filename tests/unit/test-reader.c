/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading within a tree full of traps. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/macro.h"
#include "sysroot/reader.h"
#include "sysroot/sysroot.h"
#include "scene.h"

static void test_reader_read_removes_one_newline(struct tree *x)
{
	struct fact f;

	tree_put(x, "sys/a", "0x8086\n");
	tree_put(x, "sys/b", "two\n\n");
	tree_put(x, "sys/c", "");
	tree_put(x, "sys/e", "\n");
	tree_put_bytes(x, "sys/f", "bin\0ary", 7);
	f = tree_read(x, "sys/a");
	assert_string_equal(f.path, "/sys/a");
	assert_text(f, "0x8086");
	assert_text(tree_read(x, "sys/b"), "two\n");
	assert_text(tree_read(x, "sys/c"), "");
	assert_text(tree_read(x, "sys/e"), "");
	f = tree_read(x, "sys/f");
	assert_int_equal(f.len, 7);
	assert_memory_equal(f.raw, "bin\0ary", 8);
}

static void test_reader_read_at_the_limit(struct tree *x)
{
	static const size_t sizes[] = { 4094, 4095, 4096, 4097, 4098, 8194, 100000, 1 << 20 };
	char *text = malloc(1 << 20);

	memset(text, 'x', 1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		static const char *const paths[] = { "sys/large", "proc/large" };

		for (size_t k = 0; k < 2; k++) {
			struct fact f;

			tree_put_bytes(x, paths[k], text, sizes[i]);
			f = sysroot_read(x->sysroot, x->arena, paths[k], SYSROOT_FILE_MAX);
			assert_int_equal(f.state, FACT_PRESENT);
			assert_int_equal(f.len, sizes[i]);
			assert_memory_equal(f.raw, text, sizes[i]);
			f = sysroot_read(x->sysroot, x->arena, paths[k], sizes[i] - 1);
			assert_refused(f, FACT_FAILED, EFBIG);
		}
	}
	free(text);
}

static void test_reader_read_of_a_directory(struct tree *x)
{
	assert_refused(tree_read(x, "sys/d"), FACT_FAILED, EISDIR);
	assert_refused(tree_read(x, "sys/d/"), FACT_FAILED, EISDIR);
	assert_refused(tree_read(x, "sys/d/.."), FACT_FAILED, EISDIR);
	assert_refused(tree_read(x, "."), FACT_FAILED, EISDIR);
	tree_link(x, "d", "sys/to-d");
	assert_refused(tree_read(x, "sys/to-d"), FACT_FAILED, EISDIR);
}

static void test_reader_read_of_what_is_not_there(struct tree *x)
{
	tree_put(x, "sys/file", "x");
	tree_link(x, "nowhere", "sys/dangling");
	assert_refused(tree_read(x, "sys/none"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "none/none"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/file/below"), FACT_ABSENT, ENOTDIR);
	assert_refused(tree_read(x, "sys/dangling"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, ""), FACT_ABSENT, ENOENT);
}

static void test_reader_escape_by_dots(struct tree *x)
{
	assert_refused(tree_read(x, "../secret"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/../../secret"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/d/../../../../../secret"), FACT_ABSENT, ENOENT);
	/* Within the root ".." is what it says. */
	tree_put(x, "inside", "yes\n");
	assert_text(tree_read(x, "sys/d/../../inside"), "yes");
	assert_text(tree_read(x, "../../inside"), "yes");
}

static void test_reader_escape_by_links(struct tree *x)
{
	char outside[128];

	snprintf(outside, sizeof(outside), "%s/secret", x->dir);
	tree_link(x, outside, "sys/absolute");
	tree_link(x, "../../secret", "sys/relative");
	tree_link(x, x->dir, "sys/dir");
	tree_link(x, "../..", "sys/up");
	tree_link(x, "/proc/self/root", "sys/magic");
	assert_refused(tree_read(x, "sys/absolute"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/relative"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/dir/secret"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/up/secret"), FACT_ABSENT, ENOENT);
	assert_refused(tree_read(x, "sys/magic/etc/passwd"), FACT_ABSENT, ENOENT);
	assert_refused(sysroot_stat(x->sysroot, x->arena, "sys/absolute"), FACT_ABSENT, ENOENT);
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/dir"), FACT_ABSENT, ENOENT);
	/* "/" and what is above it are the root of the tree. */
	assert_text(sysroot_list(x->sysroot, x->arena, "sys/up"), "proc\nsys");
	assert_text(sysroot_list(x->sysroot, x->arena, "/"), "proc\nsys");
}

static void test_reader_absolute_link_stays_inside(struct tree *x)
{
	tree_put(x, "sys/d/vendor", "0x8086\n");
	tree_link(x, "/sys/d", "sys/abs");
	tree_link(x, "/sys/d/vendor", "sys/abs-file");
	assert_text(tree_read(x, "sys/abs/vendor"), "0x8086");
	assert_text(tree_read(x, "sys/abs-file"), "0x8086");
	assert_text(tree_read(x, "/sys/d/vendor"), "0x8086");
}

static void test_reader_loop_of_links(struct tree *x)
{
	tree_link(x, "b", "sys/a");
	tree_link(x, "a", "sys/b");
	tree_link(x, "self", "sys/self");
	assert_refused(tree_read(x, "sys/a"), FACT_FAILED, ELOOP);
	assert_refused(tree_read(x, "sys/self/vendor"), FACT_FAILED, ELOOP);
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/self"), FACT_FAILED, ELOOP);
	assert_refused(sysroot_stat(x->sysroot, x->arena, "sys/self"), FACT_FAILED, ELOOP);
	assert_text(sysroot_read_link(x->sysroot, x->arena, "sys/self"), "self");
}

static void test_reader_path_too_long(struct tree *x)
{
	char path[5001];

	memset(path, 'a', 5000);
	path[5000] = '\0';
	assert_refused(tree_read(x, path), FACT_FAILED, ENAMETOOLONG);
	path[300] = '/';
	path[302] = '\0';
	assert_refused(tree_read(x, path), FACT_FAILED, ENAMETOOLONG);
}

/* With alarm(2) a read that blocks ends the test, not the patience of the reader. */
static void test_reader_fifo_does_not_block(struct tree *x)
{
	int err = 0;

	assert_int_equal(mkfifoat(x->fd, "sys/fifo", 0644), 0);
	tree_link(x, "fifo", "sys/to-fifo");
	alarm(20);
	assert_refused(tree_read(x, "sys/fifo"), FACT_FAILED, EINVAL);
	assert_refused(tree_read(x, "sys/to-fifo"), FACT_FAILED, EINVAL);
	assert_refused(tree_read(x, "sys/fifo/below"), FACT_ABSENT, ENOTDIR);
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/fifo"), FACT_FAILED, ENOTDIR);
	assert_null(sysroot_stream(x->sysroot, "sys/fifo", &err));
	assert_int_equal(err, EINVAL);
	alarm(0);
}

/* An inotify descriptor that sees each open of @path for reading or writing. */
static int watch_opens(const struct tree *x, const char *path)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char full[128];

	snprintf(full, sizeof(full), "%s/%s", x->root, path);
	assert_true(fd >= 0);
	assert_true(inotify_add_watch(fd, full, IN_OPEN) >= 0);
	return fd;
}

static void assert_not_opened(int watch)
{
	char event[512];

	assert_int_equal(read(watch, event, sizeof(event)), -1);
	assert_int_equal(errno, EAGAIN);
	close(watch);
}

static void test_reader_watch_sees_an_open(struct tree *x)
{
	char event[512];
	int watch;

	tree_put(x, "sys/file", "x");
	watch = watch_opens(x, "sys/file");
	tree_read(x, "sys/file");
	assert_true(read(watch, event, sizeof(event)) > 0);
	close(watch);
}

/* What is in a FIFO stays there. */
static void test_reader_fifo_is_not_read(struct tree *x)
{
	char rest[8];
	int fd;

	assert_int_equal(mkfifoat(x->fd, "sys/fifo", 0644), 0);
	tree_link(x, "fifo", "sys/to-fifo");
	fd = openat(x->fd, "sys/fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "bait\n", 5), 5);
	assert_refused(tree_read(x, "sys/fifo"), FACT_FAILED, EINVAL);
	assert_refused(tree_read(x, "sys/to-fifo"), FACT_FAILED, EINVAL);
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/fifo"), FACT_FAILED, ENOTDIR);
	assert_text(sysroot_read_link(x->sysroot, x->arena, "sys/to-fifo"), "fifo");
	assert_int_equal(read(fd, rest, sizeof(rest)), 5);
	close(fd);
}

/* To open a device may act: a watchdog starts, a tape rewinds. */
static void test_reader_device_node_is_looked_at_only(struct tree *x)
{
	int watch;

	if (mknodat(x->fd, "sys/node", S_IFCHR | 0600, makedev(4095, 7)) < 0) {
		print_message("making a device node: %s; needs CAP_MKNOD\n", strerror(errno));
		skip();
	}
	tree_link(x, "node", "sys/to-node");
	watch = watch_opens(x, "sys/node");
	assert_refused(tree_read(x, "sys/node"), FACT_FAILED, EINVAL);
	assert_refused(tree_read(x, "sys/to-node"), FACT_FAILED, EINVAL);
	assert_text(sysroot_stat(x->sysroot, x->arena, "sys/to-node"), "char 0600 0 0 4095:7");
	assert_not_opened(watch);
}

static void test_reader_stat_tells_type_and_mode(struct tree *x)
{
	char expected[64];

	tree_put(x, "sys/file", "x");
	snprintf(expected, sizeof(expected), "file 0644 %u %u 0:0", geteuid(), getegid());
	assert_text(sysroot_stat(x->sysroot, x->arena, "sys/file"), expected);
	snprintf(expected, sizeof(expected), "dir 0755 %u %u 0:0", geteuid(), getegid());
	assert_text(sysroot_stat(x->sysroot, x->arena, "sys/d"), expected);
	assert_refused(sysroot_stat(x->sysroot, x->arena, "sys/no"), FACT_ABSENT, ENOENT);
}

static void test_reader_read_link_as_written(struct tree *x)
{
	tree_link(x, "../../../kernel/iommu_groups/12", "sys/d/iommu_group");
	tree_put(x, "sys/d/file", "x");
	assert_text(sysroot_read_link(x->sysroot, x->arena, "sys/d/iommu_group"),
		    "../../../kernel/iommu_groups/12");
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d/file"), FACT_FAILED, EINVAL);
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d"), FACT_FAILED, EINVAL);
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d/"), FACT_FAILED, EINVAL);
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d/."), FACT_FAILED, EINVAL);
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d/no"), FACT_ABSENT, ENOENT);
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/no/no"), FACT_ABSENT, ENOENT);
}

static void test_reader_list_sorted(struct tree *x)
{
	assert_text(sysroot_list(x->sysroot, x->arena, "sys/d"), "");
	tree_put(x, "sys/d/b", "");
	tree_put(x, "sys/d/.hidden", "");
	tree_put(x, "sys/d/B", "");
	tree_dir(x, "sys/d/a");
	assert_text(sysroot_list(x->sysroot, x->arena, "sys/d"), ".hidden\nB\na\nb");
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/d/b"), FACT_FAILED, ENOTDIR);
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/no"), FACT_ABSENT, ENOENT);
}

/* Two names for one would be a device that is not there. */
static void test_reader_list_refuses_a_newline_in_a_name(struct tree *x)
{
	tree_put(x, "sys/d/a\n..", "");
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/d"), FACT_FAILED, EILSEQ);
}

static void test_reader_access_is_not_asked_in_a_tree(struct tree *x)
{
	tree_put(x, "sys/file", "x");
	assert_refused(sysroot_access(x->sysroot, x->arena, "sys/file"), FACT_UNREAD, 0);
}

static void test_reader_directory_vanishes_between_reads(struct tree *x)
{
	tree_put(x, "sys/d/a", "a");
	tree_put(x, "sys/d/b", "b");
	assert_text(tree_read(x, "sys/d/a"), "a");
	unlinkat(x->fd, "sys/d/a", 0);
	unlinkat(x->fd, "sys/d/b", 0);
	unlinkat(x->fd, "sys/d", AT_REMOVEDIR);
	assert_refused(tree_read(x, "sys/d/b"), FACT_ABSENT, ENOENT);
	assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d/b"), FACT_ABSENT, ENOENT);
	assert_refused(sysroot_list(x->sysroot, x->arena, "sys/d"), FACT_ABSENT, ENOENT);
}

static void test_reader_leaks_no_descriptor(struct tree *x)
{
	static const char *const paths[] = { "sys/file", "sys/to-file", "sys/loop", "sys/d",
					     "sys/fifo", "sys/no",      "no/no",    "sys/d/" };
	struct sysroot *root = NULL;
	int before = dup(x->fd), after;

	close(before);
	tree_link(x, "loop", "sys/loop");
	tree_put(x, "sys/file", "x");
	tree_link(x, "file", "sys/to-file");
	assert_int_equal(mkfifoat(x->fd, "sys/fifo", 0644), 0);
	assert_int_equal(sysroot_open(x->root, &root, NULL), 0);
	for (int round = 0; round < 100; round++)
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			sysroot_read(root, x->arena, paths[i], 1);
			sysroot_read(root, x->arena, paths[i], 0);
			sysroot_read_link(root, x->arena, paths[i]);
			sysroot_list(root, x->arena, paths[i]);
			sysroot_stat(root, x->arena, paths[i]);
		}
	sysroot_close(root);
	after = dup(x->fd);
	close(after);
	assert_int_equal(before, after);
}

/* Descriptors wait to be closed; with few to be had they are not missed. */
static void test_reader_few_descriptors(struct tree *x)
{
	struct rlimit limit, few;

	tree_put(x, "sys/file", "x");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){ .rlim_cur = 16, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int round = 0; round < 100; round++) {
		assert_text(tree_read(x, "sys/file"), "x");
		assert_int_equal(sysroot_list(x->sysroot, x->arena, "sys/d").state, FACT_PRESENT);
		assert_int_equal(sysroot_stat(x->sysroot, x->arena, "sys/d").state, FACT_PRESENT);
		assert_refused(sysroot_read_link(x->sysroot, x->arena, "sys/d/x"), FACT_ABSENT,
			       ENOENT);
		assert_refused(sysroot_read_link(x->sysroot, x->arena, "proc/x"), FACT_ABSENT,
			       ENOENT);
	}
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A limit that is reached is not a device without a driver, which is waited for. */
static void test_reader_without_descriptors_sees_no_missing_driver(struct tree *x)
{
	static const char uevent[] = "sys/bus/pci/devices/0000:01:00.0/uevent";
	struct rlimit limit, none;
	struct reader r;
	struct fact f = { .path = uevent };

	tree_put(x, uevent, "DRIVER=nvme\n");
	tree_link(x, "../../../../bus/pci/drivers/nvme", "sys/bus/pci/devices/0000:01:00.0/driver");
	/* As the live system. */
	assert_int_equal(reader_init(&r, x->fd, false), 0);
	reader_read_locked(&r, x->arena, uevent, &f);
	assert_text(f, "DRIVER=nvme");
	reader_flush(&r);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	alarm(20);
	f = (struct fact){ .path = uevent };
	reader_read_locked(&r, x->arena, uevent, &f);
	alarm(0);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_refused(f, FACT_FAILED, EMFILE);
	reader_done(&r);
}
