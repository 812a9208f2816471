/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lines of a journal are worth after a crash, and who has its lock. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bind/apply.h"
#include "scene.h"

struct fixture {
	struct tree *tree;
	struct journal journal;
};

static void begin(struct fixture *f)
{
	tree_setup((void **)&f->tree);
	assert_int_equal(journal_open(&f->journal, f->tree->root, "boot", "test", 1, f->tree->arena,
				      NULL),
			 0);
}

static void end(struct fixture *f)
{
	journal_close(&f->journal);
	tree_teardown((void **)&f->tree);
}

/* A move from e1000e to vfio-pci that was made. */
static void record(struct fixture *f)
{
	const struct bind_move m = {
		.bus = "pci", .name = "0000:01:00.0", .from = "e1000e", .to = "vfio-pci"
	};
	unsigned int id;

	assert_int_equal(journal_intent(&f->journal, &m, &id), 0);
	assert_int_equal(journal_done(&f->journal, id), 0);
}

/* Closes the journal without tidying it up, as a crash does, and reads it as another tool does. */
static void read_again(struct fixture *f, const char *boot, const char *tail, struct journal *j)
{
	int fd = open(arena_printf(f->tree->arena, "%s/journal", f->tree->root),
		      O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, tail, strlen(tail)), strlen(tail));
	close(fd);
	assert_int_equal(journal_read(j, f->tree->root, boot, f->tree->arena, NULL), 0);
	journal_close(j);
}

static void test_journal_torn_line_never_acted(struct fixture *f)
{
	struct journal j;

	record(f);
	read_again(f, "boot", "{\"step\":\"intent\",\"id\":9,\"dev", &j);
	assert_true(j.torn);
	assert_int_equal(j.nr_records, 1);
	assert_string_equal(j.records[0].from, "e1000e");
}

/* A line that is whole and makes no sense may be about a device: it is told, and nobody removes it. */
static void test_journal_keeps_what_cannot_be_read(struct fixture *f)
{
	struct journal j;

	record(f);
	read_again(f, "boot", "{\"step\":\"intent\",\"id\":9,\"dev\n{\"ste", &j);
	assert_int_equal(j.nr_unreadable, 0);
	read_again(f, "boot", "\nnonsense\n{\"step\":\"intent\",\"id\":9}\n", &j);
	assert_int_equal(j.nr_unreadable, 2);
	journal_close(&f->journal);
	assert_int_equal(journal_open(&f->journal, f->tree->root, "boot", "test", 1, f->tree->arena,
				      NULL),
			 0);
	assert_int_equal(f->journal.nr_unreadable, 2);
	assert_int_equal(journal_settle(&f->journal, "pci", "0000:01:00.0"), 0);
	assert_int_equal(f->journal.nr_records, 0);
	journal_close(&f->journal);
	assert_int_equal(journal_open(&f->journal, f->tree->root, "boot", "test", 1, f->tree->arena,
				      NULL),
			 0);
	assert_int_equal(f->journal.nr_unreadable, 2);
	assert_int_equal(f->journal.nr_records, 0);
}

/* What would lead out of the folder of a device is no name, and the next number must be one. */
static void test_journal_refuses_names_that_are_paths(struct fixture *f)
{
	static const char *const lines[] = {
		"\n{\"step\":\"intent\",\"id\":9,\"boot\":\"boot\",\"bus\":\"..\",\"device\":\"x\"}\n",
		"\n{\"step\":\"intent\",\"id\":9,\"boot\":\"boot\",\"bus\":\"pci\",\"device\":\"\"}\n",
		"\n{\"step\":\"intent\",\"id\":4294967295,\"boot\":\"boot\",\"bus\":\"pci\",\"device\":\"x\"}\n",
	};
	struct journal j;

	record(f);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		read_again(f, "boot", lines[i], &j);
		assert_int_equal(j.nr_records, 1);
		assert_int_equal(j.nr_unreadable, i + 1);
		assert_true(j.next_id > 0);
	}
}

static void test_journal_of_an_earlier_boot(struct fixture *f)
{
	struct journal j;

	record(f);
	read_again(f, "another boot", "", &j);
	assert_int_equal(j.nr_records, 0);
	assert_int_equal(j.nr_earlier, 1);
}

static void test_lock_names_its_holder(struct fixture *f)
{
	struct failure *why = NULL;
	struct journal j;

	assert_int_equal(journal_open(&j, f->tree->root, "boot", "second", 1, f->tree->arena, &why),
			 -EBUSY);
	assert_non_null(strstr(why->text, "(vfiotool test)"));
	failure_free(why);
	journal_close(&j);
}

/* Its write may still be under way in a child, which has the lock as well. */
static void test_lock_of_a_tool_that_was_ended(struct fixture *f)
{
	struct failure *why = NULL;
	struct journal j;
	pid_t pid = fork();
	int fd;

	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	fd = open(arena_printf(f->tree->arena, "%s/lock", f->tree->root),
		  O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "process %d (vfiotool unbind 0000:01:00.0)\n", (int)pid) > 0);
	close(fd);
	assert_int_equal(journal_open(&j, f->tree->root, "boot", "second", 1, f->tree->arena, &why),
			 -EBUSY);
	assert_non_null(strstr(why->text, "(vfiotool unbind 0000:01:00.0) was ended"));
	failure_free(why);
	journal_close(&j);
}
