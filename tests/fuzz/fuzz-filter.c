/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list --filter: an expression is understood and has an answer for every row, or is refused in one line. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "report/filter.h"
#include "fuzz.h"

struct row {
	const char *text;
	uint32_t number;
	bool known;
};

static void get_text(const void *at, struct value *ret)
{
	const struct row *r = at;

	if (r->known)
		value_set_text(ret, r->text);
}

static void get_texts(const void *at, struct value *ret)
{
	value_set_texts(ret, &((const struct row *)at)->text, 1);
}

static const struct field fields[] = {
	{ "a", "", FIELD_GET(get_text), .flags = FIELD_COLUMN },
	{ "b", "", FIELD_NUMBER(struct row, number), .flags = FIELD_COLUMN },
	{ "c", "", FIELD_HEX(struct row, number, 4), .flags = FIELD_COLUMN },
	{ "d", "", FIELD_BOOL(struct row, known), .flags = FIELD_COLUMN },
	{ "e", "", FIELD_GET(get_texts), .flags = FIELD_COLUMN },
};
static const struct field_table table = FIELD_TABLE("rows", fields);
static const struct row rows[] = { { "vfio-pci", 12, true },
				   { "", 0x8086, true },
				   { "e", 0, false } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	vt_cleanup(failure_freep) struct failure *why = NULL;
	char *text = arena_strndup(a, (const char *)data, len);
	struct filter *f = NULL;
	int r;

	/* libc's regular expressions take the time that their pattern asks for, which the user wrote. */
	for (char *p = text; *p; p++)
		if (*p == '{' || *p == '*' || *p == '+')
			*p = '.';
	r = filter_parse(&table, a, text, &f, &why);
	must(r == 0 || (r == -EINVAL && why && why->status == STATUS_USAGE && *why->text));
	must(!r == !!f);
	for (size_t i = 0; f && i < ARRAY_SIZE(rows); i++) {
		enum answer answer = filter_answer(f, &rows[i], a);

		must(answer >= ANSWER_UNKNOWN && answer <= ANSWER_YES);
	}
	filter_free(f);
	return 0;
}
