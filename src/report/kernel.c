/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel that decides, and how it is known which one it is. */
#include <string.h>

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"

/* ---- evidence for a generation ---- */

static void get_basis(const void *at, struct value *ret)
{
	value_set_text(ret, gen_basis_name(*(const enum gen_basis *)at));
}

static void get_releases(const void *at, struct value *ret)
{
	value_set_text(ret, releases_text(*(const uint64_t *)at, ret->arena));
}

static const struct field evidence_rows[] = {
	{ "path", "file or question that was asked", FIELD_TEXT(struct fact, path),
	  FIELD_VIA(struct gen_evidence, fact, struct fact) },
	{ "value", "what was seen", FIELD_TEXT(struct gen_evidence, value) },
	{ "generations", "those it leaves possible",
	  FIELD_GENERATIONS(struct gen_evidence, releases) },
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
	  FIELD_GENERATIONS(struct report, kernel.kernels.releases) },
	{ "releases", "those it may be, as a person writes them",
	  FIELD_MEMBER(struct report, kernel.kernels.releases, uint64_t, get_releases) },
	{ "basis", "strongest kind of evidence for them",
	  FIELD_MEMBER(struct report, kernel.basis, enum gen_basis, get_basis) },
	{ "evidence", "what told",
	  FIELD_MEMBER(struct report, kernel, struct gen_verdict, kernel_evidence),
	  .fields = &gen_evidence_fields },
};
const struct field_table kernel_fields = FIELD_TABLE("kernel", kernel_rows);
