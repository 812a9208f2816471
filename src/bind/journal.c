/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/parse.h"
#include "bind/lock.h"

static const char file_name[] = "journal";

enum { JOURNAL_MAX = 64 << 20 };

/* ---- reading ---- */

/* NULL for null, for a missing member, and for a member that is not a text. */
static const char *text_of(struct json_object *o, const char *key, struct arena *a)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	return arena_strdup(a, json_object_get_string(v));
}

/* 0 for a missing member, and for one that is not a number of virtual functions. */
static unsigned int vfs_of(struct json_object *o)
{
	struct json_object *v;
	int64_t nr;

	if (!json_object_object_get_ex(o, "old_vfs", &v))
		return 0;
	nr = json_object_get_int64(v);
	return nr > 0 && nr <= UINT16_MAX ? (unsigned int)nr : 0;
}

static struct journal_record *find_id(struct journal *j, unsigned int id)
{
	for (size_t i = 0; i < j->nr_records; i++)
		if (j->records[i].id == id)
			return &j->records[i];
	return NULL;
}

static void remove_record(struct journal *j, struct journal_record *r)
{
	size_t at = (size_t)(r - j->records);

	memmove(r, r + 1, (j->nr_records - at - 1) * sizeof(*r));
	j->nr_records--;
}

static void add_record(struct journal *j, const struct journal_record *r)
{
	j->records = arena_grow(j->arena, j->records, j->nr_records, sizeof(*j->records));
	j->records[j->nr_records++] = *r;
}

/* A name that becomes part of a path in sysfs. */
static bool is_name(const char *s)
{
	return s && *s && !strchr(s, '/') && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

static void take_intent(struct journal *j, struct json_object *o, unsigned int id)
{
	struct journal_record r = {
		.id = id,
		.bus = text_of(o, "bus", j->arena),
		.name = text_of(o, "device", j->arena),
		.identity = text_of(o, "identity", j->arena),
		.from = text_of(o, "old_driver", j->arena),
		.from_override = text_of(o, "old_override", j->arena),
		.to = text_of(o, "new_driver", j->arena),
		.vfs = vfs_of(o),
	};
	const char *boot = text_of(o, "boot", j->arena);

	if (!is_name(r.bus) || !is_name(r.name) || !boot || (r.from && !is_name(r.from))) {
		j->nr_unreadable++;
		return;
	}
	if (strcmp(boot, j->boot) != 0) {
		j->nr_earlier++;
		return;
	}
	add_record(j, &r);
}

static void remove_device(struct journal *j, const char *bus, const char *name)
{
	for (size_t i = j->nr_records; bus && name && i; i--)
		if (!strcmp(j->records[i - 1].bus, bus) && !strcmp(j->records[i - 1].name, name))
			remove_record(j, &j->records[i - 1]);
}

static void take_line(struct journal *j, struct json_object *o)
{
	const char *step = text_of(o, "step", j->arena);
	struct json_object *v;
	struct journal_record *r;
	unsigned int id = 0;

	if (json_object_object_get_ex(o, "id", &v)) {
		int64_t number = json_object_get_int64(v);

		/* The next one must be a number as well. */
		if (number < 0 || number >= INT32_MAX) {
			j->nr_unreadable++;
			return;
		}
		id = (unsigned int)number;
	}
	if (id >= j->next_id)
		j->next_id = id + 1;
	if (!step) {
		j->nr_unreadable++;
		return;
	}
	r = find_id(j, id);
	if (!strcmp(step, "intent"))
		take_intent(j, o, id);
	else if (!strcmp(step, "settled"))
		remove_device(j, text_of(o, "bus", j->arena), text_of(o, "device", j->arena));
	else if (!strcmp(step, "done") && r)
		r->done = true;
	else if (!strcmp(step, "undone") && r)
		remove_record(j, r);
}

/* A line that a crash or a full disk cut short: it was not on disk, so its write never happened. */
static bool is_cut_short(const char *line, size_t len)
{
	struct json_tokener *t = json_tokener_new();
	bool ret = false;

	if (t && *line == '{') {
		json_object_put(json_tokener_parse_ex(t, line, (int)len));
		ret = json_tokener_get_error(t) == json_tokener_continue;
	}
	if (t)
		json_tokener_free(t);
	return ret;
}

static void take_text(struct journal *j, char *text, size_t len)
{
	struct span rest = { text, len }, line;

	j->torn = len && text[len - 1] != '\n';
	while (parse_line(&rest, &line)) {
		struct json_object *o;
		char *copy;

		if (!line.len)
			continue;
		copy = arena_strndup(j->arena, line.s, line.len);
		o = json_tokener_parse(copy);
		if (o && json_object_is_type(o, json_type_object))
			take_line(j, o);
		else if (!is_cut_short(copy, line.len))
			j->nr_unreadable++;
		json_object_put(o);
	}
}

/* Whether nobody but root and the caller can have put there what @fd is. */
static int check_owner(int fd, mode_t type, struct stat *ret)
{
	if (fstat(fd, ret) < 0)
		return -errno;
	if ((ret->st_mode & S_IFMT) != type)
		return -ENOTSUP;
	if ((ret->st_uid && ret->st_uid != geteuid()) || ret->st_mode & (S_IWGRP | S_IWOTH))
		return -EXDEV;
	return 0;
}

static int read_all(struct journal *j)
{
	size_t len = 0;
	ssize_t got;
	struct stat st;
	char *text;
	int r = check_owner(j->fd, S_IFREG, &st);

	if (r < 0)
		return r;
	if (st.st_size > JOURNAL_MAX)
		return -EFBIG;
	text = arena_alloc(j->arena, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		got = pread(j->fd, text + len, (size_t)st.st_size - len, (off_t)len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		len += (size_t)got;
	}
	take_text(j, text, len);
	j->loaded = true;
	return 0;
}

static void journal_init(struct journal *j, const char *dir, const char *boot, struct arena *a)
{
	*j = (struct journal){
		.arena = a,
		.dir = dir,
		.boot = boot,
		.dir_fd = -EBADF,
		.fd = -EBADF,
		.lock_fd = -EBADF,
		.next_id = 1,
	};
}

/* Another directory would be another journal, without records. */
static const char by_root[] = "run as root: the journal belongs to root";

static const char *journal_path(const struct journal *j)
{
	return arena_printf(j->arena, "%s/%s", j->dir, file_name);
}

/* What is wrong with the journal, and the next step; @else_step where nothing better is known. */
static int journal_fail(int r, const char *what, const char *place, const char *else_step,
			struct failure **reterr)
{
	if (r == -EXDEV)
		return failure_set(reterr, -EPERM,
				   "%s '%s': others than root may write there; name a place of root's alone with --journal",
				   what, place);
	if (r == -ENOTSUP || r == -ELOOP)
		return failure_set(reterr, -EINVAL, "%s '%s': it is not a plain file; move it away",
				   what, place);
	return failure_set(reterr, r, "%s '%s': %s; %s", what, place, strerror(-r),
			   r == -EACCES || r == -EPERM ? by_root : else_step);
}

static int open_dir(struct journal *j)
{
	struct stat st;

	j->dir_fd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return j->dir_fd < 0 ? -errno : check_owner(j->dir_fd, S_IFDIR, &st);
}

/* A FIFO in its place must not keep anybody waiting. */
static int open_plain(const struct journal *j, int flags)
{
	int fd = openat(j->dir_fd, file_name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	return fd < 0 ? -errno : fd;
}

int journal_read(struct journal *j, const char *dir, const char *boot, struct arena *a,
		 struct failure **reterr)
{
	int r;

	journal_init(j, dir, boot, a);
	r = open_dir(j);
	if (!r)
		r = j->fd = open_plain(j, O_RDONLY);
	if (r == -ENOENT)
		return 0;
	r = r < 0 ? r : read_all(j);
	return r < 0 ? journal_fail(r, "cannot read the journal", journal_path(j),
				    "check what is at that path", reterr)
		     : 0;
}

/* ---- opening ---- */

/* Each missing directory of the path. */
static int make_dirs(const char *dir, struct arena *a)
{
	char *path = arena_strdup(a, dir);

	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = 0;
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int open_file(struct journal *j)
{
	int r;

	j->fd = open_plain(j, O_RDWR | O_APPEND | O_CREAT);
	if (j->fd < 0)
		return j->fd;
	r = read_all(j);
	/* The name, too, must outlive a power loss. */
	return r < 0 ? r : fsync(j->dir_fd) < 0 && errno != EINVAL ? -errno : 0;
}

int journal_open(struct journal *j, const char *dir, const char *boot, const char *who,
		 unsigned int wait_ms, struct arena *a, struct failure **reterr)
{
	int r;

	journal_init(j, dir, boot, a);
	r = make_dirs(dir, a);
	if (!r)
		r = open_dir(j);
	if (r < 0)
		return journal_fail(r, "cannot keep a journal in", dir,
				    "name another directory with --journal", reterr);
	r = lock_take(j->dir_fd, dir, who, wait_ms, a, reterr);
	if (r < 0)
		return r;
	j->lock_fd = r;
	r = open_file(j);
	return r < 0 ? journal_fail(r, "cannot open the journal", journal_path(j),
				    "check what is at that path; without the journal no driver is changed",
				    reterr)
		     : 0;
}

void journal_close(struct journal *j)
{
	/* Without records there is no file; while the lock is held nobody else has it open. What could not be read
	 * is somebody's to look at. */
	if (j->lock_fd >= 0 && j->loaded && !j->nr_records && !j->nr_unreadable)
		unlinkat(j->dir_fd, file_name, 0);
	if (j->lock_fd >= 0)
		lock_give(j->lock_fd);
	if (j->fd >= 0)
		close(j->fd);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	j->fd = j->dir_fd = j->lock_fd = -EBADF;
}

const struct journal_record *journal_find(const struct journal *j, const char *bus,
					  const char *name)
{
	for (size_t i = 0; i < j->nr_records; i++)
		if (!strcmp(j->records[i].bus, bus) && !strcmp(j->records[i].name, name))
			return &j->records[i];
	return NULL;
}

/* ---- writing ---- */

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

static int fail(struct journal *j, int err)
{
	j->err = err;
	return -err;
}

/* All of it, and on disk. */
static int append(struct journal *j, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	/* A new line begins after one that has no end. */
	char *line = arena_printf(j->arena, "%s%s\n", j->torn ? "\n" : "", text);
	size_t len = strlen(line), at = 0;

	json_object_put(o);
	while (at < len) {
		ssize_t n = write(j->fd, line + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			j->torn = true;
			return fail(j, n < 0 ? errno : EIO);
		}
		at += (size_t)n;
	}
	j->torn = false;
	return fsync(j->fd) < 0 && errno != EINVAL ? fail(j, errno) : 0;
}

static struct json_object *new_line(const char *step, unsigned int id)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "step", step);
	if (id)
		json_object_object_add(o, "id", json_object_new_int64(id));
	return o;
}

int journal_intent(struct journal *j, const struct bind_move *m, unsigned int *ret_id)
{
	struct json_object *o = new_line("intent", j->next_id);
	struct journal_record r = {
		.id = j->next_id,
		.bus = m->bus,
		.name = m->name,
		.identity = m->identity,
		.from = m->from,
		.from_override = m->from_override,
		.to = m->to,
		.vfs = m->vfs,
	};
	int err;

	put_text(o, "boot", j->boot);
	put_text(o, "bus", m->bus);
	put_text(o, "device", m->name);
	put_text(o, "identity", m->identity);
	put_text(o, "old_driver", m->from);
	put_text(o, "old_override", m->from_override);
	put_text(o, "new_driver", m->to);
	if (m->vfs)
		json_object_object_add(o, "old_vfs", json_object_new_int64(m->vfs));
	err = append(j, o);
	if (err < 0)
		return err;
	*ret_id = j->next_id++;
	add_record(j, &r);
	return 0;
}

int journal_step(struct journal *j, unsigned int id, const struct bind_step *s)
{
	struct json_object *o = new_line("write", id);

	put_text(o, "path", s->path);
	put_text(o, "text", s->text);
	return append(j, o);
}

int journal_done(struct journal *j, unsigned int id)
{
	struct journal_record *r = find_id(j, id);

	if (r)
		r->done = true;
	return append(j, new_line("done", id));
}

/* A journal without records is finished. The file stays open and empty, and is removed at the end. */
static int tidy(struct journal *j)
{
	if (j->nr_records || j->nr_unreadable || !ftruncate(j->fd, 0))
		return 0;
	return fail(j, errno);
}

int journal_undone(struct journal *j, unsigned int id)
{
	struct journal_record *r = find_id(j, id);
	int err = append(j, new_line("undone", id));

	if (err < 0)
		return err;
	if (r)
		remove_record(j, r);
	return tidy(j);
}

int journal_settle(struct journal *j, const char *bus, const char *name)
{
	struct json_object *o = new_line("settled", 0);
	int err;

	put_text(o, "bus", bus);
	put_text(o, "device", name);
	err = append(j, o);
	if (err < 0)
		return err;
	remove_device(j, bus, name);
	return tidy(j);
}
