/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules, from the table that decides: as text, as fields for JSON, as a part of a manual page. */
#pragma once

#include <stdint.h>

#include "base/failure.h"
#include "model/rule.h"
#include "report/field.h"
#include "report/output.h"

/* Row: struct rule. */
extern const struct field_table rule_fields;
/* Whether @rule applies anywhere in @releases. */
bool rule_stands_in(const struct rule *rule, uint64_t releases);
/* One rule for a person, its sites in @releases. */
int rule_print(const struct rule *rule, uint64_t releases, const struct output *out,
	       struct failure **reterr);
/* One rule as a section of an scdoc page. */
void rule_print_manual(const struct rule *rule, const struct output *out);
