/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability registers of IOMMUs: the text that sysfs gives them in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"

/* A register as sysfs prints it: hexadecimal without a prefix. 0, -EBADMSG. */
vt_must_check int register_parse(struct span text, uint64_t *ret);

/* The features attribute of a virtio device: '0' and '1', bit 0 first; those beyond 64 are left out. 0, -EBADMSG.
 * linux: drivers/virtio/virtio.c: features_show(). */
vt_must_check int register_parse_bits(struct span text, uint64_t *ret);

/* The features attribute of an AMD unit: one register, or two whose order changed over time (efr2:efr
 * at first, then efr:efr2). Both readings are given. linux: drivers/iommu/amd/init.c:
 * amd_iommu_show_features(). */
struct amd_features {
	unsigned int nr; /* 1 or 2 */
	uint64_t first, second;
	/* Whether the values alone show which of two registers is the EFR. */
	bool certain;
	uint64_t efr, efr2; /* when certain; efr2 only when nr is 2 */
};

/* 0, -EBADMSG. */
vt_must_check int amd_features_parse(struct span text, struct amd_features *ret);
