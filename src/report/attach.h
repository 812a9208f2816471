/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel was asked and what it did, beside the prediction; and what the attached space and devices
 * look like. Every command that acts shares the steps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "decode/vfioinfo.h"
#include "model/compare.h"
#include "report/device.h"
#include "report/field.h"
#include "report/iommu.h"
#include "report/output.h"
#include "report/prose.h"

/* What CHECK_EXTENSION said, each a number or a negative errno. */
struct extension_answer {
	unsigned int id;
	const char *name;
	int before, after; /* SET_IOMMU */
};

/* A question that changes nothing, beside its prediction. */
struct probe_row {
	const char *request; /* "HWPT_ALLOC", "DEVICE_FEATURE" */
	const char *what;    /* "NEST_PARENT"; NULL: the request as it is */
	enum answer answer;  /* predicted */
	int predicted_err;   /* positive */
	int err;             /* positive; 0: it succeeded */
	enum match match;
};

/* What IOMMU_GET_HW_INFO said. */
struct hw_info_row {
	const char *type; /* "intel" "smmuv3" "amd" "none" ... */
	bool dirty_tracking, pasid_exec, pasid_priv, ats_not_supported;
	uint32_t pasid_bits; /* that device and IOMMU have together */
	struct iommu_row iommu;
	enum match as_sysfs; /* its registers are those of sysfs */
};

/* What an attached device answered to such questions. */
struct attach_probes {
	const struct hw_info_row *hw; /* NULL: the kernel gave none */
	struct probe_row *rows;
	size_t nr_rows;
	bool migrates; /* and how */
	bool stop_copy, p2p, pre_copy;
	uint64_t ns; /* that all of it took */
};

struct attach_view;

struct attach_device_view {
	const struct attach_view *view;
	const struct device *device;
	struct device_names names;
	const struct prediction *prediction;
	const struct comparison **rows; /* those that concern it */
	size_t nr_rows;
	bool attached;
	bool described; /* the kernel gave info; false when it refused even that */
	enum match match;
	struct device_info info; /* when attached, as the rest */
	struct region_info *regions;
	size_t nr_regions;
	struct irq_info *irqs;
	size_t nr_irqs;
	const struct attach_probes *probes; /* NULL: not asked */
};

struct attach_view {
	const struct report *report;
	enum path_kind path;
	const char *path_because; /* why this path */
	const struct comparison *rows;
	size_t nr_rows;
	bool attached;
	enum match match;
	const struct comparison *refused; /* the row that ended it, or NULL */
	struct space_info space;          /* when attached */
	bool has_space;
	const char *space_difference; /* where the space differs from what was predicted, or NULL */
	const struct extension_answer *extensions;
	size_t nr_extensions;
	struct attach_device_view *devices;
	size_t nr_devices;
	bool verbose; /* registers, and features that the device lacks */
};

/* Rows: struct comparison, struct attach_view, struct attach_device_view, struct region_info. */
extern const struct field_table comparison_fields, attach_fields, attach_device_fields;
extern const struct field_table vfio_region_fields;

/* The steps as a table, indented by @p. 0 or a negative errno of the output. */
int attach_text_steps(const struct prose *p, const struct comparison *rows, size_t nr,
		      struct failure **reterr);
/* How it ended: attached or refused, as predicted or not; reason, remedy, and for a difference how to
 * report it. */
void attach_text_result(const struct prose *p, const struct attach_view *v);
/* What to do where prediction and kernel differ. */
void attach_text_differs(const struct prose *p);
/* Rows: struct attach_probes. */
extern const struct field_table attach_probes_fields;
/* What the device answered, as labels of @p. */
void attach_text_probes(const struct prose *p, const struct attach_probes *probes, bool verbose);
/* Where it is not what was predicted, a line for each. */
void attach_text_probes_differ(const struct prose *p, const struct attach_device_view *d);
/* All of it. */
int attach_text(const struct output *out, const struct attach_view *v, struct failure **reterr);

/* "BAR0" "ROM" "config" "VGA", else "region 9": by the flags of a PCI device. In @a. */
const char *vfio_region_name(bool pci, uint32_t index, struct arena *a);
/* "INTx" "MSI" "MSI-X" "ERR" "REQ", else "irq 5". In @a. */
const char *vfio_irq_name(bool pci, uint32_t index, struct arena *a);
