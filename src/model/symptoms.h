/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For symptom*.c only: the tables. */
#pragma once

#include "base/macro.h"
#include "model/symptom.h"

struct symptom_table {
	const struct symptom *items;
	size_t nr;
};

struct symptom_pattern_table {
	const struct symptom_pattern *items;
	size_t nr;
};

/* What refuses the way to a device; what fails later. */
extern const struct symptom_table symptoms_attach, symptoms_use;
/* Of virtual machine monitors and of what manages them; of the kernel, DPDK and other tools. */
extern const struct symptom_pattern_table patterns_vmm, patterns_kernel, patterns_general;
