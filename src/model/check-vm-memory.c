/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a machine: where the guest has it, what the IOMMU maps, huge pages and nodes. */
#include <string.h>

#include "model/check-vm.h"
#include "model/checks.h"
#include "model/mapping.h"
#include "model/notices.h"

#define GIB (1ULL << 30)

struct piece {
	uint64_t start, size;
};

/* QEMU: hw/i386/pc_q35.c: pc_q35_init(); hw/i386/pc_piix.c: pc_init1(); hw/arm/virt.c: base_memmap[].
 * cloud-hypervisor: arch/src/x86_64/layout.rs. */
static uint64_t low_memory(const struct vm_definition *vm)
{
	const bool q35 = vm->machine.s && strstr(vm->machine.s, "q35");

	if (vm->format == VM_FORMAT_CLOUD_HYPERVISOR)
		return 3 * GIB;
	if (q35)
		return vm->memory.value >= 0xb0000000 ? 2 * GIB : 0xb0000000;
	return vm->memory.value >= 0xe0000000 ? 3 * GIB : 0xe0000000;
}

/* The memory of the guest in at most two pieces; how many. */
static size_t guest_memory(const struct check *c, const struct vm_definition *vm,
			   struct piece ret[2])
{
	const uint64_t size = vm->memory.value, low = low_memory(vm), amd_hole = 0xfd00000000,
		       tib = 1ULL << 40;
	const struct fact *vendor = &c->host->firmware.cpu_vendor;
	uint64_t high = 4 * GIB;

	if (vm->aarch64) {
		ret[0] = (struct piece){ GIB, size };
		return 1;
	}
	ret[0] = (struct piece){ 0, size < low ? size : low };
	if (size <= low)
		return 1;
	/* QEMU: hw/i386/pc.c: pc_memory_init(), since 7.1. */
	if (vm->format != VM_FORMAT_CLOUD_HYPERVISOR && size - low > amd_hole - high &&
	    fact_is(vendor) && !strcmp(vendor->raw, "AuthenticAMD"))
		high = tib;
	ret[1] = (struct piece){ high, size - low };
	return 2;
}

static bool is_about_limits(const struct rule *rule)
{
	return rule && strstr(rule->id, "memlock");
}

/* Asks the model about each piece; false when it said something. */
static bool map_pieces(struct check *c, struct check_machine *m, const struct check_device *d,
		       const struct piece *pieces, size_t nr)
{
	const uint64_t page = 4096;
	struct mapping_prediction p;
	struct mapping_space space;
	bool ok = true;

	mapping_space_predict(c->host, &m->as, &d->prediction, d->path->kind, c->arena, &space);
	for (size_t i = 0; ok && i < nr; i++) {
		struct mapping_request q = { .ask = MAPPING_MAP,
					     .iova = pieces[i].start,
					     .size = pieces[i].size & ~(page - 1),
					     .prot = MAPPING_READ | MAPPING_WRITE };

		mapping_predict(&space, &q, c->arena, &p);
		ok = p.answer == ANSWER_YES || is_about_limits(p.rule);
		if (ok)
			continue;
		check_at(c, m, m->vm->memory.line, d->name);
		for (size_t k = 0; k < p.nr_evidence; k++)
			check_cite(c, p.evidence[k]);
		check_say(c, p.answer == ANSWER_NO ? CHECK_FAIL : CHECK_UNKNOWN,
			  p.answer == ANSWER_NO
				  ? "memory of the guest at 0x%llx-0x%llx cannot be mapped for %s: %s"
				  : "cannot tell whether memory of the guest at 0x%llx-0x%llx can be mapped for %s: %s",
			  (unsigned long long)q.iova, (unsigned long long)(q.iova + q.size - 1),
			  d->name, p.because);
	}
	mapping_space_done(&space);
	return ok;
}

void check_vm_memory_map(struct check *c, struct check_machine *m)
{
	struct piece pieces[2];
	const size_t nr = guest_memory(c, m->vm, pieces);
	size_t asked = 0;

	for (size_t i = 0; m->vm->memory.value && i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];

		if (!d->dev || d->as->mdev || d->path->answer == ANSWER_NO || !d->path->offered)
			continue;
		asked++;
		if (!map_pieces(c, m, d, pieces, nr))
			return;
	}
	if (!asked)
		return;
	check_at(c, m, m->vm->memory.line, NULL);
	check_say(c, CHECK_PASS, "the IOMMU can map the %llu MiB of memory of the guest",
		  (unsigned long long)m->vm->memory.value >> 20);
}

/* ---- libvirt's limit ---- */

/* It sets the limit of locked memory and of the control group, which counts QEMU's own memory as well; no limit of the
 * host counts then. Where it chooses the limit, it adds a GiB. libvirt: qemuDomainGetMemLockLimitBytes(),
 * virDomainCgroupSetupMemtune(). The control group counts huge pages only where it is mounted with
 * memory_hugetlb_accounting. Linux: mm/memcontrol.c: CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING. */
void check_vm_advise_hard_limit(struct check *c, const struct check_machine *m)
{
	check_advise(c, ACTION_VM, SCOPE_VM, NULL,
		     "raise hard_limit to %llu MiB or more, or leave it out",
		     (unsigned long long)((m->as.memory >> 20) + (GIB >> 20)));
}

void check_vm_hard_limit(struct check *c, struct check_machine *m)
{
	const struct vm_number *limit = &m->vm->hard_limit;
	const uint64_t memory = m->vm->memory.value;

	if (!limit->line || !memory || !m->nr_devices || m->vm->pages.line ||
	    limit->value < m->as.memory || limit->value - memory >= GIB)
		return;
	check_at(c, m, limit->line, NULL);
	check_vm_advise_hard_limit(c, m);
	check_say(c, CHECK_WARN,
		  "hard_limit leaves %llu MiB beside the memory of the guest: the kernel ends QEMU when it needs more",
		  (unsigned long long)(limit->value - memory) >> 20);
}

/* ---- address bits ---- */

static unsigned int bits_of(uint64_t last)
{
	return last ? 64 - (unsigned int)__builtin_clzll(last) : 0;
}

/* The fewest bits that the IOMMU of a device maps; 0: not known. */
static unsigned int iommu_bits(const struct check_machine *m, const struct check_device **ret)
{
	unsigned int fewest = 0;

	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];
		const struct iova_prediction *p = &d->prediction.iova;
		unsigned int bits;

		if (!d->dev || d->as->mdev || p->answer != ANSWER_YES || !p->nr_ranges)
			continue;
		bits = bits_of(p->ranges[p->nr_ranges - 1].last);
		if (fewest && bits >= fewest)
			continue;
		fewest = bits;
		*ret = d;
	}
	return fewest;
}

/* Address bits that the guest sees; 0: not known. QEMU: target/i386/cpu.c: TCG_PHYS_ADDR_BITS. */
static unsigned int guest_bits(const struct check *c, const struct vm_definition *vm)
{
	enum { DEFAULT_BITS = 40 };
	unsigned int bits = vm->phys_bits_of_host ? c->host->setup->phys_bits : DEFAULT_BITS;

	if (vm->phys_bits.line && vm->phys_bits.value && vm->phys_bits.value <= 64 &&
	    (vm->format != VM_FORMAT_CLOUD_HYPERVISOR || !bits || vm->phys_bits.value < bits))
		bits = (unsigned int)vm->phys_bits.value;
	if (vm->phys_bits_max.line && vm->phys_bits_max.value &&
	    vm->phys_bits_max.value < (bits ? bits : 64))
		bits = (unsigned int)vm->phys_bits_max.value;
	return bits;
}

static const char *limit_advice(struct check *c, enum vm_format format, unsigned int bits)
{
	switch (format) {
	case VM_FORMAT_LIBVIRT:
		return arena_printf(c->arena,
				    "<maxphysaddr mode='passthrough' limit='%u'/> below <cpu>",
				    bits);
	case VM_FORMAT_PROXMOX:
		return arena_printf(c->arena, "args: -cpu host,host-phys-bits-limit=%u", bits);
	case VM_FORMAT_CLOUD_HYPERVISOR:
		return arena_printf(c->arena, "\"max_phys_bits\": %u below \"cpus\"", bits);
	default:
		return arena_printf(c->arena, "-cpu host,host-phys-bits-limit=%u", bits);
	}
}

void check_vm_address_width(struct check *c, struct check_machine *m)
{
	const struct check_device *d = NULL;
	const struct vm_definition *vm = m->vm;
	const unsigned int bits = iommu_bits(m, &d), guest = guest_bits(c, vm);
	const unsigned int line = vm->phys_bits.line ? vm->phys_bits.line : d ? d->as->line : 0;

	if (!bits || vm->aarch64)
		return;
	check_at(c, m, line, d->name);
	check_cite(c, &c->host->setup->cpuinfo);
	if (d->dev->iommu)
		check_cite(c, &d->dev->iommu->cap_fact);
	if (!guest) {
		check_say(c, CHECK_UNKNOWN,
			  "cannot tell whether the guest places BARs above the %u address bits of the IOMMU",
			  bits);
		return;
	}
	if (guest <= bits) {
		check_say(c, CHECK_PASS, "the guest has %u address bits, and the IOMMU maps %u",
			  guest, bits);
		return;
	}
	check_advise(c, ACTION_VM, SCOPE_VM, NULL, "limit them: %s",
		     limit_advice(c, vm->format, bits));
	check_say(c, CHECK_WARN,
		  "the guest has %u address bits, and the IOMMU maps %u for %s: BARs that it places above cannot be mapped (EINVAL)",
		  guest, bits, d->name);
}

/* ---- the virtual IOMMU ---- */

void check_vm_viommu(struct check *c, struct check_machine *m)
{
	const struct check_device *d = NULL;
	const struct vm_definition *vm = m->vm;
	const unsigned int bits = iommu_bits(m, &d);

	if (!vm->viommu || !m->nr_devices)
		return;
	check_at(c, m, vm->caching_mode.line ? vm->caching_mode.line : vm->viommu_line, NULL);
	/* QEMU: hw/i386/intel_iommu.c: vtd_iommu_notify_flag_changed(). */
	if (vm->viommu == VM_VIOMMU_INTEL && !vm->caching_mode.yes) {
		check_advise(c, ACTION_VM, SCOPE_VM, NULL, "set caching mode: %s",
			     vm->format == VM_FORMAT_LIBVIRT
				     ? "<driver caching_mode='on'/> in <iommu>"
				     : "-device intel-iommu,caching-mode=on");
		check_say(c, CHECK_FAIL,
			  "the virtual VT-d has caching mode off: QEMU then refuses devices of the host");
	} else if (vm->viommu == VM_VIOMMU_AMD) {
		check_say(c, CHECK_WARN,
			  "QEMU before 10.2 refuses devices of the host behind a virtual AMD-Vi");
	}
	c->next = (struct check_result){ 0 };
	if (!bits || !vm->aw_bits.line || vm->aw_bits.value <= bits)
		return;
	check_at(c, m, vm->aw_bits.line, d->name);
	if (d->dev->iommu)
		check_cite(c, &d->dev->iommu->cap_fact);
	check_advise(c, ACTION_VM, SCOPE_VM, NULL, "use %u address bits", bits);
	check_say(c, d->iommufd ? CHECK_FAIL : CHECK_WARN,
		  "the virtual IOMMU has %llu address bits, and the host's maps %u for %s",
		  (unsigned long long)vm->aw_bits.value, bits, d->name);
}

void check_vm_mappings(struct check *c, struct check_machine *m)
{
	const struct param *p = &c->host->params[PARAM_TYPE1_DMA_ENTRY_LIMIT];
	const struct vm_definition *vm = m->vm;
	uint64_t limit = param_get(PARAM_TYPE1_DMA_ENTRY_LIMIT)->by_default, unit, needed;
	unsigned int line = vm->blocks.line ? vm->blocks.line : vm->viommu_line;

	unit = vm->blocks.line ? vm->blocks.value : vm->viommu ? 4096 : 0;
	if (!unit || !m->nr_devices)
		return;
	if (fact_is(&p->value) && p->value.raw && parse_u64(p->value.raw, 10, &limit) < 0)
		return;
	needed = vm->memory.value / unit;
	check_at(c, m, line, NULL);
	check_cite(c, &p->value);
	if (needed <= limit) {
		check_say(c, CHECK_PASS,
			  "at most %llu mappings are needed, and a container holds %llu",
			  (unsigned long long)needed, (unsigned long long)limit);
		return;
	}
	check_advise(c, ACTION_PARAMETER, SCOPE_NOW,
		     arena_printf(c->arena,
				  "echo %llu > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
				  (unsigned long long)needed),
		     "raise the limit");
	check_say(c, CHECK_WARN,
		  "up to %llu mappings of %llu KiB may be needed, and a container holds %llu: then the guest's mapping fails (ENOSPC)",
		  (unsigned long long)needed, (unsigned long long)unit / 1024,
		  (unsigned long long)limit);
}

/* ---- huge pages ---- */

static const struct hugepage_pool *find_pool(const struct setup *s, uint64_t size)
{
	for (size_t i = 0; i < s->nr_pools; i++)
		if (s->pools[i].node < 0 && s->pools[i].size == size)
			return &s->pools[i];
	return NULL;
}

void check_vm_hugepages(struct check *c, struct check_machine *m)
{
	const struct setup *s = c->host->setup;
	const struct vm_definition *vm = m->vm;
	const uint64_t size = vm->pages.value ? vm->pages.value : 2 << 20;
	const struct hugepage_pool *pool = find_pool(s, size);
	const unsigned long long needed = (vm->memory.value + size - 1) / size;
	uint64_t left = 0;

	if (!vm->pages.line)
		return;
	check_at(c, m, vm->pages.line, NULL);
	check_cite(c, pool ? &pool->free : &s->pools_list);
	if (!fact_known(&s->pools_list) || (pool && !fact_is(&pool->free))) {
		check_say(c, CHECK_UNKNOWN,
			  "cannot tell whether %llu huge pages of %llu KiB are free", needed,
			  (unsigned long long)size / 1024);
		return;
	}
	if (pool && parse_u64(pool->free.raw, 10, &left) < 0)
		left = 0;
	if (left >= needed) {
		check_say(c, CHECK_PASS,
			  "%llu huge pages of %llu KiB are needed, and %llu are free", needed,
			  (unsigned long long)size / 1024, (unsigned long long)left);
		return;
	}
	if (pool)
		check_advise(c, ACTION_WRITE, SCOPE_NOW,
			     arena_printf(c->arena,
					  "echo %llu > /sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
					  needed, (unsigned long long)size / 1024),
			     "reserve them, early after boot");
	/* pve: PVE/QemuServer/Memory.pm: hugepages_allocate() asks the kernel for them at each start. */
	check_say(c, vm->format == VM_FORMAT_PROXMOX && pool ? CHECK_WARN : CHECK_FAIL,
		  pool ? "%llu huge pages of %llu KiB are needed, and %llu are free"
		       : "%llu huge pages of %llu KiB are needed, and the kernel has none of this size (%llu)",
		  needed, (unsigned long long)size / 1024, (unsigned long long)left);
}

void check_vm_numa(struct check *c, struct check_machine *m)
{
	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];
		bool near = !m->vm->nr_nodes;
		uint64_t node;

		if (!d->dev || !fact_is(&d->dev->numa_node) || !d->dev->numa_node.raw ||
		    parse_u64(d->dev->numa_node.raw, 10, &node) < 0)
			continue;
		for (size_t k = 0; k < m->vm->nr_nodes; k++) {
			const char *list = m->vm->nodes[k].nodes.s;

			near |= notice_list_has((struct span){ list, strlen(list) }, node);
		}
		if (near)
			continue;
		check_at(c, m, m->vm->nodes[0].nodes.line, d->name);
		check_cite(c, &d->dev->numa_node);
		check_say(c, CHECK_WARN,
			  "%s is at NUMA node %llu, and the memory of the guest is not", d->name,
			  (unsigned long long)node);
	}
}
