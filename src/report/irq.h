/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of interrupt tests, by kind and by vector. Rows are made by cmd/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/compare.h"
#include "report/field.h"
#include "report/output.h"

struct irq_vector_row {
	uint32_t vector;
	uint64_t triggered, arrived; /* signals */
	bool has_latency;
	uint64_t latency_ns; /* of the first: from the request to its arrival */
};

enum irq_result {
	IRQ_ABSENT = 0, /* the device has none of the kind */
	IRQ_REFUSED,    /* the kernel did not set it up */
	IRQ_LOST,       /* set up, and not everything arrived */
	IRQ_DELIVERED,
	IRQ_SILENT, /* set up, and nothing can arrive: the device's own register holds it back */
};

/* An interrupt that the device raised itself. */
struct irq_raised_row {
	const char *driver;   /* the DMA test driver used */
	bool raised, arrived; /* raised: the device could be asked to raise one */
	uint64_t latency_ns;
	const char *because; /* why not, or NULL */
};

struct irq_kind_row {
	uint32_t index;
	const char *name; /* "INTx" "MSI" "MSI-X" "ERR" "REQ" */
	uint32_t has;     /* vectors the device has */
	uint32_t set_up;  /* vectors delivered to eventfds */
	enum irq_result result;
	int err;               /* positive errno of a refusal, or 0 */
	enum answer predicted; /* whether it can be set up, as facts tell: only of INTx */
	int predicted_err;
	enum match match;    /* set up or refused, as predicted */
	const char *because; /* in words, or NULL */
	const struct irq_vector_row *vectors;
	size_t nr_vectors;
	const struct irq_raised_row *raised; /* NULL: not asked for */
};

struct irqs_device {
	const char *address, *name; /* name may be NULL */
	const struct irq_kind_row *kinds;
	size_t nr_kinds;
	bool each; /* every vector is shown */
};

/* Row: struct irqs_device. */
extern const struct field_table irqs_device_fields;

/* 0, or a negative errno of the output. */
int irqs_print(const struct irqs_device *d, const struct output *out, struct failure **reterr);
