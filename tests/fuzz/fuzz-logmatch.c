/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes against the messages that diagnose knows: as lines, however they are cut. */
#include <string.h>

#include "base/arena.h"
#include "decode/logmatch.h"
#include "model/symptom.h"
#include "fuzz.h"

static struct arena *arena;
static const struct logmatch *match;
static size_t nr_patterns;

static void make_match(void)
{
	const char **texts = NULL;

	arena = arena_new();
	for (; symptom_pattern_get(nr_patterns); nr_patterns++) {
		texts = arena_grow(arena, texts, nr_patterns, sizeof(*texts));
		texts[nr_patterns] = symptom_pattern_get(nr_patterns)->text;
	}
	match = logmatch_new(arena, texts, nr_patterns);
	must(match);
}

static void see(void *ctx, uint64_t number, struct span line)
{
	uint64_t *last = ctx;
	struct log_match m;

	must(number == *last + 1);
	must(line.len <= LOG_LINE_MAX);
	*last = number;
	if (!logmatch_line(match, line, &m))
		return;
	must(m.pattern < nr_patterns);
	must(m.values.err >= 0);
	must(!m.values.has_device || (m.values.device.device < 32 && m.values.device.function < 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new();
	uint64_t whole = 0, parts = 0;
	struct loglines l;

	if (!match)
		make_match();
	loglines_init(&l, a);
	loglines_feed(&l, (struct span){ (const char *)data, len }, see, &whole);
	loglines_end(&l, see, &whole);
	loglines_init(&l, a);
	for (size_t i = 0; i < len; i++)
		loglines_feed(&l, (struct span){ (const char *)data + i, 1 }, see, &parts);
	loglines_end(&l, see, &parts);
	must(whole == parts);
	arena_free(a);
	return 0;
}
