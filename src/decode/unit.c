/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/unit.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- unit files ---- */

/* The next setting: lines that end in a backslash are one, comments between them are left out. In @a. */
static bool next_setting(struct span *rest, struct arena *a, struct span *ret)
{
	struct span line, whole = { NULL, 0 };
	bool more = false;

	while (parse_line(rest, &line)) {
		line = span_strip(line);
		if (line.len && (line.s[0] == '#' || line.s[0] == ';'))
			continue;
		if (!line.len && !more)
			continue;
		more = line.len && line.s[line.len - 1] == '\\';
		line.len -= more;
		if (!whole.s && !more) {
			*ret = line;
			return true;
		}
		if (whole.s)
			whole.s = arena_printf(a, "%.*s %.*s", (int)whole.len, whole.s,
					       (int)line.len, line.s);
		else
			whole.s = arena_strndup(a, line.s, line.len);
		whole.len = strlen(whole.s);
		if (!more)
			break;
	}
	*ret = span_strip(whole);
	return whole.s != NULL;
}

static void set_text(const char **at, struct span value, struct arena *a)
{
	/* A NUL ends the text. */
	const size_t len = value.len ? strnlen(value.s, value.len) : 0;

	*at = len ? arena_strndup(a, value.s, len) : NULL;
}

static void add_allow(struct unit_settings *s, struct span value, struct arena *a)
{
	if (!value.len)
		s->nr_allows = 0;
	if (!value.len || s->nr_allows == UNIT_ALLOWS_MAX)
		return;
	s->allows = arena_grow(a, s->allows, s->nr_allows, sizeof(*s->allows));
	s->allows[s->nr_allows++] = arena_strndup(a, value.s, value.len);
}

static void set_service(struct unit_settings *s, struct span key, struct span value,
			struct arena *a)
{
	if (span_equals(key, "User"))
		set_text(&s->user, value, a);
	else if (span_equals(key, "LimitMEMLOCK"))
		set_text(&s->memlock, value, a);
	else if (span_equals(key, "DevicePolicy"))
		set_text(&s->device_policy, value, a);
	else if (span_equals(key, "PrivateDevices"))
		set_text(&s->private_devices, value, a);
	else if (span_equals(key, "AmbientCapabilities"))
		set_text(&s->ambient, value, a);
	else if (span_equals(key, "DeviceAllow"))
		add_allow(s, value, a);
}

void unit_parse(struct span text, struct arena *a, struct unit_settings *s)
{
	bool service = false;
	struct span line;

	while (next_setting(&text, a, &line)) {
		const char *equals = line.len ? memchr(line.s, '=', line.len) : NULL;
		struct span key = { line.s, equals ? (size_t)(equals - line.s) : 0 };

		if (line.len && line.s[0] == '[')
			service = span_equals(line, "[Service]");
		else if (service && equals)
			set_service(s, span_strip(key),
				    span_strip((struct span){ equals + 1, line.len - key.len - 1 }),
				    a);
	}
}

int unit_limit_parse(const char *text, uint64_t *ret)
{
	const size_t len = strcspn(text, ":");
	char soft[32];

	if (!len || len >= sizeof(soft))
		return -EINVAL;
	memcpy(soft, text, len);
	soft[len] = 0;
	if (!strcmp(soft, "infinity")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return parse_size(soft, ret) < 0 ? -EINVAL : 0;
}

static bool is_yes(const char *text)
{
	return text && (!strcasecmp(text, "yes") || !strcasecmp(text, "true") ||
			!strcasecmp(text, "on") || !strcmp(text, "1"));
}

/* "char-vfio" or "char-vf*" for the devices of a class, or the node itself. */
static bool allow_covers(const char *allow, const char *path, const char *class)
{
	const size_t len = strcspn(allow, " \t");

	if (!strncmp(allow, "char-", 5)) {
		const size_t n = len - 5;

		if (n && allow[len - 1] == '*')
			return !strncmp(allow + 5, class, n - 1);
		return strlen(class) == n && !strncmp(allow + 5, class, n);
	}
	return strlen(path) == len && !strncmp(allow, path, len);
}

bool unit_allows(const struct unit_settings *s, const char *path, const char *class)
{
	const char *policy = s->device_policy ? s->device_policy : "auto";

	if (is_yes(s->private_devices))
		return false;
	if (!strcmp(policy, "auto") && !s->nr_allows)
		return true;
	for (size_t i = 0; i < s->nr_allows; i++)
		if (allow_covers(s->allows[i], path, class))
			return true;
	return false;
}

/* ---- limits ---- */

static bool is_endless(struct span word)
{
	return span_equals(word, "unlimited") || span_equals(word, "infinity") ||
	       span_equals(word, "-1");
}

int limits_locked(struct span text, uint64_t *ret)
{
	static const char title[] = "Max locked memory";
	struct span line, word;

	while (parse_line(&text, &line)) {
		if (line.len < sizeof(title) || memcmp(line.s, title, sizeof(title) - 1) != 0)
			continue;
		line.s += sizeof(title) - 1;
		line.len -= sizeof(title) - 1;
		if (!parse_word(&line, &word))
			return -EBADMSG;
		*ret = UINT64_MAX;
		return is_endless(word) || !parse_u64_span(word, 10, ret) ? 0 : -EBADMSG;
	}
	return -ENODATA;
}

/* 2: the user by name or number, 1: everybody, 0: another. ":UID" is one user, "FIRST:LAST" several. */
static int domain_rank(struct span domain, const char *user, uint32_t uid)
{
	uint64_t first, last;
	struct span low, high;
	const char *colon;

	if (span_equals(domain, "*"))
		return 1;
	if (span_equals(domain, user))
		return 2;
	colon = domain.len ? memchr(domain.s, ':', domain.len) : NULL;
	if (!colon)
		return 0;
	low = (struct span){ domain.s, (size_t)(colon - domain.s) };
	high = (struct span){ colon + 1, domain.len - low.len - 1 };
	if (parse_u64_span(high, 10, &last) < 0)
		return 0;
	if (!low.len)
		return last == uid ? 2 : 0;
	return !parse_u64_span(low, 10, &first) && first <= uid && uid <= last ? 2 : 0;
}

bool limits_conf_locked(struct span text, const char *user, uint32_t uid, uint64_t *ret)
{
	enum { WORDS = 4, KIB = 1024 };
	struct span line, word[WORDS];
	bool groups = false;
	int best = 0;

	while (parse_line(&text, &line)) {
		uint64_t kib = 0;
		size_t nr = 0;
		int rank;

		while (nr < WORDS && parse_word(&line, &word[nr]))
			nr++;
		if (nr < WORDS || word[0].s[0] == '#' || !span_equals(word[2], "memlock") ||
		    span_equals(word[1], "hard"))
			continue;
		groups |= word[0].s[0] == '@';
		rank = domain_rank(word[0], user, uid);
		if (!rank || rank < best)
			continue;
		if (!is_endless(word[3]) &&
		    (parse_u64_span(word[3], 10, &kib) < 0 || kib > UINT64_MAX / KIB))
			continue;
		*ret = is_endless(word[3]) ? UINT64_MAX : kib * KIB;
		best = rank;
	}
	return best > groups;
}
