/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/linkhash.h>

#include "base/op.h"

struct entry {
	struct entry *next;
	const char *verb, *path;
	struct fact fact;
};

struct capture {
	struct arena *arena;
	struct lh_table *index; /* "verb path" -> struct entry */
	struct entry *first, **tail;
	size_t nr_entries;
};

struct capture *capture_new(void)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->arena = arena_new();
	c->index = lh_kchar_table_new(1024, NULL);
	if (!c->index)
		abort();
	c->tail = &c->first;
	return c;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	lh_table_free(c->index);
	arena_free(c->arena);
	free(c);
}

struct fact capture_find(const struct capture *c, const char *verb, const char *path)
{
	struct fact ret = { .path = path };
	char *key = NULL;
	void *found;

	if (asprintf(&key, "%s %s", verb, path) < 0)
		abort();
	if (lh_table_lookup_ex(c->index, key, &found))
		ret = ((struct entry *)found)->fact;
	free(key);
	return ret;
}

void capture_add(struct capture *c, const char *verb, const char *path, const struct fact *f)
{
	char *key = arena_printf(c->arena, "%s %s", verb, path);
	struct entry *e;
	void *found;

	if (f->state == FACT_UNREAD || lh_table_lookup_ex(c->index, key, &found))
		return;
	e = arena_new_object(c->arena, struct entry);
	e->verb = arena_strdup(c->arena, verb);
	e->path = arena_strdup(c->arena, path);
	e->fact = (struct fact){ .state = f->state, .err = f->err, .path = e->path };
	if (f->raw) {
		e->fact.raw = arena_memdup(c->arena, f->raw, f->len);
		e->fact.len = f->len;
	}
	if (lh_table_insert(c->index, key, e) < 0)
		abort();
	*c->tail = e;
	c->tail = &e->next;
	c->nr_entries++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int entry_parse_hex(struct arena *a, const char *hex, struct fact *ret)
{
	size_t len = strlen(hex);
	char *raw;

	if (len % 2)
		return -EBADMSG;
	raw = arena_alloc(a, len / 2 + 1);
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		raw[i / 2] = (char)(high << 4 | low);
	}
	ret->raw = raw;
	ret->len = len / 2;
	return 0;
}

static int entry_parse_answer(struct arena *a, struct json_object *answer, struct fact *ret)
{
	struct json_object *hex;

	ret->state = FACT_PRESENT;
	if (json_object_is_type(answer, json_type_string)) {
		size_t len = (size_t)json_object_get_string_len(answer);

		ret->raw = arena_memdup(a, json_object_get_string(answer), len);
		ret->len = len;
		return 0;
	}
	if (json_object_is_type(answer, json_type_object) &&
	    json_object_object_get_ex(answer, "hex", &hex) &&
	    json_object_is_type(hex, json_type_string))
		return entry_parse_hex(a, json_object_get_string(hex), ret);
	return -EBADMSG;
}

static int entry_parse_error(struct json_object *name, struct fact *ret)
{
	if (!json_object_is_type(name, json_type_string))
		return -EBADMSG;
	ret->err = errno_from_name(json_object_get_string(name));
	switch (ret->err) {
	case 0:
		return -EBADMSG;
	case ENOENT:
		ret->state = FACT_ABSENT;
		return 0;
	case EACCES:
	case EPERM:
		ret->state = FACT_DENIED;
		return 0;
	default:
		ret->state = FACT_FAILED;
		return 0;
	}
}

static bool verb_is_known(const char *verb)
{
	static const char *const verbs[] = { "read", "link", "list", "stat", "access", "ask" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verb, verbs[i]))
			return true;
	return false;
}

static int capture_parse_entry(struct capture *c, struct json_object *line)
{
	struct fact fact = { 0 };
	size_t nr;
	struct json_object *verb, *path;
	int r;

	if (!json_object_is_type(line, json_type_array))
		return -EBADMSG;
	nr = json_object_array_length(line);
	if (nr != 3 && nr != 4)
		return -EBADMSG;
	verb = json_object_array_get_idx(line, 0);
	path = json_object_array_get_idx(line, 1);
	if (!json_object_is_type(verb, json_type_string) ||
	    !json_object_is_type(path, json_type_string) ||
	    !verb_is_known(json_object_get_string(verb)))
		return -EBADMSG;
	if (nr == 3)
		r = entry_parse_answer(c->arena, json_object_array_get_idx(line, 2), &fact);
	else
		r = entry_parse_error(json_object_array_get_idx(line, 3), &fact);
	if (r < 0)
		return r;
	capture_add(c, json_object_get_string(verb), json_object_get_string(path), &fact);
	return 0;
}

static int capture_parse_header(struct json_object *line)
{
	struct json_object *version;

	if (!json_object_is_type(line, json_type_object) ||
	    !json_object_object_get_ex(line, "vfiotool-capture", &version) ||
	    json_object_get_int(version) != CAPTURE_VERSION)
		return -EBADMSG;
	return 0;
}

static int capture_parse_line(struct capture *c, struct json_tokener *tokener, const char *text,
			      size_t len, bool header)
{
	struct json_object *line;
	int r;

	json_tokener_reset(tokener);
	line = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		r = -EBADMSG;
	else
		r = header ? capture_parse_header(line) : capture_parse_entry(c, line);
	json_object_put(line);
	return r;
}

static int capture_load_lines(struct capture *c, struct json_tokener *tokener, FILE *in,
			      struct failure **reterr)
{
	size_t size = 0, total = 0, nr = 0;
	char *text = NULL;
	ssize_t len;
	int r = 0;

	while ((len = getline(&text, &size, in)) >= 0) {
		nr++;
		total += (size_t)len;
		if (len > CAPTURE_LINE_MAX || total > CAPTURE_TOTAL_MAX ||
		    c->nr_entries >= CAPTURE_ENTRIES_MAX) {
			r = failure_set(reterr, -E2BIG, "line %zu passes the limits of a capture",
					nr);
			break;
		}
		/* The NUL that getline() adds ends a number or literal for the parser. */
		r = capture_parse_line(c, tokener, text, (size_t)len + 1, nr == 1);
		if (r < 0) {
			failure_set(reterr, r, "line %zu is not of a capture", nr);
			break;
		}
	}
	free(text);
	if (!r && ferror(in))
		return failure_set(reterr, -EIO, "the read failed after line %zu", nr);
	if (!r && !nr)
		return failure_set(reterr, -EBADMSG, "it is empty");
	return r;
}

int capture_load(FILE *in, struct capture **ret, struct failure **reterr)
{
	struct capture *c = capture_new();
	struct json_tokener *tokener = json_tokener_new_ex(8);
	int r;

	if (!tokener)
		abort();
	r = capture_load_lines(c, tokener, in, reterr);
	json_tokener_free(tokener);
	if (r < 0) {
		capture_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* Whether JSON can carry the bytes as a string: UTF-8 without NUL (which json-c would cut at). */
static bool text_is_json(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		unsigned char c = (unsigned char)s[i];
		size_t follow = c < 0x80                ? 0
				: c >= 0xc2 && c < 0xe0 ? 1
				: c >= 0xe0 && c < 0xf0 ? 2
							: 9;

		if (!c || follow == 9 || follow > len - i - 1)
			return false;
		for (size_t k = 1; k <= follow; k++)
			if (((unsigned char)s[i + k] & 0xc0) != 0x80)
				return false;
		i += follow + 1;
	}
	return true;
}

static struct json_object *entry_answer(const struct fact *f)
{
	struct json_object *ret;
	char *hex;

	if (text_is_json(f->raw, f->len))
		return json_object_new_string_len(f->raw, (int)f->len);
	hex = malloc(2 * f->len + 1);
	if (!hex)
		abort();
	for (size_t i = 0; i < f->len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)f->raw[i]);
	ret = json_object_new_object();
	json_object_object_add(ret, "hex", json_object_new_string(hex));
	free(hex);
	return ret;
}

int capture_write(const struct capture *c, FILE *out)
{
	fprintf(out, "{\"vfiotool-capture\":%d}\n", CAPTURE_VERSION);
	for (const struct entry *e = c->first; e; e = e->next) {
		struct json_object *line = json_object_new_array();

		json_object_array_add(line, json_object_new_string(e->verb));
		json_object_array_add(line, json_object_new_string(e->path));
		if (e->fact.state == FACT_PRESENT) {
			json_object_array_add(line, entry_answer(&e->fact));
		} else {
			json_object_array_add(line, NULL);
			json_object_array_add(line,
					      json_object_new_string(errno_name(e->fact.err)));
		}
		fprintf(out, "%s\n",
			json_object_to_json_string_ext(
				line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(line);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
