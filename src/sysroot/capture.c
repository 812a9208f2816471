/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/strmap.h"
#include "uapi/op.h"

struct entry {
	struct entry *next;
	const char *key; /* "VERB PATH", key of the index */
	size_t verb_len;
	const char *path; /* within key */
	struct fact fact;
};

struct line {
	char *text;
	size_t size;
};

struct capture {
	struct arena *arena;
	struct strmap index; /* "VERB PATH" -> struct entry */
	struct entry *first, **tail;
};

struct capture *capture_new(void)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->arena = arena_new();
	c->index.arena = c->arena;
	c->tail = &c->first;
	return c;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}

/* "VERB PATH", in @buf when it fits, else allocated: free what is not @buf. */
static char *key_format(char *buf, size_t size, const char *verb, const char *path)
{
	size_t verb_len = strlen(verb), path_len = strlen(path);
	char *key = buf;

	if (verb_len + path_len + 2 > size) {
		key = malloc(verb_len + path_len + 2);
		if (!key)
			abort();
	}
	memcpy(key, verb, verb_len);
	key[verb_len] = ' ';
	memcpy(key + verb_len + 1, path, path_len + 1);
	return key;
}

static struct entry *entry_find(const struct capture *c, const char *verb, const char *path)
{
	char buf[512], *key = key_format(buf, sizeof(buf), verb, path);
	struct entry *found = strmap_find(&c->index, key);

	if (key != buf)
		free(key);
	return found;
}

struct fact capture_find(const struct capture *c, const char *verb, const char *path)
{
	const struct entry *e = entry_find(c, verb, path);

	return e ? e->fact : (struct fact){ .path = path };
}

/* False when there is an answer already. */
static bool capture_insert(struct capture *c, const char *verb, const char *path,
			   const struct fact *f)
{
	size_t verb_len = strlen(verb);
	struct entry *e;
	char *key;

	if (entry_find(c, verb, path))
		return false;
	key = arena_alloc(c->arena, verb_len + strlen(path) + 2);
	key_format(key, SIZE_MAX, verb, path);
	e = arena_new_object(c->arena, struct entry);
	e->verb_len = verb_len;
	e->path = key + verb_len + 1;
	e->key = key;
	e->fact = (struct fact){ .state = f->state, .err = f->err, .path = e->path };
	if (f->raw && f->state == FACT_PRESENT) {
		e->fact.raw = arena_memdup(c->arena, f->raw, f->len);
		e->fact.len = f->len;
	}
	strmap_add(&c->index, key, e);
	*c->tail = e;
	c->tail = &e->next;
	return true;
}

void capture_add(struct capture *c, const char *verb, const char *path, const struct fact *f)
{
	if (f->state != FACT_UNREAD)
		capture_insert(c, verb, path, f);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int hex_decode(struct arena *a, const char *hex, size_t len, struct fact *ret)
{
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

/* A text in JSON: a string, or {"hex": "..."} for what is none. raw and len of @ret, in @a. */
static int text_from_json(struct arena *a, struct json_object *answer, struct fact *ret)
{
	struct json_object *hex;

	if (json_object_is_type(answer, json_type_string)) {
		size_t len = (size_t)json_object_get_string_len(answer);

		ret->raw = arena_memdup(a, json_object_get_string(answer), len);
		ret->len = len;
		return 0;
	}
	if (json_object_is_type(answer, json_type_object) &&
	    json_object_object_get_ex(answer, "hex", &hex) &&
	    json_object_is_type(hex, json_type_string))
		return hex_decode(a, json_object_get_string(hex),
				  (size_t)json_object_get_string_len(hex), ret);
	return -EBADMSG;
}

/* The errno of a refusal: its name, or the number of one that has no name (ENOTSUPP, 524). */
static int entry_parse_errno(struct json_object *err, int *ret)
{
	/* linux: include/linux/err.h: MAX_ERRNO. */
	enum { ERRNO_MAX = 4095 };
	int64_t number;

	if (json_object_is_type(err, json_type_string)) {
		*ret = errno_from_name(json_object_get_string(err));
		return *ret ? 0 : -EBADMSG;
	}
	if (!json_object_is_type(err, json_type_int))
		return -EBADMSG;
	number = json_object_get_int64(err);
	if (number < 0 || number > ERRNO_MAX)
		return -EBADMSG;
	*ret = (int)number;
	return 0;
}

static int entry_parse_refusal(struct json_object *err, struct json_object *state, struct fact *ret)
{
	static const enum fact_state states[] = { FACT_ABSENT, FACT_DENIED, FACT_FAILED };
	int number = 0, r = entry_parse_errno(err, &number);

	if (r < 0)
		return r;
	ret->err = number;
	if (!state) {
		ret->state = fact_state_from_errno(ret->err);
		return 0;
	}
	if (!json_object_is_type(state, json_type_string))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (!strcmp(json_object_get_string(state), fact_state_name(states[i])))
			ret->state = states[i];
	return ret->state == FACT_UNREAD ? -EBADMSG : 0;
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
	struct fact fact = { 0 }, path = { 0 };
	struct json_object *verb;
	size_t nr;
	int r;

	if (!json_object_is_type(line, json_type_array))
		return -EBADMSG;
	nr = json_object_array_length(line);
	verb = json_object_array_get_idx(line, 0);
	if (nr < 3 || nr > 5 || !json_object_is_type(verb, json_type_string) ||
	    !verb_is_known(json_object_get_string(verb)))
		return -EBADMSG;
	r = text_from_json(c->arena, json_object_array_get_idx(line, 1), &path);
	if (r < 0 || memchr(path.raw, '\0', path.len))
		return -EBADMSG;
	if (nr == 3) {
		fact.state = FACT_PRESENT;
		r = text_from_json(c->arena, json_object_array_get_idx(line, 2), &fact);
	} else if (json_object_array_get_idx(line, 2) ||
		   (nr == 5 && !json_object_array_get_idx(line, 4))) {
		r = -EBADMSG;
	} else {
		r = entry_parse_refusal(json_object_array_get_idx(line, 3),
					nr == 5 ? json_object_array_get_idx(line, 4) : NULL, &fact);
	}
	if (r < 0)
		return r;
	return capture_insert(c, json_object_get_string(verb), path.raw, &fact) ? 0 : -EEXIST;
}

static int capture_parse_header(struct json_object *line)
{
	struct json_object *version;

	if (!json_object_is_type(line, json_type_object) ||
	    !json_object_object_get_ex(line, "vfiotool-capture", &version) ||
	    !json_object_is_type(version, json_type_int) ||
	    json_object_get_int64(version) != CAPTURE_VERSION)
		return -EBADMSG;
	return 0;
}

static int capture_parse_line(struct capture *c, struct json_tokener *tokener, const char *text,
			      size_t len, bool header)
{
	struct json_object *line;
	int r;

	if (memchr(text, '\0', len))
		return -EBADMSG;
	json_tokener_reset(tokener);
	/* The NUL behind the text ends a number or literal for the parser. */
	line = json_tokener_parse_ex(tokener, text, (int)len + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		r = -EBADMSG;
	else
		r = header ? capture_parse_header(line) : capture_parse_entry(c, line);
	json_object_put(line);
	return r;
}

/* Reads a line of at most CAPTURE_LINE_MAX bytes into @line, without its newline and with a NUL
 * behind it. The length, -ENODATA at the end, -E2BIG past the limit, or the errno of the read. */
static ssize_t line_read(FILE *in, struct line *line)
{
	size_t len = 0;
	int c = EOF;

	errno = 0;
	for (;;) {
		if (len == line->size) {
			line->size = line->size ? 2 * line->size : 4096;
			line->text = realloc(line->text, line->size);
			if (!line->text)
				abort();
		}
		c = getc_unlocked(in);
		if (c == EOF || c == '\n')
			break;
		if (len == CAPTURE_LINE_MAX)
			return -E2BIG;
		line->text[len++] = (char)c;
	}
	if (c == EOF && ferror(in))
		return errno ? -errno : -EIO;
	if (c == EOF && !len)
		return -ENODATA;
	line->text[len] = '\0';
	return (ssize_t)len;
}

static int line_fail(struct failure **reterr, int err, size_t nr)
{
	switch (err) {
	case -E2BIG:
		return failure_set(reterr, err, "line %zu exceeds the limits of a capture", nr);
	case -EEXIST:
		failure_set(reterr, -EBADMSG, "line %zu repeats an earlier one", nr);
		return -EBADMSG;
	case -EBADMSG:
		if (nr == 1)
			return failure_set(reterr, err, "line 1 is not a capture header");
		return failure_set(reterr, err, "line %zu is not a capture line", nr);
	default:
		return failure_set(reterr, err, "cannot read line %zu: %s", nr, strerror(-err));
	}
}

static int capture_load_lines(struct capture *c, struct json_tokener *tokener, FILE *in,
			      struct failure **reterr)
{
	struct line line = { 0 };
	size_t total = 0, nr = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = line_read(in, &line)) != -ENODATA) {
		nr++;
		if (len < 0) {
			r = (int)len;
			break;
		}
		total += (size_t)len + 1;
		if (total > CAPTURE_TOTAL_MAX || nr > CAPTURE_ENTRIES_MAX)
			r = -E2BIG;
		else
			r = capture_parse_line(c, tokener, line.text, (size_t)len, nr == 1);
	}
	free(line.text);
	if (r < 0)
		return line_fail(reterr, r, nr);
	return nr ? 0 : failure_set(reterr, -EBADMSG, "it is empty");
}

int capture_load(FILE *in, struct capture **ret, struct failure **reterr)
{
	struct capture *c = capture_new();
	struct json_tokener *tokener = json_tokener_new_ex(8);
	int r;

	if (!tokener)
		abort();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	r = capture_load_lines(c, tokener, in, reterr);
	json_tokener_free(tokener);
	if (r < 0) {
		capture_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* How many bytes the UTF-8 character at @s has; 0 when there is none. */
static size_t utf8_len(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t need = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 0;

	if (!need || need > len)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms and surrogates are not characters. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] >= 0xa0))
		return 0;
	return need;
}

/* Whether JSON can carry the bytes as a string: UTF-8 without NUL. */
static bool text_is_json(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t step = s[i] ? utf8_len(s + i, len - i) : 0;

		if (!step)
			return false;
		i += step;
	}
	return true;
}

static struct json_object *text_to_json(const char *s, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	struct json_object *ret;
	char *hex;

	if (text_is_json(s, len))
		return json_object_new_string_len(s, (int)len);
	hex = malloc(2 * len + 1);
	if (!hex)
		abort();
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)s[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)s[i] & 15];
	}
	ret = json_object_new_object();
	json_object_object_add(ret, "hex", json_object_new_string_len(hex, (int)(2 * len)));
	free(hex);
	return ret;
}

static struct json_object *entry_to_json(const struct entry *e)
{
	struct json_object *line = json_object_new_array();
	const struct fact *f = &e->fact;

	json_object_array_add(line, json_object_new_string_len(e->key, (int)e->verb_len));
	json_object_array_add(line, text_to_json(e->path, strlen(e->path)));
	if (f->state == FACT_PRESENT) {
		json_object_array_add(line, text_to_json(f->raw ? f->raw : "", f->len));
		return line;
	}
	json_object_array_add(line, NULL);
	if (f->err && strcmp(errno_name(f->err), "E?"))
		json_object_array_add(line, json_object_new_string(errno_name(f->err)));
	else
		json_object_array_add(line, json_object_new_int(f->err));
	if (f->state != fact_state_from_errno(f->err))
		json_object_array_add(line, json_object_new_string(fact_state_name(f->state)));
	return line;
}

static int line_write(FILE *out, const char *text)
{
	errno = 0;
	if (fputs(text, out) < 0 || putc('\n', out) == EOF)
		return errno ? -errno : -EIO;
	return 0;
}

int capture_write(const struct capture *c, FILE *out)
{
	char header[64];
	int r;

	snprintf(header, sizeof(header), "{\"vfiotool-capture\":%d}", CAPTURE_VERSION);
	r = line_write(out, header);
	for (const struct entry *e = c->first; e && r == 0; e = e->next) {
		struct json_object *line = entry_to_json(e);

		r = line_write(out,
			       json_object_to_json_string_ext(line,
							      JSON_C_TO_STRING_PLAIN |
								      JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(line);
	}
	if (r == 0 && fflush(out))
		r = errno ? -errno : -EIO;
	return r;
}
