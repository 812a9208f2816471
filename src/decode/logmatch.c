/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search is that of Aho and Corasick: a state is what was read last of the beginnings of all anchors, and each byte
 * leads to the next state. */
#include "decode/logmatch.h"

#include <ctype.h>
#include <string.h>

#include "base/macro.h"
#include "decode/logvalue.h"

enum {
	ANCHOR_MAX = 24,
	ANY_MAX = 256,
	NR_TOKENS = 24,
	/* Comparisons that one pattern may take in one line. */
	STEPS_MAX = 100000,
	HAS_OUTPUT = 1 << 15, /* of an entry of next: the state ends some anchor */
	STATES_MAX = HAS_OUTPUT - 1,
	NONE = UINT16_MAX,
};

enum place {
	PLACE_LITERAL = 0,
	PLACE_BDF,
	PLACE_GROUP,
	PLACE_REGION,
	PLACE_CDEV,
	PLACE_N,
	PLACE_ERRNO,
	PLACE_IOVA,
	PLACE_SIZE,
	PLACE_X,
	PLACE_WORD,
	PLACE_ANY,
};

static const struct {
	const char *name;
	enum place place;
} places[] = {
	{ "{bdf}", PLACE_BDF },   { "{group}", PLACE_GROUP }, { "{region}", PLACE_REGION },
	{ "{cdev}", PLACE_CDEV }, { "{n}", PLACE_N },         { "{errno}", PLACE_ERRNO },
	{ "{iova}", PLACE_IOVA }, { "{size}", PLACE_SIZE },   { "{x}", PLACE_X },
	{ "{word}", PLACE_WORD }, { "{any}", PLACE_ANY },
};

struct token {
	enum place place;
	struct span text; /* of a literal */
};

struct pattern {
	struct token tokens[NR_TOKENS];
	size_t nr;
	uint16_t same; /* the next pattern with the same anchor, or NONE */
};

struct logmatch {
	struct pattern *patterns;
	size_t nr;
	uint8_t class_of[256]; /* letters of both cases are of one class; 0: in no anchor */
	unsigned int nr_classes;
	uint16_t *next;   /* [state * nr_classes + class] */
	uint16_t *output; /* of a state: the first pattern whose anchor ends there, or NONE */
	uint16_t *suffix; /* the longest state that ends this one and has an output; 0: none */
	unsigned int nr_states;
};

/* ---- patterns ---- */

static bool parse_pattern(const char *s, struct pattern *ret)
{
	while (*s) {
		struct token *t = &ret->tokens[ret->nr++];

		if (ret->nr == NR_TOKENS)
			return false;
		for (size_t i = 0; i < ARRAY_SIZE(places) && !t->place; i++)
			if (!strncmp(s, places[i].name, strlen(places[i].name))) {
				t->place = places[i].place;
				s += strlen(places[i].name);
			}
		if (t->place)
			continue;
		/* A brace that begins no place is text. */
		t->text = (struct span){ s, 1 + strcspn(s + 1, "{") };
		s += t->text.len;
	}
	return ret->nr && ret->tokens[0].place == PLACE_LITERAL;
}

/* The longest literal, or its beginning. */
static struct span anchor_of(const struct pattern *p)
{
	struct span ret = { NULL, 0 };

	for (size_t i = 0; i < p->nr; i++)
		if (p->tokens[i].text.len > ret.len)
			ret = p->tokens[i].text;
	if (ret.len > ANCHOR_MAX)
		ret.len = ANCHOR_MAX;
	return ret;
}

/* ---- the automaton ---- */

static void add_classes(struct logmatch *m, struct span anchor)
{
	for (size_t i = 0; i < anchor.len; i++) {
		unsigned char lower = (unsigned char)tolower((unsigned char)anchor.s[i]);

		if (m->class_of[lower])
			continue;
		m->class_of[lower] = (uint8_t)++m->nr_classes;
		m->class_of[toupper(lower)] = (uint8_t)m->nr_classes;
	}
}

static void add_anchor(struct logmatch *m, struct span anchor, size_t pattern)
{
	unsigned int state = 0;

	for (size_t i = 0; i < anchor.len; i++) {
		uint16_t *next =
			&m->next[state * m->nr_classes + m->class_of[(unsigned char)anchor.s[i]]];

		if (!*next)
			*next = (uint16_t)m->nr_states++;
		state = *next;
	}
	m->patterns[pattern].same = m->output[state];
	m->output[state] = (uint16_t)pattern;
}

/* Fills what the anchors leave open, by breadth: where a byte leads from the longest suffix of a state. */
static void link_states(struct logmatch *m, struct arena *a)
{
	uint16_t *queue = arena_array(a, m->nr_states, sizeof(*queue));
	uint16_t *fail = arena_array(a, m->nr_states, sizeof(*fail));
	size_t head = 0, tail = 1;

	while (head < tail) {
		unsigned int state = queue[head++];

		for (unsigned int c = 1; c < m->nr_classes; c++) {
			uint16_t *next = &m->next[state * m->nr_classes + c];
			uint16_t other = state ? m->next[fail[state] * m->nr_classes + c] : 0;

			if (!*next) {
				*next = other;
				continue;
			}
			fail[*next] = other;
			m->suffix[*next] = m->output[other] != NONE ? other : m->suffix[other];
			queue[tail++] = *next;
		}
	}
}

static void mark_outputs(struct logmatch *m)
{
	for (size_t i = 0; i < (size_t)m->nr_states * m->nr_classes; i++)
		if (m->output[m->next[i]] != NONE || m->suffix[m->next[i]])
			m->next[i] |= HAS_OUTPUT;
}

struct logmatch *logmatch_new(struct arena *a, const char *const *patterns, size_t nr)
{
	struct logmatch *m = arena_new_object(a, struct logmatch);
	size_t states = 1;

	if (!nr || nr > LOG_PATTERNS_MAX)
		return NULL;
	m->patterns = arena_array(a, nr, sizeof(*m->patterns));
	m->nr = nr;
	for (size_t i = 0; i < nr; i++) {
		if (!parse_pattern(patterns[i], &m->patterns[i]))
			return NULL;
		states += anchor_of(&m->patterns[i]).len;
		add_classes(m, anchor_of(&m->patterns[i]));
	}
	if (states > STATES_MAX)
		return NULL;
	m->nr_classes++;
	m->next = arena_array(a, states * m->nr_classes, sizeof(*m->next));
	m->output = arena_array(a, states, sizeof(*m->output));
	m->suffix = arena_array(a, states, sizeof(*m->suffix));
	memset(m->output, 0xff, states * sizeof(*m->output));
	m->nr_states = 1;
	for (size_t i = 0; i < nr; i++)
		add_anchor(m, anchor_of(&m->patterns[i]), i);
	link_states(m, a);
	mark_outputs(m);
	return m;
}

/* ---- comparing in full ---- */

struct attempt {
	const struct pattern *pattern;
	const char *end;
	struct log_values values;
	unsigned int steps;
};

static const char *take_literal(const struct token *t, const char *s, const char *end)
{
	if ((size_t)(end - s) < t->text.len || strncasecmp(s, t->text.s, t->text.len))
		return NULL;
	return s + t->text.len;
}

static const char *take_word(const char *s, const char *end)
{
	const char *from = s;

	while (s < end && !isspace((unsigned char)*s))
		s++;
	return s > from ? s : NULL;
}

static const char *take_digits(const char *s, const char *end)
{
	const char *from = s;

	while (s < end && isdigit((unsigned char)*s))
		s++;
	return s > from ? s : NULL;
}

static const char *take_number(enum place place, const char *s, const char *end,
			       struct log_values *v)
{
	uint32_t number;
	const char *after;

	/* Of no interest, and of any size. */
	if (place == PLACE_N)
		return take_digits(s, end);
	after = logvalue_number(s, end, &number);
	if (!after)
		return NULL;
	if (place == PLACE_GROUP) {
		v->group = number;
		v->has_group = true;
	} else if (place == PLACE_REGION) {
		v->region = number;
		v->has_region = true;
	} else if (place == PLACE_CDEV) {
		v->cdev = number;
		v->has_cdev = true;
	}
	return after;
}

static const char *take_hex(enum place place, const char *s, const char *end, struct log_values *v)
{
	uint64_t number;
	const char *after = logvalue_hex(s, end, &number);

	if (!after)
		return NULL;
	if (place == PLACE_IOVA) {
		v->iova = number;
		v->has_iova = true;
	} else if (place == PLACE_SIZE) {
		v->size = number;
		v->has_size = true;
	}
	return after;
}

/* Where @t ends that begins at @s, or NULL. */
static const char *take(const struct token *t, const char *s, const char *end, struct log_values *v)
{
	const char *after;

	switch (t->place) {
	case PLACE_LITERAL:
		return take_literal(t, s, end);
	case PLACE_BDF:
		after = logvalue_address(s, end, &v->device);
		v->has_device |= after != NULL;
		return after;
	case PLACE_ERRNO:
		return logvalue_errno(s, end, &v->err);
	case PLACE_IOVA:
	case PLACE_SIZE:
	case PLACE_X:
		return take_hex(t->place, s, end, v);
	case PLACE_WORD:
		return take_word(s, end);
	default:
		return take_number(t->place, s, end, v);
	}
}

/* Whether the tokens from @i on are at @s. What follows {any} and {word} may stand at several places. */
static bool compare(struct attempt *at, size_t i, const char *s)
{
	for (; i < at->pattern->nr; i++) {
		const struct token *t = &at->pattern->tokens[i];

		if (++at->steps > STEPS_MAX)
			return false;
		if (t->place == PLACE_ANY) {
			for (size_t skip = 0; skip <= ANY_MAX && s + skip <= at->end; skip++)
				if (compare(at, i + 1, s + skip))
					return true;
			return false;
		}
		/* A word ends where the next literal begins: "fd={word},". */
		if (t->place == PLACE_WORD && i + 1 < at->pattern->nr) {
			const char *last = take_word(s, at->end);

			for (const char *p = s + 1; last && p <= last; p++)
				if (compare(at, i + 1, p))
					return true;
			return false;
		}
		s = take(t, s, at->end, &at->values);
		if (!s)
			return false;
	}
	return true;
}

static bool find_pattern(const struct pattern *p, struct span line, struct log_values *ret)
{
	struct attempt at = { .pattern = p, .end = line.s + line.len };
	const struct span *first = &p->tokens[0].text;
	const unsigned char lower = (unsigned char)tolower((unsigned char)first->s[0]);

	for (const char *s = line.s; s + first->len <= at.end && at.steps <= STEPS_MAX; s++) {
		if ((unsigned char)tolower((unsigned char)*s) != lower)
			continue;
		at.values = (struct log_values){ 0 };
		if (!compare(&at, 0, s))
			continue;
		*ret = at.values;
		return true;
	}
	return false;
}

/* ---- a line ---- */

struct found {
	struct log_match *ret;
	bool any;
	uint64_t seen[LOG_PATTERNS_MAX / 64];
};

static void merge(struct log_values *to, const struct log_values *from)
{
	if (!to->has_device && from->has_device) {
		to->device = from->device;
		to->has_device = true;
	}
	if (!to->has_group && from->has_group) {
		to->group = from->group;
		to->has_group = true;
	}
	if (!to->err)
		to->err = from->err;
}

/* Compares each pattern whose anchor ends in @state, once for the line. */
static void try_patterns(const struct logmatch *m, unsigned int state, struct span line,
			 struct found *f)
{
	struct log_values values;

	for (; state; state = m->suffix[state])
		for (unsigned int i = m->output[state]; i != NONE; i = m->patterns[i].same) {
			uint64_t bit = UINT64_C(1) << i % 64;

			if (f->seen[i / 64] & bit)
				continue;
			f->seen[i / 64] |= bit;
			if (!find_pattern(&m->patterns[i], line, &values))
				continue;
			if (!f->any || i < f->ret->pattern) {
				if (f->any)
					merge(&values, &f->ret->values);
				*f->ret = (struct log_match){ i, values };
			} else {
				merge(&f->ret->values, &values);
			}
			f->any = true;
		}
}

bool logmatch_line(const struct logmatch *m, struct span line, struct log_match *ret)
{
	const unsigned char *s = (const unsigned char *)line.s, *end = s + line.len;
	struct found f = { .ret = ret };
	unsigned int state = 0;

	for (; s < end; s++) {
		state = m->next[state * m->nr_classes + m->class_of[*s]];
		if (!(state & HAS_OUTPUT))
			continue;
		state &= ~(unsigned int)HAS_OUTPUT;
		try_patterns(m, state, line, &f);
	}
	if (f.any)
		logvalue_fill(line, &ret->values);
	return f.any;
}

/* ---- bytes to lines ---- */

void loglines_init(struct loglines *l, struct arena *a)
{
	*l = (struct loglines){ .buf = arena_text(a, NULL, LOG_LINE_MAX) };
}

/* Takes escape sequences out of @line: ESC [ ... letter, and ESC with one byte. ECMA-48, 5.4. */
static size_t strip_escapes(char *s, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] != '\033') {
			s[out++] = s[i];
			continue;
		}
		if (i + 1 < len && s[i + 1] == '[')
			for (i += 2; i < len && (s[i] < 0x40 || s[i] > 0x7e); i++)
				;
		else
			i++;
	}
	return out;
}

static void add_bytes(struct loglines *l, struct span s)
{
	size_t room = LOG_LINE_MAX - l->len, len = s.len < room ? s.len : room;

	memcpy(l->buf + l->len, s.s, len);
	l->len += len;
}

static void end_line(struct loglines *l, struct span line, loglines_found *found, void *ctx)
{
	l->number++;
	if (line.len > LOG_LINE_MAX)
		line.len = LOG_LINE_MAX;
	if (memchr(line.s, '\033', line.len)) {
		if (line.s != l->buf)
			memcpy(l->buf, line.s, line.len);
		line = (struct span){ l->buf, strip_escapes(l->buf, line.len) };
	}
	found(ctx, l->number, line);
	l->len = 0;
}

void loglines_feed(struct loglines *l, struct span data, loglines_found *found, void *ctx)
{
	while (data.len) {
		const char *newline = memchr(data.s, '\n', data.len);
		struct span line = { data.s, newline ? (size_t)(newline - data.s) : data.len };

		if (newline && !l->len) {
			end_line(l, line, found, ctx);
		} else {
			add_bytes(l, line);
			if (newline)
				end_line(l, (struct span){ l->buf, l->len }, found, ctx);
		}
		data.s += line.len + (newline != NULL);
		data.len -= line.len + (newline != NULL);
	}
}

void loglines_end(struct loglines *l, loglines_found *found, void *ctx)
{
	if (l->len)
		end_line(l, (struct span){ l->buf, l->len }, found, ctx);
}
