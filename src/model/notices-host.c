/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host, its IOMMU or the limits of the caller do to a device that is handed out. */
#include <string.h>

#include "base/parse.h"
#include "decode/cmdline.h"
#include "model/boot-id.h"
#include "model/notices.h"

/* ---- addresses ---- */

static bool has_wide_bar(const struct device *dev)
{
	enum { CLASS_DISPLAY = 0x03 };
	const struct fact *f = &dev->resource;
	struct span rest = { f->raw, fact_is(f) ? f->len : 0 };
	struct pciresource bar;

	if (!fact_is(f))
		return dev->class_code >> 16 == CLASS_DISPLAY;
	for (unsigned int i = 0; i < PCIABILITY_BARS && pciresource_next(&rest, &bar); i++)
		if (bar.memory && bar.wide)
			return true;
	return false;
}

/* VT-d specification, 11.4.2: capability register: MGAW. */
static unsigned int address_bits(const struct iommu_unit *unit)
{
	return unit && unit->kind == IOMMU_KIND_INTEL && unit->has_cap
		       ? (unsigned int)(unit->cap >> 16 & 0x3f) + 1
		       : 0;
}

static bool address_width(struct eval *e, struct notice *ret)
{
	enum { CLIENT_BITS = 39 };
	const struct iommu_unit *unit = e->dev->iommu;
	unsigned int bits = address_bits(unit);

	if (!bits || bits > CLIENT_BITS || !eval_is_pci(e->dev) || !has_wide_bar(e->dev))
		return false;
	eval_cite(e, &unit->cap_fact);
	eval_cite(e, &e->dev->resource);
	return notice_says(ret, eval_text(e, "%s has %u address bits", unit->name, bits),
			   "a guest with more places large BARs above them, where the kernel refuses to map them (EINVAL)",
			   eval_text(e, "QEMU: -cpu host,host-phys-bits-limit=%u", bits));
}

/* ---- memory ---- */

bool notice_list_has(struct span rest, uint64_t node)
{
	struct span part;

	while (parse_item(&rest, &part)) {
		const char *dash = memchr(part.s, '-', part.len);
		uint64_t first, last;

		if (parse_u64_span((struct span){ part.s,
						  dash ? (size_t)(dash - part.s) : part.len },
				   10, &first) < 0)
			return true;
		last = first;
		if (dash && parse_u64_span((struct span){ dash + 1,
							  part.len - (size_t)(dash + 1 - part.s) },
					   10, &last) < 0)
			return true;
		if (first <= node && node <= last)
			return true;
	}
	return false;
}

static bool numa(struct eval *e, struct notice *ret)
{
	const struct fact *node = &e->dev->numa_node, *with = &e->host->node_memory;
	uint64_t number;

	if (!fact_is(node) || !node->raw || parse_u64(node->raw, 10, &number) < 0 ||
	    !fact_is(with) || !with->len ||
	    notice_list_has((struct span){ with->raw, with->len }, number))
		return false;
	eval_cite(e, node);
	eval_cite(e, with);
	return notice_says(ret,
			   eval_text(e, "%s is at NUMA node %s, which has no memory", e->dev->name,
				     node->raw),
			   "each DMA of a guest crosses to another node, and is slower",
			   eval_text(e,
				     "give the guest memory of a node near it (%s has memory); see numactl --hardware",
				     with->raw));
}

/* VT-d specification, 6.1: caching mode. What a hypervisor emulates is seen by it without. */
static bool caching_mode(struct eval *e, struct notice *ret)
{
	static const uint16_t emulated[] = { 0x1af4, 0x1b36, 0x1234, 0x8086, 0x15ad, 0x1013 };
	enum { CAP_CACHING_MODE = 1 << 7 };
	const struct iommu_unit *unit = e->dev->iommu;
	const struct fact *guest = &e->host->firmware.hypervisor;

	if (!fact_is(guest) || !address_bits(unit) || unit->cap & CAP_CACHING_MODE ||
	    !e->dev->has_ids)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(emulated); i++)
		if (e->dev->vendor == emulated[i])
			return false;
	eval_cite(e, guest);
	eval_cite(e, &unit->cap_fact);
	return notice_says(ret,
			   eval_text(e,
				     "this is a virtual machine (%s), and its VT-d has caching mode off",
				     guest->raw),
			   "if the device is the host's, the host does not see what is mapped here, and its DMA fails",
			   "QEMU: -device intel-iommu,caching-mode=on");
}

static bool memlock(struct eval *e, struct notice *ret)
{
	uint64_t limit;

	if (eval_caller_has(e, CALLER_CAP_IPC_LOCK) != TRI_NO || !eval_memlock(e, &limit) ||
	    limit == UINT64_MAX)
		return false;
	return notice_says(ret,
			   eval_text(e, "%s may lock %llu KiB of memory",
				     e->host->live ? "the caller"
						   : "the user who took this capture",
				     (unsigned long long)(limit >> 10)),
			   "a guest with more memory does not start: its mapping fails with ENOMEM",
			   "raise it where the guest is started: LimitMEMLOCK= of its unit, /etc/security/limits.conf, hard_limit of libvirt's memtune");
}

/* ---- boot options ---- */

static bool ids_name(struct span ids, const struct device *d)
{
	struct boot_id id;
	struct span one;

	while (parse_item(&ids, &one))
		if (boot_id_parse(one, &id) && boot_id_matches(&id, d))
			return true;
	return false;
}

static bool boot_ids(struct eval *e, struct notice *ret)
{
	const struct fact *line = &e->host->kernel.cmdline;
	struct span rest = { line->raw, fact_is(line) ? line->len : 0 }, key, value;
	bool has_value;

	if (!fact_is(line) || device_is_vfio(e->dev))
		return false;
	while (cmdline_next(&rest, &key, &value, &has_value)) {
		if (!has_value || !boot_key_is_misspelt(key) || !ids_name(value, e->dev))
			continue;
		eval_cite(e, line);
		return notice_says(ret,
				   eval_text(e,
					     "the kernel command line names %s in %.*s=, which the kernel ignores",
					     e->dev->name, (int)key.len, key.s),
				   "vfio-pci does not take the device at boot",
				   eval_text(e, "boot with vfio-pci.ids=%.*s", (int)value.len,
					     value.s));
	}
	return false;
}

static const struct notice_row rows[] = {
	{ "address-width", "the IOMMU has few address bits",
	  "drivers/iommu/intel/iommu.c: intel_iommu_domain_alloc_paging_flags()", address_width },
	{ "numa", "the NUMA node of the device has no memory", "drivers/base/node.c", numa },
	{ "caching-mode", "a virtual VT-d without caching mode",
	  "Intel VT-d specification, 6.1: caching mode", caching_mode },
	{ "memlock", "the caller may lock little memory",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_pin_pages_remote()", memlock },
	{ "boot-ids", "the boot option that names the device is misspelt",
	  "kernel/params.c: parse_one()", boot_ids },
};

const struct notice_table notices_host = NOTICE_TABLE(rows);
