/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes for a person, as long options take them: 4K, 2M, 1G. */
#pragma once

#include <stdint.h>

#include "base/arena.h"

/* @size in bytes: "256" "64K" "16G", the largest unit that leaves nothing over. In @a. */
const char *size_text(struct arena *a, uint64_t size);
/* A mask of page sizes, which is not 0, as VFIO_IOMMU_GET_INFO tells it: "4K 2M 1G (0x40201000)", or "any
 * from 4K (0xfffffffffffff000)" where all sizes from one on are set. In @a. */
const char *size_mask_text(struct arena *a, uint64_t mask);
