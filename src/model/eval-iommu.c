/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IOMMU drivers and interrupt controllers answer when VFIO asks them, worked out from what can
 * be seen. An IOMMU driver that is not known here has answers that are not known. */
#include <string.h>

#include "model/eval.h"

static enum tristate say(struct eval *e, const char **ret_why, enum tristate answer,
			 const char *why)
{
	(void)e;
	*ret_why = why;
	return answer;
}

/* device_iommu_capable() is false for a device without an IOMMU instance.
 * linux: drivers/iommu/iommu.c: device_iommu_capable(), since 6.0. */
static enum tristate instance_of(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate has = eval_has_iommu(e, dev);

	if (has == TRI_NO)
		*ret_why = eval_text(e, "%s has no IOMMU instance", dev->name);
	else if (has == TRI_UNKNOWN && dev->iommu_link.state == FACT_ABSENT)
		*ret_why = eval_text(e, "whether %s gets an IOMMU shows when a driver probes it",
				     dev->name);
	else if (has == TRI_UNKNOWN)
		*ret_why = eval_text(e, "the iommu link of %s could not be read", dev->name);
	return has;
}

static const char *unknown_driver(struct eval *e, const struct device *dev, const char *key)
{
	return eval_text(e,
			 "the driver of IOMMU %s is not one whose answers are known; say it with --assume %s:%s=1",
			 eval_iommu_name(dev), dev->name, key);
}

/* ---- cache coherency ---- */

/* Before 6.1 the SMMU drivers always said yes; then it is the table walk's coherency, which sysfs
 * does not show. linux: drivers/iommu/arm/arm-smmu*.c: arm_smmu_capable(). 6.1 belongs to the same
 * generation as 6.0, so that generation cannot tell. */
static enum tristate smmu_coherency(struct eval *e, const struct device *dev, const char **ret_why)
{
	if (e->gen < GEN_6_0)
		return say(e, ret_why, TRI_YES, "the SMMU driver of this kernel always says yes");
	*ret_why =
		eval_text(e,
			  "whether %s walks its tables coherently is not shown in sysfs; see the SMMU node of the IORT table or dma-coherent in the device tree, and say it with --assume %s:cache_coherency=1",
			  eval_iommu_name(dev), dev->name);
	return TRI_UNKNOWN;
}

/* Before 5.19 the capability meant that non-snooped traffic can be blocked: every active unit has
 * snoop control (ecap bit 7) or runs in scalable mode (bit 43).
 * linux: drivers/iommu/intel/iommu.c: intel_iommu_capable(), domain_update_iommu_snooping(). */
static enum tristate intel_snooping(struct eval *e, const char **ret_why)
{
	enum tristate ret = TRI_YES;

	*ret_why = "every VT-d unit has snoop control";
	for (size_t i = 0; i < e->host->nr_iommus; i++) {
		const struct iommu_unit *unit = e->host->iommus[i];
		if (unit->kind != IOMMU_KIND_INTEL)
			continue;
		eval_cite(e, &unit->ecap_fact);
		if (!unit->has_ecap) {
			*ret_why = eval_text(e, "the ecap register of %s could not be read",
					     unit->name);
			ret = TRI_UNKNOWN;
		} else if (!(unit->ecap >> 7 & 1) && (unit->ecap >> 43 & 1)) {
			*ret_why = eval_text(e, "whether %s runs in scalable mode is not known",
					     unit->name);
			ret = TRI_UNKNOWN;
		} else if (!(unit->ecap >> 7 & 1)) {
			*ret_why = eval_text(e, "%s has no snoop control (ecap bit 7)", unit->name);
			return TRI_NO;
		}
	}
	return ret;
}

/* linux: the capable() operations, 5.10 to 7.3; section 4.1 of the table of drivers. */
enum tristate eval_cache_coherency(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate assumed = eval_assumed_bool(e, dev, "cache_coherency");

	if (assumed != TRI_UNKNOWN)
		return say(e, ret_why, assumed, "so it was assumed");
	enum tristate has = instance_of(e, dev, ret_why);
	if (has != TRI_YES)
		return has;
	switch (eval_iommu_kind(e, dev)) {
	case IOMMU_KIND_INTEL:
		if (e->gen < GEN_5_19)
			return intel_snooping(e, ret_why);
		return say(e, ret_why, TRI_YES, "the Intel IOMMU driver always says yes");
	case IOMMU_KIND_AMD:
		return say(e, ret_why, TRI_YES, "the AMD IOMMU driver always says yes");
	case IOMMU_KIND_S390:
	case IOMMU_KIND_PAMU:
		return say(e, ret_why, TRI_YES, "the IOMMU driver always says yes");
	case IOMMU_KIND_VIRTIO:
		/* linux: drivers/iommu/virtio-iommu.c: viommu_capable(), since 6.0 and 5.19.9. */
		if (e->gen < GEN_5_19)
			return say(e, ret_why, TRI_NO, "virtio-iommu has no answer before 5.19");
		if (e->gen == GEN_5_19)
			return say(e, ret_why, TRI_UNKNOWN,
				   "virtio-iommu says yes since 5.19.9, and has no answer in the releases of 5.19 before that");
		return say(e, ret_why, TRI_YES, "virtio-iommu says yes since 6.0");
	case IOMMU_KIND_SMMU:
	case IOMMU_KIND_SMMU_V3:
		return smmu_coherency(e, dev, ret_why);
	case IOMMU_KIND_DART:
	case IOMMU_KIND_RISCV:
		return say(e, ret_why, TRI_NO, "this IOMMU driver has no answer, which means no");
	default:
		*ret_why = unknown_driver(e, dev, "cache_coherency");
		return TRI_UNKNOWN;
	}
}

/* linux: enforce_cache_coherency operations; section 4.3 of the table of drivers. */
enum tristate eval_enforce_coherency(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate assumed = eval_assumed_bool(e, dev, "enforce_cache_coherency");

	if (assumed != TRI_UNKNOWN)
		return say(e, ret_why, assumed, "so it was assumed");
	if (e->gen < GEN_5_19)
		return say(e, ret_why, TRI_NO, "kernels before 5.19 enforce nothing");
	enum tristate has = instance_of(e, dev, ret_why);
	if (has != TRI_YES)
		return has;
	switch (eval_iommu_kind(e, dev)) {
	case IOMMU_KIND_AMD:
		return say(e, ret_why, TRI_YES, "the AMD IOMMU driver always does");
	case IOMMU_KIND_INTEL:
		eval_cite(e, &dev->iommu->ecap_fact);
		if (!dev->iommu->has_ecap)
			return say(e, ret_why, TRI_UNKNOWN, "the ecap register could not be read");
		/* VT-d, 11.4.3: snoop control, bit 7. */
		*ret_why =
			eval_text(e, "snoop control (ecap bit 7) of %s is %s", eval_iommu_name(dev),
				  dev->iommu->ecap >> 7 & 1 ? "set" : "clear");
		return dev->iommu->ecap >> 7 & 1 ? TRI_YES : TRI_NO;
	case IOMMU_KIND_SMMU_V3:
		/* linux: arm-smmu-v3.c: arm_smmu_enforce_cache_coherency(), 6.13, from IORT CANWBS. */
		if (eval_since_6_13(e) != TRI_NO)
			return say(e, ret_why, TRI_UNKNOWN,
				   "it depends on CANWBS in the IORT table, which is not decoded");
		return say(e, ret_why, TRI_NO, "the SMMUv3 driver of this kernel cannot");
	case IOMMU_KIND_OTHER:
		*ret_why = unknown_driver(e, dev, "enforce_cache_coherency");
		return TRI_UNKNOWN;
	default:
		return say(e, ret_why, TRI_NO, "this IOMMU driver cannot");
	}
}

/* ---- interrupts: what is seen ---- */

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Chips of interrupts that go through remapping where it is on. DMAR-MSI and IOMMU-MSI are the
 * IOMMU's own. linux: arch/x86/kernel/apic/{msi,io_apic}.c, drivers/iommu/{intel,amd}. */
static bool is_remapped_chip(const char *chip)
{
	return starts_with(chip, "IR-PCI-MSI") || starts_with(chip, "IR-IO-APIC") ||
	       starts_with(chip, "IR-HPET-MSI");
}

/* Remapping is all or nothing for IO-APICs. A plain PCI-MSI alone proves nothing: a device that no
 * remapping unit serves keeps it; and so does an HPET that the firmware puts below no unit.
 * linux: intel_prepare_irq_remapping(), amd/init.c: check_ioapic_information();
 * arch/x86/kernel/hpet.c: hpet_create_irq_domain(). */
static bool is_plain_chip(const char *chip)
{
	return starts_with(chip, "IO-APIC");
}

/* Hyper-V remaps IO-APIC lines only and uses the same name for the chip.
 * linux: drivers/iommu/hyperv-iommu.c. */
static bool chip_can_lie(const struct host *h, const char *chip)
{
	const struct fact *hv = &h->firmware.hypervisor;

	return starts_with(chip, "IR-IO-APIC") && fact_is(hv) && hv->raw &&
	       strstr(hv->raw, "hyperv");
}

static enum tristate remapping_by_chips(struct eval *e, const char **ret_why)
{
	const struct interrupts *irqs = &e->host->interrupts;
	const char *plain = NULL;

	eval_cite(e, &irqs->proc);
	for (size_t i = 0; i < irqs->nr_chips; i++) {
		const char *chip = irqs->chips[i];
		if (is_remapped_chip(chip) && !chip_can_lie(e->host, chip)) {
			*ret_why = eval_text(e, "/proc/interrupts shows chip %s", chip);
			return TRI_YES;
		}
		if (is_plain_chip(chip))
			plain = chip;
	}
	if (!plain)
		return TRI_UNKNOWN;
	*ret_why = eval_text(e, "/proc/interrupts shows chip %s and no remapped one", plain);
	return TRI_NO;
}

static enum tristate remapping_by_domains(struct eval *e, const char **ret_why)
{
	const struct fact *f = &e->host->interrupts.domains;

	if (!fact_is(f) || !f->raw || !f->len)
		return TRI_UNKNOWN;
	eval_cite(e, f);
	if (strstr(f->raw, "INTEL-IR-") || strstr(f->raw, "AMD-IR-"))
		return say(e, ret_why, TRI_YES, "the kernel lists interrupt remapping domains");
	return say(e, ret_why, TRI_NO, "the kernel lists no interrupt remapping domain");
}

/* linux: drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/init.c. */
static enum tristate remapping_by_log(struct eval *e, const char **ret_why)
{
	const struct fact *f = &e->host->interrupts.dmesg;

	if (!fact_is(f) || !f->raw)
		return TRI_UNKNOWN;
	bool on = strstr(f->raw, "Enabled IRQ remapping") ||
		  strstr(f->raw, "Interrupt remapping enabled");
	bool off = strstr(f->raw, "Not enabling interrupt remapping") ||
		   strstr(f->raw, "Disabling interrupt remapping");
	if (on == off)
		return TRI_UNKNOWN;
	eval_cite(e, f);
	if (on)
		return say(e, ret_why, TRI_YES, "the kernel log says that it was enabled");
	return say(e, ret_why, TRI_NO, "the kernel log says that it was not enabled");
}

/* Every unit must support it (ecap bit 3). linux: drivers/iommu/intel/irq_remapping.c:
 * intel_prepare_irq_remapping(). */
static const struct iommu_unit *unit_without_remapping(const struct host *h)
{
	for (size_t i = 0; i < h->nr_iommus; i++)
		if (h->iommus[i]->kind == IOMMU_KIND_INTEL && h->iommus[i]->has_ecap &&
		    !(h->iommus[i]->ecap >> 3 & 1))
			return h->iommus[i];
	return NULL;
}

/* linux: drivers/iommu/irq_remapping.c: setup_irqremap(), setup_nointremap();
 * arch/x86/kernel/apic/apic.c: enable_IR_x2apic(), which wants IO-APICs. */
static enum tristate remapping_by_firmware(struct eval *e, const char **ret_why)
{
	const char *value = NULL;

	if ((eval_cmdline(e, "intremap", &value) && value && strstr(value, "off")) ||
	    eval_cmdline(e, "nointremap", NULL) || eval_cmdline(e, "noapic", NULL) ||
	    eval_cmdline(e, "nolapic", NULL)) {
		eval_cite(e, &e->host->kernel.cmdline);
		return say(e, ret_why, TRI_NO, "the kernel command line turns it off");
	}
	const struct iommu_unit *unit = unit_without_remapping(e->host);
	if (unit) {
		eval_cite(e, &unit->ecap_fact);
		*ret_why = eval_text(e, "%s cannot remap interrupts (ecap bit 3)", unit->name);
		return TRI_NO;
	}
	if (e->host->firmware.dmar_intr_remap == TRI_NO) {
		eval_cite(e, &e->host->firmware.dmar);
		return say(e, ret_why, TRI_NO, "the DMAR table of the firmware does not permit it");
	}
	return TRI_UNKNOWN;
}

enum tristate eval_x86_remapping(struct eval *e, const char **ret_why)
{
	enum tristate answer = remapping_by_chips(e, ret_why);

	if (answer == TRI_UNKNOWN)
		answer = remapping_by_domains(e, ret_why);
	if (answer == TRI_UNKNOWN)
		answer = remapping_by_log(e, ret_why);
	if (answer == TRI_UNKNOWN)
		answer = remapping_by_firmware(e, ret_why);
	if (answer == TRI_UNKNOWN)
		*ret_why =
			"whether interrupt remapping is on cannot be seen: no interrupt in /proc/interrupts shows it; read the kernel log ('IRQ remapping') or /sys/kernel/debug/irq/domains as root";
	return answer;
}

/* ---- interrupt remapping as a capability, up to 6.2 ---- */

/* linux: intel_iommu_capable(), amd_iommu_capable(): the global irq_remapping_enabled; s390: true;
 * the others: false, 5.10 to 6.1. */
enum tristate eval_interrupt_remapping(struct eval *e, const struct device *dev,
				       const char **ret_why)
{
	enum tristate assumed = eval_assumed_bool(e, dev, "interrupt_remapping");

	if (assumed != TRI_UNKNOWN)
		return say(e, ret_why, assumed, "so it was assumed");
	enum tristate has = instance_of(e, dev, ret_why);
	if (has != TRI_YES)
		return has;
	switch (eval_iommu_kind(e, dev)) {
	case IOMMU_KIND_INTEL:
	case IOMMU_KIND_AMD:
		return eval_x86_remapping(e, ret_why);
	case IOMMU_KIND_S390:
		return say(e, ret_why, TRI_YES, "the s390 IOMMU driver always says yes");
	case IOMMU_KIND_OTHER:
		*ret_why = unknown_driver(e, dev, "interrupt_remapping");
		return TRI_UNKNOWN;
	default:
		return say(e, ret_why, TRI_NO, "this IOMMU driver never says yes");
	}
}

/* The bus has one answer for all its devices, the driver's: yes as soon as one device is said to
 * have it, no when all are said not to. */
static enum tristate bus_by_assumption(struct eval *e, const char **ret_why)
{
	size_t said_no = 0, silent = 0;

	if (!e->assumptions || !e->assumptions->nr)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < e->assumptions->nr; i++) {
		const struct assumption *as = &e->assumptions->items[i];
		if (strcmp(as->key, "interrupt_remapping") != 0)
			continue;
		const struct device *dev = assumption_device(e->host, as);
		/* A device of another IOMMU driver says nothing about this one. */
		if (dev && dev->iommu && e->dev->iommu && dev->iommu->kind != e->dev->iommu->kind)
			continue;
		if (strcmp(as->value, "1") == 0) {
			e->assumed = true;
			eval_cite(e, &as->fact);
			return say(e, ret_why, TRI_YES, "so it was assumed for a device of it");
		}
	}
	for (size_t i = 0; i < e->host->nr_devices; i++) {
		const struct device *dev = e->host->devices[i];
		if (!dev->iommu || dev->iommu != e->dev->iommu)
			continue;
		if (eval_assumed_bool(e, dev, "interrupt_remapping") == TRI_NO)
			said_no++;
		else
			silent++;
	}
	if (said_no && !silent)
		return say(e, ret_why, TRI_NO, "so it was assumed for all its devices");
	return TRI_UNKNOWN;
}

enum tristate eval_interrupt_remapping_bus(struct eval *e, const char **ret_why)
{
	enum tristate assumed = bus_by_assumption(e, ret_why);

	if (assumed != TRI_UNKNOWN)
		return assumed;
	/* The operations of the bus answer, whether or not this device has an instance. */
	for (size_t i = 0; i < e->host->nr_devices; i++) {
		const struct device *dev = e->host->devices[i];
		if (dev->bus == e->dev->bus && dev->iommu &&
		    (dev == e->dev || !e->dev->iommu || dev->iommu->kind == e->dev->iommu->kind)) {
			const struct assumptions *overlay = e->assumptions;
			/* What one device was said to answer is not what the bus does. */
			e->assumptions = NULL;
			enum tristate answer = eval_interrupt_remapping(e, dev, ret_why);
			e->assumptions = overlay;
			return answer;
		}
	}
	return say(e, ret_why, TRI_UNKNOWN, "no device of the bus with an IOMMU was seen");
}

/* Chips of MSI domains that check nothing. GICv2m and MBI, and the MSI controllers of PCIe host
 * bridges, call theirs plainly MSI to 6.2; ITS has a name of its own. linux: drivers/irqchip/
 * irq-gic-v2m.c, irq-gic-v3-mbi.c; drivers/pci/controller/. */
static bool is_unguarded_chip(const char *chip)
{
	return starts_with(chip, "GICv2m") || starts_with(chip, "MBI") ||
	       starts_with(chip, "PCI-MSI") || strcmp(chip, "MSI") == 0 ||
	       strcmp(chip, "pMSI") == 0;
}

/* linux: kernel/irq/irqdomain.c: irq_domain_check_msi_remap(): walks all domains; one MSI domain
 * that does not remap makes it false. x86 always has a plain PCI-MSI domain. */
enum tristate eval_msi_remapped_everywhere(struct eval *e, const char **ret_why)
{
	const struct interrupts *irqs = &e->host->interrupts;

	switch (eval_machine(e)) {
	case MACHINE_X86:
		if (eval_cmdline(e, "nolapic", NULL) || eval_cmdline(e, "disableapic", NULL))
			return say(e, ret_why, TRI_UNKNOWN,
				   "without a local APIC this machine may have no MSI domain");
		return say(e, ret_why, TRI_NO, "x86 has MSI domains that do not remap");
	case MACHINE_S390:
		return say(e, ret_why, TRI_UNKNOWN, "the MSI domains of s390 are not known");
	default:
		break;
	}
	eval_cite(e, &irqs->proc);
	for (size_t i = 0; i < irqs->nr_chips; i++)
		if (is_unguarded_chip(irqs->chips[i])) {
			*ret_why =
				eval_text(e, "/proc/interrupts shows chip %s, which does not remap",
					  irqs->chips[i]);
			return TRI_NO;
		}
	return say(e, ret_why, TRI_UNKNOWN,
		   "whether every MSI controller of the machine is an ITS cannot be seen; look at /sys/kernel/debug/irq/domains as root");
}

/* ---- isolated MSI, from 6.3 ---- */

/* linux: kernel/irq/msi.c: msi_device_has_isolated_msi(): the device's own MSI domain and those
 * above it. The chip of one of its interrupts tells which domain that is: of a VMD "VMD-MSI", since
 * 6.17 "VMD-PCI-MSI" with the device's name. */
static enum tristate isolation_by_own_chip(struct eval *e, const struct device *dev,
					   const char **ret_why)
{
	for (size_t i = 0; i < dev->nr_irqs; i++) {
		const struct fact *f = &dev->irqs[i].chip;
		if (!fact_is(f) || !f->raw)
			continue;
		enum tristate answer = TRI_UNKNOWN;
		if (starts_with(f->raw, "IR-PCI-MSI") || starts_with(f->raw, "ITS-"))
			answer = TRI_YES;
		else if (starts_with(f->raw, "VMD-") || is_unguarded_chip(f->raw))
			answer = TRI_NO;
		if (answer == TRI_UNKNOWN)
			continue;
		eval_cite(e, f);
		*ret_why = eval_text(e, "interrupt %u of %s is served by chip %s", dev->irqs[i].irq,
				     dev->name, f->raw);
		return answer;
	}
	return TRI_UNKNOWN;
}

/* Children of a VMD live in PCI domains from 0x10000 on and may have its MSI domain.
 * linux: drivers/pci/controller/vmd.c: vmd_find_free_domain(). */
static bool may_be_vmd_child(const struct device *dev)
{
	const char *colon = strchr(dev->name, ':');

	return colon && colon - dev->name > 4;
}

static enum tristate isolation_on_x86(struct eval *e, const struct device *dev,
				      const char **ret_why)
{
	enum iommu_kind kind = eval_iommu_kind(e, dev);

	if (kind == IOMMU_KIND_OTHER && dev->iommu) {
		*ret_why =
			eval_text(e,
				  "the driver of IOMMU %s is not known and may have given %s an MSI domain of its own; say it with --assume %s:isolated_msi=1",
				  eval_iommu_name(dev), dev->name, dev->name);
		return TRI_UNKNOWN;
	}
	if (dev->bus != BUS_PCI) {
		*ret_why = eval_text(e, "%s is no PCI device and has no MSI domain", dev->name);
		return TRI_NO;
	}
	enum tristate on = eval_x86_remapping(e, ret_why);
	if (on != TRI_YES)
		return on;
	/* The remapping drivers give their domain to the devices that they translate for. */
	if (kind != IOMMU_KIND_INTEL && kind != IOMMU_KIND_AMD) {
		*ret_why =
			eval_text(e, "interrupt remapping is on, but %s is not behind its hardware",
				  dev->name);
		return TRI_UNKNOWN;
	}
	if (may_be_vmd_child(dev)) {
		*ret_why =
			eval_text(e,
				  "%s may be behind a VMD with an MSI domain of its own; enable MSI on it and look at its interrupt chip",
				  dev->name);
		return TRI_UNKNOWN;
	}
	return TRI_YES;
}

enum tristate eval_isolated_msi(struct eval *e, const struct device *dev, const char **ret_why)
{
	enum tristate answer = eval_assumed_bool(e, dev, "isolated_msi");

	if (answer != TRI_UNKNOWN)
		return say(e, ret_why, answer, "so it was assumed");
	/* linux: arch/s390/include/asm/msi.h: arch_is_isolated_msi(); the chip there is called PCI-MSI
	 * too (arch/s390/pci/pci_irq.c: zpci_irq_chip). */
	if (eval_machine(e) == MACHINE_S390)
		return say(e, ret_why, TRI_YES, "s390 isolates all interrupts");
	answer = isolation_by_own_chip(e, dev, ret_why);
	if (answer != TRI_UNKNOWN)
		return answer;
	switch (eval_machine(e)) {
	case MACHINE_X86:
		return isolation_on_x86(e, dev, ret_why);
	default:
		*ret_why =
			eval_text(e,
				  "which MSI controller serves %s cannot be seen; enable MSI on it and look at its interrupt chip in /sys/kernel/irq",
				  dev->name);
		return TRI_UNKNOWN;
	}
}
