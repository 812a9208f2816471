/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel that decides, and what told which one it is. */
#include <string.h>

#include "base/macro.h"
#include "report/prediction-fields.h"

void value_set_generations(struct value *ret, struct arena *a, uint32_t gens)
{
	const char **names = arena_array(a, NR_GENS, sizeof(*names));
	size_t nr = 0;

	for (unsigned int g = 0; g < NR_GENS; g++)
		if (gens & GEN_BIT(g))
			names[nr++] = generation_get((enum gen)g)->name;
	*ret = (struct value){ .kind = VALUE_TEXTS, .texts = names, .nr = nr };
}

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
	const char *ret = NULL;
	unsigned int end;

	for (unsigned int g = 0; g < NR_GENS; g = end) {
		const char *run;

		for (end = g; end < NR_GENS && gens & GEN_BIT(end); end++)
			;
		if (end == g) {
			end++;
			continue;
		}
		run = run_text(g, end, a);
		ret = ret ? arena_printf(a, "%s, %s", ret, run) : run;
	}
	return ret ? ret : "none";
}

/* ---- evidence for a generation; rows are struct gen_evidence ---- */

static void gen_evidence_path(const void *row, struct arena *a, struct value *ret)
{
	const struct gen_evidence *e = row;

	(void)a;
	value_set_text(ret, e->fact ? e->fact->path : NULL);
}

static void gen_evidence_value(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct gen_evidence *)row)->value);
}

static void gen_evidence_generations(const void *row, struct arena *a, struct value *ret)
{
	value_set_generations(ret, a, ((const struct gen_evidence *)row)->gens);
}

static void gen_evidence_basis(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, gen_basis_name(((const struct gen_evidence *)row)->basis));
}

static void gen_evidence_used(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct gen_evidence *)row)->used);
}

static const struct field_table *gen_evidence_fields(void)
{
	static const struct field fields[] = {
		{ "path", 0, 0, "file or question that was asked", gen_evidence_path },
		{ "value", 0, 0, "what was seen", gen_evidence_value },
		{ "generations", 0, 0, "those it leaves possible", gen_evidence_generations },
		{ "basis", 0, 0, "symbols, btf, kallsyms, shape or version", gen_evidence_basis },
		{ "used", 0, 0, "false: contradicted by stronger evidence", gen_evidence_used },
	};
	static const struct field_table table = FIELD_TABLE("kernel_evidence", fields);

	return &table;
}

/* ---- the kernel; the row is struct report ---- */

static void kernel_release(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_fact(ret, &((const struct report *)row)->host->kernel.release);
}

static void kernel_machine(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_fact(ret, &((const struct report *)row)->host->kernel.machine);
}

static void kernel_generations(const void *row, struct arena *a, struct value *ret)
{
	value_set_generations(ret, a, ((const struct report *)row)->kernel.candidates);
}

static void kernel_basis(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, gen_basis_name(((const struct report *)row)->kernel.basis));
}

static void kernel_evidence(const void *row, struct arena *a, struct value *ret)
{
	const struct gen_verdict *k = &((const struct report *)row)->kernel;

	value_set_rows(ret, gen_evidence_fields(), a, k->evidence, k->nr_evidence,
		       sizeof(*k->evidence));
}

const struct field_table *kernel_fields(void)
{
	static const struct field fields[] = {
		{ "release", 0, 0, "uname -r", kernel_release },
		{ "machine", 0, 0, "uname -m", kernel_machine },
		{ "generations", 0, 0, "those the running kernel may be", kernel_generations },
		{ "basis", 0, 0, "strongest kind of evidence for them", kernel_basis },
		{ "evidence", 0, 0, "what told", kernel_evidence },
	};
	static const struct field_table table = FIELD_TABLE("kernel", fields);

	return &table;
}
