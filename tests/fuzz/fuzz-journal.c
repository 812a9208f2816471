/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal that says anything: what is read holds together, and the rest is counted. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "bind/journal.h"
#include "fuzz.h"

static void write_journal(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(write(fd, data, len) == (ssize_t)len);
	close(fd);
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
	rmdir(folder);
	return 0;
}
