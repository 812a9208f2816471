/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, paths and links of sysfs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "decode/uevent.h"
#include "facts/loader.h"

struct fact fact_derived(struct arena *a, const char *path, struct span text)
{
	return (struct fact){
		.state = FACT_PRESENT,
		.path = path,
		.raw = arena_text(a, text.s, text.len),
		.len = text.len,
	};
}

struct span path_base(struct span path)
{
	size_t at = path.len;

	while (at && path.s[at - 1] != '/')
		at--;
	return (struct span){ path.s + at, path.len - at };
}

/* Cuts the next component off @rest. False at the end. */
static bool next_component(struct span *rest, struct span *part)
{
	const char *end;

	while (rest->len && rest->s[0] == '/') {
		rest->s++;
		rest->len--;
	}
	if (!rest->len)
		return false;
	end = memchr(rest->s, '/', rest->len);
	part->s = rest->s;
	part->len = end ? (size_t)(end - rest->s) : rest->len;
	rest->s += part->len;
	rest->len -= part->len;
	return true;
}

char *path_join(struct arena *a, const char *dir, struct span target)
{
	bool absolute = target.len && target.s[0] == '/';
	size_t room = strlen(dir) + target.len + 2, len = absolute ? 0 : strlen(dir);
	char *ret = arena_alloc(a, room);
	struct span part;

	memcpy(ret, dir, len);
	while (next_component(&target, &part)) {
		if (span_equals(part, "."))
			continue;
		if (span_equals(part, "..")) {
			if (!len)
				return NULL;
			while (len && ret[len - 1] != '/')
				len--;
			if (len)
				len--;
			continue;
		}
		if (len)
			ret[len++] = '/';
		memcpy(ret + len, part.s, part.len);
		len += part.len;
	}
	ret[len] = '\0';
	return ret;
}

const char *bus_name_keep(struct arena *a, const char *name)
{
	const char *known;

	for (size_t i = 0; (known = bus_name_get(i)); i++)
		if (!strcmp(name, known))
			return known;
	return arena_strdup(a, name);
}

bool name_is_file(struct span name)
{
	return name.len > 0 && name.len <= NAME_MAX && !memchr(name.s, '/', name.len) &&
	       !memchr(name.s, '\0', name.len) && !span_equals(name, ".") &&
	       !span_equals(name, "..");
}

/* "DIRECTORY/NAME" relative to the root in @path, or false when it is too long. */
static bool path_at(char path[static PATH_MAX], const char *dir, const char *name)
{
	size_t dir_len, name_len = strlen(name);

	dir += dir[0] == '/';
	dir_len = strlen(dir);
	if (dir_len + name_len + 2 > PATH_MAX)
		return false;
	memcpy(path, dir, dir_len);
	path[dir_len] = '/';
	memcpy(path + dir_len + 1, name, name_len + 1);
	return true;
}

static struct fact too_long(const char *dir)
{
	return (struct fact){ .state = FACT_FAILED, .err = ENAMETOOLONG, .path = dir };
}

struct fact read_at(struct loader *l, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return path_at(path, dir, name) ? sysroot_read(l->root, l->a, path, SYSROOT_ATTRIBUTE_MAX)
					: too_long(dir);
}

struct fact read_locked_at(struct loader *l, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return path_at(path, dir, name) ? sysroot_read_locked(l->root, l->a, path) : too_long(dir);
}

/* The lines of a uevent that attributes without a lock have as well. */
static struct fact uevent_without_lock(struct loader *l, const char *dir, struct fact locked)
{
	static const char *const names[] = { "class", "vendor", "device", "subsystem_vendor",
					     "subsystem_device" };
	struct fact modalias = read_at(l, dir, "modalias"), f;
	const char *ids[ARRAY_SIZE(names)];
	struct strbuf out = { .arena = l->a };
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		f = read_at(l, dir, names[i]);
		ids[i] = fact_is(&f) && !strncmp(f.raw, "0x", 2) ? f.raw + 2 : NULL;
		nr += ids[i] != NULL;
	}
	if (nr == ARRAY_SIZE(names))
		strbuf_printf(&out, "PCI_CLASS=%s\nPCI_ID=%s:%s\nPCI_SUBSYS_ID=%s:%s\n", ids[0],
			      ids[1], ids[2], ids[3], ids[4]);
	if (fact_is(&modalias))
		strbuf_printf(&out, "MODALIAS=%s\n", modalias.raw);
	if (!out.len)
		return locked;
	return fact_derived(l->a, modalias.path, (struct span){ strbuf_get(&out), out.len - 1 });
}

struct fact read_uevent_at(struct loader *l, const char *dir, bool *ret_locked)
{
	struct fact f = read_locked_at(l, dir, "uevent");

	*ret_locked = f.state == FACT_FAILED && f.err == ETIMEDOUT;
	return *ret_locked ? uevent_without_lock(l, dir, f) : f;
}

struct fact read_link_at(struct loader *l, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return path_at(path, dir, name) ? sysroot_read_link(l->root, l->a, path) : too_long(dir);
}

struct fact list_at(struct loader *l, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return path_at(path, dir, name) ? sysroot_list(l->root, l->a, path) : too_long(dir);
}

struct fact stat_at(struct loader *l, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return path_at(path, dir, name) ? sysroot_stat(l->root, l->a, path) : too_long(dir);
}
