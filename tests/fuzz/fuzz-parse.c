/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers against strtoull(3), lines and words against what they were cut from. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "fuzz.h"

static void check_number(const char *text, size_t len, unsigned int base)
{
	unsigned long long expected;
	uint64_t value = 0;
	char *end = NULL;
	int r = parse_u64(text, base, &value);

	must(parse_u64_span((struct span){ text, len }, base, &value) == r || strlen(text) != len);
	if (r < 0) {
		must(r == -EINVAL || r == -ERANGE);
		return;
	}
	errno = 0;
	/* Base 0 of strtoull() knows octal, ours does not. */
	expected = strtoull(text, &end,
			    base ? (int)base
			    : text[0] == '0' && len > 1 && text[1] != 'x' && text[1] != 'X' ? 10
											    : 0);
	must(!errno && !*end && expected == value && !isspace((unsigned char)text[0]) &&
	     text[0] != '-' && text[0] != '+');
}

static void check_words(struct span line)
{
	struct span rest = line, word;
	const char *at = line.s;

	while (parse_word(&rest, &word)) {
		must(word.len && word.s >= at && word.s + word.len <= line.s + line.len);
		must(!memchr(word.s, ' ', word.len) && !memchr(word.s, '\t', word.len));
		at = word.s + word.len;
	}
	must(!rest.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span rest = { (const char *)data, len }, line;
	char *text = malloc(len + 1);
	size_t sum = 0;
	uint64_t size;
	int r;

	must(text);
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	check_number(text, len, 10);
	check_number(text, len, 16);
	check_number(text, len, 0);
	r = parse_size(text, &size);
	must(r == 0 || r == -EINVAL || r == -ERANGE);
	while (parse_line(&rest, &line)) {
		must(!memchr(line.s, '\n', line.len));
		check_words(line);
		sum += line.len + 1;
	}
	must(sum == len || sum == len + 1);
	text_is_plain(text, len);
	free(text);
	return 0;
}
