/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/suggest.h"

#include <ctype.h>
#include <string.h>

enum { SUGGEST_LEN_MAX = 64 };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int differs(char a, char b)
{
	return tolower((unsigned char)a) != tolower((unsigned char)b);
}

/* Optimal string alignment, three rows at a time. */
size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_LEN_MAX + 1], la = strlen(a), lb = strlen(b);
	size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	if (la > SUGGEST_LEN_MAX || lb > SUGGEST_LEN_MAX)
		return SUGGEST_LEN_MAX + 1;
	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t d = last[j - 1] + (size_t)differs(a[i - 1], b[j - 1]);

			d = smaller(d, smaller(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && !differs(a[i - 1], b[j - 2]) &&
			    !differs(a[i - 2], b[j - 1]))
				d = smaller(d, before[j - 2] + 1);
			now[j] = d;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

const char *suggest_nearest(const char *text, const char *const *names, size_t nr)
{
	size_t len = strlen(text), best = SUGGEST_LEN_MAX, slips = len < 4 ? 1 : len / 3 + 1;
	const char *ret = NULL;

	for (size_t i = 0; i < nr; i++) {
		size_t d = suggest_distance(text, names[i]);

		/* One edit for every three letters is a typing error; more is another word. A name that was
		 * cut short counts as two edits. */
		if (len >= 2 && !strncasecmp(text, names[i], len))
			d = smaller(d, 2);
		else if (d >= len || d > slips)
			continue;
		if (d < best) {
			best = d;
			ret = names[i];
		}
	}
	return ret;
}
