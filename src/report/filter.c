/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expression becomes a list of instructions for a stack of answers, so that nothing recurses when rows are asked. */
#include "report/filter.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/parse.h"

enum word {
	WORD_END = 0,
	WORD_TEXT, /* a name or a value */
	WORD_OPEN,
	WORD_CLOSE,
	WORD_NOT,
	WORD_AND,
	WORD_OR,
	WORD_EQ, /* comparisons from here on */
	WORD_NE,
	WORD_LE,
	WORD_GE,
	WORD_LT,
	WORD_GT,
	WORD_MATCH,
	WORD_NO_MATCH,
	WORD_HAS, /* an instruction only: the column has a value */
};

/* Those that begin like others first. */
static const struct {
	const char *text;
	enum word word;
} words[] = {
	{ "(", WORD_OPEN }, { ")", WORD_CLOSE },  { "&&", WORD_AND }, { "||", WORD_OR },
	{ "==", WORD_EQ },  { "=~", WORD_MATCH }, { "!=", WORD_NE },  { "!~", WORD_NO_MATCH },
	{ "<=", WORD_LE },  { ">=", WORD_GE },    { "<", WORD_LT },   { ">", WORD_GT },
	{ "!", WORD_NOT },  { "and", WORD_AND },  { "or", WORD_OR },  { "not", WORD_NOT },
	{ "eq", WORD_EQ },  { "ne", WORD_NE },    { "le", WORD_LE },  { "ge", WORD_GE },
	{ "lt", WORD_LT },  { "gt", WORD_GT },
};

struct term {
	enum word does; /* NOT, AND, OR, HAS or a comparison */
	const struct field *field;
	const char *value;
	regex_t *regex;
};

struct filter {
	struct arena *arena;
	struct term *terms; /* each behind what it works on */
	size_t nr;
};

struct parser {
	const struct field_table *table;
	struct filter *filter;
	const char *text, *rest; /* rest: behind the current word */
	const char *at;          /* where the current word begins */
	enum word word;
	bool quoted;
	const char *value; /* of a text */
	unsigned int depth, nr_compared;
	struct failure **reterr;
};

/* ---- words ---- */

static int refuse(const struct parser *p, const char *wanted)
{
	if (!*p->at)
		return failure_set_status(p->reterr, STATUS_USAGE, -EINVAL,
					  "'--filter=%s' ends too early: %s", p->text, wanted);
	return failure_set_status(p->reterr, STATUS_USAGE, -EINVAL,
				  "'--filter=%s' is not understood at '%s': %s", p->text, p->at,
				  wanted);
}

static bool is_plain(char c)
{
	return c && !isspace((unsigned char)c) && !strchr("()!=<>~&|\"'", c);
}

static int next_quoted(struct parser *p)
{
	const char *end = strchr(p->at + 1, *p->at);

	if (!end)
		return refuse(p, "close the quotes");
	p->word = WORD_TEXT;
	p->quoted = true;
	p->value = arena_strndup(p->filter->arena, p->at + 1, (size_t)(end - p->at - 1));
	p->rest = end + 1;
	return 0;
}

static int next(struct parser *p)
{
	size_t len = 0;

	p->at = p->rest + strspn(p->rest, " \t\n");
	p->quoted = false;
	p->word = WORD_END;
	if (!*p->at)
		return 0;
	if (*p->at == '"' || *p->at == '\'')
		return next_quoted(p);
	while (is_plain(p->at[len]))
		len++;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const size_t n = strlen(words[i].text);

		if (len ? n != len || strncasecmp(words[i].text, p->at, n) != 0
			: strncmp(words[i].text, p->at, n) != 0)
			continue;
		p->word = words[i].word;
		p->rest = p->at + n;
		/* Behind a comparison it may be meant as a value. */
		p->value = arena_strndup(p->filter->arena, p->at, n);
		return 0;
	}
	if (!len)
		return refuse(p, "write COLUMN==VALUE, and && or || between two of them");
	p->word = WORD_TEXT;
	p->value = arena_strndup(p->filter->arena, p->at, len);
	p->rest = p->at + len;
	return 0;
}

/* ---- the expression ---- */

static struct term *add(struct parser *p, enum word does)
{
	struct filter *f = p->filter;

	f->terms = arena_grow(f->arena, f->terms, f->nr, sizeof(*f->terms));
	f->terms[f->nr] = (struct term){ .does = does };
	return &f->terms[f->nr++];
}

static int add_regex(struct parser *p, struct term *t)
{
	char why[128];
	int r;

	t->regex = arena_new_object(p->filter->arena, regex_t);
	r = regcomp(t->regex, t->value, REG_EXTENDED | REG_NOSUB);
	if (!r)
		return 0;
	regerror(r, t->regex, why, sizeof(why));
	t->regex = NULL;
	return failure_set_status(p->reterr, STATUS_USAGE, -EINVAL,
				  "'%s' is not a regular expression: %s", t->value, why);
}

/* COLUMN, or COLUMN OPERATOR VALUE. */
static int parse_comparison(struct parser *p)
{
	struct columns one = { 0 };
	struct term *t;
	int r;

	if (p->word != WORD_TEXT || p->quoted)
		return refuse(p, "write a column, as in 'driver==vfio-pci'");
	if (++p->nr_compared > FILTER_TERMS_MAX)
		return refuse(p, "there are too many comparisons");
	r = columns_parse(p->table, p->filter->arena, p->value, &one, p->reterr);
	if (r < 0)
		return r;
	if (one.nr != 1 || *p->value == '+')
		return refuse(p, "write one column");
	t = add(p, WORD_HAS);
	t->field = one.fields[0];
	r = next(p);
	if (r < 0 || p->word < WORD_EQ)
		return r;
	t->does = p->word;
	r = next(p);
	if (r < 0)
		return r;
	if (p->word != WORD_TEXT && !isalpha((unsigned char)*p->at))
		return refuse(p, "write a value; quotes may stand around it");
	t->value = p->value;
	if (t->does == WORD_MATCH || t->does == WORD_NO_MATCH)
		r = add_regex(p, t);
	return r < 0 ? r : next(p);
}

static int parse_any(struct parser *p);

static int parse_one(struct parser *p)
{
	const bool negated = p->word == WORD_NOT, bracket = p->word == WORD_OPEN;
	int r;

	if (!negated && !bracket)
		return parse_comparison(p);
	if (++p->depth > FILTER_TERMS_MAX)
		return refuse(p, "there are too many brackets");
	r = next(p);
	if (r >= 0)
		r = negated ? parse_one(p) : parse_any(p);
	p->depth--;
	if (r < 0)
		return r;
	if (negated) {
		add(p, WORD_NOT);
		return 0;
	}
	return p->word == WORD_CLOSE ? next(p) : refuse(p, "close the bracket");
}

static int parse_all(struct parser *p)
{
	int r = parse_one(p);

	while (r >= 0 && p->word == WORD_AND) {
		r = next(p);
		if (r >= 0)
			r = parse_one(p);
		if (r >= 0)
			add(p, WORD_AND);
	}
	return r;
}

static int parse_any(struct parser *p)
{
	int r = parse_all(p);

	while (r >= 0 && p->word == WORD_OR) {
		r = next(p);
		if (r >= 0)
			r = parse_all(p);
		if (r >= 0)
			add(p, WORD_OR);
	}
	return r;
}

int filter_parse(const struct field_table *table, struct arena *a, const char *text,
		 struct filter **ret, struct failure **reterr)
{
	struct filter *f = arena_new_object(a, struct filter);
	struct parser p = {
		.table = table, .filter = f, .text = text, .rest = text, .reterr = reterr
	};
	int r;

	f->arena = a;
	if (strlen(text) > FILTER_LENGTH_MAX)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "--filter is longer than %d bytes: split it",
					  FILTER_LENGTH_MAX);
	r = next(&p);
	if (r >= 0)
		r = parse_any(&p);
	if (r >= 0 && p.word != WORD_END)
		r = refuse(&p, "write && or || before it");
	if (r < 0) {
		filter_free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void filter_free(struct filter *f)
{
	for (size_t i = 0; f && i < f->nr; i++)
		if (f->terms[i].regex)
			regfree(f->terms[i].regex);
}

struct columns filter_columns(const struct filter *f)
{
	struct columns ret = { .fields = arena_array(f->arena, f->nr, sizeof(*ret.fields)) };

	for (size_t i = 0; i < f->nr; i++)
		if (f->terms[i].field)
			ret.fields[ret.nr++] = f->terms[i].field;
	return ret;
}

/* ---- rows ---- */

static enum answer answer_of(bool truth)
{
	return truth ? ANSWER_YES : ANSWER_NO;
}

static enum answer not(enum answer a) {
	return a == ANSWER_UNKNOWN ? a : answer_of(a == ANSWER_NO);
}

/* How a value stands to another, by the sign of @order. */
static bool holds(enum word does, int order)
{
	switch (does) {
	case WORD_EQ:
		return order == 0;
	case WORD_NE:
		return order != 0;
	case WORD_LT:
		return order < 0;
	case WORD_LE:
		return order <= 0;
	case WORD_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static bool compare_text(const struct term *t, const char *text)
{
	if (t->regex)
		return regexec(t->regex, text, 0, NULL, 0) == 0;
	return holds(t->does, strcmp(text, t->value));
}

/* A number by its size, where the value is one; ids are hexadecimal, as they are shown. */
static bool compare_number(const struct term *t, const struct value *v, struct arena *a)
{
	uint64_t number;

	if (t->regex || parse_u64(t->value, v->kind == VALUE_HEX ? 16 : 0, &number) < 0)
		return compare_text(t, value_text(v, a));
	return holds(t->does, v->number < number ? -1 : v->number > number);
}

/* Of several texts one has to match; with != and !~ none may. */
static bool compare_texts(const struct term *t, const struct value *v)
{
	const bool negated = t->does == WORD_NE;
	struct term positive = *t;

	positive.does = negated ? WORD_EQ : t->does;
	for (size_t i = 0; i < v->nr; i++)
		if (compare_text(&positive, v->texts[i]))
			return !negated;
	return negated;
}

/* No value is 'none', and matches no regular expression. */
static bool compare_none(const struct term *t)
{
	return !t->regex && (t->does == WORD_EQ || t->does == WORD_NE) &&
	       holds(t->does, strcmp("none", t->value));
}

static enum answer ask(const struct term *t, const void *row, struct arena *a)
{
	struct value v;
	bool none, truth;

	field_read(t->field, row, a, &v);
	if (v.kind == VALUE_UNKNOWN)
		return ANSWER_UNKNOWN;
	none = v.kind == VALUE_NONE || (v.kind == VALUE_TEXTS && !v.nr);
	if (t->does == WORD_HAS)
		return answer_of(!none && (v.kind != VALUE_BOOL || v.truth));
	if (none)
		truth = compare_none(t);
	else if (v.kind == VALUE_NUMBER || v.kind == VALUE_HEX)
		truth = compare_number(t, &v, a);
	else if (v.kind == VALUE_TEXTS)
		truth = compare_texts(t, &v);
	else
		truth = compare_text(t, value_text(&v, a));
	return answer_of(truth != (t->does == WORD_NO_MATCH));
}

enum answer filter_answer(const struct filter *f, const void *row, struct arena *a)
{
	/* Each comparison leaves one answer, and what is between two takes one away. */
	enum answer stack[FILTER_TERMS_MAX + 1];
	size_t nr = 0;

	for (size_t i = 0; i < f->nr; i++) {
		const struct term *t = &f->terms[i];

		if (t->field) {
			stack[nr++] = ask(t, row, a);
			continue;
		}
		if (t->does == WORD_NOT) {
			stack[nr - 1] = not(stack[nr - 1]);
			continue;
		}
		/* What decides alone: no of &&, yes of ||. */
		const enum answer alone = t->does == WORD_AND ? ANSWER_NO : ANSWER_YES;

		nr--;
		if (stack[nr] == alone || stack[nr - 1] == alone)
			stack[nr - 1] = alone;
		else if (stack[nr] == ANSWER_UNKNOWN)
			stack[nr - 1] = ANSWER_UNKNOWN;
	}
	return stack[0];
}
