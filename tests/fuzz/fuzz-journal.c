/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal that says anything, and a lock: what is read holds together, and the rest is counted. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/macro.h"
#include "bind/journal.h"
#include "bind/lock.h"
#include "fuzz.h"

static void write_journal(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(write(fd, data, len) == (ssize_t)len);
	close(fd);
}

/* Somebody has the lock and left this in its file: it is said in one line who that is. */
static void take_lock(const char *folder, const char *path, struct arena *a)
{
	vt_cleanup(failure_freep) struct failure *why = NULL;
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC),
	    fd = open(path, O_RDWR | O_CLOEXEC);

	must(dir >= 0 && fd >= 0 && !flock(fd, LOCK_EX));
	must(lock_take(dir, folder, "bind", 0, a, &why) == -EBUSY && why);
	must(!strchr(why->text, '\n'));
	close(fd);
	fd = lock_take(dir, folder, "bind", 0, a, NULL);
	must(fd >= 0);
	lock_give(fd);
	close(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	vt_cleanup(failure_freep) struct failure *why = NULL;
	char folder[] = "/tmp/vfiotool-fuzz-XXXXXX";
	const char *path;
	struct journal j;
	int r;

	must(mkdtemp(folder) != NULL);
	path = arena_join(a, folder, "/journal", NULL);
	write_journal(path, data, len);
	r = journal_read(&j, folder, "a-boot", a, &why);
	must((r < 0) == (why != NULL));
	for (size_t i = 0; !r && i < j.nr_records; i++) {
		const struct journal_record *rec = &j.records[i];

		must(rec->bus && *rec->bus && !strchr(rec->bus, '/'));
		must(rec->name && *rec->name && !strchr(rec->name, '/'));
		must(rec->id < j.next_id);
		must(journal_find(&j, rec->bus, rec->name) != NULL);
	}
	journal_close(&j);
	unlink(path);
	path = arena_join(a, folder, "/lock", NULL);
	write_journal(path, data, len);
	take_lock(folder, path, a);
	unlink(path);
	rmdir(folder);
	return 0;
}
