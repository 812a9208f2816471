/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evaluators of the rule table, by topic: one for each row. */
#pragma once

#include "model/eval.h"

/* rules-bind.c */
void rule_vfio_driver(struct eval *e);
void rule_denylist(struct eval *e);
void rule_bridge_header(struct eval *e);
void rule_sriov_enabled(struct eval *e);
void rule_platform_reset(struct eval *e);
void rule_no_group(struct eval *e);
void rule_cache_coherency(struct eval *e);

/* rules-node.c */
void rule_container_node(struct eval *e);
void rule_container_access(struct eval *e);
void rule_vfio_module(struct eval *e);
void rule_group_node(struct eval *e);
void rule_group_access(struct eval *e);
void rule_noiommu_rawio(struct eval *e);
void rule_cdev_node(struct eval *e);
void rule_cdev_access(struct eval *e);
void rule_iommufd_node(struct eval *e);
void rule_iommufd_access(struct eval *e);

/* rules-group.c */
void rule_group_held(struct eval *e);
void rule_cdev_held(struct eval *e);
void rule_viability_walk(struct eval *e);
void rule_dma_ownership(struct eval *e);
void rule_rmrr(struct eval *e);
void rule_direct_region(struct eval *e);
void rule_device_not_bound(struct eval *e);
void rule_vf_token(struct eval *e);
void rule_vf_token_flag(struct eval *e);

/* rules-container.c */
void rule_type1_module(struct eval *e);
void rule_mixed_bus(struct eval *e);
void rule_container_type(struct eval *e);
void rule_domain_alloc(struct eval *e);
void rule_nesting_driver(struct eval *e);
void rule_iova_empty(struct eval *e);
void rule_interrupt_remapping_bus(struct eval *e);
void rule_interrupt_remapping(struct eval *e);
void rule_isolated_msi(struct eval *e);
void rule_dma_entry_limit(struct eval *e);
void rule_memlock(struct eval *e);

/* rules-mapping.c: about requests */
void rule_no_address_space(struct eval *e);
void rule_map_maximum(struct eval *e);
void rule_map_prot(struct eval *e);
void rule_map_empty(struct eval *e);
void rule_map_length(struct eval *e);
void rule_map_aligned(struct eval *e);
void rule_map_wrap(struct eval *e);
void rule_map_overlap(struct eval *e);
void rule_map_entries(struct eval *e);
void rule_map_range(struct eval *e);
void rule_map_memory_aligned(struct eval *e);
void rule_map_memory(struct eval *e);
void rule_map_memlock(struct eval *e);
void rule_unmap_all_flag(struct eval *e);
void rule_unmap_cut(struct eval *e);
void rule_unmap_nothing(struct eval *e);
void rule_dirty_version(struct eval *e);
void rule_dirty_compat(struct eval *e);
void rule_dirty_hardware(struct eval *e);
