/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel that decides, and what told which one it is. */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"

/* The kernels before generation @next begins: "5.18" before 5.19. Majors end where the next begins
 * with minor 0: linux 5.19 and 6.19 were the last of theirs. */
static const char *last_release_before(unsigned int next, struct arena *a)
{
	const struct generation *g = generation_get((enum gen)next);

	if (g->first_minor)
		return arena_printf(a, "%u.%u", g->first_major, g->first_minor - 1);
	return arena_printf(a, "%u.19", g->first_major - 1);
}

static const char *run_text(unsigned int first, unsigned int end, struct arena *a)
{
	const struct generation *g = generation_get((enum gen)first);
	const char *last;

	if (end == NR_GENS)
		return arena_printf(a, "%u.%u and later", g->first_major, g->first_minor);
	last = last_release_before(end, a);
	if (!strcmp(last, g->name))
		return g->name;
	return arena_printf(a, "%u.%u - %s", g->first_major, g->first_minor, last);
}

const char *generations_text(uint32_t gens, struct arena *a)
{
	struct strbuf ret = { .arena = a };
	unsigned int end;

	for (unsigned int g = 0; g < NR_GENS; g = end) {
		for (end = g; end < NR_GENS && gens & GEN_BIT(end); end++)
			;
		if (end == g)
			end++;
		else
			strbuf_item(&ret, ", ", "%s", run_text(g, end, a));
	}
	return ret.s ? ret.s : "none";
}

/* ---- evidence for a generation ---- */

static void get_basis(const void *at, struct value *ret)
{
	value_set_text(ret, gen_basis_name(*(const enum gen_basis *)at));
}

static const struct field evidence_rows[] = {
	{ "path", "file or question that was asked", FIELD_TEXT(struct fact, path),
	  FIELD_VIA(struct gen_evidence, fact, struct fact) },
	{ "value", "what was seen", FIELD_TEXT(struct gen_evidence, value) },
	{ "generations", "those it leaves possible", FIELD_GENERATIONS(struct gen_evidence, gens) },
	{ "basis", "symbols, btf, kallsyms, shape or version",
	  FIELD_MEMBER(struct gen_evidence, basis, enum gen_basis, get_basis) },
	{ "used", "false: contradicted by stronger evidence",
	  FIELD_BOOL(struct gen_evidence, used) },
};
static const struct field_table gen_evidence_fields = FIELD_TABLE("kernel_evidence", evidence_rows);

/* ---- the kernel; the row is struct report ---- */

#define OF_HOST FIELD_VIA(struct report, host, struct host)

static void kernel_evidence(const void *at, struct value *ret)
{
	const struct gen_verdict *k = at;

	value_set_rows(ret, k->evidence, k->nr_evidence, sizeof(*k->evidence));
}

static const struct field kernel_rows[] = {
	{ "release", "uname -r", FIELD_FACT(struct host, kernel.release), OF_HOST },
	{ "machine", "uname -m", FIELD_FACT(struct host, kernel.machine), OF_HOST },
	{ "generations", "those the running kernel may be",
	  FIELD_GENERATIONS(struct report, kernel.candidates) },
	{ "basis", "strongest kind of evidence for them",
	  FIELD_MEMBER(struct report, kernel.basis, enum gen_basis, get_basis) },
	{ "evidence", "what told",
	  FIELD_MEMBER(struct report, kernel, struct gen_verdict, kernel_evidence),
	  .fields = &gen_evidence_fields },
};
const struct field_table kernel_fields = FIELD_TABLE("kernel", kernel_rows);
