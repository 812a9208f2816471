/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hardware of a PCI function: power, link, BARs, ATS, PRI, PASID, resizable BARs; in words and as fields. */
#pragma once

#include "facts/host.h"
#include "report/field.h"
#include "report/prose.h"

/* Rows: struct device of which DEVICE_HARDWARE was loaded. */
extern const struct field_table hardware_fields;

/* As labels of @p. */
void hardware_text(const struct prose *p, const struct device *d);

/* Getters of columns; rows are struct device. "8.0 GT/s x4, could be 16.0 GT/s x16" */
void hardware_get_link(const void *row, struct value *ret);
/* "0=16K,2=256M,rom=64K" */
void hardware_get_bars(const void *row, struct value *ret);
/* "0=256M of 256M 512M 1G" */
void hardware_get_rebar(const void *row, struct value *ret);
void hardware_get_ats(const void *row, struct value *ret);
void hardware_get_pri(const void *row, struct value *ret);
/* Bits of a PASID. */
void hardware_get_pasid(const void *row, struct value *ret);
