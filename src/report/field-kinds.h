/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members whose types are words of the domain, as sources of fields. */
#pragma once

#include "base/fact.h"
#include "uapi/op.h"
#include "model/compare.h"
#include "model/rule.h"
#include "report/field.h"

/* "yes" "no" "unknown" with its colour; the same as a truth. */
#define FIELD_ANSWER(type, member) FIELD_MEMBER(type, member, enum answer, field_get_answer)
#define FIELD_TRUTH(type, member)  FIELD_MEMBER(type, member, enum answer, field_get_truth)
/* Whether prediction and kernel agree; unknown where that is open. */
#define FIELD_MATCH(type, member) FIELD_MEMBER(type, member, enum match, field_get_match)
/* The raw text of a fact; none when it is absent, unknown when it could not be read. */
#define FIELD_FACT(type, member) FIELD_MEMBER(type, member, struct fact, field_get_fact)
/* Names; none for OP_NONE, for the errno 0 and where there is no rule. */
#define FIELD_OP(type, member)    FIELD_MEMBER(type, member, enum op, field_get_op)
#define FIELD_PATH(type, member)  FIELD_MEMBER(type, member, enum path_kind, field_get_path)
#define FIELD_ERRNO(type, member) FIELD_MEMBER(type, member, int, field_get_errno)
#define FIELD_RULE(type, member)  FIELD_MEMBER(type, member, const struct rule *, field_get_rule)
/* The names of the generations that a set of releases lies in. */
#define FIELD_GENERATIONS(type, member) FIELD_MEMBER(type, member, uint64_t, field_get_generations)

void field_get_answer(const void *at, struct value *ret);
void field_get_truth(const void *at, struct value *ret);
void field_get_match(const void *at, struct value *ret);
void field_get_fact(const void *at, struct value *ret);
void field_get_op(const void *at, struct value *ret);
void field_get_path(const void *at, struct value *ret);
void field_get_errno(const void *at, struct value *ret);
void field_get_rule(const void *at, struct value *ret);
void field_get_generations(const void *at, struct value *ret);

/* The same for getters of their own. */
void value_set_answer(struct value *ret, enum answer answer);
void value_set_match(struct value *ret, enum match match);
void value_set_fact(struct value *ret, const struct fact *f);
/* The errno a path or step ends with, by name; none when it does not end, or not for certain. */
void value_set_errno(struct value *ret, enum answer answer, int err);
enum style answer_style(enum answer answer);
/* "ok", an errno, "refused", "unknown". */
const char *predicted_text(enum answer answer, int err);
/* "ok" or the errno. */
const char *outcome_text(int err);
